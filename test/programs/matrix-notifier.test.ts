import { setTimeout as sleep } from "node:timers/promises";
import { programText } from "../../constructs/program";
import { ProgramContainer } from "../support/programs-container";

/** `synapse` in the image. */
const UID = 991;
const SYNAPSE = "http://127.0.0.1:8008";
const NOTIFIER = "http://127.0.0.1:9982";
/** Low enough that a test meets it, high enough that the others do not. */
const RATE = "{per_second: 1, burst_count: 12}";

const HOMESERVER = `server_name: localhost
pid_file: /tmp/homeserver.pid
listeners:
  - {port: 8008, type: http, bind_addresses: [127.0.0.1], resources: [{names: [client]}]}
database: {name: sqlite3, args: {database: /tmp/homeserver.db}}
media_store_path: /tmp/media
signing_key_path: /tmp/signing.key
macaroon_secret_key: a
registration_shared_secret: a
enable_registration: true
enable_registration_without_verification: true
report_stats: false
trusted_key_servers: []
rc_message: ${RATE}
`;

interface Alert {
  readonly name: string;
  readonly severity?: string;
  readonly status?: "firing" | "resolved";
  readonly startsAt?: string;
  readonly summary?: string;
}

/** As Alertmanager posts it (its manual, "webhook_config"). */
const payload = (alerts: readonly Alert[]): string =>
  JSON.stringify({
    version: "4",
    groupKey: "{}",
    truncatedAlerts: 0,
    status: alerts.some(({ status }) => status !== "resolved") ? "firing" : "resolved",
    receiver: "room",
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://localhost:9093",
    alerts: alerts.map(({ name, severity = "page", status = "firing", startsAt, summary }, index) => ({
      status,
      labels: { alertname: name, severity, instance: "example.com", job: "synapse-sync", index: "2" },
      annotations: { summary: summary ?? "Something <b>bad</b>", description: "Why & how.", runbook: "docs/x.md" },
      startsAt: startsAt ?? "2026-11-21T10:00:00Z",
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: "",
      fingerprint: `${name}${index}`,
    })),
  });

interface Event {
  readonly content: { readonly msgtype: string; readonly body: string; readonly formatted_body: string };
}

let container: ProgramContainer;
let token: string;
let room: string;

const curl = (args: readonly string[], input = ""): { readonly status: number; readonly body: string } => {
  const lines = container.exec(["curl", "-sS", "-w", "\n%{http_code}", ...args], input).split("\n");
  return { status: Number(lines.at(-1)), body: lines.slice(0, -1).join("\n") };
};

const client = (method: string, path: string, body?: object) => {
  const data = body ? ["-H", "Content-Type: application/json", "--data-binary", "@-"] : [];
  const auth = token ? ["-H", `Authorization: Bearer ${token}`] : [];
  const { status, body: text } = curl(["-X", method, ...auth, ...data, `${SYNAPSE}${path}`], JSON.stringify(body));
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text);
};

const post = (path: string, body: string) => curl(["-X", "POST", "--data-binary", "@-", `${NOTIFIER}${path}`], body);

