import type { Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import type { HostFacts } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

/** Less than any step, more than what four decimals leave out. */
const BLUR = 0.001;

const MB = "(\\d+(?:\\.\\d+)?) MB";
const LEFT = new RegExp(
  `^90 % of ${MB} − (\\d+) backends × ${MB} − server processes ${MB}(.*?) = ${MB} for (\\d+) parts; (\\d+) parts = ${MB}`,
);

const match = (text: string, pattern: RegExp): number[] => {
  const found = pattern.exec(text);
  if (!found) throw new Error(`not as expected: ${text}`);
  return found.slice(1).map(Number);
};

/** What the sentence gives a line, added up by hand. */
const shareIn = (reason: string): number => {
  const [limit = 0, backends = 0, backend = 0, processes = 0, , left = 0, parts = 0, weight = 0, share = 0] = match(
    reason,
    LEFT,
  );
  const held = [...(LEFT.exec(reason)?.[5] ?? "").matchAll(new RegExp(`− [a-z_ ]+ ${MB} (?:at its|as)`, "g"))];
  const sum = held.reduce((total, [, amount]) => total + Number(amount), 0);
  const again = 0.9 * limit - backends * backend - processes - sum;
  expect(Math.abs(again - left)).toBeLessThan(BLUR);
  expect(Math.abs((again * weight) / parts - share)).toBeLessThan(BLUR);
  return (again * weight) / parts;
};

const floorTo = (value: number, step: number): number => Math.floor(value / step + 1e-6) * step;
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Each value in MB from nothing but its sentence. */
const AGAIN: Readonly<Record<string, (reason: string) => number>> = {
  work_mem: (reason) => {
    const [servers = 0, parallel = 0, each = 0, , least = 0, most = 0, step = 0] = match(
      reason,
      new RegExp(
        `over \\((\\d+) servers \\+ (\\d+) parallel workers\\) × ([\\d.]+) allocations = ${MB}, between ${MB} and ${MB}, in steps of (\\d+) kB$`,
      ),
    );
    return floorTo(clamp(shareIn(reason) / ((servers + parallel) * each), least, most), step / 1024);
  },
  maintenance_work_mem: (reason) => {
    const [least = 0, most = 0] = match(reason, new RegExp(`between ${MB} and ${MB}, in whole MB$`));
    return floorTo(clamp(shareIn(reason), least, most), 1);
  },
  autovacuum_work_mem: (reason) => {
    const [workers = 0, , least = 0, most = 0] = match(
      reason,
      new RegExp(`over (\\d+) workers = ${MB}, between ${MB} and ${MB} each, in whole MB`),
    );
    return floorTo(clamp(shareIn(reason) / workers, least, most), 1);
  },
  shared_buffers: (reason) => {
    const [taken = 0, cost = 0, next = 0, nextCost = 0, least = 0, ram = 0, share = 0, most = 0, step = 0] = match(
      reason,
      new RegExp(
        `shared_buffers of ${MB} takes ${MB}, ${MB} would take ${MB}; at least ${MB}, at most 20 % of ${MB} = ${MB} and ${MB}, in steps of ${MB}$`,
      ),
    );
    expect(Math.abs(0.2 * ram - share)).toBeLessThan(BLUR);
    expect(next).toBe(taken + step);
    const given = shareIn(reason);
    if (cost > given + BLUR) return least;
    return nextCost > given - BLUR || next > Math.max(least, Math.min(share, most)) ? taken : Number.NaN;
  },
  effective_cache_size: (reason) => {
    const [terms = "", total = ""] = reason.split(" = ");
    const amounts = [...terms.matchAll(new RegExp(`${MB}(?= \\+|$)`, "g"))].map(([, amount]) => Number(amount));
    const sum = amounts.reduce((all, amount) => all + amount, 0);
    const [told = 0, step = 0] = match(total, new RegExp(`^${MB}, in steps of ${MB}$`));
    expect(Math.abs(sum - told)).toBeLessThan(BLUR);
    return floorTo(sum, step);
  },
};

/** The limit of the container in MB, from its sentence. */
const limitAgain = (reason: string): number => {
  const share = new RegExp(`^42 of 100 parts of the ${MB} that`).exec(reason);
  if (share) return floorTo(0.42 * Number(share[1]), 1);
  const rest = new RegExp(`^the ${MB} that reserves and small services leave − Synapse at its (?:least|most) ${MB},`);
  if (rest.test(reason)) {
    const [left = 0, synapse = 0] = match(reason, rest);
    return floorTo(left - synapse, 1);
  }
  const [sum = 0] = match(reason, new RegExp(`^at its least: .* = ${MB}, divided by 0.9, up to whole MB, and 1 MB`));
  return Math.ceil(sum / 0.9) + 1;
};

const changed = (postgres: Partial<Environment["postgres"]>): Environment => ({
  ...AUTO,
  postgres: { ...AUTO.postgres, ...postgres },
});

const CASES: readonly (readonly [string, Environment, HostFacts])[] = [
  ["the least machine", AUTO, machine(1024, 1)],
  ["main alone", AUTO, machine(2048, 1)],
  ["main alone with all at its most", AUTO, machine(24 * 1024, 2)],
  ["eight workers", AUTO, machine(8192, 4)],
  ["seventeen workers, parallel queries", AUTO, machine(64 * 1024, 16)],
  ["I/O workers", changed({ version: 18 }), machine(16 * 1024, 8)],
  ["RAM that is no whole MB", AUTO, { ...machine(0, 2), ram: Bytes.kib(7_913_227) }],
  ["work_mem of the file", changed({ workMem: Bytes.mib(8) }), machine(4096, 2)],
  ["larger backends", changed({ settings: { temp_buffers: "8MB", hash_mem_multiplier: 1.5 } }), machine(4096, 2)],
];

describe.each(CASES)("on %s", (_, env, host) => {
  const { settings } = solve(env, host).postgres;

  it.each(Object.keys(AGAIN))("%s follows from its sentence", (name) => {
    const { value, reason, source } = settings[name] ?? { value: "", reason: "", source: "" };
    if (source === "environment file") return;
    expect(AGAIN[name]?.(reason)).toBe(Bytes.parse(value).toBytes() / 1024 ** 2);
  });
});

it("holds from 1 GB to 128 GB", () => {
  for (let ram = 1024; ram <= 128 * 1024; ram = Math.ceil(ram * 1.37)) {
    for (const cores of [1, 4, 16]) {
      const { settings, container } = solve(AUTO, machine(ram, cores)).postgres;
      expect(limitAgain(container.memory.reason)).toBe(container.memory.value.toMiB());
      const again = Object.entries(AGAIN).map(([name, of]) => [name, of(settings[name]?.reason ?? "")]);
      const planned = Object.keys(AGAIN).map((name) => [
        name,
        Bytes.parse(settings[name]?.value ?? "").toBytes() / 1024 ** 2,
      ]);
      expect({ ram, cores, values: again }).toEqual({ ram, cores, values: planned });
    }
  }
});
