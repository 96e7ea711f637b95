import { isAtLeast } from "../versions";
import { PGBOUNCER_PARAMETERS } from "./known-pgbouncer";

/** The first version that knows a key, where that is later than the oldest that the kit writes files for. */
export const pgbouncerSince = (name: string): string | undefined =>
  Object.hasOwn(PGBOUNCER_PARAMETERS, name) ? PGBOUNCER_PARAMETERS[name]?.split(" ")[1] : undefined;

/** Whether a version knows a key that the newest one knows. */
export const pgbouncerKnows = (version: string, name: string): boolean => {
  const since = pgbouncerSince(name);
  return since === undefined || isAtLeast(version, since);
};

/** All names that a version of PgBouncer takes. */
export const pgbouncerNames = (version: string): readonly string[] =>
  Object.keys(PGBOUNCER_PARAMETERS).filter((name) => pgbouncerKnows(version, name));

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
