import { setTimeout as sleep } from "node:timers/promises";
import { addressesOf } from "../../constructs/addresses";
import { environment, planFor } from "../rendering/fixture";
import { ProgramContainer } from "../support/programs-container";
import { loopbackNetwork, RunningNginx } from "../support/programs-nginx";

jest.setTimeout(120_000);

/** Two halves of ten seconds, and what the script waits for. */
const COUNTED_WITHIN_MS = 15_000;
const WORKERS = 4;
/** `nobody`, as in the image. */
const PROMETHEUS_UID = 65534;

/** Few connections and clients, so that limits are low: 25 ordinary requests at a process. */
const env = environment({
  docker: { network: loopbackNetwork() },
  expected: { federation: "open", users: 1 },
  synapse: { cpMax: 1 },
});
const base = planFor("three", env);
const plan = {
  ...base,
  nginx: { ...base.nginx, workerProcesses: { ...base.nginx.workerProcesses, value: WORKERS } },
};
const prometheus = addressesOf(env.docker.network, plan).get("prometheus")?.frontend as string;

const send = (n: number) => ({ method: "PUT", path: `/_matrix/client/v3/rooms/!a/send/m.x/${n}`, body: "{}" });
const members = { path: "/_matrix/client/v3/rooms/!a/members" };
const sync = { path: "/_matrix/client/v3/sync?since=s1" };

type Samples = Readonly<Record<string, number>>;

let nginx: RunningNginx;

const text = async (): Promise<string> => (await nginx.status("/metrics", prometheus)).body;

const samplesIn = (page: string): Samples =>
  Object.fromEntries(
    page
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );

const requests = (samples: Samples): number =>
  Object.entries(samples).reduce(
    (sum, [name, value]) => (name.startsWith("nginx_http_requests_total{") ? sum + value : sum),
    0,
  );

const counter = (status: string, by: string): string =>
  `nginx_http_requests_total{status="${status}",served_by="${by}"}`;
const bucket = (kind: string, le: string): string =>
  `nginx_http_request_duration_seconds_bucket{kind="${kind}",le="${le}"}`;
const count = (kind: string): string => `nginx_http_request_duration_seconds_count{kind="${kind}"}`;

/** What the counters have when all earlier requests are in them: no more come for as long as they may take. */
const settled = async (): Promise<Samples> => {
  await sleep(COUNTED_WITHIN_MS);
  return samplesIn(await text());
};

/** All that was asked so far is in it. */
let counted: Samples;

/** What some requests add to the counters; in between nothing else may be asked. */
const added = async (ask: () => Promise<unknown>): Promise<Samples> => {
  const before = counted;
  await ask();
  counted = await settled();
  return Object.fromEntries(
    Object.entries(counted)
      .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
      .filter(([name, value]) => value !== 0 && name.startsWith("nginx_http_")),
  );
};

beforeAll(async () => {
  nginx = await RunningNginx.start(env, plan, undefined, (conf) =>
    conf.replaceAll("proxy_read_timeout 90s", "proxy_read_timeout 1s"),
  );
  counted = await settled();
}, 300_000);
afterAll(() => nginx?.stop());
afterEach(() => {
  for (const process of nginx.processes.values()) process.release();
});

