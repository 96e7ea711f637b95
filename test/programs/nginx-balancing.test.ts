import { createHash } from "node:crypto";
import { Agent } from "node:http";
import type { RoleName } from "../../configs/catalogue/roles";
import type { WorkerLayoutName } from "../../configs/environment";
import { inParallel } from "../../host/in-parallel";
import type { Plan, ProcessPlan } from "../../sizing/plan";
import { environment, planFor } from "../rendering/fixture";
import { RunningNginx } from "../support/programs-nginx";

jest.setTimeout(300_000);

const KEYS = 1000;
/** Of an even part, more or less. */
const TOLERANCE = 0.2;
const AT_ONCE = 8;

interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const C = "/_matrix/client/v3";
/** Of its own, the same in every run, as the spread depends on it a little. No other test listens there. */
const NETWORK = "127.20.40.0/22";
/** Looks random, and is the same in every run. */
const opaque = (n: number): string => createHash("sha256").update(String(n)).digest("base64url");

const sync = (token: string): Request => ({
  path: `${C}/sync?since=s1`,
  headers: { authorization: `Bearer ${token}` },
});

const transaction = (authorization: string, n: number): Request => ({
  method: "PUT",
  path: `/_matrix/federation/v1/send/${n}`,
  headers: { authorization },
  body: "{}",
});

/** Three requests of the same key, by kind of key. */
const KINDS: Readonly<Record<string, (n: number) => readonly Request[]>> = {
  "users on three devices each": (n) => {
    const user = Buffer.from(`user${n}`).toString("base64url");
    return [1, 2, 3].map((device) => sync(`syt_${user}_device${device}_x`));
  },
  "tokens that name no user": (n) => {
    const token = `mct_${opaque(n)}`;
    return [sync(token), sync(token), { path: `${C}/sync?since=s1&access_token=${token}` }];
  },
  "rooms with a domain": (n) => aboutRoom(`!${opaque(n).slice(0, 18)}:example.org`),
  "rooms without a domain": (n) => aboutRoom(`!${opaque(n)}`),
  "other servers": (n) => {
    const origin = `matrix${n}.example.org`;
    return [
      transaction(`X-Matrix origin="${origin}",destination="example.com",key="ed25519:a",sig="x"`, 1),
      transaction(`X-Matrix origin=${origin},key="ed25519:a",sig="x"`, 2),
      transaction(`X-Matrix key="ed25519:a", sig="x", origin="${origin}"`, 3),
    ];
  },
};

const aboutRoom = (room: string): readonly Request[] => [
  { path: `${C}/rooms/${room}/messages` },
  { path: `${C}/rooms/${encodeURIComponent(room)}/state/m.room.create/` },
  { method: "PUT", path: `${C}/rooms/${room}/send/m.room.message/1`, body: "{}" },
];

/** The plan with so many processes that hold the roles of one: no shipped layout has two for other servers. */
const multiplied = (plan: Plan, role: RoleName, count: number): Plan => {
  const { processes } = plan.synapse;
  const first = processes.find(({ roles }) => roles.includes(role)) as ProcessPlan;
  const more = Array.from({ length: count - 1 }, (_, i) => ({
    ...first,
    name: `more${i + 2}`,
    container: { ...first.container, name: `${first.container.name}-${i + 2}` },
  }));
  return { ...plan, synapse: { ...plan.synapse, processes: [...processes, ...more] } };
};

const expectShared = async (nginx: RunningNginx, kind: string, pool: readonly string[]): Promise<void> => {
  const make = KINDS[kind] as (n: number) => readonly Request[];
  const agent = new Agent({ keepAlive: true });
  const counts = new Map(pool.map((name) => [name, 0]));
  const keys = Array.from({ length: KEYS }, (_, n) => n);
  const torn = await inParallel(keys, AT_ONCE, async (n) => {
    const answers = [];
    for (const request of make(n)) answers.push(await nginx.ask({ ...request, agent }));
    const [name, ...others] = new Set(answers.map(({ status, body }) => `${status} ${body}`.replace("200 ", "")));
    counts.set(name as string, (counts.get(name as string) ?? 0) + 1);
    return others.length > 0;
  });
  agent.destroy();
  expect(torn.filter((isTorn) => isTorn)).toEqual([]);
  expect([...counts.keys()]).toEqual(pool);
  for (const [name, count] of counts) {
    const share = (count * pool.length) / KEYS;
    expect([kind, name, Math.abs(share - 1) < TOLERANCE, share]).toEqual([kind, name, true, share]);
  }
};

const starting = (layout: WorkerLayoutName, change: (plan: Plan) => Plan = (plan) => plan) => {
  const env = environment({ docker: { network: NETWORK }, expected: { federation: "open", users: 1000 } });
  return RunningNginx.start(env, change(planFor(layout, env)));
};

describe.each([
  ["eight", ["sync1", "sync2"], ["rooms1", "rooms2"]],
  ["seventeen", ["sync1", "sync2", "sync3"], ["rooms1", "rooms2", "rooms3", "rooms4"]],
] as const)("a thousand of each, in layout %s:", (layout, syncs, rooms) => {
  let nginx: RunningNginx;
  beforeAll(async () => {
    nginx = await starting(layout);
  });
  afterAll(() => nginx?.stop());

  test.each([
    ["users on three devices each", syncs],
    ["tokens that name no user", syncs],
    ["rooms with a domain", rooms],
    ["rooms without a domain", rooms],
  ] as const)("%s", (kind, pool) => expectShared(nginx, kind, pool));
});

describe.each([2, 3, 4])("a thousand other servers, with %d processes for them", (count) => {
  let nginx: RunningNginx;
  beforeAll(async () => {
    nginx = await starting("eight", (plan) => multiplied(plan, "federation_inbound", count));
  });
  afterAll(() => nginx?.stop());

  test("each asks one of them", () =>
    expectShared(nginx, "other servers", ["federation1", "more2", "more3", "more4"].slice(0, count)));
});
