import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB } from "./constants";
import { chosen } from "./inputs";
import type { Solved } from "./plan";
import { HASH_MEM_MULTIPLIER, type PostgresDemand, type PostgresMemory, TEMP_BUFFERS } from "./postgres-budget";
import { memoryReasons } from "./postgres-shares";
import { GUESS, exactMegabytes as mb, solved } from "./solved";

const SOURCE = "docs/sizing.md";
const MANUAL = "PostgreSQL manual";

/** VACUUM's ring: a share of shared_buffers, so that it never sweeps the cache; PG ≤ 16 defaults to 256 kB, later 2 MB. */
const RING_SHARE = 1 / 128;
const RING_LEAST = Bytes.mib(2);
const RING_MOST = Bytes.mib(16);

/** Settings that hand out memory. */
export const memorySettings = (
  env: Environment,
  demand: PostgresDemand,
  memory: PostgresMemory,
): Record<string, Solved<string>> => {
  const reasons = memoryReasons(demand, memory);
  return {
    shared_buffers: solved(memory.sharedBuffers.toPostgres(), reasons.sharedBuffers, SOURCE),
    huge_pages: chosen(
      env,
      "postgres.huge_pages",
      solved<string>(
        env.postgres.hugePages,
        "the kit's default: huge pages where the kernel has some to spare",
        MANUAL,
      ),
    ),
    work_mem: solved(memory.workMem.toPostgres(), reasons.workMem, SOURCE),
    hash_mem_multiplier: solved(
      HASH_MEM_MULTIPLIER.toFixed(1),
      "the default, written because work_mem is reckoned with it",
      MANUAL,
    ),
    temp_buffers: solved(
      TEMP_BUFFERS.toPostgres(),
      "a backend keeps what a temporary table once took; Synapse has them only while it purges",
      "docs/sizing.md",
    ),
    maintenance_work_mem: solved(memory.maintenanceWorkMem.toPostgres(), reasons.maintenance, SOURCE),
    autovacuum_work_mem: solved(memory.autovacuumWorkMem.toPostgres(), reasons.autovacuum, SOURCE),
    wal_buffers: solved(
      memory.walBuffers.toPostgres(),
      `1/32 of shared_buffers ${mb(memory.sharedBuffers)}, at most one WAL segment of 16 MB`,
      `${MANUAL}, "Write Ahead Log"`,
    ),
    effective_cache_size: solved(memory.effectiveCacheSize.toPostgres(), reasons.cache, SOURCE),
    vacuum_buffer_usage_limit: solved(
      memory.sharedBuffers.times(RING_SHARE).clamp(RING_LEAST, RING_MOST).floorTo(MIB).toPostgres(),
      `1/128 of shared_buffers ${mb(memory.sharedBuffers)} between ${mb(RING_LEAST)} and ${mb(RING_MOST)}, in whole MB`,
      GUESS,
    ),
  };
};
