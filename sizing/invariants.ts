import * as limits from "./invariants-limits";
import * as memory from "./invariants-memory";
import type { Plan } from "./plan";
import type { Violation } from "./violation";

/** A statement that every plan keeps; numbered `I` for the budget and `C` for single settings. */
export interface Invariant {
  readonly id: string;
  readonly name: string;
  readonly statement: string;
  /** @returns the inequality with its numbers when it does not hold. */
  readonly broken: (plan: Plan) => string | undefined;
}

const invariant = (id: string, name: string, statement: string, broken: Invariant["broken"]): Invariant => ({
  id,
  name,
  statement,
  broken,
});

export const INVARIANTS: readonly Invariant[] = [
  invariant(
    "I1",
    "the containers fit the machine",
    "operating system + slack + Σ container limits ≤ RAM",
    memory.everythingFits,
  ),
  invariant(
    "I2",
    "Postgres fits its container",
    "shared memory + page tables + 10 MB × backends + allocations × work_mem + workers × autovacuum_work_mem + maintenance_work_mem ≤ 90 % of its limit",
    memory.postgresFitsItsLimit,
  ),
  invariant(
    "I2b",
    "every container holds what it uses",
    "Σ parts ≤ 90 % of the container's limit",
    memory.partsFitTheirLimits,
  ),
  invariant(
    "I3",
    "Synapse fits PgBouncer",
    "Σ cp_max ≤ max_client_conn, max_user_client_connections and max_db_client_connections",
    limits.clientsFitPgbouncer,
  ),
  invariant(
    "I4",
    "the pools fit Postgres",
    "pools + reserves + direct clients + superuser_reserved_connections + reserved_connections ≤ max_connections; main's cp_max ≤ session pool",
    limits.connectionsFitPostgres,
  ),
  invariant(
    "I5",
    "the pools fit their cap",
    "pool size + reserve_pool_size ≤ max_db_connections; both pools with their reserves ≤ max_user_connections",
    limits.poolsFitTheirCap,
  ),
  invariant(
    "I6",
    "Nginx holds the clients",
    "workers × worker_connections ≥ 1.25 × 2 × requests let in; those ≥ 2 × clients; worker_rlimit_nofile ≥ 2 × worker_connections",
    limits.nginxHoldsTheClients,
  ),
  invariant("I7", "files suffice", "nofile ≥ what the connections of the container need", limits.filesSuffice),
  invariant(
    "I8",
    "caches are real",
    "shared_buffers ≤ 25 % of RAM; shared_buffers ≤ effective_cache_size ≤ shared_buffers + RAM − anonymous memory; effective_cache_size ≤ Postgres' limit − its backends; effective_cache_size < RAM",
    memory.cachesAreReal,
  ),
  invariant(
    "I9",
    "the WAL fits the disk",
    "2 × max_wal_size + wal_keep_size + max_slot_wal_keep_size ≤ 25 % of the disk, 10 GB where its size is not known; 32 MB ≤ min_wal_size ≤ max_wal_size",
    memory.walFitsTheDisk,
  ),
  invariant(
    "I10",
    "/dev/shm is large enough",
    "shm ≥ maintenance_work_mem + max_parallel_workers × work_mem × hash_mem_multiplier + 64 MB",
    memory.sharedMemoryMountIsEnough,
  ),
  invariant(
    "I11",
    "timeouts nest",
    "query_wait_timeout ≤ 60 s < Nginx' read timeout; statement_timeout ≤ query_timeout or that is 0; idle_in_transaction_session_timeout ≥ statement_timeout",
    limits.timeoutsNest,
  ),
  invariant(
    "I12",
    "CPU by weight",
    "every container ≥ 2 CPU shares, all together ≤ 10240, no quota",
    limits.cpuIsWeighted,
  ),
  invariant(
    "C9",
    "WAL buffers are small",
    "wal_buffers ≤ max(16 MB, 3 % of shared_buffers)",
    memory.walBuffersAreSmall,
  ),
  invariant(
    "C11",
    "autovacuum is bounded",
    "autovacuum_max_workers ≤ autovacuum_worker_slots",
    limits.autovacuumIsBounded,
  ),
  invariant(
    "C12",
    "parallelism nests",
    "per gather ≤ max_parallel_workers ≤ max_worker_processes; maintenance ≤ max_parallel_workers",
    limits.parallelismNests,
  ),
  invariant(
    "C13",
    "nothing loses data",
    "fsync and full_page_writes on; random_page_cost ≥ seq_page_cost",
    limits.nothingLosesData,
  ),
  invariant(
    "C28",
    "Redis is a cache",
    "maxmemory ≥ 8 MB, an evicting policy, maxclients ≥ 2 × processes + 20",
    limits.redisIsACache,
  ),
];

/** Checks one invariant by its id. */
export const check = ({ id, name, broken }: Invariant, plan: Plan): Violation | undefined => {
  const arithmetic = broken(plan);
  return arithmetic === undefined ? undefined : { id, name, arithmetic };
};

/** The first invariant that the plan breaks. */
export const firstViolation = (plan: Plan): Violation | undefined => {
  for (const one of INVARIANTS) {
    const violation = check(one, plan);
    if (violation) return violation;
  }
  return undefined;
};
