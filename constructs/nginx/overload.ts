import type { RoleName } from "../../configs/catalogue/roles";
import type { Plan } from "../../sizing/plan";
import { block, type Directive, line } from "./directive";
import { ORIGIN } from "./variables";

/** Answers for a process that takes no more. */
export const OVERLOADED = "@overloaded";
/** Where a 502 of Nginx' own goes that no other process can mend. */
const UNSERVED = "@unserved";

/** Not empty where every process that could serve the request has its fill. */
const FULL = "$kit_full";
/** Seconds, spread so that refused clients do not come back together. */
const RETRY_AFTER = "$kit_retry_after";
/** Around what a queue takes to drain (five seconds), shorter than what a person calls an outage. `guess` */
const RETRY_AFTER_SECONDS = [3, 4, 5, 6, 7, 8, 9, 10];

/** Zone of the one counter of everything in flight, of the least size that Nginx takes. */
const REQUESTS = "kit_requests";
const REQUESTS_ZONE = "32k";
/** Zones of the counters by server: a thousand at once, at 256 bytes each. */
const ORIGINS_ZONE = "256k";

/**
 * Requests in flight of one server from one address. Anybody can claim to be any server until Synapse checks the
 * signature, so a name alone would let one shut out another.
 * Transactions: Synapse works on one and refuses a second (federation_server.py), so one, its repeat and one to spare.
 * Questions: Synapse answers three and lets 50 wait (`rc_federation`); this leaves room for others. `guess`
 */
const MOST_PER_ORIGIN: Readonly<Partial<Record<RoleName, number>>> = { federation_inbound: 3, federation_reader: 20 };

const zoneOf = (role: string): string => `kit_${role}`;

const spread = (values: readonly number[]): Directive[] =>
  values.map((value, index) => line(index < values.length - 1 ? `${100 / values.length}%` : "*", String(value)));

/** `zone` and `map` directives of the http block. */
export const overloadVariables = (): Directive[] => [
  // An address where a process was tried; the name of the upstream where all of them were full.
  block("map", ["$upstream_addr", FULL], [line("volatile"), line('"~(?:^| )[a-z_]+$"', "1"), line("default", '""')]),
  block("split_clients", ['"$request_id"', RETRY_AFTER], spread(RETRY_AFTER_SECONDS)),
  line("limit_conn_zone", '"all"', `zone=${REQUESTS}:${REQUESTS_ZONE}`),
  ...Object.keys(MOST_PER_ORIGIN).map((role) =>
    line("limit_conn_zone", `"$remote_addr ${ORIGIN}"`, `zone=${zoneOf(role)}:${ORIGINS_ZONE}`),
  ),
];

/** Nginx takes no larger one (ngx_http_limit_conn_module.c): a machine that lets in more has no limit on all together. */
const LARGEST_LIMIT = 65_535;

const mostRequests = (plan: Plan): Directive[] => {
  const most = plan.nginx.mostRequests.value;
  return most > LARGEST_LIMIT ? [] : [line("limit_conn", REQUESTS, String(most))];
};

/** Directives of the public server. Nginx' own 502 comes from a dead process or a full one, which `@unserved` tells apart. */
export const overloadSettings = (plan: Plan): Directive[] => [
  line("limit_conn_status", "429"),
  line("limit_conn_log_level", "notice"),
  ...mostRequests(plan),
  line("recursive_error_pages", "on"),
  line("error_page", "429", "=", OVERLOADED),
  line("error_page", "502", "=", UNSERVED),
];

/** What a location adds for the servers that ask there; limits are not inherited beside others. */
export const originLimits = (plan: Plan, role: RoleName | "main"): Directive[] => {
  const most = role === "main" ? undefined : MOST_PER_ORIGIN[role];
  return most === undefined ? [] : [...mostRequests(plan), line("limit_conn", zoneOf(role), String(most))];
};

/** Answers 429 where the process was full; in front of whatever else the location does. */
export const refuseWhenFull = (): Directive => block("if", [`(${FULL})`], [line("return", "429")]);

/** What Synapse sends with everything, so that browsers show the answer to the page that asked (http/server.py). */
const CORS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
  "Access-Control-Allow-Headers": "X-Requested-With, Content-Type, Authorization, Date",
  "Access-Control-Expose-Headers": "Retry-After",
};

const headers = (): Directive[] =>
  Object.entries(CORS).map(([name, value]) => line("add_header", name, `"${value}"`, "always"));

/** As Synapse refuses; braces since digits follow the variable. */
const REFUSAL = `{"errcode":"M_LIMIT_EXCEEDED","error":"The server is busy, try again later","retry_after_ms":\${${RETRY_AFTER.slice(1)}}000}`;

/** Locations for what cannot be served now. */
export const overloadLocations = (): Directive[] => [
  block(
    "location",
    [OVERLOADED],
    [
      line("default_type", "application/json"),
      line("add_header", "Retry-After", RETRY_AFTER, "always"),
      ...headers(),
      // Browsers ask first and take nothing but a yes: the request itself is refused.
      block("if", ["($request_method = OPTIONS)"], [line("return", "204")]),
      line("return", "429", `'${REFUSAL}'`),
    ],
  ),
  block("location", [UNSERVED], [line("error_page", "429", "=", OVERLOADED), refuseWhenFull(), line("return", "502")]),
];