it("counts every request once, whichever worker it came to, while they come", async () => {
  let total = 0;
  const samples = await added(async () => {
    const until = Date.now() + 12_000;
    while (Date.now() < until) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => nginx.ask(n % 2 ? members : send(n))));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      total += answers.length;
    }
  });
  expect(total).toBeGreaterThan(500);
  expect(samples[counter("2xx", "rooms1")]).toBe(total);
  expect(requests(samples)).toBe(total);
  expect([samples[count("send")], samples[count("other")]]).toEqual([total / 2, total / 2]);
});
it("tells who answered, and what", async () => {
  const rooms = nginx.process("rooms1");
  const samples = await added(async () => {
    await nginx.ask({ path: "/" });
    await nginx.ask({ path: "/.well-known/matrix/client" });
    await nginx.ask(sync);
    await nginx.ask({ path: "/_matrix/client/v3/keys/x" });
    rooms.hold(/\/send\//);
    const held = await nginx.fill(
      "rooms1",
      Array.from({ length: 25 }, (_, n) => send(n)),
    );
    expect((await nginx.ask(send(25))).status).toBe(429);
    rooms.release();
    await Promise.all(held);
  });
  expect(samples).toMatchObject({
    [counter("4xx", "nginx")]: 1,
    [counter("2xx", "nginx")]: 1,
    [counter("2xx", "sync1")]: 1,
    [counter("2xx", "main")]: 1,
    [counter("429", "nginx")]: 1,
    [counter("2xx", "rooms1")]: 25,
  });
  expect(requests(samples)).toBe(30);
  // Neither the long poll nor the refusal has a latency.
  expect([samples[count("send")], samples[count("other")]]).toEqual([25, 1]);
});

it("tells silence, death and clients that lose patience apart, and how long each took", async () => {
  const presence = { path: "/_matrix/client/v3/presence/@a:b/status" };
  const typing = { method: "PUT", path: "/_matrix/client/v3/rooms/!a/typing/@a:b", body: "{}" };
  const owner = nginx.process("sync1");
  const samples = await added(async () => {
    owner.hold(/presence/);
    expect((await nginx.ask(presence)).status).toBe(504);
    await owner.stop();
    expect((await nginx.ask(typing)).status).toBe(502);
    expect((await nginx.ask(presence)).status).toBe(502);
    await owner.listen();
    nginx.process("rooms1").hold(/\/send\//);
    await nginx.abandon(send(0), 300);
  });
  expect(samples).toMatchObject({
    [counter("504", "nginx")]: 1,
    [counter("502", "nginx")]: 2,
    [counter("499", "nginx")]: 1,
    [bucket("send", "0.5")]: 1,
    [bucket("other", "+Inf")]: 1,
  });
  expect(samples[bucket("send", "0.2")]).toBeUndefined();
  expect(samples[bucket("other", "0.5")]).toBeUndefined();
  expect(samples['nginx_http_request_duration_seconds_sum{kind="send"}']).toBeCloseTo(0.3, 1);
});

it("is a histogram: each bucket holds the smaller ones, and the last all", async () => {
  const samples = samplesIn(await text());
  for (const kind of ["send", "other"]) {
    const ends = ["0.05", "0.1", "0.2", "0.5", "1", "2.5", "10", "+Inf"];
    const values = ends.map((end) => samples[bucket(kind, end)] as number);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(samples[count(kind)]);
    expect(values.at(-1)).toBeGreaterThan(0);
  }
});

it("says nothing to anybody but Prometheus, and nothing of itself in the log", async () => {
  const stranger = addressesOf(env.docker.network, plan).get("synapse-main")?.frontend as string;
  expect((await nginx.status("/metrics", stranger)).status).toBe(403);
  expect((await nginx.status("/metrics", "127.0.0.1")).status).toBe(200);
  expect((await nginx.ask({ path: "/metrics" })).status).toBe(404);
  await nginx.ask(members);
  expect(nginx.log()).not.toContain("request counts:");
  expect(nginx.log()).not.toMatch(/"path":"\/metrics","status":"200"/);
  const [line] = await nginx.logged(members.path);
  expect(Object.keys(line as object)).toHaveLength(12);
});

it("is text that Prometheus takes, connections and all", async () => {
  const page = await text();
  expect(samplesIn(page)).toMatchObject({
    nginx_up: 1,
    nginx_connections_active: expect.any(Number),
    nginx_connections_reading: 0,
    nginx_connections_writing: 1,
    nginx_connections_waiting: expect.any(Number),
  });
  const container = await ProgramContainer.start("prometheus", PROMETHEUS_UID);
  try {
    expect(container.exec(["promtool", "check", "metrics"], page)).toBe("");
  } finally {
    container.remove();
  }
}, 600_000);

it("keeps the counts when files are read again, and starts from nothing with the program", async () => {
  const now = async () => requests(samplesIn(await text()));
  const before = await now();
  expect(before).toBeGreaterThan(0);
  await nginx.renew("reload");
  // Asked after the reload, and counted at the latest then.
  const last = Date.now() + 2 * COUNTED_WITHIN_MS;
  while ((await now()) <= before && Date.now() < last) await sleep(200);
  expect(await now()).toBeGreaterThan(before);
  await nginx.renew("restart");
  expect(await now()).toBeLessThan(before);
});

it("has the connections alone where Nginx is too old for more", async () => {
  const old = environment({ docker: { network: loopbackNetwork() }, nginx: { version: "1.24.0" } });
  const oldPlan = planFor("two", old);
  const running = await RunningNginx.start(old, oldPlan);
  try {
    const from = addressesOf(old.docker.network, oldPlan).get("prometheus")?.frontend as string;
    const { body, headers } = await running.status("/metrics", from);
    expect(headers["content-type"]).toMatch(/^text\/plain/);
    expect(Object.keys(samplesIn(body))).toEqual([
      "nginx_up",
      ...["active", "reading", "writing", "waiting"].map((state) => `nginx_connections_${state}`),
    ]);
  } finally {
    await running.stop();
  }
});
