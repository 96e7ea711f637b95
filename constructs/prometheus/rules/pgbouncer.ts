import { Duration } from "../../../configs/units/duration";
import type { PgbouncerPlan } from "../../../sizing/plan";
import { downExpr } from "./down";
import type { AlertRule } from "./rule";
import { nearLimit } from "./thresholds";

/** Seconds that a client may wait for a connection: everything behind it waits as long. `guess` */
const LONG_WAIT = 1;

const service = "pgbouncer";

/** @param clients - connections that Synapse's own pools can open */
export const pgbouncerAlerts = (plan: PgbouncerPlan, clients: number): AlertRule[] => {
  const most = Number(plan.settings.max_client_conn?.value);
  return [
    {
      alert: "PgbouncerDown",
      service,
      expr: downExpr("pgbouncer_up", plan.container.name),
      for: Duration.minutes(1),
      severity: "page",
      summary: "PgBouncer does not answer",
      description: "No Synapse process reaches the database, so every request fails.",
    },
    {
      alert: "PgbouncerPoolExhausted",
      service,
      expr: `max by (instance, database) (pgbouncer_pools_client_maxwait_seconds) > ${LONG_WAIT}`,
      for: Duration.minutes(2),
      severity: "page",
      summary: "Clients of {{ $labels.database }} wait {{ $value | humanizeDuration }} for a connection",
      description: `All server connections are in use (${plan.transactionPool} of the workers, ${plan.sessionPool} of main): queries are slow or stuck, or there are more of them than the pool is for.`,
    },
    {
      alert: "PgbouncerClientsWaiting",
      service,
      expr: "sum by (instance, database) (pgbouncer_pools_client_waiting_connections) > 0",
      for: Duration.minutes(5),
      severity: "ticket",
      summary: "{{ $value }} clients of {{ $labels.database }} wait for a connection",
      description: `At every look somebody waits, if not for long: the pool (${plan.transactionPool} for the workers, ${plan.sessionPool} for main) is nearly too small.`,
    },
    {
      alert: "PgbouncerConnectionsHigh",
      service,
      expr: `sum by (instance) (pgbouncer_pools_client_active_connections + pgbouncer_pools_client_waiting_connections) > ${nearLimit(most, clients)}`,
      for: Duration.minutes(5),
      severity: "ticket",
      summary: "{{ $value }} clients are connected to PgBouncer",
      description: `${most} may (max_client_conn), and Synapse's pools open ${clients} at the most: somebody else is connected, or connections are left over.`,
    },
  ];
};
