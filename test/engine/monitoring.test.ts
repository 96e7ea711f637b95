import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { panelQueries } from "../../constructs/grafana/panel-queries";
import { containersOf } from "../../sizing/plan";
import { dropDeadRows, leaveDeadRows } from "../support/dead-rows";
import { containerIds, docker, logsOf } from "../support/engine-project";
import { emptyRedis, fillRedis } from "../support/filled-redis";
import { holdPool } from "../support/held-pool";
import { askPanels, unanswered } from "../support/panel-queries";
import { untilNothingLeft } from "../support/prometheus-api";
import { selectorsOf } from "../support/promql";
import { refuseEvents, takeEvents } from "../support/refused-events";
import { resolvedStateGroups } from "../support/state-groups";
import { MAIL, SCRAPE_SECONDS, WatchedBox } from "../support/watched-box";

const DEPLOY_MS = 10 * 60_000;

/** Selectors that this box gives nothing for, and what would have to happen first. */
const CONDITIONAL: Readonly<Record<string, string>> = {
  'synapse_http_server_response_time_seconds_count{code=~"500|503",servlet!~".*Replication.*"}':
    "an error of Synapse's own; the last test has one",
  'synapse_forward_extremities_bucket{le="+Inf"}': "counted once an hour",
  'synapse_forward_extremities_bucket{le="10.0"}': "counted once an hour",
};
/** Of the conditions that panels name (`onlyWhen`), those that this box does not meet. */
const UNMET = ["an hour is over", "a disk fills up", "the kernel counts pressure", "it is watched for half an hour"];
/** Those that the last of the faults brings about. */
const FAILURES = ["a request failed", "one failed"];

/**
 * In real time the faults would take half an hour: what rules and routes wait for is shorter by this factor. Rules,
 * thresholds, groups and how long a cause lasts are as deployed.
 */
const FACTOR = 10;
/** A look that has just begun, one of the rules, Alertmanager's next flush, and a busy machine. */
const GRACE_SECONDS = 4 * SCRAPE_SECONDS + 10;
const GROUP_WAIT_SECONDS = { page: 10 / FACTOR, ticket: 60 / FACTOR };
const PAGE_INTERVAL_MS = 60_000 / FACTOR;
/** A cause goes on for so long; then comes Alertmanager's next flush. */
const OVER_MS = (GRACE_SECONDS + 30 + 2 * SCRAPE_SECONDS) * 1000;

const box = new WatchedBox();
beforeAll(async () => {
  await box.deploy();
  // Early, since Synapse tells but every other minute of the room whose state cost most to resolve.
  await box.federate();
}, 2 * DEPLOY_MS);
afterAll(() => box.remove(), DEPLOY_MS);

const compress = (...args: string[]) => box.project.kit(["compress", box.name, ...args]);

describe("the compressor", () => {
  test("is asked for a look, for SQL in a new file, and not before Synapse's own work on the tables is done", async () => {
    const busy = async () => ((await compress("--dry-run")).code === 5 ? ["background updates"] : []);
    await untilNothingLeft(busy, 120);
    const groupsIn = async (...range: string[]): Promise<number> => {
      const { code, stdout } = await compress(...range, "--dry-run", "--json");
      return code === 0 ? JSON.parse(stdout).groups : Number.NaN;
    };
    // Rooms with few new groups wait, unless they are asked for.
    expect(await groupsIn()).toBe(0);
    expect(await groupsIn("--groups", "1-100000")).toBeGreaterThan(0);
    expect(await groupsIn("--groups", "100000-200000")).toBe(0);
    const file = join(box.project.dir, "state.sql");
    expect(await compress("--sql", file)).toMatchObject({ code: 0 });
    const before = readFileSync(file, "utf8");
    const again = await compress("--sql", file);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is there already") });
    expect(readFileSync(file, "utf8")).toBe(before);
  }, 180_000);

  test("runs while people talk and change the room: nothing fails, and every group stands for what it did", async () => {
    const { people } = box;
    for (let index = 0; index < 120; index++) await people.setState(`key ${index}`, "first");
    const before = resolvedStateGroups(box.name);
    expect(before.size).toBeGreaterThan(120);
    let isOver = false;
    let sent = 0;
    const load = (async () => {
      for (; !isOver; sent++) {
        await people.setState(`key ${sent % 120}`, `later ${sent}`);
        await people.say(`while compressing ${sent}`);
      }
    })();
    const outcomes = [];
    try {
      for (let run = 0; run < 3; run++) outcomes.push(await compress("--json"));
    } finally {
      isOver = true;
      await load;
    }
    expect(sent).toBeGreaterThan(5);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 0 });
    expect(JSON.parse(outcomes[0]?.stdout ?? "").groups).toBeGreaterThan(0);
    const after = resolvedStateGroups(box.name);
    expect([...before].filter(([group, state]) => after.get(group) !== state)).toEqual([]);
  }, 180_000);
});

