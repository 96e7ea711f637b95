import { PGBOUNCER_PARAMETERS } from "./known-pgbouncer";

/** All names that PgBouncer takes. */
export const PGBOUNCER_NAMES: readonly string[] = Object.keys(PGBOUNCER_PARAMETERS);

/** What PgBouncer would not start with, or would take for something else: it reads a negative number as "not set". */
export const pgbouncerValueProblem = (name: string, value: unknown): string | undefined => {
  const [kind] = (PGBOUNCER_PARAMETERS[name] ?? "text").split(" ");
  const text = String(value);
  switch (kind) {
    case "int":
      return typeof value === "boolean" || /^\d+$/.test(text)
        ? undefined
        : `\`${name}\`: expected a whole number, 0 or above, got ${JSON.stringify(value)}`;
    case "time":
      return /^\d+(\.\d+)?$/.test(text)
        ? undefined
        : `\`${name}\`: expected a number of seconds, 0 or above, got ${JSON.stringify(value)}`;
    default:
      return undefined;
  }
};
