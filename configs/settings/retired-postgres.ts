import { isOff, isOneOf, type Rule } from "./rule";

const IO_WORKERS = "Postgres has it from 19 on, which the kit does not run yet: use `io_workers`";

/** Parameters that Postgres 19 brings, as announced before its release (dbi-services.com, neon.com). */
export const ANNOUNCED_POSTGRES: Readonly<Record<string, string>> = {
  io_min_workers: IO_WORKERS,
  io_max_workers: IO_WORKERS,
  io_worker_idle_timeout: IO_WORKERS,
  io_worker_launch_interval: IO_WORKERS,
};

/** Parameters of Postgres from old guides: gone, not yet there, without effect, or harmful. */
export const RETIRED_POSTGRES: readonly Rule[] = [
  { key: "checkpoint_segments", message: "Postgres removed `checkpoint_segments` in 9.5: use `postgres.max_wal_size`" },
  {
    key: "old_snapshot_threshold",
    message: "Postgres removed `old_snapshot_threshold` in 17: use `idle_in_transaction_session_timeout`",
    when: (_value, { postgres }) => postgres >= 17,
  },
  {
    key: "trace_recovery_messages",
    message: "Postgres removed `trace_recovery_messages` in 17: remove it",
    when: (_value, { postgres }) => postgres >= 17,
  },
  {
    key: "db_user_namespace",
    message: "Postgres removed `db_user_namespace` in 17: remove it",
    when: (_value, { postgres }) => postgres >= 17,
  },
  { key: "db_user_namespace", message: "`db_user_namespace` is gone with Postgres 17: remove it" },
  {
    key: "vacuum_defer_cleanup_age",
    message: "Postgres removed `vacuum_defer_cleanup_age` in 16: remove it",
  },
  { key: "promote_trigger_file", message: "Postgres removed `promote_trigger_file` in 16: remove it" },
  {
    key: "force_parallel_mode",
    message: "Postgres renamed `force_parallel_mode` in 16, and it is a test aid: remove it",
  },
  { key: "debug_parallel_query", message: "`debug_parallel_query` is a test aid that slows queries down: remove it" },
  { key: "wal_keep_segments", message: "Postgres removed `wal_keep_segments` in 13: use `wal_keep_size`" },
  { key: "stats_temp_directory", message: "Postgres removed `stats_temp_directory` in 15: remove it" },
  {
    key: "operator_precedence_warning",
    message: "Postgres removed `operator_precedence_warning` in 14: remove it",
  },
  {
    key: "vacuum_cleanup_index_scale_factor",
    message: "Postgres removed `vacuum_cleanup_index_scale_factor` in 14: remove it",
  },
  { key: "replacement_sort_tuples", message: "Postgres removed `replacement_sort_tuples` in 11: remove it" },
  { key: "default_with_oids", message: "Postgres removed `default_with_oids` in 12: remove it" },
  { key: "max_fsm_pages", message: "Postgres removed `max_fsm_pages` in 8.4: remove it" },
  { key: "max_fsm_relations", message: "Postgres removed `max_fsm_relations` in 8.4: remove it" },
  { key: "sort_mem", message: "`sort_mem` is the name of before Postgres 8.0: use `postgres.work_mem`" },
  {
    key: "vacuum_mem",
    message: "`vacuum_mem` is the name of before Postgres 8.0: use `postgres.maintenance_work_mem`",
  },
  {
    key: "io_method",
    message: "`io_uring` is blocked by Docker's default seccomp profile: use `worker`",
    when: isOneOf("io_uring"),
  },
  {
    key: "autovacuum_freeze_max_age",
    message: "`autovacuum_freeze_max_age` is 200000000 by default: remove it",
    when: (value) => Number(String(value).replaceAll("_", "")) === 200_000_000,
  },
  { key: "jit", message: "`jit` has a key of its own: use `postgres.jit`" },
  { key: "huge_pages", message: "`huge_pages` has a key of its own: use `postgres.huge_pages`" },
  {
    key: "wal_compression",
    message:
      "the kit takes lz4 where the image is known to have it: remove `wal_compression`, or use `wal_compression: pglz`",
    when: isOneOf("lz4", "zstd"),
  },
  {
    key: "default_toast_compression",
    message: "not every build of Postgres has this compression: use `default_toast_compression: pglz`",
    when: isOneOf("lz4"),
  },
  {
    key: "fsync",
    message: "`fsync` off loses the whole database in a crash: use `postgres.synchronous_commit: false`",
    when: isOff,
  },
  {
    key: "full_page_writes",
    message: "`full_page_writes` off tears pages in a crash: use `wal_compression: pglz` to write less",
    when: isOff,
  },
  {
    key: "autovacuum",
    message: "`autovacuum` off lets the tables grow without end: use `autovacuum_vacuum_cost_limit` to slow it down",
    when: isOff,
  },
  { key: "track_counts", message: "`track_counts` off stops autovacuum: remove it", when: isOff },
  {
    key: "default_transaction_isolation",
    message: "Synapse chooses the isolation of its transactions itself: remove `default_transaction_isolation`",
  },
  {
    key: "default_transaction_read_only",
    message: "Synapse has to write: remove `default_transaction_read_only`",
  },
  {
    key: "max_slot_wal_keep_size",
    message: "without a limit a forgotten slot fills the disk: set a size, or remove `max_slot_wal_keep_size`",
    when: (value) => Number(value) < 0,
  },
  {
    key: "wal_level",
    message:
      "`wal_level: minimal` rules out backups, and Postgres does not start with it beside `max_wal_senders`: remove it",
    when: isOneOf("minimal"),
  },
  { key: "zero_damaged_pages", message: "`zero_damaged_pages` destroys data: restore a backup instead" },
  { key: "ignore_checksum_failure", message: "`ignore_checksum_failure` hides lost data: restore a backup instead" },
  { key: "allow_system_table_mods", message: "`allow_system_table_mods` can destroy the database: remove it" },
];