describe("a watched box", () => {
  test("answers Prometheus, every part of it", async () => {
    await untilNothingLeft(async () => {
      const targets = await box.prometheus.targets();
      return targets
        .filter(({ health }) => health !== "up")
        .map(({ labels, lastError }) => `${labels.job} ${lastError}`);
    }, 90);
    const jobs = new Set((await box.prometheus.targets()).map(({ labels }) => labels.job));
    expect([...jobs].sort()).toEqual([
      ...["alertmanager", "blackbox", "compressor", "containers", "nginx", "node", "pgbouncer", "postgres"],
      ...["prometheus", "redis", "synapse", "synapse-client", "synapse-federation"],
    ]);
  }, 120_000);

  test("has every series that a rule or a panel asks for", async () => {
    const { people, prometheus, environment, plan } = box;
    const rules = await prometheus.rules();
    const selectors = [...new Set(rules.flatMap(({ query }) => selectorsOf(query)))].sort();
    expect(Object.keys(CONDITIONAL).filter((selector) => !selectors.includes(selector))).toEqual([]);
    const wanted = selectors.filter((selector) => !(selector in CONDITIONAL));
    expect(wanted.length).toBeGreaterThan(90);
    const conditions = new Set(panelQueries(environment, plan).map(({ onlyWhen }) => onlyWhen));
    expect([...UNMET, ...FAILURES].filter((condition) => !conditions.has(condition))).toEqual([]);
    await people.doABitOfEverything(box.guest, box.gateway.url);
    // The compressor tells of its last run alone, and that of the whole found nothing new.
    expect(await compress("--room", people.room)).toMatchObject({ code: 0 });
    leaveDeadRows(box.name);
    // Each once: on a busy machine not every look succeeds.
    let absent = wanted;
    let silent = await askPanels(prometheus, environment, plan);
    await people.whileTalking(() =>
      untilNothingLeft(async () => {
        absent = await prometheus.absent(absent);
        silent = unanswered(await askPanels(prometheus, environment, plan, silent), [...UNMET, ...FAILURES]);
        return [...absent, ...silent.map(({ dashboard, panel, expr }) => `${dashboard}, ${panel}: ${expr}`)];
      }, 180),
    );
    dropDeadRows(box.name);
    const failed = (await prometheus.rules()).filter(({ health }) => health !== "ok");
    expect(failed.map(({ name, lastError }) => `${name}: ${lastError}`)).toEqual([]);
  }, 300_000);

  test("is quiet: the heartbeat comes again and again, and no page", async () => {
    const since = Date.now();
    box.hurry(FACTOR);
    await box.inbox.heard("/alive", "Watchdog", "firing", since, 3 * PAGE_INTERVAL_MS + OVER_MS);
    await box.inbox.heard("/alive", "Watchdog", "firing", Date.now(), 3 * PAGE_INTERVAL_MS + OVER_MS);
    expect(box.inbox.deliveries.filter(({ path }) => path === "/pages")).toEqual([]);
    expect(box.mailbox.mails).toEqual([]);
  }, 120_000);

  test("tells in `status` what Prometheus knows", async () => {
    const unknown = async (): Promise<string[]> => {
      const { stdout } = await box.project.kit(["status", box.name, "--json"]);
      const { measured, services, pools } = JSON.parse(stdout);
      expect(services).toHaveLength(containersOf(box.plan).length);
      const silent = (key: string): string[] =>
        services
          .filter((one: Record<string, unknown>) => one[key] === null)
          .map(({ service }: { service: string }) => `${key} of ${service}`);
      return [
        ...(measured ? [] : ["anything"]),
        ...silent("cpu_cores"),
        ...silent("memory_bytes"),
        ...["synapse", "synapse_session"].filter((pool) => !(pool in pools)),
      ];
    };
    // On a busy machine a look at an exporter, or a question to Prometheus, may come to nothing.
    await untilNothingLeft(unknown, 60);
  }, 90_000);

  test("fits its plan", async () => {
    const rules = await box.prometheus.rules();
    const most = rules.find(({ name }) => name === "PrometheusSeriesHigh")?.query ?? "";
    const [series] = await box.prometheus.query("prometheus_tsdb_head_series");
    expect(series?.value).toBeGreaterThan(1000);
    expect(series?.value).toBeLessThan(Number(/> (\d+)/.exec(most)?.[1]));
  });
});

