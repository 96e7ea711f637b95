import { redisSize } from "../../../configs/settings/redis-value";
import type { PgbouncerPlan, Plan, RedisPlan } from "../../../sizing/plan";
import { growing, type RuleCase, type RuleCases, scene, steady, step } from "./scene";

const POSTGRES = 'job="postgres",instance="example.com"';
const PGBOUNCER = 'job="pgbouncer",instance="example.com"';
const REDIS = 'job="redis",instance="example.com"';
const RESERVES = 2;

const clientsOf = ({ synapse }: Plan): number => synapse.processes.reduce((sum, { cpMax }) => sum + cpMax.value, 0);

const runs = (name: string): string => `container_running{job="containers",instance="example.com",name="${name}"}`;

/**
 * What the exporter says, or the container's own, or an exporter that runs and says nothing any more. Each makes a case that
 * fires, and one that does not yet.
 */
const downCases = (alert: string, up: string, container: string): RuleCase[] => {
  const silent = (state: string) => ({
    [`up{job="${container}",instance="example.com"}`]: step(1, 1, 0),
    [runs(`${container}-exporter`)]: state,
  });
  return [
    ...[up, runs(container)].map(
      (series): RuleCase => ({
        alert,
        severity: "page",
        fires: scene(4, { [series]: step(1, 1, 0) }),
        quiet: [scene(2, { [series]: step(1, 1, 0) }), scene(10, { [series]: steady(1) })],
      }),
    ),
    // Back for a moment: it goes on until what waited for it was looked at.
    { alert, severity: "page", fires: scene(6, { [up]: step(0, 5, 1) }), quiet: [scene(12, { [up]: step(0, 5, 1) })] },
    {
      alert,
      severity: "page",
      fires: scene(6, silent(steady(1))),
      // Too early; and an exporter that does not run itself, which is no page.
      quiet: [scene(3, silent(steady(1))), scene(6, silent(steady(0)))],
    },
  ];
};

/** 80 % of max_connections, or all that Synapse may hold by plan where that is more. */
const mostBackends = (plan: Plan): number => {
  const { pgbouncer } = plan;
  const held = pgbouncer
    ? pgbouncer.transactionPool + pgbouncer.sessionPool + RESERVES * Number(pgbouncer.settings.reserve_pool_size?.value)
    : clientsOf(plan);
  return Math.max(held, Math.floor(0.8 * plan.postgres.maxConnections));
};

const backends = (count: number) => ({
  [`pg_stat_activity_count{${POSTGRES},datname="synapse",state="active"}`]: steady(2),
  [`pg_stat_activity_count{${POSTGRES},datname="synapse",state="idle"}`]: steady(count - 2),
});

const age = (transactions: number) => ({
  [`pg_database_wraparound_age_datfrozenxid_seconds{${POSTGRES},datname="synapse"}`]: steady(transactions),
  [`pg_database_wraparound_age_datfrozenxid_seconds{${POSTGRES},datname="template0"}`]: steady(1000),
});

const checkpoints = (version: number, requested: number, timed: number) => {
  const [req, time] =
    version >= 17
      ? ["pg_stat_checkpointer_num_requested_total", "pg_stat_checkpointer_num_timed_total"]
      : ["pg_stat_bgwriter_checkpoints_req_total", "pg_stat_bgwriter_checkpoints_timed_total"];
  return { [`${req}{${POSTGRES}}`]: growing(requested / 3600), [`${time}{${POSTGRES}}`]: growing(timed / 3600) };
};

const GIB = 1024 ** 3;
/** The state table's growth in a day, and what is free. */
const state = (grown: number, free: number) => ({
  [`pg_stat_user_tables_table_size_bytes{${POSTGRES},relname="state_groups_state"}`]: growing((grown * GIB) / 86_400),
  'node_filesystem_avail_bytes{job="node",instance="example.com",fstype="ext4",mountpoint="/"}': steady(free * GIB),
  'node_filesystem_avail_bytes{job="node",instance="example.com",fstype="tmpfs",mountpoint="/run"}': steady(GIB),
});

