import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { ROOT } from "../support/corpus";

/** Jest cannot import ES modules here: the functions run in a process of their own. */
const called = <T>(file: string, expression: string): T =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `import * as m from ${JSON.stringify(join(ROOT, "bench/tuning", file))}; console.log(JSON.stringify(${expression}))`,
      ],
      { encoding: "utf8" },
    ),
  ) as T;

describe("pgbench's output", () => {
  it("gives ranks in ms and counts what failed for good", () => {
    const lines = Array.from({ length: 100 }, (_, n) => `0 ${n} ${(n + 1) * 1000} 0 1700000000 1 0`);
    const log = [...lines, "1 7 failed 2 1700000000 5 3", ""].join("\n");
    expect(called("pgbench.mjs", `m.latencies(${JSON.stringify(log)})`)).toEqual({
      count: 100,
      failed: 1,
      p50: 51,
      p95: 96,
      p99: 100,
    });
  });

  it("gives the rate, and fails without one", () => {
    expect(called("pgbench.mjs", "m.rate('x\\ntps = 1234.5 (without initial connection time)\\n')")).toBe(1234.5);
    expect(() => called("pgbench.mjs", "m.rate('connection refused')")).toThrow(/printed no rate/);
  });
});

describe("pairs", () => {
  it("are compared round by round, not median by median", () => {
    expect(called("statistics.mjs", "m.ratios([10, 200, 30], [10, 100, 30])")).toEqual({ median: 1, low: 1, high: 2 });
  });

  it("give the same interval each time", () => {
    const expression = "m.interval([1.1, 0.9, 1.3, 1, 1.2, 0.8])";
    expect(called("statistics.mjs", expression)).toEqual(called("statistics.mjs", expression));
  });

  it("know no noise below 3 %, and none nearer than the interval of ours beside itself", () => {
    expect(called("statistics.mjs", "m.noise({ low: 0.99, high: 1.01 })")).toBe(0.03);
    expect(called("statistics.mjs", "m.noise({ low: 0.9, high: 1.01 })")).toBe(0.1);
    expect(called("statistics.mjs", "m.noise({ low: 0.99, high: 1.2 })")).toBe(0.2);
  });
});

describe("duels", () => {
  it.each([
    ["2/4", 2, ["0", "1"]],
    ["8/16", 16, ["0-7", "8-15"]],
    ["4/8", 16, ["0-3", "8-11"]],
    ["8/16", 6, ["0-2", "3-5"]],
  ])("of %s have a half each of %d cores, and no more than the box has", (box, cores, halves) => {
    expect(called("container.mjs", `m.halvesOf(${JSON.stringify(box)}, ${cores})`)).toEqual(halves);
  });

  it("have each half for as long: an even number of slices of about a second", () => {
    expect(called("throughput.mjs", "[1, 2, 5, 6, 7, 10].map(m.slicesOf)")).toEqual([2, 2, 6, 6, 8, 10]);
  });

  it("know how many cores a half has", () => {
    expect(called("container.mjs", "m.halfOf('8/16', 16)")).toBe(8);
  });

  const figures = (tps: number) => ({ tps, p99: 1000 / tps, failed: 1 });
  const duel = (ours: number, other: number) => ({ select: { ours: figures(ours), other: figures(other) } });
  const windows = {
    peer: [duel(100, 110), duel(200, 220), duel(50, 55)],
    "ours again": [duel(100, 100), duel(100, 80), duel(100, 103)],
  };

  it("compare an arm with ours of the same duel, and ours beside itself is the noise", () => {
    const { select } = called<{
      select: { noise: Record<string, number>; arms: Record<string, Record<string, unknown>> };
    }>("figures.mjs", `m.summary(${JSON.stringify(windows)}, ["select"])`);
    expect(select.arms.peer?.times_ours).toMatchObject({ tps: { median: 1.1, low: 1.1, high: 1.1 } });
    expect(select.arms.ours).toMatchObject({ tps: { median: 100, min: 50, max: 200, runs: 6 }, failed: 6 });
    expect(select.noise).toEqual({ tps: 0.2, p99: 0.25 });
  });
});

