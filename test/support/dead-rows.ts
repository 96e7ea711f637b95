import { psql } from "./psql";

const TABLE = "kit_dead_rows";
/** Four hundred pages. */
const ROWS = 100_000;
/** A page costs more than the limit, so autovacuum rests after each: looks find it at work, and it is soon done. */
const SLOWLY = "autovacuum_vacuum_cost_delay = 20, autovacuum_vacuum_cost_limit = 1";

/** A table in a deployed Synapse's database that has nothing but dead rows. */
export const leaveDeadRows = (environment: string): void =>
  psql(
    environment,
    `CREATE TABLE ${TABLE} (number int) WITH (${SLOWLY})`,
    `INSERT INTO ${TABLE} SELECT generate_series(1, ${ROWS})`,
    `DELETE FROM ${TABLE}`,
  );

export const dropDeadRows = (environment: string): void => psql(environment, `DROP TABLE ${TABLE}`);