describe("faults", () => {
  /** Milliseconds that an alert may take from the fault to the receiver, by the rule that Prometheus follows. */
  const dueWithin = async (alert: string, severity: "page" | "ticket"): Promise<number> => {
    const rule = (await box.prometheus.rules()).find(
      ({ name, labels }) => name === alert && labels?.severity === severity,
    );
    return (Number(rule?.duration) + GROUP_WAIT_SECONDS[severity] + GRACE_SECONDS) * 1000;
  };

  const expectTold = async (alert: string, severity: "page" | "ticket", since: number): Promise<void> => {
    const limit = await dueWithin(alert, severity);
    const took = await box.inbox.heard("/all", alert, "firing", since, limit);
    if (severity === "page") {
      await box.inbox.heard("/pages", alert, "firing", since, limit);
      await box.mailbox.heard(`FIRING, PAGE: ${alert}, localhost`, since, limit);
    }
    console.info(`${alert}: told after ${(took / 1000).toFixed(1)} s of ${limit / 1000}`);
  };

  const expectOver = (alert: string, since: number, limitMs: number): Promise<number> =>
    box.inbox.heard("/all", alert, "resolved", since, limitMs);

  const inRoom = async (alert: string): Promise<string[]> =>
    (await box.people.messages())
      .filter((text) => text.includes(`- ${alert}`))
      .map((text) => text.split(",")[0] as string);

  const untilOverInRoom = (alert: string): Promise<void> =>
    untilNothingLeft(async () => (String(await inRoom(alert)) === "FIRING,RESOLVED" ? [] : [alert]), 60);

  test("a stopped worker pages; a full Redis and a certificate near its end are tickets", async () => {
    const since = Date.now();
    const worker = box.container("synapse-client1");
    docker("stop", worker);
    box.useCertificateOf(3);
    fillRedis(box.name, box.plan);
    await Promise.all([
      expectTold("SynapseProcessDown", "page", since),
      expectTold("RedisMemoryFull", "ticket", since),
      expectTold("CertificateEndsSoon", "ticket", since),
    ]);
    expect(box.inbox.fired("/pages", since)).toEqual(["SynapseProcessDown"]);
    expect(box.mailbox.mails).toEqual([
      expect.objectContaining({
        ...{ sender: MAIL.from, from: MAIL.from, recipients: [MAIL.to], to: [MAIL.to], html: undefined },
        text: expect.stringMatching(
          /^synapse-client 1 does not answer\n(?:.+\n)+What to do: docs\/runbooks\/SynapseProcessDown\.md\n/,
        ),
      }),
    ]);
    const healed = Date.now();
    docker("start", worker);
    box.useCertificateOf(60);
    emptyRedis(box.name);
    const limit = PAGE_INTERVAL_MS + OVER_MS + 30_000;
    await Promise.all([
      expectOver("SynapseProcessDown", healed, limit),
      box.mailbox.heard("RESOLVED, PAGE: SynapseProcessDown, localhost", healed, limit),
    ]);
    await untilOverInRoom("SynapseProcessDown");
    // An end of tickets is told with the next of their kind, a quarter of an hour later.
  }, 400_000);

  test("a pool whose connections are all held pages, and what follows from it does not", async () => {
    const since = Date.now();
    const holder = holdPool(box.name, box.plan);
    try {
      await expectTold("PgbouncerPoolExhausted", "page", since);
      await sleep(PAGE_INTERVAL_MS);
      expect(box.inbox.fired("/pages", since)).toEqual(["PgbouncerPoolExhausted"]);
    } finally {
      holder.stdin?.end();
    }
    await expectOver("PgbouncerPoolExhausted", Date.now(), PAGE_INTERVAL_MS + OVER_MS);
  }, 180_000);

  test("a stopped Postgres pages, alone", async () => {
    const since = Date.now();
    docker("stop", box.container("postgres"));
    const failing = box.people.say("who hears this?").catch(() => undefined);
    await expectTold("PostgresDown", "page", since);
    const { stdout } = await box.project.kit(["status", box.name]);
    expect(stdout).toMatch(/^postgres +exited/m);
    expect(stdout).toMatch(/^alerts +.*PostgresDown \[page\]/m);
    await sleep(3 * PAGE_INTERVAL_MS);
    expect(box.inbox.fired("/pages", since)).toEqual(["PostgresDown"]);
    const healed = Date.now();
    docker("start", box.container("postgres"));
    await expectOver("PostgresDown", healed, PAGE_INTERVAL_MS + OVER_MS + 30_000);
    await failing;
    // What waited for it may take longer to recover than its own alert waits here, a tenth of the true time.
  }, 300_000);

  test("of Synapse itself are counted, and those of one process towards another", async () => {
    const { prometheus, environment, plan, people } = box;
    const text = "not to be stored";
    refuseEvents(box.name, text);
    await expect(people.say(text)).rejects.toThrow(": 500 ");
    takeEvents(box.name);
    const [errors] = Object.keys(CONDITIONAL) as [string];
    const panels = panelQueries(environment, plan).filter(({ onlyWhen }) => FAILURES.includes(onlyWhen ?? ""));
    await untilNothingLeft(
      async () => [
        ...(await prometheus.absent([errors])),
        ...unanswered(await askPanels(prometheus, environment, plan, panels), []).map(({ expr }) => expr),
      ],
      30,
    );
  }, 60_000);

  test("put no secret into a log, nor into what the engine tells of a container", () => {
    const told = Object.values(containerIds(box.name)).map((id) => docker("inspect", id) + logsOf(id));
    expect(told.length).toBe(containersOf(box.plan).length);
    for (const secret of [MAIL.password, box.people.alice.token])
      expect(told.filter((text) => text.includes(secret))).toEqual([]);
    for (const service of ["matrix-notifier", "alertmanager"])
      expect(logsOf(box.container(service))).not.toContain("/pages");
  });
});
