import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../configs/package-root";
import { capacityLines } from "../../sizing/capacity/report";
import { explain, explainable, sizeJson, sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const SMALL = solve(AUTO, machine(2048, 1));
const THREE = solve({ ...AUTO, synapse: { ...AUTO.synapse, workers: "three" } }, machine(8192, 4));

describe("sizeText", () => {
  it("shows every container, every reason and what is left", () => {
    expect(sizeText(SMALL)).toBe(`profile small: 2 GB RAM, 1 CPU (declared), disk ssd
workers none: 2 GB of RAM is below 3.5 GB, main runs alone
expected 125 users, 250 clients, 3.1 events/s
${capacityLines(SMALL).join("\n")}

service           memory MB   CPU  connections
postgres                638  0.38           17
synapse-main            881  0.48            6
nginx                    65  0.14         2048
operating system        256
slack                 204.8
left over               3.2  0.00

inputs
  declared: hardware.ram 2GB, hardware.cpus 1
  default: hardware.disk.kind ssd, hardware.disk.size unknown, expected.users 125,
    expected.events_per_second 3.1, expected.fan_out 5, expected.federation small, synapse.workers none,
    synapse.settings.matrix_authentication_service false, pgbouncer.enabled false, monitoring.enabled false,
    compressor.enabled false, postgres.version 17, images.postgres with lz4, pgbouncer.version 1.25.2,
    redis.flavour redis, redis.version 8.0.6, nginx.version 1.30.6

why
  postgres: memory: 42 of 100 parts of the 1521.3259 MB that reserves and small services leave, in whole MB; its uses take at most 90 %
  postgres: CPU: 38 % of the CPU weight
  postgres: connections: Synapse's pools 6 + direct 6 + superuser 3 + reserved 2
  synapse-main: memory: base 250 MB + caches 542.5 MB = 792.5 MB, divided by 0.9
  synapse-main: CPU: 2 of 2 parts of Synapse's 48 % of the CPU weight
  synapse-main: connections: 2 × 1 cores + 4, between 6 and 10, for main alone
  nginx: memory: master 8 MB + workers 4 MB + requests 46.4 MB = 58.4 MB, divided by 0.9
  nginx: CPU: 14 % of the CPU weight, high for its use
  nginx: connections: 1 workers × 2048
  operating system: 128 MB + 4 % of 2048 MB between 256 MB and 2 GB, at most 15 % of RAM
  slack: 10 % of 2048 MB, never allocated
`);
  });
});

describe("sizeJson", () => {
  it("is the same plan as data, one entry per container", () => {
    const report = sizeJson(THREE);
    expect([report.profile, report.host, report.layout.name]).toEqual([
      "medium",
      { ram_bytes: 8_589_934_592, cpus: 4, source: "declared" },
      "three",
    ]);
    expect(
      report.services.map(({ name, replicas, memory_limit_bytes, cpus, connections }) => [
        name,
        replicas,
        memory_limit_bytes / 1024 ** 2,
        cpus,
        connections,
      ]),
    ).toEqual([
      ["postgres", 1, 2744, 1.52, 38],
      ["pgbouncer", 1, 32, 0.16, 43],
      ["redis", 1, 98, 0.08, 28],
      ["synapse-main", 1, 1167, 0.768, 8],
      ["synapse-sync1", 1, 873, 0.384, 5],
      ["synapse-rooms1", 1, 873, 0.384, 5],
      ["synapse-federation1", 1, 873, 0.384, 5],
      ["nginx", 1, 251, 0.32, 8192],
    ]);
    const limits = report.services.reduce((sum, { memory_limit_bytes }) => sum + memory_limit_bytes, 0);
    const { operating_system_bytes, slack_bytes } = report.reserves;
    expect(limits + operating_system_bytes + slack_bytes + report.left_over.ram_bytes).toBe(report.host.ram_bytes);
  });

  it("has the soft limit and files of each container, and /dev/shm where it is not Docker's", () => {
    const { services } = sizeJson(THREE);
    expect(
      services.map(({ name, memory_reservation_bytes, nofile, shm_bytes }) => [
        name,
        Math.round(memory_reservation_bytes / 1024 ** 2),
        nofile,
        shm_bytes === undefined ? undefined : shm_bytes / 1024 ** 2,
      ]),
    ).toEqual([
      ["postgres", 2342, 4096, 287],
      ["pgbouncer", 29, 4096, undefined],
      ["redis", 88, 4096, undefined],
      ["synapse-main", 1050, 8192, undefined],
      ["synapse-sync1", 785, 16_384, undefined],
      ["synapse-rooms1", 785, 4096, undefined],
      ["synapse-federation1", 785, 4096, undefined],
      ["nginx", 226, 16_384, undefined],
    ]);
    for (const service of services) {
      expect(service.memory_reservation_bytes).toBeLessThan(service.memory_limit_bytes);
      expect([service.memory_reservation_reason, service.nofile_reason]).not.toContain("");
      expect("shm_reason" in service).toBe("shm_bytes" in service);
    }
  });

  it("has every number that can be explained, amounts in bytes", () => {
    const { values } = sizeJson(THREE);
    expect(Object.keys(values).sort()).toEqual(explainable(THREE));
    for (const program of ["postgres", "pgbouncer", "redis"] as const) {
      for (const [name, setting] of Object.entries(THREE[program]?.settings ?? {})) {
        expect(values[`${program}.${name}`]).toEqual(setting);
      }
    }
    expect(values["postgres.memory"]?.value).toBe(2744 * 1024 ** 2);
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });
});

describe("a source that is a page of the kit", () => {
  const WATCHED = { ...AUTO, monitoring: { ...AUTO.monitoring, enabled: true } };
  const PLANS = ([16, 17, 18] as const).flatMap((version) =>
    [machine(2048, 1), machine(8192, 4), machine(65_536, 16)].map((host) =>
      solve(
        {
          ...WATCHED,
          compressor: { ...AUTO.compressor, enabled: true },
          postgres: { ...AUTO.postgres, version },
          synapse: { ...AUTO.synapse, settings: { matrix_authentication_service: { enabled: true } } },
        },
        host,
      ),
    ),
  );
  const sources = new Map(
    PLANS.flatMap((plan) => Object.entries(sizeJson(plan).values)).map(([name, { source }]) => [name, source]),
  );
  const cited = [...sources].flatMap(([name, source]) =>
    (source.match(/docs\/[\w/-]+\.md/g) ?? [])
      .filter(() => !source.startsWith("synapse:") && !source.startsWith("pgbouncer:"))
      .map((page) => {
        // An invariant stands under its number, the limits of all roles under one heading.
        const words = /, invariant (I\d+)$/.exec(source)?.[1] ?? name.replace(/^(nginx\.limits)\..*/, "$1");
        return { name, page, words: words.startsWith("nginx.limits") ? words : words.replace(/^[^.]*\./, "") };
      }),
  );

  it("is there and names the number", () => {
    expect(cited.length).toBeGreaterThan(100);
    const silent = cited.filter(
      ({ page, words }) =>
        !new RegExp(`(?<![\\w-])${words}(?![\\w-])`).test(readFileSync(join(packageRoot(), page), "utf8")),
    );
    expect(silent).toEqual([]);
  });
});

describe("explain", () => {
  it("gives value, rule and source", () => {
    expect(explain(SMALL, "postgres.work_mem")).toBe(`postgres.work_mem = 4992kB
  90 % of 638 MB − 12 backends × 10 MB − server processes 16 MB = 438.2 MB for 100 parts; 27 parts = 118.314 MB, over (6 servers + 0 parallel workers) × 4 allocations = 4.9297 MB, between 2 MB and 64 MB, in steps of 64 kB
  source: docs/sizing.md
`);
    expect(explain(SMALL, "synapse-main.max_cache_memory_usage")).toContain(
      "synapse-main.max_cache_memory_usage = 634 MB",
    );
  });

  it("tells an amount that it rounds in exact MB as well", () => {
    expect(explain(THREE, "postgres.memory")).toContain("postgres.memory = 2.7 GB (2744 MB)\n");
    expect(explain(SMALL, "postgres.memory")).toContain("postgres.memory = 638 MB\n");
  });

  it("knows what a container and a process get beside their limits", () => {
    const told = (name: string): string => explain(THREE, name).split("\n").slice(0, 2).join("\n");
    expect(
      [
        "synapse-sync1.nofile",
        "synapse-sync1.reservation",
        "synapse-sync1.target_cache_memory_usage",
        "synapse-sync1.cp_min",
        "pgbouncer.transaction_pool",
        "pgbouncer.session_pool",
        "postgres.shm_size",
      ].map(told),
    ).toEqual([
      "synapse-sync1.nofile = 16384\n  2 × (requests 4925 + its own 512) = 10874, next power of two, between 4096 and 1048576",
      "synapse-sync1.reservation = 785 MB\n  what it is expected to use: base 162.5 MB + caches 622.5 MB = 785 MB",
      "synapse-sync1.target_cache_memory_usage = 471 MB\n  0.75 × the ceiling of 628 MB (max_cache_memory_usage)",
      "synapse-sync1.cp_min = 2\n  half of cp_max 5, rounded down, at least 1",
      "pgbouncer.transaction_pool = 15\n  4 × 4 cores + 4 between 8 and 100, at most the workers' 15 connections",
      "pgbouncer.session_pool = 8\n  as many as main's cp_max: a session keeps its server",
      "postgres.shm_size = 287 MB\n  maintenance_work_mem 212 MB + parallel hashes 10.5 MB + base 64 MB = 286.5 MB, up to whole MB",
    ]);
  });

  it("knows every name that it lists", () => {
    for (const name of explainable(SMALL)) expect(explain(SMALL, name)).toContain(`${name} = `);
  });

  it("names the neighbours of a name that it does not know", () => {
    expect(() => explain(SMALL, "nginx.nothing")).toThrow(
      "the plan has no nginx.nothing; did you mean nginx.nofile? It has nginx.connections, nginx.cpu_shares, nginx.limits.federation_inbound, nginx.limits.initial_sync, nginx.limits.login, nginx.limits.main, nginx.limits.media_repository, nginx.limits.polls, nginx.limits.requests, nginx.limits.sliding_sync, nginx.limits.stand_in, nginx.limits.sync, nginx.memory, nginx.nofile, nginx.reservation, nginx.worker_connections, nginx.worker_processes, nginx.worker_rlimit_nofile",
    );
    expect(() => explain(SMALL, "postgres.shm")).toThrow("did you mean postgres.shm_size? It has");
    expect(() => explain(SMALL, "synapse.cp_max")).toThrow("did you mean synapse-main.cp_max? It has");
    expect(() => explain(SMALL, "nothing")).toThrow(
      "the plan has no nothing; it has capacity, expected.…, nginx.…, postgres.…",
    );
  });
});
