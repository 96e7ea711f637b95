import { capacityLines } from "../../sizing/capacity/report";
import { explain, explainable, sizeJson, sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const SMALL = solve(AUTO, machine(2048, 1));

describe("sizeText", () => {
  it("shows every container, every reason and what is left", () => {
    expect(sizeText(SMALL)).toBe(`profile small: 2 GB RAM, 1 CPU, disk ssd (declared)
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

why
  postgres: memory: 42 of 100 parts of the 1521.3 MB that reserves and small services leave, and what Synapse cannot use; its uses take at most 90 %
  postgres: CPU: 38 % of the CPU weight
  postgres: connections: Synapse's pools 6 + direct 6 + superuser 3 + reserved 2
  synapse-main: memory: base 250 MB + caches 542.5 MB = 792.5 MB, divided by 0.9
  synapse-main: CPU: 2 of 2 parts of Synapse's 48 % of the CPU weight
  synapse-main: connections: 2 × 1 cores + 4, between 6 and 10, for main alone
  nginx: memory: master 8 MB + workers 4 MB + requests 46.4 MB = 58.4 MB, divided by 0.9
  nginx: CPU: 14 % of the CPU weight, high for its use
  nginx: connections: 1 workers × 2048
  operating system: 128 MB + 4 % of 2 GB between 256 MB and 2 GB, at most 15 % of RAM
  slack: 10 % of 2 GB, never allocated
`);
  });
});

describe("sizeJson", () => {
  it("is the same plan as data, one entry per container", () => {
    const env = { ...AUTO, synapse: { ...AUTO.synapse, workers: "three" as const } };
    const report = sizeJson(solve(env, machine(8192, 4)));
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
});

describe("explain", () => {
  it("gives value, rule and source", () => {
    expect(explain(SMALL, "postgres.work_mem")).toBe(`postgres.work_mem = 4992kB
  27 of 100 parts of what is free in 638 MB, over 6 servers and 0 parallel workers × 4 allocations, between 2 MB and 64 MB
  source: docs/sizing.md
`);
    expect(explain(SMALL, "synapse-main.max_cache_memory_usage")).toContain(
      "synapse-main.max_cache_memory_usage = 634 MB",
    );
  });

  it("knows every name that it lists", () => {
    for (const name of explainable(SMALL)) expect(explain(SMALL, name)).toContain(`${name} = `);
  });

  it("names the neighbours of a name that it does not know", () => {
    expect(() => explain(SMALL, "nginx.nothing")).toThrow(
      "the plan has no nginx.nothing; it has nginx.connections, nginx.cpu_shares, nginx.limits.federation_inbound, nginx.limits.initial_sync, nginx.limits.login, nginx.limits.main, nginx.limits.media_repository, nginx.limits.polls, nginx.limits.requests, nginx.limits.sliding_sync, nginx.limits.stand_in, nginx.limits.sync, nginx.memory, nginx.worker_connections, nginx.worker_processes, nginx.worker_rlimit_nofile",
    );
    expect(() => explain(SMALL, "nothing")).toThrow(
      "the plan has no nothing; it has capacity, expected.…, nginx.…, postgres.…",
    );
  });
});
