import * as fc from "fast-check";
import { type Environment, WORKER_LAYOUTS } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { attempt, holds } from "../../sizing/attempt";
import { check, INVARIANTS } from "../../sizing/invariants";
import { containersOf, type HostFacts, type Plan } from "../../sizing/plan";
import { sizeJson, sizeText } from "../../sizing/report";
import { postgresBytesIn, postgresNumberIn, redisBytesIn } from "../../sizing/settings-reader";
import { solve } from "../../sizing/solve";
import { environment, host } from "./arbitraries";
import { AUTO, machine } from "./fixtures";

const RUNS = 400;
const SEED = 20_261_121;

/** Undefined where the machine is too small for what is asked of it: `refusals.test.ts` shows what is said then. */
const planOf = (env: Environment, on: HostFacts): Plan | undefined => {
  const found = attempt(env, on);
  return "plan" in found ? found.plan : undefined;
};

const numbersOf = (plan: Plan): Record<string, number> => {
  const all: Record<string, number> = {
    operating_system: plan.reserves.operatingSystem.value.toBytes(),
    slack: plan.reserves.slack.value.toBytes(),
    clients: plan.expected.clients.value,
  };
  for (const name of [
    "shared_buffers",
    "work_mem",
    "maintenance_work_mem",
    "autovacuum_work_mem",
    "effective_cache_size",
    "max_wal_size",
    "wal_buffers",
  ]) {
    all[name] = postgresBytesIn(plan, name).toBytes();
  }
  if (plan.redis) all.maxmemory = redisBytesIn(plan, "maxmemory").toBytes();
  for (const { name, memory, nofile } of containersOf(plan)) {
    all[`${name} limit`] = memory.value.toBytes();
    all[`${name} nofile`] = nofile;
  }
  for (const process of plan.synapse.processes) {
    all[`${process.name} ceiling`] = process.heapCeiling.value.toBytes();
    all[`${process.name} target`] = process.heapTarget.toBytes();
  }
  all.factor = plan.synapse.globalCacheFactor.value;
  return all;
};

/** What comes or goes with RAM, such as workers and what watches, has to be made room for. */
const haveTheSameContainers = (one: Plan, other: Plan): boolean =>
  String(containersOf(one).map(({ name }) => name)) === String(containersOf(other).map(({ name }) => name));

const falling = (before: Plan, after: Plan): string[] => {
  const larger = numbersOf(after);
  return Object.entries(numbersOf(before))
    .filter(([name, value]) => (larger[name] ?? Number.NaN) < value)
    .map(([name, value]) => `${name}: ${value} → ${larger[name]}`);
};

