import type { Plan } from "../../../sizing/plan";
import { rate, SHARE_STEPS, sumBy, upTo } from "../expressions";
import { type Dashboard, type Row, stat, table, timeSeries } from "../model";

/** PostgreSQL's default (`autovacuum_freeze_max_age`): there it vacuums whatever the cost; at ten times it stops. */
const FREEZE_MAX_AGE = 200_000_000;

const DATABASE = 'datname="synapse"';
const DEAD_SHARE =
  "pg_stat_user_tables_n_dead_tup / (pg_stat_user_tables_n_live_tup + pg_stat_user_tables_n_dead_tup > 0)";
const TABLE_SIZE = "pg_stat_user_tables_table_size_bytes + pg_stat_user_tables_index_size_bytes";

const connections = ({ postgres: { maxConnections } }: Plan): Row => ({
  title: "Connections",
  panels: [
    stat({
      title: "Answers",
      unit: "none",
      words: { "1": { text: "up", colour: "green" }, "0": { text: "down", colour: "red" } },
      queries: [{ expr: 'pg_up{job="postgres"}', legend: "up" }],
    }),
    stat({
      title: "Connections in use",
      about: `Of ${maxConnections} that the plan gives.`,
      unit: "short",
      steps: upTo(maxConnections),
      queries: [{ expr: "sum(pg_stat_activity_count)", legend: "in use" }],
    }),
    timeSeries({
      title: "Connections by state",
      about: `The lines are 80 and 95 % of the ${maxConnections} of the plan. Many that idle in a transaction: somebody holds locks and does nothing.`,
      unit: "short",
      stacked: true,
      steps: upTo(maxConnections),
      queries: [{ expr: `${sumBy("state", "pg_stat_activity_count")} > 0`, legend: "{{state}}" }],
    }),
    timeSeries({
      title: "Oldest transaction",
      about: "While it is open, no dead row that is younger can go.",
      unit: "s",
      steps: [{ from: 300, colour: "orange" }],
      queries: [{ expr: "max(pg_stat_activity_max_tx_duration)", legend: "age" }],
    }),
  ],
});

const work: Row = {
  title: "Work",
  panels: [
    timeSeries({
      title: "Transactions",
      unit: "ops",
      queries: [
        { expr: rate(`pg_stat_database_xact_commit{${DATABASE}}`), legend: "committed" },
        { expr: rate(`pg_stat_database_xact_rollback{${DATABASE}}`), legend: "rolled back" },
      ],
    }),
    timeSeries({
      title: "Rows",
      unit: "rowsps",
      queries: (["fetched", "inserted", "updated", "deleted"] as const).map((what) => ({
        expr: rate(`pg_stat_database_tup_${what}{${DATABASE}}`),
        legend: what,
      })),
    }),
    timeSeries({
      title: "Found in shared buffers",
      about: "Share of the pages that were asked for. Well below 99 % for long: the database wants more memory.",
      unit: "percentunit",
      max: 1,
      queries: [
        {
          expr: `${rate(`pg_stat_database_blks_hit{${DATABASE}}`)} / (${rate(`pg_stat_database_blks_hit{${DATABASE}}`)} + ${rate(`pg_stat_database_blks_read{${DATABASE}}`)} > 0)`,
          legend: "share",
        },
      ],
    }),
    timeSeries({
      title: "Temporary files",
      about: "Written by what does not fit into `work_mem`.",
      unit: "Bps",
      queries: [{ expr: rate(`pg_stat_database_temp_bytes{${DATABASE}}`), legend: "written" }],
    }),
    timeSeries({
      title: "Locks",
      unit: "short",
      queries: [{ expr: `${sumBy("mode", `pg_locks_count{${DATABASE}}`)} > 0`, legend: "{{mode}}" }],
    }),
    timeSeries({
      title: "Deadlocks and conflicts",
      unit: "ops",
      queries: [{ expr: rate(`pg_stat_database_deadlocks{${DATABASE}}`), legend: "deadlocks" }],
    }),
    timeSeries({
      title: "Checkpoints",
      about:
        "Requested ones mean that the write-ahead log filled up before the time was over: `max_wal_size` is small.",
      unit: "short",
      queries: [
        { expr: "increase(pg_stat_checkpointer_num_timed_total[1h])", legend: "by the clock, each hour" },
        { expr: "increase(pg_stat_checkpointer_num_requested_total[1h])", legend: "requested, each hour" },
      ],
    }),
    timeSeries({
      title: "Write-ahead log",
      unit: "bytes",
      queries: [{ expr: "pg_wal_size_bytes", legend: "on disk" }],
    }),
    timeSeries({
      title: "Memory",
      about: "Share of the container's limit that can never go; shared buffers count once they were used.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [
        {
          expr: 'container_memory_rss{name="postgres"} / container_spec_memory_limit_bytes{name="postgres"}',
          legend: "of the limit",
        },
      ],
    }),
  ],
};