const postgres = (plan: Plan): RuleCase[] => [
  ...downCases("PostgresDown", `pg_up{${POSTGRES}}`, "postgres"),
  {
    alert: "PostgresConnectionsHigh",
    severity: "ticket",
    fires: scene(10, backends(mostBackends(plan) + 1)),
    quiet: [scene(10, backends(mostBackends(plan)))],
  },
  {
    alert: "PostgresTransactionOld",
    severity: "ticket",
    fires: scene(10, { [`pg_long_running_transactions_oldest_timestamp_seconds{${POSTGRES}}`]: steady(7300) }),
    quiet: [scene(10, { [`pg_long_running_transactions_oldest_timestamp_seconds{${POSTGRES}}`]: steady(7100) })],
  },
  {
    alert: "PostgresWraparoundNear",
    severity: "ticket",
    fires: scene(70, age(5.1e8)),
    quiet: [scene(70, age(4.9e8))],
  },
  {
    alert: "PostgresWraparoundNear",
    severity: "page",
    fires: scene(70, age(1.7e9)),
    besides: [{ alert: "PostgresWraparoundNear", severity: "ticket" }],
    quiet: [scene(50, age(1.7e9))],
  },
  {
    alert: "PostgresCheckpointsForced",
    severity: "ticket",
    fires: scene(200, checkpoints(plan.postgres.version, 6, 4)),
    quiet: [scene(200, checkpoints(plan.postgres.version, 1, 4))],
  },
  {
    alert: "StateGroupsGrowing",
    severity: "ticket",
    fires: scene(400, state(4, 100)),
    quiet: [scene(400, state(3, 100))],
  },
];

const pool = (metric: string, value: number) => ({
  [`pgbouncer_pools_client_${metric}{${PGBOUNCER},database="synapse",user="synapse"}`]: steady(value),
  [`pgbouncer_pools_client_${metric}{${PGBOUNCER},database="synapse_session",user="synapse"}`]: steady(0),
});

const connected = (count: number) => ({ ...pool("active_connections", count), ...pool("waiting_connections", 0) });

const pgbouncer = (plan: PgbouncerPlan, clients: number): RuleCase[] => {
  const most = Math.max(clients, Math.floor(0.8 * Number(plan.settings.max_client_conn?.value)));
  return [
    ...downCases("PgbouncerDown", `pgbouncer_up{${PGBOUNCER}}`, "pgbouncer"),
    {
      alert: "PgbouncerPoolExhausted",
      severity: "page",
      fires: scene(4, pool("maxwait_seconds", 1.5)),
      quiet: [scene(1, pool("maxwait_seconds", 1.5)), scene(10, pool("maxwait_seconds", 0.5))],
    },
    {
      alert: "PgbouncerClientsWaiting",
      severity: "ticket",
      fires: scene(10, pool("waiting_connections", 1)),
      quiet: [scene(4, pool("waiting_connections", 1)), scene(10, pool("waiting_connections", 0))],
    },
    {
      alert: "PgbouncerConnectionsHigh",
      severity: "ticket",
      fires: scene(10, connected(most + 1)),
      quiet: [scene(10, connected(most))],
    },
  ];
};

const redis = (plan: RedisPlan): RuleCase[] => {
  const maxmemory = redisSize(plan.settings.maxmemory?.value ?? "")?.toBytes() ?? 0;
  const maxclients = Number(plan.settings.maxclients?.value);
  const clients = (count: number, refused: string) => ({
    [`redis_connected_clients{${REDIS}}`]: steady(count),
    [`redis_rejected_connections_total{${REDIS}}`]: refused,
  });
  return [
    ...downCases("RedisDown", `redis_up{${REDIS}}`, "redis"),
    {
      alert: "RedisMemoryFull",
      severity: "ticket",
      fires: scene(10, { [`redis_memory_used_bytes{${REDIS}}`]: steady(0.91 * maxmemory) }),
      quiet: [scene(10, { [`redis_memory_used_bytes{${REDIS}}`]: steady(0.89 * maxmemory) })],
    },
    {
      alert: "RedisConnectionsHigh",
      severity: "ticket",
      fires: scene(10, clients(Math.floor(0.8 * maxclients) + 1, steady(0))),
      quiet: [scene(10, clients(Math.floor(0.8 * maxclients), steady(7)))],
    },
    {
      alert: "RedisConnectionsHigh",
      severity: "ticket",
      fires: scene(12, clients(5, step(7, 4, 9))),
      quiet: [scene(30, clients(5, step(7, 4, 9)))],
    },
  ];
};

export const databaseCases: RuleCases = ({ plan }) => [
  ...postgres(plan),
  ...(plan.pgbouncer ? pgbouncer(plan.pgbouncer, clientsOf(plan)) : []),
  ...(plan.redis ? redis(plan.redis) : []),
];