describe("every plan", () => {
  it("keeps every invariant on every machine that may be declared, from 512 MB on", () => {
    let solved = 0;
    fc.assert(
      fc.property(environment, host, (env, on) => {
        const plan = planOf(env, on);
        if (!plan) return;
        solved += 1;
        expect(INVARIANTS.map((one) => check(one, plan)).filter(Boolean)).toEqual([]);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(solved).toBeGreaterThan(RUNS / 2);
  });

  it("spends the RAM to within 1 % and whole MB, and never more than there is", () => {
    fc.assert(
      fc.property(environment, host, (env, on) => {
        const plan = planOf(env, on);
        if (!plan) return;
        const limits = containersOf(plan).map(({ memory }) => memory.value);
        for (const limit of limits) expect(limit.toBytes() % 1024 ** 2).toBe(0);
        const claimed = Bytes.sum([...limits, plan.reserves.operatingSystem.value, plan.reserves.slack.value]);
        expect(claimed.toBytes() + plan.leftOver.toBytes()).toBe(on.ram.toBytes());
        expect(plan.leftOver.toBytes()).toBeLessThan(Math.max(32 * 1024 ** 2, on.ram.toBytes() / 100));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("gives the same bytes for the same input", () => {
    fc.assert(
      fc.property(environment, host, (env, on) => {
        const [one, other] = [planOf(env, on), planOf(structuredClone(env) as Environment, on)];
        expect(JSON.stringify(one)).toBe(JSON.stringify(other));
        if (!one || !other) return;
        expect(sizeText(one)).toBe(sizeText(other));
        expect(JSON.stringify(sizeJson(one))).toBe(JSON.stringify(sizeJson(other)));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("explains every number", () => {
    fc.assert(
      fc.property(environment, host, (env, on) => {
        const plan = planOf(env, on);
        if (!plan) return;
        const all = [plan.postgres.settings, plan.pgbouncer?.settings ?? {}, plan.redis?.settings ?? {}];
        for (const { value, reason, source } of all.flatMap((settings) => Object.values(settings))) {
          expect(value).not.toMatch(/NaN|undefined|Infinity/);
          expect(reason).toMatch(/^(?!.*(NaN|undefined|Infinity)).+$/);
          expect(source).not.toBe("");
        }
        for (const { memory, cpuShares, connections } of containersOf(plan)) {
          for (const one of [memory, cpuShares, connections])
            expect(one.reason).toMatch(/^(?!.*(NaN|undefined|Infinity)).+$/);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

describe("more RAM", () => {
  it("never lowers a number of the same layout, by one MB or by many", () => {
    let compared = 0;
    fc.assert(
      fc.property(environment, host, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4096 })), (env, on, more) => {
        const before = planOf(env, on);
        if (!before) return;
        const after = solve(env, { ...on, ram: on.ram.plus(Bytes.mib(more)) });
        if (!haveTheSameContainers(before, after)) return;
        compared += 1;
        expect(falling(before, after)).toEqual([]);
      }),
      { numRuns: 3 * RUNS, seed: SEED },
    );
    expect(compared).toBeGreaterThan(RUNS);
  });

  it("never lowers a number along every MB of a ladder, for each layout", () => {
    for (const [from, to, cpus] of [
      [1024, 1500, 1],
      [3584, 4100, 2],
      [8000, 8400, 4],
      [16_200, 16_500, 8],
      [65_536, 65_800, 16],
    ] as const) {
      let before: Plan | undefined;
      for (let ram = from; ram <= to; ram += 1) {
        const after = solve(AUTO, machine(ram, cpus));
        if (before && before.synapse.layout.value === after.synapse.layout.value) {
          expect({ ram, falls: falling(before, after) }).toEqual({ ram, falls: [] });
        }
        before = after;
      }
    }
  });

  it("that brings workers, or what watches and compresses, leaves Postgres half of its cache", () => {
    let compared = 0;
    fc.assert(
      fc.property(environment, host, fc.integer({ min: 1, max: 1024 }), (env, on, more) => {
        // Nginx' memory for the users that a file declares, and what watches, come out of the same half.
        fc.pre(env.expected.users === undefined);
        const before = planOf(env, on);
        if (!before) return;
        const after = solve(env, { ...on, ram: on.ram.plus(Bytes.mib(more)) });
        if (haveTheSameContainers(before, after)) return;
        compared += 1;
        const [had, has] = [before, after].map((plan) => postgresBytesIn(plan, "shared_buffers").toMiB());
        expect(has).toBeGreaterThanOrEqual(0.5 * (had as number));
      }),
      { numRuns: 5 * RUNS, seed: SEED },
    );
    expect(compared).toBeGreaterThan(RUNS / 20);
  });

  it("never takes workers away", () => {
    fc.assert(
      fc.property(environment, host, fc.integer({ min: 1, max: 65_536 }), (env, on, more) => {
        const before = planOf(env, on);
        if (!before) return;
        const after = solve(env, { ...on, ram: on.ram.plus(Bytes.mib(more)) });
        expect(after.synapse.processes.length).toBeGreaterThanOrEqual(before.synapse.processes.length);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

describe("more processes", () => {
  it("never raise the ceiling or the limit of one", () => {
    fc.assert(
      fc.property(host, (on) => {
        const plans = WORKER_LAYOUTS.map((workers) => ({ ...AUTO, synapse: { ...AUTO.synapse, workers } }))
          .filter((env) => holds(env, on))
          .map((env) => solve(env, on));
        for (const [i, plan] of plans.entries()) {
          const fewer = plans[i - 1];
          if (!fewer) continue;
          for (const process of plan.synapse.processes) {
            const other = fewer.synapse.processes.find(({ isMain }) => isMain === process.isMain);
            if (!other) continue;
            expect(process.heapCeiling.value.toBytes()).toBeLessThanOrEqual(other.heapCeiling.value.toBytes());
          }
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

describe("floors", () => {
  it("hold on every plan", () => {
    fc.assert(
      fc.property(environment, host, (env, on) => {
        const plan = planOf(env, on);
        if (!plan) return;
        expect(postgresBytesIn(plan, "shared_buffers").toMiB()).toBeGreaterThanOrEqual(64);
        expect(postgresBytesIn(plan, "work_mem").toMiB()).toBeGreaterThanOrEqual(plan.redis ? 4 : 2);
        expect(postgresBytesIn(plan, "maintenance_work_mem").toMiB()).toBeGreaterThanOrEqual(32);
        expect(postgresBytesIn(plan, "autovacuum_work_mem").toMiB()).toBeGreaterThanOrEqual(16);
        expect(postgresNumberIn(plan, "max_connections")).toBeLessThanOrEqual(150);
        for (const process of plan.synapse.processes) {
          expect(process.heapCeiling.value.toMiB()).toBeGreaterThanOrEqual(process.isMain ? 200 : 162);
          expect(process.cpMin).toBeLessThanOrEqual(process.cpMax.value);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("holds whatever the cores from 1 GB on", () => {
    for (const cpus of [0.25, 1, 2, 4, 8, 16, 64, 256]) expect(holds(AUTO, machine(1024, cpus))).toBe(true);
  });
});
