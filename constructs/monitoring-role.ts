/** Role of the exporters in Postgres, PgBouncer and Redis: may see statistics and nothing that was stored. */
export const MONITORING_ROLE = "monitoring";
