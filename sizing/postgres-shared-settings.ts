import type { PostgresMajor } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";

/**
 * What the settings cost that the kit leaves at their defaults, when the file raises them: measured with `postgres -C
 * shared_memory_size` on 16.14, 17.10 and 18.4 (test/sizing/shared-memory.test.ts repeats it).
 */
const PER_PROCESS: Readonly<Record<PostgresMajor, Bytes>> = {
  16: Bytes.kib(50),
  17: Bytes.kib(50),
  18: Bytes.kib(84),
};
/** Processes that hold locks, and entries of the activity list, beside the connections: at most these. */
const OTHER_LOCKERS = 40;
const OTHER_ACTIVITIES = 75;
const LOCK = Bytes.of(420);
const PREDICATE_LOCK = Bytes.of(260);
const STATEMENT = Bytes.of(435);
/** A buffer of an SLRU cache with its descriptor. */
const SLRU_SHARE = 1.02;
/** The commit log keeps a page of WAL positions beside each of its own, and takes no more than half of the range. */
const COMMIT_LOG_SHARE = 2;
const COMMIT_LOG_MOST = Bytes.mib(512);
/** A handle of asynchronous I/O (PG 18), and one more block that it may hold. */
const IO_HANDLE = Bytes.of(533);
const IO_BLOCK = Bytes.of(24);
const IO_HANDLES = 64;
const IO_BLOCKS = 16;
const BLOCK = Bytes.kib(8);

/** Their defaults; `autovacuum_max_workers` counts before 18, the slots from 18 on. */
const PROCESSES: Readonly<Record<string, number>> = {
  max_prepared_transactions: 0,
  max_wal_senders: 10,
  max_worker_processes: 8,
};
const SLRUS: readonly string[] = [
  "commit_timestamp_buffers",
  "multixact_member_buffers",
  "multixact_offset_buffers",
  "notify_buffers",
  "serializable_buffers",
  "subtransaction_buffers",
];

/** How a setting is looked up: undefined where nothing says it, or where it is none of the kind (`-1`). */
export interface SettingsLookup {
  readonly number: (name: string) => number | undefined;
  readonly size: (name: string) => Bytes | undefined;
}

/** Shared memory beyond `sharedMemory`, which takes everything else for its default. */
export const furtherSharedMemory = (
  version: PostgresMajor,
  { number, size }: SettingsLookup,
  maxConnections: number,
): Bytes => {
  const above = (name: string, usual: number): number => Math.max(0, (number(name) ?? usual) - usual);
  const autovacuum = version >= 18 ? above("autovacuum_worker_slots", 16) : above("autovacuum_max_workers", 3);
  const processes = Object.entries(PROCESSES).reduce((sum, [name, usual]) => sum + above(name, usual), autovacuum);
  const lockers = maxConnections + OTHER_LOCKERS + processes;
  const activities = maxConnections + OTHER_ACTIVITIES + processes;
  const queryText = (size("track_activity_query_size") ?? Bytes.kib(1)).minus(Bytes.kib(1));
  const combined = Math.floor((size("io_max_combine_limit")?.toBytes() ?? 0) / BLOCK.toBytes());
  const handles = Math.max(IO_HANDLES, number("io_max_concurrency") ?? 0);
  return Bytes.sum([
    PER_PROCESS[version].times(processes),
    LOCK.times(above("max_locks_per_transaction", 64) * lockers),
    PREDICATE_LOCK.times(above("max_pred_locks_per_transaction", 64) * lockers),
    queryText.times(activities),
    STATEMENT.times(above("pg_stat_statements.max", 5000)),
    size("min_dynamic_shared_memory") ?? Bytes.ZERO,
    ...(version >= 17
      ? [
          ...SLRUS.map((name) => (size(name) ?? Bytes.ZERO).times(SLRU_SHARE)),
          Bytes.min(size("transaction_buffers") ?? Bytes.ZERO, COMMIT_LOG_MOST).times(COMMIT_LOG_SHARE),
        ]
      : []),
    ...(version >= 18
      ? [
          IO_HANDLE.times((handles - IO_HANDLES) * activities),
          IO_BLOCK.times(Math.max(0, combined - IO_BLOCKS) * handles * activities),
        ]
      : []),
  ]);
};
