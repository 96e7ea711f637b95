import { load } from "js-yaml";
import { MAIL } from "../../constructs/alertmanager/mail";
import { type Box, boxOf, fileOf, hasService, yamlOf } from "../support/programs-boxes";
import { type CaseOutcome, filesOf, ProgramContainer } from "../support/programs-container";

/** `nobody` in the image. */
const UID = 65_534;

const WAYS: Readonly<Record<string, string>> = {
  hook: "webhook: 'https://hooks.example.com/a?b=c'",
  hidden: "webhook: {secret_file: secrets/hook}",
  mail: "email: {to: ops@example.com, from: kit@example.com, smarthost: 'mail.example.com:587'}",
  account:
    "email: {to: ops@example.com, from: kit@example.com, smarthost: 'mail.example.com:25', username: kit, password: {secret_file: secrets/mail}, require_tls: false}",
  room: "matrix: {homeserver: 'https://matrix.example.org', room_id: '!a:example.org', access_token: {secret_file: secrets/token}}",
};
const SEVERITIES = ["page", "ticket", "all"] as const;
const DEAD_MEN = ["", "dead_man: {webhook: 'https://dead.example.com'}", "dead_man: {webhook: {secret_file: dead}}"];

const boxWith = (name: string, receivers: Readonly<Record<string, string>>, deadMan: string): Box =>
  boxOf(
    name,
    yamlOf(
      8,
      4,
      `monitoring:
  alerts:
    receivers: {${Object.entries(receivers)
      .map(([receiver, text]) => `${receiver}: {${text}}`)
      .join(", ")}}
    ${deadMan}
`,
    ),
  );

const names = Object.keys(WAYS);
/** Every set of ways to tell, the empty one included, with severities and dead men in turn. */
const cases = Array.from({ length: 2 ** names.length }, (_, set) =>
  boxWith(
    `set-${set}`,
    Object.fromEntries(
      names
        .filter((_name, index) => set & (1 << index))
        .map((name, index) => [name, `${WAYS[name]}, severity: ${SEVERITIES[(set + index) % SEVERITIES.length]}`]),
    ),
    DEAD_MEN[set % DEAD_MEN.length] as string,
  ),
);

/** One receiver of each severity, and a watch elsewhere. */
const routed = boxWith(
  "routed",
  {
    pager: `${WAYS.hook}, severity: page`,
    desk: `${WAYS.mail}, severity: ticket`,
    room: `${WAYS.room}, severity: all`,
  },
  DEAD_MEN[1] as string,
);
const unheard = boxWith("unheard", {}, "");

const QUESTIONS: readonly (readonly [box: Box, labels: string, receivers: string])[] = [
  [routed, "alertname=Watchdog severity=none", "dead-man"],
  [routed, "alertname=PostgresDown severity=page", "pager,room"],
  [routed, "alertname=DiskLow severity=ticket", "desk,room"],
  [routed, "alertname=SomebodysOwn", "desk,room"],
  [unheard, "alertname=Watchdog severity=none", "nobody"],
  [unheard, "alertname=PostgresDown severity=page", "nobody"],
  [unheard, "alertname=DiskLow severity=ticket", "nobody"],
];

let container: ProgramContainer;
let checked: ReadonlyMap<string, CaseOutcome>;
beforeAll(async () => {
  container = await ProgramContainer.start("alertmanager", UID);
  container.add([...cases, routed, unheard].flatMap((box) => filesOf(box, "alertmanager")));
  container.add(
    QUESTIONS.flatMap(([box, labels], index) => [
      ...filesOf(box, "alertmanager", `question-${index}`),
      { folder: `question-${index}`, path: "labels", content: labels },
    ]),
  );
  checked = container.each(
    [...cases, routed, unheard].map(({ name }) => name),
    "amtool check-config /config/alertmanager.yml && for file in $(sed -n 's/.*_file: //p' /config/alertmanager.yml); do [ -s $file ] || { echo no $file; return 1; }; done",
  );
}, 300_000);
afterAll(() => container?.remove());

it.each([...cases, routed, unheard].map((box) => [box.name, box] as const))(
  "amtool takes alertmanager.yml of %s, and every file that it names is there",
  (name) => {
    const { code, output } = checked.get(name) as CaseOutcome;
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  },
);

it("refuses what is no configuration, so that the check means something", () => {
  container.add([
    { folder: "broken", path: "alertmanager.yml", content: "route: {receiver: nowhere}\nreceivers: []\n" },
  ]);
  const outcome = container.each(["broken"], "amtool check-config /config/alertmanager.yml").get("broken");
  expect(outcome?.code).not.toBe(0);
});