/** Messages whose text holds a word, oldest first. */
const messages = (word: string): Event["content"][] => {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100`;
  const { chunk } = client("GET", path) as { chunk: Event[] };
  return chunk
    .map(({ content }) => content)
    .filter(({ body }) => body?.includes(word))
    .reverse();
};

const untilServes = async (url: string): Promise<void> => {
  for (let tries = 0; tries < 300; tries++) {
    if (container.exec(["sh"], `curl -s -o /dev/null ${url} && echo yes || true`).trim() === "yes") return;
    await sleep(100);
  }
  throw new Error(`${url} does not answer:\n${container.exec(["sh"], "tail -20 /tmp/*.log")}`);
};

const startSynapse = async (): Promise<void> => {
  const command = "python3 -m synapse.app.homeserver -c /boxes/synapse/homeserver.yaml";
  container.exec(["sh"], `cd /tmp && nohup ${command} >>/tmp/synapse.log 2>&1 &\necho $! >/tmp/synapse.pid`);
  await untilServes(`${SYNAPSE}/health`);
};

const stopSynapse = (): void => {
  container.exec(["sh"], "kill -9 $(cat /tmp/synapse.pid)");
};

const notifierLog = (): string => container.exec(["cat", "/tmp/notifier.log"]);

beforeAll(async () => {
  container = await ProgramContainer.start("synapse", UID);
  container.add([
    { folder: "synapse", path: "homeserver.yaml", content: HOMESERVER },
    { folder: "notifier", path: "matrix_notifier.py", content: programText("matrix_notifier.py") },
  ]);
  container.exec([
    "python3",
    "-m",
    "synapse.app.homeserver",
    "-c",
    "/boxes/synapse/homeserver.yaml",
    "--generate-keys",
  ]);
  await startSynapse();
  const auth = { type: "m.login.dummy" };
  token = client("POST", "/_matrix/client/v3/register", {
    username: "kit",
    password: "correct horse",
    auth,
  }).access_token;
  room = client("POST", "/_matrix/client/v3/createRoom", {}).room_id;
  const room_of = (room_id: string, access_token_file: string) => ({ homeserver: SYNAPSE, room_id, access_token_file });
  const rooms = {
    "/room": room_of(room, "/boxes/notifier/token"),
    "/wrong-token": room_of(room, "/boxes/notifier/wrong"),
    "/not-joined": room_of("!elsewhere:localhost", "/boxes/notifier/token"),
  };
  container.add([
    { folder: "notifier", path: "token", content: `${token}\n` },
    { folder: "notifier", path: "wrong", content: "syt_d3Jvbmc_wrong_token" },
    { folder: "notifier", path: "rooms.json", content: JSON.stringify(rooms) },
  ]);
  container.exec(
    ["sh"],
    "nohup python3 /boxes/notifier/matrix_notifier.py 127.0.0.1 9982 /boxes/notifier/rooms.json >/tmp/notifier.log 2>&1 &\necho $! >/tmp/notifier.pid",
  );
  await untilServes(`${NOTIFIER}/healthz`);
}, 300_000);
afterAll(() => container?.remove());

it("writes a page as a text that clients ring for, safe to show", () => {
  expect(post("/room", payload([{ name: "First" }])).status).toBe(200);
  expect(messages("First")).toEqual([
    {
      msgtype: "m.text",
      format: "org.matrix.custom.html",
      body: "FIRING, PAGE: example.com\n- First (synapse-sync 2)\n  Something <b>bad</b>\n  Why & how.\n  docs/x.md",
      formatted_body:
        "<p><strong>FIRING, PAGE: example.com</strong></p><ul><li><strong>First (synapse-sync 2)</strong><br>Something &lt;b&gt;bad&lt;/b&gt;<br>Why &amp; how.<br>docs/x.md</li></ul>",
    },
  ]);
});

it.each([
  ["a ticket", { name: "Ticket", severity: "ticket" }, "FIRING, TICKET"],
  ["the end of a page", { name: "Over", status: "resolved" as const }, "RESOLVED, PAGE"],
])("writes %s as a notice", (_what, alert, heading) => {
  expect(post("/room", payload([alert])).status).toBe(200);
  const [message, ...more] = messages(alert.name);
  expect([message?.msgtype, message?.body.split(":")[0], more]).toEqual(["m.notice", heading, []]);
});

it("writes what is sent again once, and what began again twice", () => {
  const first = payload([{ name: "Again" }]);
  expect([post("/room", first).status, post("/room", first).status]).toEqual([200, 200]);
  expect(messages("Again")).toHaveLength(1);
  expect(post("/room", payload([{ name: "Again", startsAt: "2026-11-21T10:05:00Z" }])).status).toBe(200);
  expect(messages("Again")).toHaveLength(2);
});

it("shows as many alerts as an event holds, and how many more there are", () => {
  const many = Array.from({ length: 400 }, (_, index) => ({ name: `Many${index}`, summary: "ü<".repeat(400) }));
  expect(post("/room", payload(many)).status).toBe(200);
  const [message] = messages("Many");
  expect(message?.body).toMatch(/\nand \d+ more$/);
  expect(message?.formatted_body.match(/<li>/g)?.length).toBeGreaterThan(5);
});

it("waits as long as the homeserver asks for", () => {
  const statuses = Array.from(
    { length: 16 },
    (_, index) => post("/room", payload([{ name: `Burst${index}-` }])).status,
  );
  expect(statuses).toEqual(Array(16).fill(200));
  expect(messages("Burst")).toHaveLength(16);
  // Synapse did refuse some at first.
  expect(container.exec(["grep", "-c", "M_LIMIT_EXCEEDED\\|429", "/tmp/synapse.log"]).trim()).not.toBe("0");
}, 60_000);

it("says that it could not while the homeserver is down, and writes it once when it is back", async () => {
  const late = payload([{ name: "Late" }]);
  stopSynapse();
  const answer = post("/room", late);
  expect([answer.status, answer.body]).toEqual([502, "not delivered: ConnectionRefusedError\n"]);
  await startSynapse();
  expect([post("/room", late).status, post("/room", late).status]).toEqual([200, 200]);
  expect(messages("Late")).toHaveLength(1);
}, 120_000);

it.each([
  ["/wrong-token", "HTTP 401 M_UNKNOWN_TOKEN"],
  ["/not-joined", "HTTP 403 M_FORBIDDEN"],
])("gives up at once on %s, and has Alertmanager come again", (path, said) => {
  const answer = post(path, payload([{ name: "Refused" }]));
  expect([answer.status, answer.body]).toEqual([502, `not delivered: ${said}\n`]);
  expect(notifierLog()).toContain(`not delivered: ${said}`);
});

it.each([
  ["something that is no JSON", "/room", "x", 400],
  ["JSON of another shape", "/room", "[1]", 400],
  ["a path of no room", "/other", payload([]), 404],
])("refuses %s", (_what, path, body, status) => {
  expect(post(path, body).status).toBe(status);
});

it("refuses what is said to be large before it comes", () => {
  const { status } = curl(["-X", "POST", "-H", "Content-Length: 5000000", "-d", "x", `${NOTIFIER}/room`]);
  expect(status).toBe(413);
});

it("writes no token to its log, and one line for each message", () => {
  const log = notifierLog();
  expect(log).toMatch(/^\/room alert-[0-9a-f]{24}-\d+ delivered$/m);
  for (const secret of [token, "syt_d3Jvbmc_wrong_token"]) expect(log).not.toContain(secret);
});

it("ends when it is asked to", async () => {
  container.exec(["sh"], "kill $(cat /tmp/notifier.pid)");
  for (let tries = 0; tries < 50; tries++) {
    if (container.exec(["sh"], "kill -0 $(cat /tmp/notifier.pid) 2>/dev/null && echo there || true").trim() === "")
      return;
    await sleep(100);
  }
  throw new Error("it still runs");
});
