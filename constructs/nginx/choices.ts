import type { Method } from "../../configs/catalogue/role";
import { type Directive, map } from "./directive";
import { MAIN, type Route } from "./routes";

/** `first` for a sync that starts from nothing, else `later`. */
const FIRST_SYNC = "$kit_first_sync";

/** Rows of the table that share a pattern, and so a location, in the table's order. */
export const byPattern = (table: readonly Route[]): (readonly Route[])[] => {
  const groups = new Map<string, Route[]>();
  for (const route of table) groups.set(route.pattern, [...(groups.get(route.pattern) ?? []), route]);
  return [...groups.values()];
};

/** Rows that all lead to main need no choice: so do the methods that they do not take. */
const isPlain = (rows: readonly Route[]): boolean => rows.every(({ upstream }) => upstream === MAIN);

const nameOf = (rows: readonly Route[]): string =>
  `$kit_to_${rows.map(({ upstream, methods }) => [upstream, ...methods].join("_").toLowerCase()).join("_or_")}`;

/** Name of the upstream for a group of rows, or the variable that holds it. */
export const upstreamOf = (rows: readonly Route[]): string => (isPlain(rows) ? MAIN : nameOf(rows));

/** Synapse takes HEAD for GET; every process answers OPTIONS. */
const accepted = (methods: readonly Method[]): string =>
  [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join("|");

const choice = (rows: readonly Route[]): Directive => {
  const asksQuery = rows.some(({ firstSyncOnly }) => firstSyncOnly);
  const rest = (row: Route): string => (asksQuery ? (row.firstSyncOnly ? " first$" : " ") : "$");
  return map(
    asksQuery ? `"$request_method ${FIRST_SYNC}"` : "$request_method",
    nameOf(rows),
    ...rows.map((row) => [`"~^(?:${accepted(row.methods)})${rest(row)}"`, row.upstream] as const),
    ["default", MAIN],
  );
};

const firstSync = (): Directive =>
  map('"$arg_since|$arg_full_state"', FIRST_SYNC, ['"~^\\|"', "first"], ['"~\\|true$"', "first"], ["default", "later"]);

/** Variables that choose by method, and syncs by query: what a role does not take goes to main. */
export const choices = (table: readonly Route[]): Directive[] => {
  const groups = byPattern(table).filter((rows) => !isPlain(rows));
  return [
    ...(table.some((route) => route.firstSyncOnly) ? [firstSync()] : []),
    ...new Map(groups.map((rows) => [nameOf(rows), choice(rows)])).values(),
  ];
};
