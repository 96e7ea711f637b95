import type { Method } from "../../configs/catalogue/role";
import { type Directive, map } from "./directive";
import { MAIN, type Route } from "./routes";
import { argument } from "./target";

/** `first` for a sync that starts from nothing, else `later`. */
const FIRST_SYNC = "$kit_first_sync";

/** Rows of the table that share a pattern, and so a location, in the table's order. */
export const byPattern = (table: readonly Route[]): (readonly Route[])[] => {
  const groups = new Map<string, Route[]>();
  for (const route of table) groups.set(route.pattern, [...(groups.get(route.pattern) ?? []), route]);
  return [...groups.values()];
};

/** Rows that all lead to main need no choice: so do the methods that they do not take. */
export const isPlain = (rows: readonly Route[]): boolean => rows.every(({ upstream }) => upstream === MAIN);

const nameOf = (rows: readonly Route[]): string =>
  `$kit_to_${rows.map(({ upstream, methods }) => [upstream, ...methods].join("_").toLowerCase()).join("_or_")}`;

/** Name of the upstream for a group of rows, or the variable that holds it. */
export const upstreamOf = (rows: readonly Route[]): string => (isPlain(rows) ? MAIN : nameOf(rows));

/** What a row takes beside its methods: Synapse takes HEAD for GET, and every process answers OPTIONS. */
export const accepted = (methods: readonly Method[]): string[] => [
  ...methods,
  ...(methods.includes("GET") ? ["HEAD"] : []),
  "OPTIONS",
];

const choice = (rows: readonly Route[]): Directive => {
  const asksQuery = rows.some(({ firstSyncOnly }) => firstSyncOnly);
  const rest = (row: Route): string => (asksQuery ? (row.firstSyncOnly ? " first$" : " ") : "$");
  return map(
    asksQuery ? `"$request_method ${FIRST_SYNC}"` : "$request_method",
    nameOf(rows),
    ...rows.map((row) => [`"~^(?:${accepted(row.methods).join("|")})${rest(row)}"`, row.upstream] as const),
    ["default", MAIN],
  );
};

/** Of `since`, a bar, and `full_state`. */
const FIRST_SYNC_FORMS = ["^\\|", "\\|true$"] as const;

const firstSync = (): Directive =>
  map('"$arg_since|$arg_full_state"', FIRST_SYNC, ...FIRST_SYNC_FORMS.map((form) => [`"~${form}"`, "first"] as const), [
    "default",
    "later",
  ]);

/** Whether a sync starts from nothing: it has no `since`, or `full_state=true`. */
export const isFirstSync = (query: string): boolean => {
  const asked = `${argument(query, "since")}|${argument(query, "full_state")}`;
  return FIRST_SYNC_FORMS.some((form) => new RegExp(form).test(asked));
};

/** Variables that choose by method, and syncs by query: what a role does not take goes to main. */
export const choices = (table: readonly Route[]): Directive[] => {
  const groups = byPattern(table).filter((rows) => !isPlain(rows));
  return [
    ...(table.some((route) => route.firstSyncOnly) ? [firstSync()] : []),
    ...new Map(groups.map((rows) => [nameOf(rows), choice(rows)])).values(),
  ];
};
