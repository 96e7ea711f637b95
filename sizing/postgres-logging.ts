import type { Solved } from "./plan";
import { solved } from "./solved";

const MANUAL = "PostgreSQL manual";

/** What the server tells: enough to explain a bad hour, nothing per statement. */
export const loggingSettings = (): Record<string, Solved<string>> => ({
  shared_preload_libraries: solved("pg_stat_statements", "needs a restart to switch on, costs 2.5 MB", MANUAL),
  "pg_stat_statements.max": solved("5000", "the default, reckoned in the shared memory", MANUAL),
  "pg_stat_statements.track": solved("top", "the default", MANUAL),
  track_io_timing: solved("on", "a clock read per I/O, cheap on every current machine", MANUAL),
  log_checkpoints: solved("on", "shows when max_wal_size is too small", MANUAL),
  log_autovacuum_min_duration: solved("10min", "the default: long runs alone", MANUAL),
  log_lock_waits: solved("on", "a second's wait is worth a line", MANUAL),
  log_temp_files: solved("64MB", "sorts that work_mem did not hold", "guess"),
  log_timezone: solved("UTC", "one clock for all containers", MANUAL),
});

/** Sessions, their time limits and their logins. */
export const sessionSettings = (): Record<string, Solved<string>> => ({
  idle_in_transaction_session_timeout: solved("30min", "as Synapse sets for itself since 1.159", "synapse#20077"),
  client_connection_check_interval: solved(
    "10s",
    "ends the query of a client that is gone: the restarted one needs its connection, and none are to spare",
    "guess",
  ),
  password_encryption: solved("scram-sha-256", "the default; PgBouncer logs in with it", MANUAL),
  timezone: solved("UTC", "one clock for all containers", MANUAL),
  tcp_keepalives_idle: solved("60", "seconds until a vanished client is noticed", "guess"),
  tcp_keepalives_interval: solved("10", "seconds between probes", "guess"),
  tcp_keepalives_count: solved("6", "probes before a client counts as gone", "guess"),
});
