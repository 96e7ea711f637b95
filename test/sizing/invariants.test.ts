import { Bytes } from "../../configs/units/bytes";
import { check, INVARIANTS } from "../../sizing/invariants";
import type { ContainerBudget, Plan, ProcessPlan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const PLAN = solve({ ...AUTO, postgres: { ...AUTO.postgres, version: 18 } }, machine(16_384, 8, "ssd", Bytes.gib(100)));

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const postgres = (name: string, value: string): Plan => {
  const settings = { ...PLAN.postgres.settings, [name]: { value, reason: "", source: "" } };
  return { ...PLAN, postgres: { ...PLAN.postgres, settings } };
};
const pgbouncer = (name: string, value: string): Plan => {
  if (!PLAN.pgbouncer) throw new Error("the plan has no PgBouncer");
  const settings = { ...PLAN.pgbouncer.settings, [name]: { value, reason: "", source: "" } };
  return { ...PLAN, pgbouncer: { ...PLAN.pgbouncer, settings } };
};
const redis = (name: string, value: string): Plan => {
  if (!PLAN.redis) throw new Error("the plan has no Redis");
  const settings = { ...PLAN.redis.settings, [name]: { value, reason: "", source: "" } };
  return { ...PLAN, redis: { ...PLAN.redis, settings } };
};
const nginx = (name: string, value: string | number): Plan => ({
  ...PLAN,
  nginx: { ...PLAN.nginx, settings: { ...PLAN.nginx.settings, [name]: value } },
});
/** With a container that is larger than the machine. */
const roomy = (plan: Plan): Plan => ({
  ...plan,
  postgres: { ...plan.postgres, container: { ...plan.postgres.container, memory: solved(Bytes.gib(32)) } },
});
const container = (change: Partial<Mutable<ContainerBudget>>): Plan => ({
  ...PLAN,
  postgres: { ...PLAN.postgres, container: { ...PLAN.postgres.container, ...change } },
});
const main = (change: Partial<ProcessPlan>): Plan => {
  const [first, ...rest] = PLAN.synapse.processes as [ProcessPlan, ...ProcessPlan[]];
  return { ...PLAN, synapse: { ...PLAN.synapse, processes: [{ ...first, ...change }, ...rest] } };
};
const solved = <T>(value: T) => ({ value, reason: "", source: "" });

describe("an invariant", () => {
  it.each(INVARIANTS.map((one) => [one.id, one] as const))("%s holds on a plan, and says what it states", (_, one) => {
    expect(check(one, PLAN)).toBeUndefined();
    expect(one.statement).not.toBe("");
  });

  it.each([
    ["I1", container({ memory: solved(Bytes.gib(14)) }), /slack 1638\.4 MB \+ postgres 14336 MB .* > RAM = 16384 MB$/],
    ["I2", postgres("work_mem", "64MB"), /work_mem 13312 MB .* > 90 % of 5578 MB = 5020.2 MB$/],
    ["I2", postgres("autovacuum_work_mem", "-1"), /autovacuum_work_mem 1335 MB \+ maintenance_work_mem 445 MB/],
    ["I2", postgres("shared_buffers", "5GB"), /> 90 % of 5578 MB/],
    [
      "I2b",
      container({ parts: { everything: Bytes.gib(6) } }),
      /^everything 6144 MB = 6144 MB > 90 % of postgres's 5578 MB/,
    ],
    ["I2b", redis("maxmemory", "1gb"), /maxmemory 1024 MB .* > 90 % of redis' 188 MB/],
    ["I3", pgbouncer("max_client_conn", "40"), /^Synapse's pools 48 > max_client_conn 40$/],
    [
      "I4",
      postgres("max_connections", "40"),
      /^servers 48 \+ direct 6 \+ superuser 3 \+ reserved 2 = 59 > max_connections 40$/,
    ],
    ["I4", main({ cpMax: solved(9) }), /^main's cp_max 9 > session pool 8$/],
    ["I5", pgbouncer("max_db_connections", "10"), /^pool 36 \+ reserve 2 = 38 > max_db_connections 10$/],
    ["I5", pgbouncer("max_db_connections", "0"), undefined],
    [
      "I6",
      { ...PLAN, nginx: { ...PLAN.nginx, mostRequests: solved(9000) } },
      /^1\.25 × 2 × 9000 requests = 22500 > 16384 connections$/,
    ],
    ["I6", { ...PLAN, nginx: { ...PLAN.nginx, mostRequests: solved(3000) } }, /^4000 long polls > 3000 requests$/],
    [
      "I6",
      { ...PLAN, nginx: { ...PLAN.nginx, workerRlimitNofile: solved(3000) } },
      /^2 × 4096 connections = 8192 > worker_rlimit_nofile 3000$/,
    ],
    ["I7", container({ nofile: 900 }), /^postgres needs 1000 files > nofile 900$/],
    [
      "I7",
      { ...PLAN, nginx: { ...PLAN.nginx, limits: { ...PLAN.nginx.limits, main: solved(70_000) } } },
      /^synapse-main needs \d{5} files > nofile \d+$/,
    ],
    ["I8", postgres("shared_buffers", "5GB"), /^shared_buffers 5120 MB > 25 % of 16384 MB = 4096 MB$/],
    ["I8", postgres("effective_cache_size", "1GB"), /^shared_buffers 2048 MB > effective_cache_size 1024 MB$/],
    [
      "I8",
      roomy(postgres("effective_cache_size", "20GB")),
      /^effective_cache_size 20480 MB > shared_buffers 2048 MB \+ RAM 16384 MB − anonymous/,
    ],
    [
      "I8",
      postgres("effective_cache_size", "6GB"),
      /^effective_cache_size 6144 MB > postgres' 5578 MB − backends 480 MB = 5098 MB$/,
    ],
    ["I9", postgres("max_wal_size", "12GB"), /^2 × max_wal_size 24576 MB .* > 25 % of a disk of 102400 MB = 25600 MB$/],
    ["I9", postgres("min_wal_size", "16MB"), /^min_wal_size 16 MB < two segments of 16 MB = 32 MB$/],
    [
      "I9",
      { ...postgres("wal_keep_size", "3GB"), host: machine(16_384, 8) },
      /^2 × max_wal_size 16384 MB \+ wal_keep_size 3072 MB .* > what a disk of unknown size is trusted with = 10240 MB \(`hardware\.disk\.size` allows more\)$/,
    ],
    ["I10", container({ shm: solved(Bytes.mib(64)) }), /> \/dev\/shm = 64 MB$/],
    ["I10", postgres("enable_parallel_hash", "on"), /parallel hashes 1\d{3} MB .* > \/dev\/shm = \d+ MB$/],
    ["I2", postgres("max_connections", "600"), /backends 5950 MB .* > 90 % of \d+ MB/],
    ["I2", postgres("enable_parallel_hash", "on"), /work_mem 1\d{3} MB .* > 90 % of \d+ MB/],
    ["I11", pgbouncer("query_wait_timeout", "0"), /^query_wait_timeout 0 s is not between 1 s and 60 s/],
    ["I11", nginx("proxy_read_timeout", "45s"), /^query_wait_timeout 60 s ≥ Nginx' read timeout 45 s$/],
    ["I11", nginx("proxy_read_timeout", 50), /^query_wait_timeout 60 s ≥ Nginx' read timeout 50 s$/],
    ["I11", nginx("proxy_read_timeout", "5m"), undefined],
    ["I11", pgbouncer("query_timeout", "30"), /^query_timeout 30 s < Synapse's statement_timeout 600 s$/],
    ["I11", postgres("idle_in_transaction_session_timeout", "5min"), /^idle_in_transaction_session_timeout 300 s < /],
    ["I12", container({ cpuShares: solved(1) }), /^postgres has 1 CPU shares < 2$/],
    ["I12", container({ cpuShares: solved(9000) }), /^CPU shares add up to \d+ > 10240$/],
    ["C11", postgres("autovacuum_max_workers", "20"), /^autovacuum_max_workers 20 > autovacuum_worker_slots 16$/],
    ["C12", postgres("max_parallel_workers", "9"), /^max_parallel_workers 9 > max_worker_processes 8$/],
    [
      "C12",
      postgres("max_parallel_workers_per_gather", "5"),
      /^max_parallel_workers_per_gather 5 > max_parallel_workers 4$/,
    ],
    [
      "C12",
      postgres("max_parallel_maintenance_workers", "5"),
      /^max_parallel_maintenance_workers 5 > max_parallel_workers 4$/,
    ],
    ["C13", postgres("full_page_writes", "off"), /^full_page_writes is off/],
    ["C13", postgres("random_page_cost", "0.5"), /^random_page_cost 0\.5 < seq_page_cost 1$/],
    ["C28", redis("maxmemory", "0"), /^maxmemory 0 means no limit$/],
    ["C28", redis("maxclients", "30"), /^2 × 9 processes \+ 20 = 38 > maxclients 30$/],
  ] as const)("%s judges case %#", (id, plan, expected) => {
    const one = INVARIANTS.find((invariant) => invariant.id === id);
    if (!one) throw new Error(`no invariant ${id}`);
    const arithmetic = check(one, plan as Plan)?.arithmetic;
    if (expected === undefined) expect(arithmetic).toBeUndefined();
    else expect(arithmetic).toMatch(expected);
  });
});