const vacuum: Row = {
  title: "Autovacuum and bloat",
  panels: [
    timeSeries({
      title: "Dead rows",
      about: "The ten tables that have most. Growing without end: autovacuum does not get through.",
      unit: "short",
      queries: [{ expr: `topk(10, ${sumBy("relname", "pg_stat_user_tables_n_dead_tup")})`, legend: "{{relname}}" }],
    }),
    timeSeries({
      title: "Autovacuum runs",
      unit: "short",
      queries: [
        { expr: "sum(increase(pg_stat_user_tables_autovacuum_count[1h]))", legend: "vacuums, each hour" },
        { expr: "sum(increase(pg_stat_user_tables_autoanalyze_count[1h]))", legend: "analyses, each hour" },
        {
          expr: "count(pg_stat_activity_autovacuum_timestamp_seconds)",
          legend: "at work now",
          onlyWhen: "autovacuum is at work",
        },
      ],
    }),
    timeSeries({
      title: "Transactions until all rows must be frozen",
      about:
        "Age of the oldest row. At the line autovacuum begins whatever the cost; at ten times as many the database stops.",
      unit: "short",
      steps: [{ from: FREEZE_MAX_AGE, colour: "orange" }],
      queries: [
        { expr: `pg_database_wraparound_age_datfrozenxid_seconds{${DATABASE}}`, legend: "transactions" },
        { expr: `pg_database_wraparound_age_datminmxid_seconds{${DATABASE}}`, legend: "shared locks" },
      ],
    }),
    table({
      title: "Bloat: dead rows by table",
      about: "Tables with most dead rows, their share of all rows, and when autovacuum was last done with them.",
      unit: "short",
      width: 24,
      columns: { relname: "table" },
      queries: [
        { expr: `topk(20, ${sumBy("relname", "pg_stat_user_tables_n_dead_tup")})`, legend: "dead rows" },
        { expr: sumBy("relname", "pg_stat_user_tables_n_live_tup"), legend: "live rows" },
        { expr: `100 * max by (relname) (${DEAD_SHARE})`, legend: "dead, %" },
        {
          expr: "(time() - max by (relname) (pg_stat_user_tables_last_autovacuum > 0)) / 3600",
          legend: "hours since autovacuum",
          onlyWhen: "autovacuum was done with a table",
        },
      ],
    }),
  ],
};

const sizes: Row = {
  title: "Sizes",
  panels: [
    timeSeries({
      title: "Database",
      unit: "bytes",
      width: 12,
      queries: [{ expr: `pg_database_size_bytes{${DATABASE}}`, legend: "on disk" }],
    }),
    timeSeries({
      title: "Largest tables",
      about: "With their indexes. `state_groups_state` is what the compressor makes smaller.",
      unit: "bytes",
      width: 12,
      queries: [{ expr: `topk(10, sum by (relname) (${TABLE_SIZE}))`, legend: "{{relname}}" }],
    }),
  ],
};

/** The database, down to what autovacuum leaves. */
export const postgres = (plan: Plan): Dashboard => ({
  name: "postgres",
  title: "Postgres",
  about: "Connections against the plan, work, autovacuum and bloat, sizes.",
  rows: [connections(plan), work, vacuum, sizes],
});
