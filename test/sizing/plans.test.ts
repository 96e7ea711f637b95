import { Bytes } from "../../configs/units/bytes";
import { NGINX_TEMP } from "../../sizing/nginx";
import { containersOf, type Plan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const BOXES: ReadonlyArray<readonly [ramMib: number, cores: number]> = [
  [1024, 1],
  [2048, 1],
  [4096, 2],
  [8192, 4],
  [16_384, 8],
  [24_576, 2],
  [65_536, 16],
  [131_072, 32],
];
const planFor = (ramMib: number, cores: number): Plan => solve(AUTO, machine(ramMib, cores, "ssd", Bytes.gib(200)));
const settingsOf = (plan: Plan, names: readonly string[]): (string | undefined)[] =>
  names.map((name) => plan.postgres.settings[name]?.value);

describe("memory limits in MB", () => {
  it.each([
    [1024, 1, { postgres: 361, "synapse-main": 363, nginx: 43 }, 1],
    [2048, 1, { postgres: 638, "synapse-main": 881, nginx: 65 }, 3],
    [4096, 2, { postgres: 1374, "synapse-main": 1896, nginx: 121 }, 3],
    [
      4096,
      4,
      {
        postgres: 1314,
        pgbouncer: 32,
        redis: 89,
        "synapse-main": 575,
        "synapse-sync1": 412,
        "synapse-rooms1": 412,
        "synapse-federation1": 412,
        nginx: 139,
      },
      9,
    ],
    [24_576, 2, { postgres: 15_195, "synapse-main": 5689, nginx: 121 }, 2],
  ])("%i MB and %i cores", (ram, cores, limits, left) => {
    const plan = planFor(ram, cores);
    expect(Object.fromEntries(containersOf(plan).map(({ name, memory }) => [name, memory.value.toMiB()]))).toEqual(
      limits,
    );
    expect(plan.leftOver.toMiB()).toBe(left);
  });

  it.each([
    [8192, 4, 2725, 887, 359, 8],
    [16_384, 8, 5578, 2069, 703, 8],
    [65_536, 16, 23_345, 5689, 1560, 17],
    [131_072, 32, 59_652, 5689, 2845, 17],
  ])("%i MB and %i cores: Postgres %i, main %i, each worker %i × %i", (ram, cores, postgres, main, worker, workers) => {
    const plan = planFor(ram, cores);
    expect(plan.postgres.container.memory.value.toMiB()).toBe(postgres);
    const [first, ...rest] = plan.synapse.processes.map(({ container }) => container.memory.value.toMiB());
    expect(first).toBe(main);
    expect(rest).toEqual(Array(workers).fill(worker));
  });
});

describe("Postgres", () => {
  const NAMES = [
    "shared_buffers",
    "work_mem",
    "maintenance_work_mem",
    "autovacuum_work_mem",
    "effective_cache_size",
    "max_wal_size",
    "max_connections",
  ];

  it.each([
    [1024, 1, ["64MB", "2MB", "32MB", "16MB", "144MB", "1GB", "17"]],
    [2048, 1, ["192MB", "4992kB", "43MB", "17MB", "368MB", "1GB", "17"]],
    [4096, 2, ["496MB", "9280kB", "108MB", "43MB", "928MB", "2GB", "19"]],
    [8192, 4, ["944MB", "4416kB", "205MB", "54MB", "1792MB", "4GB", "43"]],
    [16_384, 8, ["2064MB", "5888kB", "446MB", "119MB", "3856MB", "8GB", "59"]],
    [24_576, 2, ["4912MB", "64MB", "1GB", "512MB", "12080MB", "16GB", "19"]],
    [65_536, 16, ["9680MB", "16640kB", "1GB", "424MB", "17312MB", "16GB", "91"]],
    [131_072, 32, ["16GB", "62976kB", "1GB", "512MB", "41584MB", "16GB", "108"]],
  ])("%i MB and %i cores", (ram, cores, values) => expect(settingsOf(planFor(ram, cores), NAMES)).toEqual(values));

  it.each([
    [1, 2048, "0", "0", "0", "2"],
    [4, 8192, "0", "1", "1", "3"],
    [8, 16_384, "1", "4", "2", "3"],
    [16, 65_536, "2", "8", "2", "4"],
  ])("is parallel by cores: %i", (cores, ram, gather, parallel, maintenance, autovacuum) => {
    const names = [
      "max_parallel_workers_per_gather",
      "max_parallel_workers",
      "max_parallel_maintenance_workers",
      "autovacuum_max_workers",
    ];
    expect(settingsOf(planFor(ram, cores), names)).toEqual([gather, parallel, maintenance, autovacuum]);
  });

  it("writes what the major knows, and nothing else", () => {
    const of18 = ["io_method", "io_workers", "autovacuum_worker_slots", "autovacuum_vacuum_max_threshold"];
    for (const version of [16, 17, 18] as const) {
      const { settings } = solve({ ...AUTO, postgres: { ...AUTO.postgres, version } }, machine(8192, 4)).postgres;
      expect(of18.filter((name) => name in settings)).toEqual(version === 18 ? of18 : []);
    }
  });

  it.each([
    ["nvme", "1.1", "128", "2000"],
    ["ssd", "1.1", "64", "1000"],
    ["network", "1.1", "64", "1000"],
    ["hdd", "4", "16", "200"],
  ] as const)("reads from %s", (disk, cost, concurrency, limit) => {
    const plan = solve({ ...AUTO, postgres: { ...AUTO.postgres, version: 18 } }, machine(8192, 4, disk));
    const names = ["random_page_cost", "effective_io_concurrency", "autovacuum_vacuum_cost_limit"];
    expect(settingsOf(plan, names)).toEqual([cost, concurrency, limit]);
  });

  it.each([
    [undefined, "4GB", "1GB", "2GB"],
    [Bytes.gib(40), "4GB", "1GB", "2GB"],
    [Bytes.gib(10), "1GB", "256MB", "512MB"],
    [Bytes.gib(200), "16GB", "4GB", "8GB"],
  ])("keeps the WAL within a disk of %s", (disk, most, least, slots) => {
    const { settings } = solve(AUTO, machine(32_768, 4, "ssd", disk)).postgres;
    expect(
      [settings.max_wal_size, settings.min_wal_size, settings.max_slot_wal_keep_size].map((s) => s?.value),
    ).toEqual([most, least, slots]);
  });

  it("says no to a disk on which the least WAL does not fit", () => {
    expect(() => solve(AUTO, machine(8192, 4, "ssd", Bytes.gib(2)))).toThrow(
      "test.yaml: I9 (the WAL fits the disk) does not hold; the least disk that holds is 2560 MB:\n    2 × max_wal_size 512 MB + max_slot_wal_keep_size 128 MB = 640 MB > 25 % of a disk of 2048 MB = 512 MB",
    );
  });
});

describe("Nginx", () => {
  it("has room for a full /tmp, whose files are its memory, wherever a route falls back to main", () => {
    expect(NGINX_TEMP.toMiB()).toBe(16);
    for (const [ram, cores] of BOXES) {
      const plan = planFor(ram, cores);
      const { parts, memory } = plan.nginx.container;
      expect(parts["temp files"]?.toMiB()).toBe(plan.synapse.layout.value === "none" ? 0 : 16);
      expect(memory.value.toBytes() * 0.9).toBeGreaterThanOrEqual(Bytes.sum(Object.values(parts)).toBytes());
    }
  });
});

describe("PgBouncer", () => {
  it("has 32 MB or more, three times what it takes idle, however few its clients", () => {
    for (const [ram, cores] of BOXES) {
      const limit = planFor(ram, cores).pgbouncer?.container.memory.value.toMiB();
      if (limit !== undefined) expect(limit).toBeGreaterThanOrEqual(32);
    }
    const env = {
      ...AUTO,
      pgbouncer: { ...AUTO.pgbouncer, enabled: true, settings: { max_client_conn: 1 } },
      synapse: { ...AUTO.synapse, cpMax: 1 },
    };
    expect(solve(env, machine(2048, 1)).pgbouncer?.container.memory.value.toMiB()).toBe(32);
  });
});

describe("a box too small", () => {
  it("says what would fit", () => {
    expect(() => solve(AUTO, machine(600, 1))).toThrow(
      [
        "test.yaml: I1 (the containers fit the machine) does not hold; the least that holds with 1 CPU is 908 MB of RAM:",
        "    operating system 90 MB + slack 60 MB + nginx 39.1 MB + postgres 361 MB + synapse 279 MB = 829.1 MB",
        "    > 600 MB of RAM",
        "    (none layout; postgres at the least: backends 120 MB + processes 16 MB + shared memory 75.3 MB",
        "    + work_mem 48 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 32 MB = 323.3 MB, divided by 0.9)",
      ].join("\n"),
    );
    expect(() => solve(AUTO, machine(907, 1))).toThrow("the least that holds");
    expect(solve(AUTO, machine(908, 1)).synapse.layout.value).toBe("none");
  });
});

describe("connections", () => {
  it.each([
    [2048, 1, [6], undefined, "direct"],
    [4096, 2, [8], undefined, "direct"],
    [4096, 4, [8, 5, 5, 5], [15, 8], "session,transaction,transaction,transaction"],
  ])("%i MB and %i cores: cp_max %j, pools %j, %s", (ram, cores, cpMax, pools, paths) => {
    const plan = planFor(ram, cores);
    expect(plan.synapse.processes.map((process) => process.cpMax.value)).toEqual(cpMax);
    expect(plan.pgbouncer && [plan.pgbouncer.transactionPool, plan.pgbouncer.sessionPool]).toEqual(pools);
    expect(plan.synapse.processes.map((process) => process.databasePath).join()).toBe(paths);
  });

  it("go straight to Postgres without a pooler", () => {
    const plan = solve({ ...AUTO, pgbouncer: { ...AUTO.pgbouncer, enabled: false, settings: {} } }, machine(16_384, 8));
    expect(plan.pgbouncer).toBeUndefined();
    expect(new Set(plan.synapse.processes.map(({ databasePath }) => databasePath))).toEqual(new Set(["direct"]));
    // 8 + 8 × 5 + direct 6 + superuser 3 + reserved 2
    expect(plan.postgres.maxConnections).toBe(59);
  });

  it.each([
    ["left out", {}, 43, 380],
    ["100", { maxConnections: 100 }, 100, 950],
  ])("take memory, each that anyone can open: max_connections %s", (_, set, expected, backends) => {
    const { postgres } = solve({ ...AUTO, postgres: { ...AUTO.postgres, ...set } }, machine(8192, 4));
    expect(postgres.maxConnections).toBe(expected);
    expect(postgres.container.parts.backends?.toMiB()).toBe(backends);
  });

  it("give main alone its own session pool when the file wants a pooler", () => {
    const plan = solve({ ...AUTO, pgbouncer: { ...AUTO.pgbouncer, enabled: true, settings: {} } }, machine(2048, 1));
    expect(plan.synapse.processes.map(({ databasePath }) => databasePath)).toEqual(["session"]);
    expect([plan.pgbouncer?.sessionPool, plan.pgbouncer?.transactionPool]).toEqual([6, 1]);
    expect(plan.redis).toBeUndefined();
  });
});

describe("overrides that hold", () => {
  it("replace the solved value, name their source, and the rest is solved around them", () => {
    const env = {
      ...AUTO,
      postgres: {
        ...AUTO.postgres,
        sharedBuffers: Bytes.gib(2),
        workMem: Bytes.mib(6),
        settings: { autovacuum_work_mem: "70MB", log_lock_waits: false },
      },
      redis: { ...AUTO.redis, maxmemory: Bytes.mib(64), settings: { "maxmemory-policy": "allkeys-lfu" } },
      pgbouncer: { ...AUTO.pgbouncer, enabled: "auto" as const, poolSize: 12, settings: { log_connections: 1 } },
      synapse: { ...AUTO.synapse, cpMax: 7, globalCacheFactor: 2.5 },
    };
    const plan = solve(env, machine(8192, 4));
    const { shared_buffers, work_mem, autovacuum_work_mem, log_lock_waits } = plan.postgres.settings;
    expect(shared_buffers).toEqual({
      value: "2GB",
      reason: "set by postgres.shared_buffers",
      source: "environment file",
    });
    expect(work_mem?.value).toBe("6MB");
    expect(autovacuum_work_mem).toEqual({
      value: "70MB",
      reason: "set by postgres.settings.autovacuum_work_mem",
      source: "environment file",
    });
    expect(log_lock_waits?.value).toBe("off");
    expect([plan.postgres.sharedBuffers.toMiB(), plan.postgres.workMem.toMiB()]).toEqual([2048, 6]);
    expect([plan.redis?.settings.maxmemory?.value, plan.redis?.settings["maxmemory-policy"]?.value]).toEqual([
      "64mb",
      "allkeys-lfu",
    ]);
    expect([
      plan.pgbouncer?.transactionPool,
      plan.pgbouncer?.sessionPool,
      plan.pgbouncer?.settings.log_connections?.value,
    ]).toEqual([12, 7, "1"]);
    expect(plan.synapse.processes.map((process) => process.cpMax.value)).toEqual(Array(9).fill(7));
    expect(plan.synapse.globalCacheFactor).toEqual({
      value: 2.5,
      reason: "set by synapse.global_cache_factor",
      source: "environment file",
    });
  });

  it("may fix the container of Postgres", () => {
    const plan = solve({ ...AUTO, postgres: { ...AUTO.postgres, memory: Bytes.mib(2000) } }, machine(8192, 4));
    expect(plan.postgres.container.memory.value.toMiB()).toBe(2000);
  });

  it("are refused when they cannot be read", () => {
    const env = { ...AUTO, postgres: { ...AUTO.postgres, settings: { autovacuum_work_mem: -1 } } };
    expect(() => solve(env, machine(8192, 4))).toThrow(
      "test.yaml: `postgres.settings.autovacuum_work_mem`: expected a size such as 64MB, got -1",
    );
    const redis = { ...AUTO.redis, settings: { "maxmemory-clients": "5%" } };
    expect(() => solve({ ...AUTO, redis }, machine(8192, 4))).toThrow(
      'test.yaml: `redis.settings.maxmemory-clients`: expected a size such as 64mb, got "5%"',
    );
  });
});
