import type { WorkerLayoutName } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import { environment, planFor } from "../rendering/fixture";
import { type Answer, loopbackNetwork, RunningNginx } from "../support/programs-nginx";

jest.setTimeout(60_000);

/** Few connections and clients, so that limits are low: 200 long polls, 25 ordinary requests, 10 heavy ones. */
const started = (layout: WorkerLayoutName, change: (plan: Plan) => Plan = (plan) => plan): Promise<RunningNginx> => {
  const env = environment({
    docker: { network: loopbackNetwork() },
    expected: { federation: "open", users: 1 },
    synapse: { cpMax: 1 },
  });
  return RunningNginx.start(env, change(planFor(layout, env)));
};

const send = (n: number) => ({ method: "PUT", path: `/_matrix/client/v3/rooms/!a/send/m.x/${n}`, body: "{}" });
const messages = (n: number) => ({ path: `/_matrix/client/v3/rooms/!a/messages?from=t${n}` });
const sync = (n: number) => ({ path: `/_matrix/client/v3/sync?since=s${n}` });
const firstSync = () => ({ path: "/_matrix/client/v3/sync" });
const members = { path: "/_matrix/client/v3/rooms/!a/members" };
const devices = { path: "/_matrix/client/v3/keys/x" };
const transaction = (origin: string, n: number, from = "192.0.2.1") => ({
  method: "PUT",
  path: `/_matrix/federation/v1/send/${n}`,
  headers: { authorization: `X-Matrix origin="${origin}",destination="example.org",key="ed25519:a",sig="x"` },
  from,
  body: "{}",
});
const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

const expectRefusal = ({ status, headers, body }: Answer): void => {
  expect([status, body]).toEqual([429, expect.stringContaining("M_LIMIT_EXCEEDED")]);
  expect(headers["content-type"]).toBe("application/json");
  const answer = JSON.parse(body) as Record<string, unknown>;
  const seconds = Number(headers["retry-after"]);
  expect(seconds).toBeGreaterThanOrEqual(3);
  expect(seconds).toBeLessThanOrEqual(10);
  expect(answer).toEqual({
    errcode: "M_LIMIT_EXCEEDED",
    error: expect.any(String),
    retry_after_ms: seconds * 1000,
  });
  expect(headers["access-control-allow-origin"]).toBe("*");
  expect(headers["access-control-expose-headers"]).toContain("Retry-After");
};

const expectServed = (answer: Answer, by: string): void => expect([answer.status, answer.body]).toEqual([200, by]);

let nginx: RunningNginx;

