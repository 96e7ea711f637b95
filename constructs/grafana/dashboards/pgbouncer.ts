import type { PgbouncerPlan } from "../../../sizing/plan";
import { ANY_STEPS, mean, rate, sumBy } from "../expressions";
import { type Dashboard, timeSeries } from "../model";

/** The pool of the console itself is no pool. */
const POOLS = 'database!="pgbouncer"';

/** Who waits for a connection, and how long. */
export const pgbouncer = ({ transactionPool, sessionPool }: PgbouncerPlan): Dashboard => ({
  name: "pgbouncer",
  title: "PgBouncer",
  about: "Who waits for a connection to the database, and how long.",
  rows: [
    {
      title: "Waits",
      panels: [
        timeSeries({
          title: "Clients that wait",
          about: "Any for two minutes: the pool is used up.",
          unit: "short",
          steps: ANY_STEPS,
          queries: [
            { expr: sumBy("database", `pgbouncer_pools_client_waiting_connections{${POOLS}}`), legend: "{{database}}" },
          ],
        }),
        timeSeries({
          title: "Longest wait",
          about: "Of the client that is first in the queue now.",
          unit: "s",
          steps: [{ from: 1, colour: "red" }],
          queries: [
            { expr: `max by (database) (pgbouncer_pools_client_maxwait_seconds{${POOLS}})`, legend: "{{database}}" },
          ],
        }),
        timeSeries({
          title: "Mean wait",
          about: "Of each transaction for its connection.",
          unit: "s",
          queries: [
            {
              expr: mean(
                `pgbouncer_stats_totals_client_wait_seconds_total{${POOLS}}`,
                `pgbouncer_stats_totals_sql_transactions_pooled_total{${POOLS}}`,
                "database",
              ),
              legend: "{{database}}",
            },
          ],
        }),
      ],
    },
    {
      title: "Pools",
      panels: [
        timeSeries({
          title: "Connections of the workers' pool",
          about: `To the database, in transaction mode. The plan gives ${transactionPool}, which is the line.`,
          unit: "short",
          stacked: true,
          steps: [{ from: transactionPool, colour: "red" }],
          queries: [
            { expr: 'sum(pgbouncer_pools_server_active_connections{database="synapse"})', legend: "at work" },
            { expr: 'sum(pgbouncer_pools_server_idle_connections{database="synapse"})', legend: "idle" },
          ],
        }),
        timeSeries({
          title: "Connections of main's pool",
          about: `In session mode. The plan gives ${sessionPool}, which is the line.`,
          unit: "short",
          stacked: true,
          steps: [{ from: sessionPool, colour: "red" }],
          queries: [
            { expr: 'sum(pgbouncer_pools_server_active_connections{database="synapse_session"})', legend: "at work" },
            { expr: 'sum(pgbouncer_pools_server_idle_connections{database="synapse_session"})', legend: "idle" },
          ],
        }),
        timeSeries({
          title: "Clients",
          unit: "short",
          stacked: true,
          queries: [
            { expr: sumBy("database", `pgbouncer_pools_client_active_connections{${POOLS}}`), legend: "{{database}}" },
          ],
        }),
      ],
    },
    {
      title: "Work",
      panels: [
        timeSeries({
          title: "Transactions",
          unit: "ops",
          queries: [
            {
              expr: sumBy("database", rate(`pgbouncer_stats_totals_sql_transactions_pooled_total{${POOLS}}`)),
              legend: "{{database}}",
            },
          ],
        }),
        timeSeries({
          title: "Mean transaction",
          unit: "s",
          queries: [
            {
              expr: mean(
                `pgbouncer_stats_totals_server_in_transaction_seconds_total{${POOLS}}`,
                `pgbouncer_stats_totals_sql_transactions_pooled_total{${POOLS}}`,
                "database",
              ),
              legend: "{{database}}",
            },
          ],
        }),
        timeSeries({
          title: "Bytes",
          unit: "Bps",
          queries: [
            { expr: `sum(${rate(`pgbouncer_stats_totals_received_bytes_total{${POOLS}}`)})`, legend: "received" },
            { expr: `sum(${rate(`pgbouncer_stats_totals_sent_bytes_total{${POOLS}}`)})`, legend: "sent" },
          ],
        }),
      ],
    },
  ],
});
