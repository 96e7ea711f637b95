import { Duration } from "../../../configs/units/duration";
import type { Plan } from "../../../sizing/plan";
import { downExpr } from "./down";
import type { AlertRule } from "./rule";
import { nearLimit } from "./thresholds";

/** Seconds. Background updates and backups take long, but hardly a transaction of theirs. `guess` */
const OLD_TRANSACTION = 7200;
/** Twice and a half autovacuum_freeze_max_age's default: autovacuum should have been through by then. `guess` */
const FREEZE_LATE = 500_000_000;
/** vacuum_failsafe_age's default; at 2.1e9 Postgres takes no more writes. */
const FREEZE_URGENT = 1_600_000_000;
/** The first major whose checkpoints are counted in pg_stat_checkpointer. */
const CHECKPOINTER_SINCE = 17;
/** PgBouncer's databases, each with a reserve. */
const POOLS = 2;

const service = "postgres";

/** Connections that Synapse holds at the most, as planned. */
const plannedBackends = ({ pgbouncer, synapse }: Plan): number =>
  pgbouncer
    ? pgbouncer.transactionPool + pgbouncer.sessionPool + POOLS * Number(pgbouncer.settings.reserve_pool_size?.value)
    : synapse.processes.reduce((sum, { cpMax }) => sum + cpMax.value, 0);

const AGE = "max by (instance) (pg_database_wraparound_age_datfrozenxid_seconds)";

const wraparound = (severity: "page" | "ticket", age: number): AlertRule => ({
  alert: "PostgresWraparoundNear",
  service,
  expr: `${AGE} > ${age}`,
  for: Duration.hours(1),
  severity,
  summary: "The oldest row is {{ $value | humanize }} transactions old",
  description: "Autovacuum does not get through. At 2.1 thousand million Postgres refuses every write.",
});

const checkpoints = (version: number): readonly [requested: string, timed: string] =>
  version >= CHECKPOINTER_SINCE
    ? ["pg_stat_checkpointer_num_requested_total", "pg_stat_checkpointer_num_timed_total"]
    : ["pg_stat_bgwriter_checkpoints_req_total", "pg_stat_bgwriter_checkpoints_timed_total"];

export const postgresAlerts = (plan: Plan): AlertRule[] => {
  const { maxConnections, version, settings } = plan.postgres;
  const planned = plannedBackends(plan);
  const [requested, timed] = checkpoints(version);
  return [
    {
      alert: "PostgresDown",
      service,
      expr: downExpr("pg_up", plan.postgres.container.name),
      for: Duration.minutes(1),
      severity: "page",
      summary: "Postgres does not answer",
      description: "Nothing works without the database. It is down, starting, recovering, or out of connections.",
    },
    {
      alert: "PostgresConnectionsHigh",
      service,
      expr: `sum by (instance) (pg_stat_activity_count) > ${nearLimit(maxConnections, planned)}`,
      for: Duration.minutes(5),
      severity: "ticket",
      summary: "{{ $value }} connections are open in Postgres",
      description: `${maxConnections} may (max_connections), and Synapse holds ${planned} at the most: somebody else is connected, or connections are left over.`,
    },
    {
      alert: "PostgresTransactionOld",
      service,
      expr: `max by (instance) (pg_long_running_transactions_oldest_timestamp_seconds) > ${OLD_TRANSACTION}`,
      for: Duration.minutes(5),
      severity: "ticket",
      summary: "A transaction has been open for {{ $value | humanizeDuration }}",
      description: "No row that was deleted since can be cleaned away, in any table, so all of them grow.",
    },
    wraparound("ticket", FREEZE_LATE),
    wraparound("page", FREEZE_URGENT),
    {
      alert: "PostgresCheckpointsForced",
      service,
      expr: `rate(${requested}[1h]) > rate(${timed}[1h])`,
      for: Duration.hours(3),
      severity: "ticket",
      summary: "Most checkpoints come early",
      description: `The write-ahead log reaches its ${settings.max_wal_size?.value ?? "max_wal_size"} before the checkpoint is due, so pages are written more often than need be.`,
    },
  ];
};
