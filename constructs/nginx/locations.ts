import { roleOf } from "../../configs/catalogue/roles";
import type { Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import type { Plan } from "../../sizing/plan";
import { isPoll } from "../../sizing/request-limits";
import { byPattern, upstreamOf } from "./choices";
import { block, type Directive, line } from "./directive";
import { OVERLOADED, originLimits, overloadLocations, refuseWhenFull } from "./overload";
import { leavePresence, presenceGuard } from "./presence-watch";
import { ADMIN_PREFIX, isAdmin, MAIN, type Route } from "./routes";
import { READ_TIMEOUT, readTimeoutOf, SHORT_CONNECT_TIMEOUT } from "./timeouts";
import { tokenOwnerLocations, tokenOwnerQuestion } from "./token-owners";
import { STAND_IN_POLLS_UPSTREAM, STAND_IN_UPSTREAM } from "./upstreams";
import { MAY_HAVE_RUN, WRITES } from "./variables";

/** Synapse itself takes 200 × 64 KiB outside the media repository (app/_base.py). */
export const LARGEST_BODY = Bytes.mib(12.5);
/** Where main stands in for workers: long polls apart, lest they fill its queue. */
const STAND_IN = "@main";
const STAND_IN_POLLS = "@main_polls";
const STAND_IN_READS = "@main_reads";

const adminGuard = (env: Environment): Directive[] => [
  ...env.nginx.adminApiFrom.map((from) => line("allow", from)),
  line("deny", "all"),
];

const readTimeout = (roles: readonly Route["role"][]): Directive[] => {
  const timeout = readTimeoutOf(roles);
  return timeout === READ_TIMEOUT ? [] : [line("proxy_read_timeout", timeout.toString())];
};

/** @returns undefined where main stands in for none of the rows */
const standInOf = (rows: readonly Route[]): string | undefined => {
  if (!rows.some(({ fallback }) => fallback)) return undefined;
  if (rows.some(({ role }) => role !== MAIN && isPoll(role))) return STAND_IN_POLLS;
  return rows.every(({ fallback }) => fallback) ? STAND_IN : STAND_IN_READS;
};

const location = (env: Environment, plan: Plan, rows: readonly [Route, ...Route[]]): Directive => {
  const [{ pattern, role }] = rows;
  const name = standInOf(rows);
  return block(
    "location",
    ["~", `"${pattern}"`],
    [
      ...(isAdmin(pattern) ? adminGuard(env) : []),
      ...originLimits(plan, role),
      ...tokenOwnerQuestion(plan, rows),
      ...presenceGuard(plan, rows),
      ...readTimeout(rows.map((row) => row.role)),
      ...(role === "media_repository"
        ? [line("client_max_body_size", Bytes.max(env.synapse.maxUploadSize, LARGEST_BODY).toNginx())]
        : []),
      ...(rows.some((row) => row.role !== MAIN && roleOf(row.role).fallsBackToMain)
        ? [line("proxy_connect_timeout", SHORT_CONNECT_TIMEOUT.toString())]
        : []),
      // A body that was streamed to a dead process cannot be sent again (seen: main waits for the rest of it).
      ...(name
        ? [
            line("proxy_request_buffering", "on"),
            line("error_page", "429", "=", OVERLOADED),
            line("error_page", "502", "504", "=", name),
          ]
        : []),
      // Never a path behind the name: it would be re-encoded, and signatures of other servers would not fit any more.
      line("proxy_pass", `http://${upstreamOf(rows)}`),
    ],
  );
};

/** @param variable - not empty where main would be of no use, or harm */
const refuseIf = (variable: string): Directive => block("if", [`(${variable})`], [line("return", "502")]);

/**
 * Main in the place of a worker that cannot be reached. Not of one that is merely full: its load would drown main too.
 * Not where the worker may have done the work already.
 */
const standIn = (name: string, upstream: string, ...more: readonly Directive[]): Directive =>
  block(
    "location",
    [name],
    [
      refuseWhenFull(),
      refuseIf(MAY_HAVE_RUN),
      ...more,
      ...readTimeout([MAIN]),
      line("proxy_request_buffering", "on"),
      line("proxy_pass", `http://${upstream}`),
    ],
  );

/** A JSON document that Nginx itself answers with; browsers read it from other origins. */
const document = (path: string, content: object): Directive =>
  block(
    "location",
    ["=", path],
    [
      line("default_type", "application/json"),
      line("add_header", "Access-Control-Allow-Origin", '"*"', "always"),
      line("return", "200", `'${JSON.stringify(content)}'`),
    ],
  );

/** Documents by path. */
const wellKnown = (env: Environment): Readonly<Record<string, object>> => {
  const { origin, hostname, port, protocol } = new URL(env.publicBaseurl);
  const server = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  return {
    "/.well-known/matrix/client": { "m.homeserver": { base_url: origin } },
    ...(env.expected.federation === "closed" ? {} : { "/.well-known/matrix/server": { "m.server": server } }),
  };
};

/** Paths that Nginx answers with a document of its own. */
export const wellKnownPaths = (env: Environment): string[] => Object.keys(wellKnown(env));

const standIns = (table: readonly Route[]): Directive[] => {
  const used = new Set(byPattern(table).map(standInOf));
  return [
    ...(used.has(STAND_IN) ? [standIn(STAND_IN, STAND_IN_UPSTREAM)] : []),
    ...(used.has(STAND_IN_READS) ? [standIn(STAND_IN_READS, STAND_IN_UPSTREAM, refuseIf(WRITES))] : []),
    ...(used.has(STAND_IN_POLLS) ? [standIn(STAND_IN_POLLS, STAND_IN_POLLS_UPSTREAM, leavePresence())] : []),
  ];
};

/** Locations of the public server. Nginx tries those with a pattern in their order. */
export const locations = (env: Environment, plan: Plan, table: readonly Route[]): Directive[] => [
  ...Object.entries(wellKnown(env)).map(([path, content]) => document(path, content)),
  ...(env.nginx.adminApiFrom.length > 0 ? [] : [block("location", ["^~", ADMIN_PREFIX], [line("return", "403")])]),
  ...byPattern(table).map((rows) => location(env, plan, rows as [Route, ...Route[]])),
  ...standIns(table),
  ...overloadLocations(),
  ...tokenOwnerLocations(env, plan),
  block("location", ["/"], [line("return", "404")]),
];