describe("with one process for each role", () => {
  beforeAll(async () => {
    nginx = await started("three");
  }, 300_000);
  afterAll(() => nginx?.stop());
  afterEach(async () => {
    for (const process of nginx.processes.values()) process.release();
  });

  it("refuses what a process has no room for, and nothing else", async () => {
    const rooms = nginx.process("rooms1");
    const before = nginx.process("main").requests.length;
    rooms.hold(/\/send\//);
    const answers = await nginx.fill("rooms1", times(25, send));
    expectRefusal(await nginx.ask(send(25)));
    expectServed(await nginx.ask(members), "rooms1");
    expectServed(await nginx.ask(sync(1)), "sync1");
    // The load of a full worker must not drown main.
    expect(nginx.process("main").requests.length).toBe(before);
    rooms.release();
    for (const answer of await Promise.all(answers)) expectServed(answer, "rooms1");
    expectServed(await nginx.ask(send(25)), "rooms1");
  });

  it("says yes to a browser that asks first, so that it sees the refusal", async () => {
    nginx.process("rooms1").hold(/\/send\//);
    await nginx.fill("rooms1", times(25, send));
    const answer = await nginx.ask({ ...send(25), method: "OPTIONS" });
    expect([answer.status, answer.body]).toEqual([204, ""]);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
    expect(answer.headers["access-control-allow-methods"]).toContain("PUT");
    expect(answer.headers["access-control-allow-headers"]).toContain("Authorization");
  });

  it("counts long polls and first syncs apart", async () => {
    nginx.process("sync1").hold(/\/sync/);
    await nginx.fill("sync1", times(10, firstSync));
    expectRefusal(await nginx.ask(firstSync()));
    await nginx.fill("sync1", times(200, sync));
    expectRefusal(await nginx.ask(sync(200)));
    expectServed(await nginx.ask({ path: "/_matrix/client/v3/presence/@a:b/status" }), "sync1");
  });

  it("lets main stand in for a dead worker, within limits of its own", async () => {
    const main = nginx.process("main");
    await nginx.process("rooms1").stop();
    try {
      expectServed(await nginx.ask(messages(0)), "main");
      main.hold(/\/messages/);
      const answers = await nginx.fill("main", times(25, messages));
      expectRefusal(await nginx.ask(messages(25)));
      expectServed(await nginx.ask(devices), "main");
      main.release();
      for (const answer of await Promise.all(answers)) expectServed(answer, "main");
    } finally {
      await nginx.process("rooms1").listen();
    }
    expectServed(await nginx.ask(messages(0)), "rooms1");
  });

  it("fails at once where main would wait for the dead worker itself", async () => {
    const before = nginx.process("main").requests.length;
    const stopped = ["rooms1", "sync1"].map((name) => nginx.process(name));
    for (const process of stopped) await process.stop();
    try {
      const room = "/_matrix/client/v3/rooms/!a";
      const tag = "/_matrix/client/v3/user/@a:b/rooms/!a/tags";
      // The worker of the rooms keeps their events as well, that of the syncs the tags.
      for (const write of [send(0), { ...send(0), path: `${room}/state/m.x/` }, { ...send(0), path: `${tag}/u.x` }]) {
        expect((await nginx.ask(write)).status).toBe(502);
      }
      expect(nginx.process("main").requests.length).toBe(before);
      expectServed(await nginx.ask({ path: `${room}/state/m.x/` }), "main");
      expectServed(await nginx.ask({ path: tag }), "main");
    } finally {
      for (const process of stopped) await process.listen();
    }
  });

  it("keeps the long polls of a dead worker from main's own requests", async () => {
    const main = nginx.process("main");
    await nginx.process("sync1").stop();
    try {
      main.hold(/\/sync/);
      await nginx.fill("main", times(200, sync));
      // Whoever writes presence may be down as well.
      const urls = main.requests.map(({ url }) => url).filter((url) => url.includes("/sync"));
      expect(urls.sort()).toEqual(times(200, (n) => `/_matrix/client/v3/sync?set_presence=offline&since=s${n}`).sort());
      expectRefusal(await nginx.ask(sync(200)));
      expectServed(await nginx.ask(devices), "main");
      // Nobody else can write what a dead writer would: that is no overload.
      const typing = { method: "PUT", path: "/_matrix/client/v3/rooms/!a/typing/@a:b", body: "{}" };
      expect((await nginx.ask(typing)).status).toBe(502);
    } finally {
      await nginx.process("sync1").listen();
    }
  });

  it("lets each server send three transactions at once, whoever else claims its name", async () => {
    nginx.process("federation1").hold(/\/send\//);
    await nginx.fill(
      "federation1",
      times(3, (n) => transaction("a.example", n)),
    );
    expectRefusal(await nginx.ask(transaction("a.example", 3)));
    await nginx.fill("federation1", [
      transaction("b.example", 0),
      ...times(3, (n) => transaction("a.example", n, "192.0.2.2")),
    ]);
    const question = { ...transaction("a.example", 0), method: "GET", path: "/_matrix/federation/v1/event/$a" };
    expectServed(await nginx.ask(question), "federation1");
  });

  it("writes who refused to the log, and passes on the id of each request", async () => {
    nginx.process("rooms1").hold(/\/send\//);
    await nginx.fill("rooms1", times(25, send));
    expectRefusal(await nginx.ask(send(77)));
    const [refused] = await nginx.logged(send(77).path);
    expect(refused).toMatchObject({ status: "429", process: "-", upstream_addr: "event_creator" });
    await nginx.ask(members);
    const [served] = await nginx.logged(members.path);
    expect(served).toMatchObject({ status: "200", process: "rooms1", upstream: "client_reader" });
    const ids = nginx.process("rooms1").requests.map(({ headers }) => headers["x-request-id"]);
    expect(ids).toContain(served?.request_id);
  });
});

describe("with several processes for a role", () => {
  beforeAll(async () => {
    nginx = await started("eight");
  }, 300_000);
  afterAll(() => nginx?.stop());

  it("fills the room's own process first, then the other, and refuses when both are full", async () => {
    const [first, second] = [nginx.process("rooms1"), nginx.process("rooms2")];
    const own = (await nginx.ask(send(0))).body === "rooms1" ? first : second;
    const other = own === first ? second : first;
    own.hold(/\/send\//);
    other.hold(/\/send\//);
    await nginx.fill(own.name, times(25, send));
    expect(other.holding).toBe(0);
    await nginx.fill(other.name, times(25, send));
    expectRefusal(await nginx.ask(send(50)));
    expect(nginx.process("main").requests).toEqual([]);
    own.release();
    expectServed(await nginx.ask(send(51)), own.name);
    other.release();
  });
});

describe("with room for five requests in all", () => {
  beforeAll(async () => {
    nginx = await started("none", (plan) => ({
      ...plan,
      nginx: { ...plan.nginx, mostRequests: { value: 5, reason: "", source: "" } },
    }));
  }, 300_000);
  afterAll(() => nginx?.stop());

  it("refuses the sixth, whatever it is for", async () => {
    nginx.process("main").hold(/\/sync/);
    await nginx.fill("main", times(5, sync));
    expectRefusal(await nginx.ask(devices));
    nginx.process("main").release();
    expectServed(await nginx.ask(devices), "main");
  });
});
