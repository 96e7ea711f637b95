import * as fc from "fast-check";
import type { Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { UserError } from "../../configs/user-error";
import { capacityOf } from "../../sizing/capacity/capacity";
import { COSTS, type CostSet, type Costs, type Figure, OPERATIONS } from "../../sizing/capacity/costs";
import { type Rooms, roomsOf } from "../../sizing/capacity/rates";
import { capacityJson, capacityNote } from "../../sizing/capacity/report";
import { SEND_TARGET_MS } from "../../sizing/capacity/resources";
import type { HostFacts, Plan } from "../../sizing/plan";
import { explain, sizeJson, sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { environment, host } from "./arbitraries";
import { AUTO, machine } from "./fixtures";

const SEED = 20_261_121;
const RUNS = 300;

const planOf = (env: Environment, on: HostFacts): Plan | undefined => {
  try {
    return solve(env, on);
  } catch (error) {
    if (UserError.is(error)) return undefined;
    throw error;
  }
};

describe("the measured costs", () => {
  const figures = ({ send_ms, ...operations }: CostSet): Figure[] => [
    ...Object.values(send_ms),
    ...Object.values(operations).flatMap((parts) => Object.values(parts)),
  ];

  it("say when and where they were taken, and of what", () => {
    expect(COSTS.date).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(COSTS.machine.cpu).not.toBe("");
    expect(COSTS.machine.cores).toBeGreaterThan(0);
    for (const version of Object.values(COSTS.versions)) expect(version).toMatch(/^\d+\.\d+/);
    if (COSTS.federation === undefined) return;
    expect(COSTS.federation).toMatchObject({
      date: expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
      versions: COSTS.versions,
    });
    for (const { min } of Object.values(COSTS.federation.times).flatMap((times) => Object.values(times))) {
      expect(min).toBeGreaterThan(0);
    }
  });

  it.each(["alone", "split"] as const)("of %s are what can be measured, with their spread", (set) => {
    for (const { median, min, max, runs } of figures(COSTS[set])) {
      expect(min).toBeGreaterThanOrEqual(0);
      expect(median).toBeGreaterThanOrEqual(min);
      expect(max).toBeGreaterThanOrEqual(median);
      expect(runs).toBeGreaterThan(1);
    }
    for (const operation of OPERATIONS) expect(COSTS[set][operation].postgres).toBeDefined();
    const workers = set === "alone" ? "none" : "three";
    const { ceiling } = capacityOf(solve({ ...AUTO, synapse: { ...AUTO.synapse, workers } }, machine(16_384, 4)));
    expect(ceiling).toBeGreaterThan(0.3);
    expect(ceiling).toBeLessThan(0.95);
  });

  it("are of one process, and of a process for each part", () => {
    expect(Object.keys(COSTS.alone.message).sort()).toEqual(["connection", "main", "nginx", "postgres"]);
    const split = "connection creator federation idle login main nginx persister pgbouncer postgres redis sync";
    expect(Object.keys(COSTS.split.federation_event).sort()).toEqual(split.split(" "));
    // Taken before there was a process for other servers.
    const before = split.replace(" federation", "");
    expect([split, before]).toContain(Object.keys(COSTS.split.message).sort().join(" "));
  });
});

const figure = (median: number): Figure => ({ median, min: median, max: median, runs: 2 });
const byPart = (parts: Record<string, number>): Record<string, Figure> =>
  Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, figure(value)]));
const NOTHING = {
  ...{
    still: {},
    message: {},
    delivery: {},
    poll: {},
    membership: {},
    federation_event: {},
    first_sync: {},
    login: {},
  },
};
/** An idle server takes 95 of 100 messages within half of the target, so that half of everything may be in use. */
const send_ms = { p50: figure(100), p95: figure(SEND_TARGET_MS / 2), p99: figure(400) };
const costs = (
  sets: Record<"alone" | "split", Partial<Record<keyof typeof NOTHING, Record<string, number>>>>,
): Costs => {
  const set = (parts: (typeof sets)["alone"]): CostSet => ({
    ...NOTHING,
    ...Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, byPart(values)])),
    send_ms,
  });
  return { ...COSTS, sent_at: { messages_per_second: 0, members: 2 }, alone: set(sets.alone), split: set(sets.split) };
};

/** Users of the load model for so many messages a second: 94 in 100 of an action each 6 seconds. */
const users = (messages: number): number => Math.floor((messages * 6) / 0.94);

