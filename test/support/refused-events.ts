import { psql } from "./psql";

const NAME = "kit_refuse";

/** From now on a deployed Synapse cannot store an event with such a text in it: its database fails at that. */
export const refuseEvents = (environment: string, text: string): void =>
  psql(
    environment,
    `CREATE FUNCTION ${NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`,
    `CREATE TRIGGER ${NAME} BEFORE INSERT ON event_json FOR EACH ROW WHEN (NEW.json LIKE '%${text}%') EXECUTE FUNCTION ${NAME}()`,
  );

export const takeEvents = (environment: string): void => psql(environment, `DROP FUNCTION ${NAME} CASCADE`);