it("sends each alert to whom it concerns", () => {
  const outcomes = container.each(
    QUESTIONS.map((_, index) => `question-${index}`),
    "amtool config routes test --config.file=/config/alertmanager.yml $(cat /config/labels) 2>/dev/null",
  );
  expect(
    QUESTIONS.map(([{ name }, labels], index) => [name, labels, outcomes.get(`question-${index}`)?.output]),
  ).toEqual(QUESTIONS.map(([{ name }, labels, receivers]) => [name, labels, receivers]));
});

const alert = (status: string, index: string) => ({
  status,
  labels: { alertname: "SynapseProcessDown", severity: "page", instance: "example.com", job: "synapse", index },
  annotations: { summary: `${index} is down`, description: "It <hangs>.", runbook: "docs/runbook.md" },
  startsAt: "2026-01-02T03:04:05+01:00",
  endsAt: "2026-01-02T03:14:05+01:00",
});
const common = { alertname: "SynapseProcessDown", severity: "page", instance: "example.com" };

it.each([
  [
    "of-both-states",
    { status: "firing", groupLabels: { alertname: common.alertname }, commonLabels: common },
    [alert("firing", "1"), alert("resolved", "2")],
    "FIRING, PAGE: SynapseProcessDown, example.com",
    `1 is down
It <hangs>.
Firing since 2026-01-02 02:04:05 UTC
What to do: docs/runbook.md
index: 1
instance: example.com
job: synapse
severity: page

2 is down
It <hangs>.
Resolved at 2026-01-02 02:14:05 UTC, firing since 2026-01-02 02:04:05 UTC
What to do: docs/runbook.md
index: 2
instance: example.com
job: synapse
severity: page`,
  ],
  [
    "of-a-rule-without-words",
    { status: "resolved", groupLabels: { alertname: "Own" }, commonLabels: { alertname: "Own" } },
    [{ ...alert("resolved", "1"), labels: { alertname: "Own" }, annotations: {} }],
    "RESOLVED: Own",
    "Resolved at 2026-01-02 02:14:05 UTC, firing since 2026-01-02 02:04:05 UTC",
  ],
])("writes a mail %s", (folder, data, alerts, subject, text) => {
  const files = {
    "subject.tmpl": MAIL.subject,
    "text.tmpl": MAIL.text,
    "data.json": JSON.stringify({ ...data, alerts }),
  };
  container.add(Object.entries(files).map(([path, content]) => ({ folder, path, content })));
  const mail = '{{ template "subject.tmpl" . }}\n\n{{ template "text.tmpl" . }}';
  const outcome = container.each(
    [folder],
    `amtool template render --template.glob='/config/*.tmpl' --template.text='${mail}' --template.data=/config/data.json`,
  );
  expect(outcome.get(folder)?.output).toBe(`${subject}\n\n${text}`);
});

it("holds no secret in alertmanager.yml", () => {
  for (const box of cases) expect(fileOf(box, "alertmanager", "alertmanager.yml")).not.toContain("test-");
  expect(cases.filter((box) => JSON.stringify(filesOf(box, "alertmanager")).includes("test-"))).not.toEqual([]);
});

it("has a notifier exactly where a room is told, with that room's token", () => {
  for (const box of cases) {
    const told = box.environment.monitoring.alerts.receivers.some(({ way }) => way.kind === "matrix");
    expect([box.name, hasService(box, "matrix-notifier")]).toEqual([box.name, told]);
    if (!told) continue;
    const { "/room": room } = JSON.parse(fileOf(box, "matrix-notifier", "rooms.json"));
    expect(fileOf(box, "matrix-notifier", room.access_token_file.replace("/config/", ""))).toBe(
      "test-file-secrets-token",
    );
  }
});

it("is left out where alerts are off, and Prometheus looks for none", () => {
  const off = boxOf("off", yamlOf(8, 4, "monitoring: {alerts: {enabled: false}}\n"));
  expect([hasService(off, "alertmanager"), hasService(off, "prometheus")]).toEqual([false, true]);
  const { alerting, scrape_configs } = load(fileOf(off, "prometheus", "prometheus.yml")) as {
    alerting?: unknown;
    scrape_configs: { job_name: string }[];
  };
  expect([alerting, scrape_configs.filter(({ job_name }) => job_name === "alertmanager")]).toEqual([undefined, []]);
});