describe("capacity", () => {
  const big = { ...AUTO, expected: { federation: "closed" as const, users: 10_000 } };

  it("of one process ends with its core, however many there are", () => {
    // 50 ms in a process that may use half of a core: 10 messages a second.
    const simple = costs({ alone: { message: { main: 50, postgres: 10 } }, split: {} });
    const alone = solve({ ...big, synapse: { ...big.synapse, workers: "none" } }, machine(16_384, 4));
    expect(capacityOf(alone, simple)).toMatchObject({
      users: { value: users(10) },
      bottleneck: "synapse-main",
      ceiling: 0.5,
    });
  });

  it("of a machine ends with its cores", () => {
    // 60 ms and 5 deliveries of 8 ms are 100 ms of the half of a core: 5 messages a second; joins and leaves are delivered too.
    const simple = costs({
      alone: { message: { main: 20, postgres: 40 }, delivery: { main: 4, nginx: 4 } },
      split: {},
    });
    const alone = solve(big, machine(16_384, 1));
    expect(capacityOf(alone, simple)).toMatchObject({
      users: { value: Math.floor(0.5 / ((0.94 * 0.06 + 5 * 0.008) / 6)) },
      bottleneck: "all cores",
    });
  });

  it("counts what each process costs to follow the others, once", () => {
    const plan = solve({ ...big, synapse: { ...big.synapse, workers: "three" } }, machine(16_384, 100));
    const follow = { main: 10, creator: 10, persister: 10, sync: 10, idle: 10 };
    const { expected } = capacityOf(plan, costs({ alone: {}, split: { message: follow } }));
    const perProcess = (expected.messagesPerSecond * 10) / 1000;
    for (const [name, cores] of Object.entries(expected.cores)) {
      expect(cores).toBeCloseTo(name.startsWith("synapse-") ? perProcess : 0);
    }
  });

  it("gives each part to the processes that have its role, and to main where none has", () => {
    const split = { message: { creator: 30, persister: 20, sync: 10, main: 5 } };
    const of = (workers: "two" | "three" | "eight"): Record<string, number> => {
      const plan = solve({ ...big, synapse: { ...big.synapse, workers } }, machine(32_768, 16));
      const { expected } = capacityOf(plan, costs({ alone: {}, split }));
      return Object.fromEntries(
        Object.entries(expected.cores)
          .filter(([, cores]) => cores > 0)
          .map(([name, cores]) => [name, Math.round((cores * 1000) / expected.messagesPerSecond)]),
      );
    };
    expect(of("two")).toEqual({ "synapse-main": 25, "synapse-client1": 40 });
    expect(of("three")).toEqual({ "synapse-main": 5, "synapse-sync1": 10, "synapse-rooms1": 50 });
    expect(of("eight")).toEqual({
      "synapse-main": 5,
      "synapse-sync1": 5,
      "synapse-sync2": 5,
      "synapse-rooms1": 15,
      "synapse-rooms2": 15,
      "synapse-persister1": 20,
    });
  });

  it("gives the events of other servers to the process that takes them, and to main where none does", () => {
    // Two for each message of the own users, delivered to 5 as well.
    const parts = { federation: 30, persister: 20, idle: 2 };
    const split = { federation_event: parts, delivery: { sync: 1 } };
    const of = (workers: "none" | "two" | "three" | "eight"): Record<string, number> => {
      const env = { ...big, expected: { ...big.expected, federation: "open" as const } };
      const plan = solve({ ...env, synapse: { ...env.synapse, workers } }, machine(32_768, 16));
      const { expected } = capacityOf(plan, costs({ alone: { federation_event: { main: 45, postgres: 15 } }, split }));
      expect(expected.othersPerSecond).toBeCloseTo(2 * expected.messagesPerSecond);
      return Object.fromEntries(
        Object.entries(expected.cores)
          .filter(([, cores]) => cores > 0)
          .map(([name, cores]) => [name, Math.round((cores * 1000) / expected.messagesPerSecond)]),
      );
    };
    expect(of("none")).toEqual({ postgres: 30, "synapse-main": 90 });
    expect(of("two")).toEqual({ "synapse-main": 4 + 36, "synapse-client1": 4 + 15, "synapse-federation1": 4 + 56 });
    expect(of("three")).toEqual({
      "synapse-main": 4,
      "synapse-sync1": 4 + 15,
      "synapse-rooms1": 4 + 36,
      "synapse-federation1": 4 + 56,
    });
    expect(of("eight")).toMatchObject({
      "synapse-persister1": 4 + 36,
      "synapse-federation1": 4 + 56,
      "synapse-media1": 4,
    });
  });

  it("is the less the more other servers there are", () => {
    const planFor = (federation: "closed" | "small" | "open") =>
      solve({ ...AUTO, expected: { federation, users: 10_000 }, synapse: { ...AUTO.synapse, workers: "none" } }, BOX);
    const BOX = machine(16_384, 4);
    const simple = costs({
      alone: { message: { main: 50 }, membership: { main: 50 }, federation_event: { main: 25 } },
      split: {},
    });
    // 50, 62.5 and 100 ms of half of a core, each 6 seconds.
    const heldFor = (federation: "closed" | "small" | "open") => capacityOf(planFor(federation), simple).users.value;
    expect([heldFor("closed"), heldFor("small"), heldFor("open")]).toEqual([60, 48, 30]);
    const [closed, small, open] = (["closed", "small", "open"] as const).map(
      (federation) => capacityOf(planFor(federation)).users.value,
    ) as [number, number, number];
    expect(small).toBeLessThan(closed);
    expect(open).toBeLessThan(small);
  });

  it("has the events of other servers in `expected.events_per_second`", () => {
    const of = (federation: "closed" | "open") =>
      capacityOf(solve({ ...AUTO, expected: { federation, eventsPerSecond: 30 } }, machine(16_384, 4))).expected;
    expect(of("closed")).toMatchObject({ messagesPerSecond: 30, othersPerSecond: 0 });
    expect(of("open")).toMatchObject({ messagesPerSecond: 10, othersPerSecond: 20 });
  });

  it("counts what Redis takes by the processes that were measured", () => {
    const plan = solve({ ...big, synapse: { ...big.synapse, workers: "three" } }, machine(16_384, 16));
    const redis = (parts: Record<string, number>): number => {
      const { expected } = capacityOf(plan, costs({ alone: {}, split: { message: { ...parts, redis: 6 } } }));
      return ((expected.cores.redis as number) * 1000) / expected.messagesPerSecond;
    };
    expect(redis({ main: 1, idle: 1 })).toBeCloseTo(12);
    expect(redis({ main: 1, sync: 1, idle: 1 })).toBeCloseTo(8);
  });

  it("ends with the database connections where messages hold them for long", () => {
    // cp_max 10 for main alone on 4 cores, half of them busy, 1 s each: 5 messages a second.
    const simple = costs({ alone: { message: { main: 1, connection: 1000 } }, split: {} });
    const alone = solve({ ...big, synapse: { ...big.synapse, workers: "none" } }, machine(16_384, 4));
    expect(capacityOf(alone, simple)).toMatchObject({ users: { value: users(5) }, bottleneck: "database connections" });
  });

  it("ends with the long polls that Nginx lets in", () => {
    const few = { ...AUTO, expected: { federation: "closed" as const, users: 10 } };
    expect(capacityOf(solve(few, machine(16_384, 4)), costs({ alone: {}, split: {} }))).toMatchObject({
      users: { value: 200 },
      bottleneck: "long polls",
    });
  });

  it("is a number with a bottleneck for every plan, and grows with RAM and cores of the same layout", () => {
    let compared = 0;
    fc.assert(
      fc.property(environment, host, fc.double({ min: 0, max: 16, noNaN: true }), (env, on, more) => {
        const plan = planOf(env, on);
        if (!plan) return;
        const { users, bottleneck, messagesPerSecond, expected } = capacityOf(plan);
        expect(users.value).toBeGreaterThanOrEqual(0);
        for (const one of [users.value, messagesPerSecond, expected.share, ...Object.values(expected.cores)]) {
          expect(Number.isFinite(one)).toBe(true);
        }
        expect(bottleneck).toMatch(/^(all cores|synapse-[a-z0-9]+|database connections|long polls)$/);
        expect(users.reason).toMatch(/^(?!.*(NaN|undefined|Infinity)).+$/);
        for (const larger of [
          { ...on, ram: on.ram.times(1 + more) },
          { ...on, cpus: Cpus.of(on.cpus.toCores() + more) },
        ]) {
          const other = planOf(env, larger);
          if (other?.synapse.layout.value !== plan.synapse.layout.value) continue;
          compared += 1;
          expect(capacityOf(other).users.value).toBeGreaterThanOrEqual(users.value);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(compared).toBeGreaterThan(RUNS / 2);
  });

  it("never falls when there are more cores, whatever layout they lead to, where RAM is no matter", () => {
    const cores = fc.double({ min: 0.25, max: 12, noNaN: true });
    let changed = 0;
    fc.assert(
      fc.property(environment, host, cores, cores, (env, on, few, more) => {
        const roomy = { ...on, ram: on.ram.plus(Bytes.gib(64)) };
        const [plan, other] = [few, few + more].map((all) => solve(env, { ...roomy, cpus: Cpus.of(all) })) as [
          Plan,
          Plan,
        ];
        if (other.synapse.layout.value !== plan.synapse.layout.value) changed += 1;
        expect(capacityOf(other).messagesPerSecond).toBeGreaterThanOrEqual(capacityOf(plan).messagesPerSecond);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(changed).toBeGreaterThan(RUNS / 10);
  });

  it("never grows with the devices that listen in a room, nor with the events of other servers", () => {
    fc.assert(
      fc.property(environment, host, fc.nat(1000), fc.nat(1000), (env, on, few, more) => {
        const plan = planOf(env, on);
        if (!plan) return;
        const rooms = roomsOf(plan);
        const held = (changed: Partial<Rooms>): number => capacityOf(plan, COSTS, { ...rooms, ...changed }).users.value;
        expect(held({ fanOut: few + more })).toBeLessThanOrEqual(held({ fanOut: few }));
        expect(held({ federationFactor: 1 + few + more })).toBeLessThanOrEqual(held({ federationFactor: 1 + few }));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

describe("the report", () => {
  const plan = solve(AUTO, machine(8192, 4));

  it("says what the machine holds, and what the expected load takes of it", () => {
    const { users, expected, bottleneck } = capacityOf(plan);
    expect(sizeText(plan)).toMatch(
      new RegExp(`^holds [\\d.]+ messages/s .* ${users.value} users .*: ${bottleneck}; `, "m"),
    );
    const { capacity } = sizeJson(plan);
    expect(capacity).toEqual(capacityJson(plan));
    expect(capacity).toMatchObject({ users: users.value, bottleneck, measured: { date: COSTS.date } });
    expect(Object.keys(capacity.expected.cpus_by_service)).toEqual(sizeJson(plan).services.map(({ name }) => name));
    expect(capacity.expected.share_of_capacity).toBeCloseTo(expected.share, 2);
  });

  it("has what other servers send beside what the own users do, where there are any", () => {
    const { messagesPerSecond, othersPerSecond } = capacityOf(plan);
    const [own, others] = [messagesPerSecond, othersPerSecond].map((value) => Number(value.toPrecision(3)));
    expect(sizeText(plan)).toContain(`\nholds ${own} messages/s and ${others} events/s of other servers in rooms `);
    expect(capacityJson(plan)).toMatchObject({
      events_from_other_servers_per_second: others,
      expected: { messages_per_second: 8.33, events_from_other_servers_per_second: 4.17 },
    });
    expect(explain(plan, "capacity")).toMatch(
      / ms of CPU a message, \d+ an event of another server, 0.5 for each of the own; /,
    );
    const closed = solve({ ...AUTO, expected: { federation: "closed" } }, machine(8192, 4));
    expect(sizeText(closed)).toMatch(/^holds [\d.]+ messages\/s in rooms /m);
    expect(capacityJson(closed)).toMatchObject({ events_from_other_servers_per_second: 0 });
    expect(explain(closed, "capacity")).not.toContain("another server");
  });

  it("derives the number on demand", () => {
    const text = explain(plan, "capacity");
    expect(text).toContain(`capacity = ${capacityOf(plan).users.value} users\n`);
    expect(text).toContain("source: sizing/capacity/costs.json, measured on ");
  });

  it("warns where the file expects more than the machine holds, and is silent else", () => {
    const few = solve({ ...AUTO, expected: { federation: "open", users: 10 } }, machine(16_384, 4));
    expect(capacityNote(few)).toBeUndefined();
    const crowd = solve({ ...AUTO, expected: { federation: "open", users: 20_000 } }, machine(16_384, 4));
    expect(capacityNote(crowd)).toMatch(
      /^note: 20000 users with 333 messages\/s and 667 events\/s of other servers are [\d.]+ times what this machine holds/,
    );
    expect(sizeText(crowd)).toContain(`\n${capacityNote(crowd)}\n`);
  });
});
