import type { Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { Duration } from "../../configs/units/duration";
import { byPattern, upstreamOf } from "./choices";
import { block, type Directive, line } from "./directive";
import { ADMIN_PREFIX, isAdmin, MAIN, type Route } from "./routes";
import { MAY_HAVE_RUN } from "./variables";

/** Synapse itself takes 200 × 64 KiB outside the media repository (app/_base.py). */
export const LARGEST_BODY = Bytes.mib(12.5);
/** Joins into large rooms, first syncs and large files take minutes. */
const SLOW_READ_TIMEOUT = Duration.minutes(10);
/** Main serves what no worker does, in small layouts all of it. */
const SLOW_ROLES: ReadonlySet<Route["role"]> = new Set<Route["role"]>([
  MAIN,
  "initial_sync",
  "sync",
  "event_creator",
  "media_repository",
  "federation_reader",
  "federation_inbound",
]);

const FALLBACK = "@main";

const slow = line("proxy_read_timeout", SLOW_READ_TIMEOUT.toString());

const adminGuard = (env: Environment): Directive[] => [
  ...env.nginx.adminApiFrom.map((from) => line("allow", from)),
  line("deny", "all"),
];

const location = (env: Environment, rows: readonly [Route, ...Route[]]): Directive => {
  const [{ pattern, role }] = rows;
  return block(
    "location",
    ["~", `"${pattern}"`],
    [
      ...(isAdmin(pattern) ? adminGuard(env) : []),
      ...(rows.some((row) => SLOW_ROLES.has(row.role)) ? [slow] : []),
      ...(role === "media_repository"
        ? [line("client_max_body_size", Bytes.max(env.synapse.maxUploadSize, LARGEST_BODY).toNginx())]
        : []),
      // A body that was streamed to a dead process cannot be sent again (seen: main waits for the rest of it).
      ...(rows.every((row) => row.fallback)
        ? [line("proxy_request_buffering", "on"), line("error_page", "502", "504", "=", FALLBACK)]
        : []),
      // Never a path behind the name: it would be re-encoded, and signatures of other servers would not fit any more.
      line("proxy_pass", `http://${upstreamOf(rows)}`),
    ],
  );
};

/** Main in the place of a worker that cannot be reached. Not where the worker may have done the work already. */
const fallback = (): Directive =>
  block(
    "location",
    [FALLBACK],
    [
      block("if", [`(${MAY_HAVE_RUN})`], [line("return", "502")]),
      slow,
      line("proxy_request_buffering", "on"),
      line("proxy_pass", `http://${MAIN}`),
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

const wellKnown = (env: Environment): Directive[] => {
  const { origin, hostname, port, protocol } = new URL(env.publicBaseurl);
  const server = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  return [
    document("/.well-known/matrix/client", { "m.homeserver": { base_url: origin } }),
    ...(env.expected.federation === "closed" ? [] : [document("/.well-known/matrix/server", { "m.server": server })]),
  ];
};

/** Locations of the public server. Nginx tries those with a pattern in their order. */
export const locations = (env: Environment, table: readonly Route[]): Directive[] => [
  ...wellKnown(env),
  ...(env.nginx.adminApiFrom.length > 0 ? [] : [block("location", ["^~", ADMIN_PREFIX], [line("return", "403")])]),
  ...byPattern(table).map((rows) => location(env, rows as [Route, ...Route[]])),
  ...(table.some((route) => route.fallback) ? [fallback()] : []),
  block("location", ["/"], [line("return", "404")]),
];
