import type { Method } from "../../configs/catalogue/role";
import type { Environment } from "../../configs/environment";
import { block, type Directive, line } from "./directive";
import { ADMIN_PREFIX, MAIN, type Route } from "./routes";
import type { Servers } from "./upstreams";

/** Whose request it is: all devices of a user share one process and its caches. */
export const USER = "$kit_user";
/** Which room it is about; whose it is where none is named. */
export const ROOM = "$kit_room";
/** Which server asks. */
export const ORIGIN = "$kit_origin";
/** Host name as Synapse should see it. */
export const HOST = "$kit_host";
/** Process that answered, for the log. */
export const PROCESS = "$kit_process";
/** Not empty where path and decoded path disagree about what may be reached. */
export const DISGUISED = "$kit_disguised";
/** Not empty where asking main as well could do a thing twice. */
export const MAY_HAVE_RUN = "$kit_may_have_run";

const map = (source: string, variable: string, ...cases: readonly (readonly [string, string])[]): Directive =>
  block(
    "map",
    [source, variable],
    cases.map(([value, result]) => line(value, result)),
  );

/** What chooses a process. */
const keys = (): Directive[] => [
  // `access_token` in the query is deprecated and still met.
  map("$http_authorization", "$kit_token", ['"~^Bearer (.+)$"', "$1"], ["default", "$arg_access_token"]),
  // Synapse's own tokens carry the user; others (MAS) stand for a device and are hashed whole.
  map("$kit_token", USER, ['"~^syt_([^_]+)_"', "$1"], ['""', "$remote_addr"], ["default", "$kit_token"]),
  // On the decoded path, so that `!` and `%21` are one room. Room ids have no domain since room version 12.
  map("$uri", ROOM, ['"~/(?:rooms|join|knock|room_summary|summary)/([^/]+)"', "$1"], ["default", USER]),
  map(
    "$http_authorization",
    ORIGIN,
    ['"~*^X-Matrix[ ,](?:.*[ ,])?origin=\\"?([^\\",]+)"', "$1"],
    ["default", "$remote_addr"],
  ),
];

/**
 * Synapse looks at the path as it was sent, Nginx at the decoded one without dots: `/_synapse/admin/…/..%2f..%2f_matrix`
 * is the admin API to one and public to the other. Both must agree on the prefix. No raw path holds a space, so the
 * first one stands between the two.
 */
const disguised = (): Directive =>
  map(
    '"$request_uri $uri"',
    DISGUISED,
    [`"~^(/_matrix/|/_synapse/client/|${ADMIN_PREFIX}|/\\.well-known/matrix/)[^ ]* \\1"`, '""'],
    ["default", "1"],
  );

/**
 * The public host with its port, whatever the TLS proxy in front made of it: single sign-on compares it with
 * `public_baseurl` and would redirect for ever (synapse: rest/client/login.py).
 */
const host = (env: Environment): Directive => {
  const { hostname, host: withPort } = new URL(env.publicBaseurl);
  return map("$host", HOST, [`"${hostname}"`, `"${withPort}"`], ["default", "$host"]);
};

/** With several tries the last one answered. */
const process = (servers: Servers): Directive =>
  map(
    "$upstream_addr",
    PROCESS,
    ["default", '"-"'],
    ...[...servers].map(([name, address]) => [`"~(?:^|[ ,:])${address.replaceAll(".", "\\.")}$"`, name] as const),
  );

/** `PUT` and `DELETE` may run twice, Matrix gives them transaction ids. Nothing sent: the connection was refused. */
const mayHaveRun = (): Directive =>
  map('"$request_method $upstream_bytes_sent"', MAY_HAVE_RUN, ['"~^(POST|PATCH) .*[1-9]"', "1"], ["default", '""']);

/** A sync that starts from nothing. */
const FIRST_SYNC = "$kit_first_sync";
const firstSync = (): Directive =>
  map(
    '"$arg_since|$arg_full_state"',
    FIRST_SYNC,
    ['"~^\\|"', "first"],
    ['"~\\|true$"', "first"],
    ["default", "later"],
  );

/** Synapse takes HEAD for GET; every process answers OPTIONS. */
const accepted = (methods: readonly Method[]): string =>
  [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join("|");

/** Variable with the upstream for rows of one pattern, by method and, for syncs, by query. */
export const choiceOf = (rows: readonly Route[]): string =>
  `$kit_to_${rows.map(({ upstream, methods }) => [upstream, ...methods].join("_").toLowerCase()).join("_or_")}`;

const choice = (rows: readonly Route[]): Directive => {
  const bySync = rows.some((row) => row.firstSyncOnly);
  return map(
    bySync ? `"$request_method ${FIRST_SYNC}"` : "$request_method",
    choiceOf(rows),
    ...rows.map(
      ({ methods, firstSyncOnly, upstream }) =>
        [`"~^(${accepted(methods)})${firstSyncOnly ? " first" : bySync ? " " : ""}${bySync && !firstSyncOnly ? "" : "$"}"`, upstream] as const,
    ),
    ["default", MAIN],
  );
};

/** Rows with one pattern belong into one location, in their order. */
export const byPattern = (table: readonly Route[]): readonly (readonly Route[])[] => [
  ...Map.groupBy(table, ({ pattern }) => pattern).values(),
];

const needsChoice = (rows: readonly Route[]): boolean => rows.some(({ upstream }) => upstream !== MAIN);
