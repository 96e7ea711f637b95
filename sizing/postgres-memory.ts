import type { PostgresModel } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import type { Solved } from "./plan";
import {
  HASH_MEM_MULTIPLIER,
  type PostgresDemand,
  type PostgresMemory,
  TEMP_BUFFERS,
  WEIGHTS,
} from "./postgres-budget";
import { solved } from "./solved";

const SOURCE = "docs/sizing.md";

/** VACUUM's ring: a share of shared_buffers, so that it never sweeps the cache; PG ≤ 16 defaults to 256 kB, later 2 MB. */
const RING_SHARE = 1 / 128;
const RING_LEAST = Bytes.mib(2);
const RING_MOST = Bytes.mib(16);

/** Settings that hand out memory. */
export const memorySettings = (
  model: PostgresModel,
  demand: PostgresDemand,
  memory: PostgresMemory,
  limit: Bytes,
): Record<string, Solved<string>> => {
  const { connections, parallel, autovacuumWorkers } = demand;
  const perServer = memory.allocations / Math.max(1, connections.servers + parallel.querySlots);
  return {
    shared_buffers: solved(
      memory.sharedBuffers.toPostgres(),
      `${WEIGHTS.shared} of 100 parts of what is free in ${limit} beside ${connections.backends} backends, at most 20 % of ${demand.ram} and 16 GB, in steps of 16 MB`,
      SOURCE,
    ),
    huge_pages: solved(model.hugePages, "set by postgres.huge_pages", "environment"),
    work_mem: solved(
      memory.workMem.toPostgres(),
      `${WEIGHTS.work} of 100 parts of what is free in ${limit}, over ${connections.servers} servers and ${parallel.querySlots} parallel workers × ${perServer} allocations, between ${connections.workers > 0 ? 4 : 2} MB and 64 MB`,
      SOURCE,
    ),
    hash_mem_multiplier: solved(
      HASH_MEM_MULTIPLIER.toFixed(1),
      "the default, written because work_mem is reckoned with it",
      "PostgreSQL manual",
    ),
    temp_buffers: solved(
      TEMP_BUFFERS.toPostgres(),
      "a backend keeps what a temporary table once took; Synapse has them only while it purges",
      "docs/sizing.md",
    ),
    maintenance_work_mem: solved(
      memory.maintenanceWorkMem.toPostgres(),
      `${WEIGHTS.maintenance} of 100 parts of what is free in ${limit}, between 32 MB and 1 GB`,
      SOURCE,
    ),
    autovacuum_work_mem: solved(
      memory.autovacuumWorkMem.toPostgres(),
      `${WEIGHTS.autovacuum} of 100 parts of what is free in ${limit}, over ${autovacuumWorkers} workers, between 16 MB and 512 MB each; never -1`,
      SOURCE,
    ),
    wal_buffers: solved(
      memory.walBuffers.toPostgres(),
      "1/32 of shared_buffers up to one WAL segment",
      "PostgreSQL manual",
    ),
    effective_cache_size: solved(
      memory.effectiveCacheSize.toPostgres(),
      "shared_buffers, page cache inside the container and half of the memory that sorts and maintenance rarely use",
      SOURCE,
    ),
    vacuum_buffer_usage_limit: solved(
      memory.sharedBuffers.times(RING_SHARE).clamp(RING_LEAST, RING_MOST).floorTo(Bytes.mib(1)).toPostgres(),
      `1/128 of shared_buffers between ${RING_LEAST} and ${RING_MOST}`,
      "docs/sizing.md",
    ),
  };
};
