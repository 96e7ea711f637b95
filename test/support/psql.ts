import { DATABASE } from "../../constructs/postgres/provision";
import { docker } from "./engine-project";

/** Runs statements in a deployed Synapse's database, each in a transaction of its own. */
export const psql = (environment: string, ...statements: readonly string[]): void => {
  const commands = statements.flatMap((statement) => ["-c", statement]);
  docker(
    "exec",
    `${environment}-postgres`,
    "psql",
    "-U",
    "postgres",
    "-d",
    DATABASE,
    "-v",
    "ON_ERROR_STOP=1",
    ...commands,
  );
};
