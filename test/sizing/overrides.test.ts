import type { Environment } from "../../configs/environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { checkSettings } from "../../configs/settings/check";
import { Bytes } from "../../configs/units/bytes";
import { UserError } from "../../configs/user-error";
import type { HostFacts } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const BOX = machine(8192, 4, "ssd", Bytes.gib(100));

/** Whatever `auto` comes to: the arithmetic below is that of one layout. */
const THREE: Environment = { ...AUTO, synapse: { ...AUTO.synapse, workers: "three" } };

const postgres = (change: Partial<Environment["postgres"]>): Environment => ({
  ...THREE,
  postgres: { ...AUTO.postgres, ...change },
});
const synapse = (change: Partial<Environment["synapse"]>): Environment => ({
  ...AUTO,
  synapse: { ...AUTO.synapse, ...change },
});
const pgbouncer = (change: Partial<Environment["pgbouncer"]>): Environment => ({
  ...THREE,
  pgbouncer: { ...AUTO.pgbouncer, ...change },
});
const redis = (change: Partial<Environment["redis"]>): Environment => ({
  ...THREE,
  redis: { ...AUTO.redis, ...change },
});

const messageOf = (env: Environment, host: HostFacts): string => {
  try {
    solve(env, host);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  return "no refusal";
};

describe("an override that breaks an invariant", () => {
  const cases: ReadonlyArray<readonly [name: string, env: Environment, host: HostFacts, message: string]> = [
    [
      "shared_buffers above a quarter of RAM",
      postgres({ sharedBuffers: Bytes.mib(3000) }),
      BOX,
      "postgres.shared_buffers = 3000MB: I8 (caches are real) does not hold; the nearest value that holds is 2GB: shared_buffers 3000 MB > 25 % of 8192 MB = 2048 MB",
    ],
    [
      "more connections than there is memory for",
      postgres({ maxConnections: 1000 }),
      BOX,
      "postgres.max_connections = 1000: I1 (the containers fit the machine) does not hold; the nearest value that holds is 440: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 99.8 MB + postgres 11780 MB + synapse 1002 MB = 14440.3 MB > 8192 MB of RAM (three layout; postgres at the least: backends 9950 MB + processes 16 MB + shared memory 123.1 MB + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 10601.1 MB, divided by 0.9)",
    ],
    [
      "too few connections",
      postgres({ maxConnections: 10 }),
      BOX,
      "postgres.max_connections = 10: I4 (the pools fit Postgres) does not hold; the nearest value that holds is 38: servers 27 + direct 6 + superuser 3 + reserved 2 = 38 > max_connections 10",
    ],
    [
      "a container too small",
      postgres({ memory: Bytes.mib(300) }),
      BOX,
      "postgres.memory = 300MB: I2 (Postgres fits its container) does not hold; the nearest value that holds is 1040MB: backends 330 MB + processes 16 MB + shared memory 77 MB + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 935 MB > 90 % of 300 MB",
    ],
    [
      "a container too large",
      postgres({ memory: Bytes.gib(6) }),
      BOX,
      "postgres.memory = 6GB: I1 (the containers fit the machine) does not hold; the nearest value that holds is 5531MB: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 99.8 MB + postgres 6144 MB + synapse 1002 MB = 8804.3 MB > 8192 MB of RAM (three layout; postgres at the least: backends 330 MB + processes 16 MB + shared memory 77 MB + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 935 MB, divided by 0.9)",
    ],
    [
      "work_mem",
      postgres({ workMem: Bytes.mib(128) }),
      BOX,
      "postgres.work_mem = 128MB: I1 (the containers fit the machine) does not hold; the nearest value that holds is 42368kB: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 99.8 MB + postgres 15920 MB + synapse 1002 MB = 18580.3 MB > 8192 MB of RAM (three layout; postgres at the least: backends 330 MB + processes 16 MB + shared memory 77 MB + work_mem 13824 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 14327 MB, divided by 0.9)",
    ],
    [
      "a pass-through size",
      postgres({ settings: { autovacuum_work_mem: "4GB" } }),
      BOX,
      "postgres.settings.autovacuum_work_mem = 4GB: I1 (the containers fit the machine) does not hold; the nearest value that holds is 1363MB: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 99.8 MB + postgres 14640 MB + synapse 1002 MB = 17300.3 MB > 8192 MB of RAM (three layout; postgres at the least: backends 330 MB + processes 16 MB + shared memory 77 MB + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 12288 MB = 13175 MB, divided by 0.9)",
    ],
    [
      "WAL larger than the disk holds",
      postgres({ maxWalSize: Bytes.gib(30) }),
      BOX,
      "postgres.max_wal_size = 30GB: I9 (the WAL fits the disk) does not hold; the nearest value that holds is 10GB: 2 × max_wal_size 61440 MB + max_slot_wal_keep_size 15360 MB = 76800 MB > 25 % of a disk of 102400 MB = 25600 MB",
    ],
    [
      "min_wal_size above max_wal_size",
      postgres({ settings: { min_wal_size: "8GB" } }),
      BOX,
      "postgres.settings.min_wal_size = 8GB: I9 (the WAL fits the disk) does not hold; the nearest value that holds is 4GB: min_wal_size 8192 MB > max_wal_size 4096 MB",
    ],
    [
      "reserved connections",
      postgres({ settings: { superuser_reserved_connections: 40 }, maxConnections: 50 }),
      BOX,
      "postgres.max_connections = 50: I4 (the pools fit Postgres) does not hold; the nearest value that holds is 75: servers 27 + direct 6 + superuser 40 + reserved 2 = 75 > max_connections 50",
    ],
    [
      "parallel workers",
      postgres({ settings: { max_parallel_workers_per_gather: 4 } }),
      BOX,
      "postgres.settings.max_parallel_workers_per_gather = 4: C12 (parallelism nests) does not hold; the nearest value that holds is 1: max_parallel_workers_per_gather 4 > max_parallel_workers 1",
    ],
    [
      "a long wait for a server",
      pgbouncer({ settings: { query_wait_timeout: 120 } }),
      BOX,
      "pgbouncer.settings.query_wait_timeout = 120: I11 (timeouts nest) does not hold; the nearest value that holds is 60: query_wait_timeout 120 s is not between 1 s and 60 s, below Nginx' 180 s",
    ],
    [
      "too few clients",
      pgbouncer({ settings: { max_client_conn: 10 } }),
      BOX,
      "pgbouncer.settings.max_client_conn = 10: I3 (Synapse fits PgBouncer) does not hold; the nearest value that holds is 23: Synapse's pools 23 > max_client_conn 10",
    ],
    [
      "a pool beyond the memory",
      pgbouncer({ poolSize: 500 }),
      BOX,
      "pgbouncer.pool_size = 500: I1 (the containers fit the machine) does not hold; the nearest value that holds is 170: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 99.8 MB + postgres 15077 MB + synapse 1002 MB = 17737.3 MB > 8192 MB of RAM (three layout; postgres at the least: backends 5180 MB + processes 16 MB + shared memory 100.2 MB + work_mem 8192 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 13568.2 MB, divided by 0.9)",
    ],
    [
      "Redis that refuses writes",
      redis({ settings: { "maxmemory-policy": "volatile-lru" } }),
      BOX,
      "redis.settings.maxmemory-policy = volatile-lru: C28 (Redis is a cache) does not hold; leave it out: maxmemory-policy volatile-lru is none of allkeys-lru, allkeys-lfu, volatile-ttl",
    ],
    [
      "Redis beyond the memory",
      redis({ maxmemory: Bytes.gib(6) }),
      BOX,
      "redis.maxmemory = 6GB: I1 (the containers fit the machine) does not hold; the nearest value that holds is 4083MB: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 6881 MB + postgres 1040 MB + synapse 1002 MB = 10481.5 MB > 8192 MB of RAM (three layout; postgres at the least: backends 330 MB + processes 16 MB + shared memory 77 MB + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 935 MB, divided by 0.9)",
    ],
    [
      "buffers of Redis beyond the memory",
      redis({ settings: { "maxmemory-clients": "6gb" } }),
      BOX,
      "redis.settings.maxmemory-clients = 6gb: I1 (the containers fit the machine) does not hold; the nearest value that holds is 4074mb: operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 6891 MB + postgres 1040 MB + synapse 1002 MB = 10491.4 MB > 8192 MB of RAM (three layout; postgres at the least: backends 330 MB + processes 16 MB + shared memory 77 MB + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 935 MB, divided by 0.9)",
    ],
    [
      "too many workers",
      synapse({ workers: "seventeen" }),
      machine(4096, 4),
      "synapse.workers = seventeen: I1 (the containers fit the machine) does not hold; the nearest value that holds is three: operating system 291.8 MB + slack 409.6 MB + nginx 144.1 MB + pgbouncer 34 MB + redis 196.6 MB + postgres 1185 MB + synapse 4166 MB = 6427.1 MB > 4096 MB of RAM (seventeen layout; postgres at the least: backends 380 MB + processes 16 MB + shared memory 77.3 MB + work_mem 512 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 1065.3 MB, divided by 0.9)",
    ],
    [
      "pools of Synapse",
      synapse({ cpMax: 200 }),
      machine(2048, 2),
      "synapse.cp_max = 200: I1 (the containers fit the machine) does not hold; the nearest value that holds is 49: operating system 256 MB + slack 204.8 MB + nginx 70.3 MB + postgres 4251 MB + synapse 279 MB = 5061.1 MB > 2048 MB of RAM (none layout; postgres at the least: backends 2060 MB + processes 16 MB + shared memory 84.8 MB + work_mem 1600 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 32 MB = 3824.8 MB, divided by 0.9)",
    ],
    [
      "users",
      { ...AUTO, expected: { federation: "open", users: 200_000 } },
      BOX,
      "expected.users = 200000: I1 (the containers fit the machine) does not hold; the nearest value that holds is 14960: operating system 455.7 MB + slack 819.2 MB + nginx 82492.9 MB + postgres 442 MB + synapse 279 MB = 84488.8 MB > 8192 MB of RAM (none layout; postgres at the least: backends 160 MB + processes 16 MB + shared memory 76.2 MB + work_mem 80 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 32 MB = 396.2 MB, divided by 0.9)",
    ],
    [
      "a pooler on the smallest box",
      { ...AUTO, pgbouncer: { ...AUTO.pgbouncer, enabled: true } },
      machine(1024, 1),
      "pgbouncer.enabled = true: I1 (the containers fit the machine) does not hold; leave it out: operating system 153.6 MB + slack 102.4 MB + nginx 43.2 MB + pgbouncer 32 MB + postgres 461 MB + synapse 279 MB = 1071.2 MB > 1024 MB of RAM (none layout; postgres at the least: backends 170 MB + processes 16 MB + shared memory 75.5 MB + work_mem 88 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 32 MB = 413.5 MB, divided by 0.9)",
    ],
  ];

  it.each(cases)("%s", (_, env, host, message) =>
    expect(messageOf(env, host).replaceAll(/\n +/g, " ")).toBe(`test.yaml: ${message}`),
  );

  it("is named with what to do in the first line, and the arithmetic in lines below that fit a terminal", () => {
    const [, env, host] = cases.find(([name]) => name === "a container too large") ?? [];
    expect(messageOf(env as Environment, host as HostFacts)).toBe(
      [
        "test.yaml: postgres.memory = 6GB: I1 (the containers fit the machine) does not hold; the nearest value that holds is 5531MB:",
        "    operating system 455.7 MB + slack 819.2 MB + nginx 251.6 MB + pgbouncer 32 MB + redis 99.8 MB",
        "    + postgres 6144 MB + synapse 1002 MB = 8804.3 MB > 8192 MB of RAM",
        "    (three layout; postgres at the least: backends 330 MB + processes 16 MB + shared memory 77 MB",
        "    + work_mem 432 MB + maintenance_work_mem 32 MB + autovacuum_work_mem 48 MB = 935 MB, divided by 0.9)",
      ].join("\n"),
    );
  });
});

/** The refusal of a file on a machine, without the arithmetic. */
const linesOf = (yaml: string, host: HostFacts): string[] =>
  messageOf(parseEnvironment(`server_name: a.example\n${yaml}`, "e", "e.yaml"), host)
    .split("\n")
    .filter((line) => !line.startsWith("    "));

describe("overrides that are wrong at once", () => {
  const plain = "synapse: {workers: three}\nmonitoring: {enabled: false}\ncompressor: {enabled: false}\n";

  it("are named one by one, each with its place, what it breaks, the arithmetic and its nearest value", () => {
    const yaml = `${plain}postgres:\n  shared_buffers: 3000MB\npgbouncer:\n  settings: {query_wait_timeout: 120}\n`;
    expect(messageOf(parseEnvironment(`server_name: a.example\n${yaml}`, "e", "e.yaml"), BOX)).toBe(
      [
        "e.yaml:6:3: postgres.shared_buffers = 3000MB: I8 (caches are real) does not hold; the nearest value that holds is 2GB:",
        "    shared_buffers 3000 MB > 25 % of 8192 MB = 2048 MB",
        "e.yaml:8:14: pgbouncer.settings.query_wait_timeout = 120: I11 (timeouts nest) does not hold; the nearest value that holds is 60:",
        "    query_wait_timeout 120 s is not between 1 s and 60 s, below Nginx' 180 s",
      ].join("\n"),
    );
  });

  it.each([
    [
      "beside one that is not in the way",
      `${plain}postgres: {work_mem: 8MB, memory: 6GB}\nredis: {maxmemory: 6GB, settings: {maxmemory-policy: volatile-lru}}\n`,
      [
        /^e\.yaml:5:27: postgres\.memory = 6GB: I1 .*; the nearest value that holds is \d+MB:$/,
        /^e\.yaml:6:9: redis\.maxmemory = 6GB: I1 .*; the nearest value that holds is \d+MB:$/,
        /^e\.yaml:6:36: redis\.settings\.maxmemory-policy = volatile-lru: C28 .*; leave it out:$/,
      ],
    ],
    [
      "where the second may have more once the first has its value",
      `${plain}postgres: {max_wal_size: 30GB, settings: {min_wal_size: 20GB}}\n`,
      [
        /^e\.yaml:5:12: postgres\.max_wal_size = 30GB: I9 .*; the nearest value that holds is 10GB:$/,
        /^e\.yaml:5:43: postgres\.settings\.min_wal_size = 20GB: I9 .*; the nearest value that holds is 10GB:$/,
      ],
    ],
    [
      "where the value of the first is all that the second lacks",
      `${plain}postgres: {max_wal_size: 30GB, settings: {min_wal_size: 8GB}}\n`,
      [/^e\.yaml:5:12: postgres\.max_wal_size = 30GB: I9 .*; the nearest value that holds is 10GB:$/],
    ],
    [
      "of which one is a count within the layout",
      "synapse: {workers: eight, worker_counts: {sync: 40}}\npostgres: {shared_buffers: 4GB}\n",
      [
        /^e\.yaml:3:12: postgres\.shared_buffers = 4GB: I1 .*; the nearest value that holds is \d+MB:$/,
        /^e\.yaml:2:43: synapse\.worker_counts\.sync = 40: I1 .*; the nearest value that holds is \d+:$/,
      ],
    ],
  ])("%s", (_what, yaml, expected) => {
    const lines = linesOf(yaml, BOX);
    expect(lines).toHaveLength(expected.length);
    for (const [index, line] of lines.entries()) expect(line).toMatch(expected[index] as RegExp);
  });

  it.each([
    [
      "the machine comes first, then what it cannot mend",
      "postgres: {settings: {max_parallel_workers_per_gather: 99}}\n",
      machine(600, 1),
      [
        /^e\.yaml:1:1: I1 .*; the least that holds with 1 CPU is 927 MB of RAM without postgres\.settings\.max_parallel_workers_per_gather = 99:$/,
        /^e\.yaml:2:23: postgres\.settings\.max_parallel_workers_per_gather = 99: C12 .*; the nearest value that holds is 0:$/,
      ],
    ],
    [
      "the machine is too small in memory and disk",
      "",
      machine(600, 1, "ssd", Bytes.gib(2)),
      [/^e\.yaml:1:1: I1 .*; the least that holds with 1 CPU is 927 MB of RAM and a disk of 2560 MB:$/],
    ],
  ])("%s", (_what, yaml, host, expected) => {
    const lines = linesOf(yaml, host);
    expect(lines).toHaveLength(expected.length);
    for (const [index, line] of lines.entries()) expect(line).toMatch(expected[index] as RegExp);
  });
});

describe("what is switched on where it does not fit", () => {
  it.each([
    ["monitoring: {enabled: true}", "2:14", "monitoring.enabled = true", "leave it out"],
    ["compressor: {enabled: true}", "2:14", "compressor.enabled = true", "leave it out"],
    ["compressor: {enabled: true, memory: 900MB}", "2:14", "compressor.enabled = true", "leave it out"],
  ])("%s is named", (yaml, place, override, remedy) => {
    const [line] = linesOf(`${yaml}\n`, machine(1024, 1));
    expect(line).toBe(`e.yaml:${place}: ${override}: I1 (the containers fit the machine) does not hold; ${remedy}:`);
  });
});

describe("an override that leaves no room for what comes by itself", () => {
  it("is told that it holds without", () => {
    const file = "synapse: {workers: two}\npostgres: {work_mem: 12MB}\n";
    const env = parseEnvironment(`server_name: a.example\n${file}`, "e", "e.yaml");
    const [line, ...arithmetic] = messageOf(env, machine(3900, 4)).split("\n");
    expect(line).toMatch(/^e\.yaml:3:12: postgres\.work_mem = 12MB: I1 .*; the nearest value that holds is \d+kB:$/);
    expect(arithmetic.at(-1)).toBe("    it holds as it is with `monitoring.enabled: false`");
  });
});

describe("a fraction", () => {
  it("is brought near by tenths", () => {
    const [line] = linesOf("postgres: {settings: {random_page_cost: 0.5}}\n", machine(4096, 2));
    expect(line).toMatch(/; the nearest value that holds is 1:$/);
  });
});

describe("a compressor with too much memory", () => {
  it("is told how much it may have", () => {
    const [line] = linesOf("compressor: {memory: 6GB}\n", machine(4096, 1));
    expect(line).toMatch(/^e\.yaml:2:14: compressor\.memory = 6GB: I1 .*; the nearest value that holds is 2\d{3}MB:$/);
  });
});

describe("a refusal names the line", () => {
  const small = machine(4096, 2);
  it.each([
    [
      "of the override in the way",
      "server_name: a.example\npostgres:\n  shared_buffers: 2GB\n",
      /^e\.yaml:3:3: postgres\./,
    ],
    [
      "of a setting that cannot be reckoned with",
      "server_name: a.example\npostgres:\n  settings:\n    autovacuum_work_mem: -1\n",
      /^e\.yaml:4:5: `postgres\.settings\.autovacuum_work_mem`: expected a size such as 64MB, got -1$/,
    ],
    [
      "of the hardware when it is the machine that is too small",
      "server_name: a.example\nhardware:\n  ram: 1GB\n  cpus: 1\n",
      /^e\.yaml:2:1: I1 /,
    ],
    ["of the file when the machine was detected", "server_name: a.example\n", /^e\.yaml:1:1: I1 /],
  ])("%s", (_what, text, message) => {
    const host = /I1/.test(message.source) ? machine(600, 1) : small;
    expect(messageOf(parseEnvironment(text, "e", "e.yaml"), host)).toMatch(message);
  });
});

describe("a Synapse that is too old for the workers that `auto` comes to", () => {
  it("is refused with the line of its image", () => {
    const [line] = linesOf('images: {synapse: "matrixdotorg/synapse:v1.100.0"}\n', BOX);
    expect(line).toMatch(/^e\.yaml:2:10: `images\.synapse`: /);
  });
});

describe("a number with a key of its own", () => {
  it.each([
    ["postgres", "shared_buffers", "1GB"],
    ["postgres", "work_mem", "8MB"],
    ["postgres", "maintenance_work_mem", "64MB"],
    ["postgres", "max_connections", 100],
    ["postgres", "max_wal_size", "1GB"],
    ["postgres", "synchronous_commit", "off"],
    ["pgbouncer", "default_pool_size", 10],
    ["redis", "maxmemory", "64mb"],
  ] as const)("never arrives as %s.settings.%s, which the solver therefore does not read", (section, name, value) => {
    const env = { ...AUTO, [section]: { ...AUTO[section], settings: { [name]: value } } };
    expect(checkSettings(env).map(({ path }) => path)).toEqual([[section, "settings", name]]);
  });
});
