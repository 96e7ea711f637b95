import type { BalancingKey } from "../../configs/catalogue/role";
import { accepted, byPattern, isPlain } from "./choices";
import { MAIN, type Route } from "./routes";

/** Every method that a row can name; any other goes to main, wherever the path is passed on at all. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const;

/**
 * One row of the table for scripts. A request goes to the first row that has its method, whose pattern fits its path,
 * and which, if it is for first syncs only, its query allows; a path that no row fits is not passed on.
 */
export interface RoutingRow {
  /** All that the row takes, spelt out: never empty. */
  readonly methods: readonly string[];
  /** Regular expression on the path: decoded, without `.`, `..` and double slashes, with its case. */
  readonly pattern: string;
  readonly role: Route["role"];
  /** Name of the process; of several their names with commas between, as `processes` has them one by one. */
  readonly process: string;
  readonly processes: readonly string[];
  /** What chooses among several processes. */
  readonly key: BalancingKey;
  /** The process that stands in when none of the row's can be reached. */
  readonly fallback: typeof MAIN | null;
  /** The row is only for queries without `since`, or with `full_state=true`. */
  readonly first_sync_only: boolean;
  readonly reason: string;
}

const rowOf = (route: Route, methods: readonly string[]): RoutingRow => ({
  methods,
  pattern: route.pattern,
  role: route.role,
  process: route.processes.join(","),
  processes: route.processes,
  key: route.key,
  fallback: route.fallback ? MAIN : null,
  first_sync_only: route.firstSyncOnly,
  reason: route.reason,
});

/** Main's row for what the rows of a pattern leave: once a pattern fits, no later one is asked. */
const remainder = (pattern: string, taken: ReadonlySet<string>): RoutingRow => ({
  methods: METHODS.filter((method) => !taken.has(method)),
  pattern,
  role: MAIN,
  process: MAIN,
  processes: [MAIN],
  key: "none",
  fallback: null,
  first_sync_only: false,
  reason: "the method is not served by workers",
});

const rowsOf = (group: readonly Route[]): RoutingRow[] => {
  const [first] = group as [Route, ...Route[]];
  if (isPlain(group)) return [rowOf(first, METHODS)];
  const taken = new Set<string>();
  const rows = group.map((route) => {
    const methods = accepted(route.methods).filter((method) => !taken.has(method));
    if (!route.firstSyncOnly) for (const method of methods) taken.add(method);
    return rowOf(route, methods);
  });
  return [...rows, remainder(first.pattern, taken)];
};

/** The table with every row spelt out, in matching order: its first row that fits is where Nginx sends a request. */
export const routingTable = (routes: readonly Route[]): RoutingRow[] => byPattern(routes).flatMap(rowsOf);

const HEAD = ["methods", "pattern", "role", "process", "key", "fallback", "reason"];

const LEGEND = `
The first pattern that fits the decoded path decides. HEAD goes where GET goes, OPTIONS fits every row; other methods
than a pattern's rows name go to main. What no pattern fits is not passed on.`;

/** The table for people: one line a row, without the rows of the methods that are left to main. */
export const routesText = (routes: readonly Route[]): string => {
  const rows = byPattern(routes)
    .flat()
    .map((route) => [
      route.methods.join(" ") || "all",
      route.firstSyncOnly ? `${route.pattern} (first syncs)` : route.pattern,
      route.role,
      route.processes.join(" "),
      route.key,
      route.fallback ? MAIN : "-",
      route.reason,
    ]);
  const table = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] as number)).join("  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n${LEGEND}\n`;
};