describe("losses", () => {
  const ratio = (median: number) => ({ median, low: median, high: median });
  const arm = (tps: number, p99: number) => ({ times_ours: { tps: ratio(tps), p99: ratio(p99) } });
  const lost = (arms: Record<string, unknown>) =>
    called<readonly { key: string; arm: string }[]>(
      "figures.mjs",
      `m.losses(${JSON.stringify({ select: { noise: { tps: 0.05, p99: 0.05 }, arms } })})`,
    ).map(({ key, arm: name }) => `${key} ${name}`);

  it("name the best arm beyond the noise, more of rates and less of latencies", () => {
    expect(lost({ ours: arm(1, 1), a: arm(1.06, 0.99), b: arm(1.2, 1.5), "ours again": arm(2, 0.1) })).toEqual([
      "tps b",
    ]);
    expect(lost({ ours: arm(1, 1), a: arm(0.5, 0.9) })).toEqual(["p99 a"]);
  });

  it("do not count what one round may have been", () => {
    const wide = {
      times_ours: { tps: { median: 1.2, low: 0.9, high: 1.5 }, p99: { median: 0.8, low: 0.5, high: 1.1 } },
    };
    expect(lost({ ours: arm(1, 1), a: wide })).toEqual([]);
  });

  it("do not count noise", () => {
    expect(lost({ ours: arm(1, 1), a: arm(1.04, 0.96) })).toEqual([]);
  });
});

describe("the worst case", () => {
  it("is read from the server's log", () => {
    const log = [
      "LOG:  client backend (PID 7) was terminated by signal 9: Killed",
      "FATAL:  sorry, too many clients already",
      "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
      'ERROR:  could not resize shared memory segment "/PostgreSQL.1" to 8388608 bytes: No space left on device',
      "ERROR:  out of memory",
    ].join("\n");
    expect(called("safety.mjs", `m.logged(${JSON.stringify(log)})`)).toEqual({
      killed: 1,
      refused: 2,
      shm: 1,
      memory: 1,
    });
  });

  it("takes as many connections as PgBouncer's pools and their reserves", () => {
    const ini = [
      "synapse = host=postgres port=5432 dbname=synapse pool_mode=transaction pool_size=10",
      "synapse_session = host=postgres port=5432 dbname=synapse pool_mode=session pool_size=8",
      "reserve_pool_size = 2",
    ].join("\n");
    expect(called("plan.mjs", `m.pooled(${JSON.stringify(ini)})`)).toBe(22);
  });
});

describe("the arms", () => {
  const folder = join(ROOT, "bench/tuning/arms");
  const files = readdirSync(folder);

  it.each(files)("%s says where it comes from, and has every box", (file) => {
    const arm = load(readFileSync(join(folder, file), "utf8")) as Record<string, Record<string, unknown>>;
    expect(Object.keys(arm)).toEqual(
      expect.arrayContaining(["peer", "short", "source", "version", "profile", "obtained"]),
    );
    expect(Object.keys(arm.boxes ?? {})).toEqual(["2/4", "4/8", "8/16"]);
    const kinds = file === "defaults.yaml" ? ["host"] : ["host", "helped"];
    for (const box of Object.values(arm.boxes ?? {})) {
      expect(Object.keys(box as object)).toEqual(kinds);
      for (const { settings } of Object.values(box as Record<string, { settings: Record<string, unknown> }>)) {
        expect(Object.values(settings).every((value) => ["string", "number"].includes(typeof value))).toBe(true);
      }
    }
  });

  it("of a peer differ between a host's memory and Postgres' share of it", () => {
    for (const file of files.filter((name) => name !== "defaults.yaml")) {
      const { boxes } = load(readFileSync(join(folder, file), "utf8")) as {
        boxes: Record<string, Record<string, { settings: Record<string, string> }>>;
      };
      for (const box of Object.values(boxes)) {
        expect(box.host?.settings.shared_buffers).not.toBe(box.helped?.settings.shared_buffers);
      }
    }
  });
});

describe("the picture", () => {
  it("shows each arm once in each panel, ours not twice, and escapes names", () => {
    const times = { median: 1, low: 0.9, high: 1.1 };
    const arms = {
      ours: {},
      ...Object.fromEntries(["<peer>", "ours again"].map((name) => [name, { times_ours: { tps: times } }])),
    };
    const safe = {
      oom_kills: 0,
      tenants_killed: 0,
      refused: 0,
      shm_failures: 0,
      out_of_memory: 0,
      server_ended: false,
    };
    const boxes = {
      "2/4": {
        loads: { select: { noise: { tps: 0.03 }, arms }, tpcb: { noise: { tps: 0.03 }, arms } },
        safety: { ours: safe, "<peer>": { ...safe, oom_kills: 3 } },
      },
    };
    const svg = called<string>("picture.mjs", `m.picture(${JSON.stringify({ boxes })})`);
    expect(svg.match(/<circle/g)).toHaveLength(4);
    expect(svg).toContain("&lt;peer>");
    expect(svg).toContain("killed: 3");
    expect(svg).toContain("0 failures");
    expect(svg).toContain("prefers-color-scheme: dark");
  });
});
