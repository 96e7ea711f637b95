import type { BalancingKey } from "../../configs/catalogue/role";
import type { RoleName } from "../../configs/catalogue/roles";
import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { Bytes } from "../../configs/units/bytes";
import { Duration } from "../../configs/units/duration";
import type { Plan } from "../../sizing/plan";
import { type Addresses, addressesOf } from "../addresses";
import { block, type Directive, line, print } from "./directive";
import { MAIN_POOL, type Pool, pools, type Route, routes } from "./routes";

/** Synapse itself takes 200 × 64 KiB outside the media repository (app/_base.py). */
const LARGEST_BODY = Bytes.mib(12.5);
/** Twice what clients and Synapse agree on for a long poll, with room for slow answers (ESS: 180 s). */
const READ_TIMEOUT = Duration.minutes(3);
/** Joins into large rooms, first syncs and large files take minutes. */
const SLOW_READ_TIMEOUT = Duration.minutes(10);
const SLOW_ROLES: ReadonlySet<RoleName> = new Set<RoleName>([
  "initial_sync",
  "sync",
  "event_creator",
  "media_repository",
  "federation_reader",
  "federation_inbound",
]);
/** A stopped container answers with silence on a bridge. */
const CONNECT_TIMEOUT = Duration.seconds(3);
/** Less than the container's grace, so that it is Nginx that ends long polls, not the engine. */
const SHUTDOWN_TIMEOUT = Duration.seconds(30);

const HASH: Readonly<Record<Exclude<BalancingKey, "none">, string>> = {
  user: "$kit_user",
  room: "$kit_room",
  origin: "$kit_origin",
  uri: "$request_uri",
};

const upstream = (pool: Pool, addresses: ReadonlyMap<string, Addresses>, main: string): Directive => {
  const server = (container: string) => `${addresses.get(container)?.frontend}:${PORTS.synapse}`;
  const servers = pool.processes.map((process) => server(process.container.name));
  return block(
    "upstream",
    [pool.name],
    [
      line("zone", pool.name, "64k"),
      ...(pool.key === "none" ? [] : [line("hash", HASH[pool.key], "consistent")]),
      // A restart of two seconds must not become ten of refusal.
      ...servers.map((address) => line("server", address, "max_fails=0")),
      ...(pool.fallback ? [line("server", main, "backup")] : []),
      line("keepalive", String(2 * (servers.length + (pool.fallback ? 1 : 0)))),
    ],
  );
};

/** Variables that choose a server, and the name of the process for the log. */
const maps = (plan: Plan, addresses: ReadonlyMap<string, Addresses>): Directive[] => [
  // `access_token` in the query is deprecated and still met.
  block(
    "map",
    ["$http_authorization", "$kit_token"],
    [line('"~^Bearer (.+)$"', "$1"), line("default", "$arg_access_token")],
  ),
  // Tokens of Synapse's own carry the user: all devices of a user share one cache. Others are hashed whole.
  block(
    "map",
    ["$kit_token", "$kit_user"],
    [line('"~^syt_([^_]+)_"', "$1"), line('""', "$remote_addr"), line("default", "$kit_token")],
  ),
  // On the decoded path, so that `!` and `%21` are one room; room ids since v12 have no colon. What names no room
  // (createRoom, profiles) is spread by user.
  block("map", ["$uri", "$kit_room"], [line('"~/(?:rooms|join|knock)/([^/]+)"', "$1"), line("default", "$kit_user")]),
  block(
    "map",
    ["$http_authorization", "$kit_origin"],
    [line('"~*^X-Matrix[ ,].*origin=\\"?([^\\",]+)"', "$1"), line("default", "$remote_addr")],
  ),
  block(
    "map",
    ["$upstream_addr", "$kit_process"],
    [
      line("default", '"-"'),
      ...plan.synapse.processes.map(({ name, container }) => {
        const address = `${addresses.get(container.name)?.frontend}:${PORTS.synapse}`;
        return line(`"~${address.replaceAll(".", "\\.")}$"`, name);
      }),
    ],
  ),
  // A first sync has no `since`, or asks for everything.
  block(
    "map",
    ['"$arg_since|$arg_full_state"', "$kit_sync_pool"],
    [
      line('"~^\\|"', pools(plan).some((pool) => pool.name === "initial_sync") ? "initial_sync" : syncPool(plan)),
      line('"~\\|true$"', pools(plan).some((pool) => pool.name === "initial_sync") ? "initial_sync" : syncPool(plan)),
      line("default", syncPool(plan)),
    ],
  ),
];

const syncPool = (plan: Plan): string => (pools(plan).some((pool) => pool.name === "sync") ? "sync" : MAIN_POOL);

/** Only these may come from where the operator says; closed altogether by default. */
const adminGuard = (env: Environment): Directive[] =>
  env.nginx.adminApiFrom.length > 0
    ? [...env.nginx.adminApiFrom.map((from) => line("allow", from)), line("deny", "all")]
    : [];

const isAdmin = (pattern: string): boolean => pattern.startsWith("^/_synapse/admin/");

const location = (env: Environment, route: Route): Directive => {
  const { pattern, role, pool } = route;
  const isSync = role === "sync" && pattern.endsWith("/sync$");
  return block(
    "location",
    ["~", `"${pattern}"`],
    [
      ...(isAdmin(pattern) ? adminGuard(env) : []),
      ...(SLOW_ROLES.has(role) ? [line("proxy_read_timeout", SLOW_READ_TIMEOUT.toString())] : []),
      ...(role === "media_repository" ? [line("client_max_body_size", largestUpload(env).toNginx())] : []),
      // Never a path behind the name: it would be re-encoded, and signatures of other servers would not fit any more.
      line("proxy_pass", isSync ? "http://$kit_sync_pool" : `http://${pool.name}`),
    ],
  );
};

const largestUpload = (env: Environment): Bytes => Bytes.max(env.synapse.maxUploadSize, LARGEST_BODY);

const toMain = (path: string, extra: Directive[] = []): Directive =>
  block(
    "location",
    [path],
    [...extra, line("proxy_read_timeout", SLOW_READ_TIMEOUT.toString()), line("proxy_pass", `http://${MAIN_POOL}`)],
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
  const base = new URL(env.publicBaseurl);
  const port = base.port || (base.protocol === "https:" ? "443" : "80");
  return [
    document("/.well-known/matrix/client", { "m.homeserver": { base_url: env.publicBaseurl } }),
    ...(env.expected.federation === "closed"
      ? []
      : [document("/.well-known/matrix/server", { "m.server": `${base.hostname}:${port}` })]),
  ];
};

const publicServer = (env: Environment, plan: Plan): Directive =>
  block(
    "server",
    [],
    [
      line("listen", String(PORTS.nginx), "default_server"),
      line("server_name", "_"),
      ...wellKnown(env),
      // `^~` keeps the admin patterns of the media role from being looked at.
      ...(env.nginx.adminApiFrom.length > 0
        ? [toMain("/_synapse/admin/", adminGuard(env))]
        : [block("location", ["^~", "/_synapse/admin/"], [line("return", "403")])]),
      ...routes(plan).map((route) => location(env, route)),
      // Without a media worker uploads go to main, and are as large.
      block(
        "location",
        ["/_matrix/media/"],
        [
          line("client_max_body_size", largestUpload(env).toNginx()),
          line("proxy_read_timeout", SLOW_READ_TIMEOUT.toString()),
          line("proxy_pass", `http://${MAIN_POOL}`),
        ],
      ),
      toMain("/_matrix/"),
      toMain("/_synapse/client/"),
      block("location", ["/"], [line("return", "404")]),
    ],
  );

const statusServer = (): Directive =>
  block(
    "server",
    [],
    [
      line("listen", `127.0.0.1:${PORTS.nginxStatus}`),
      line("access_log", "off"),
      block("location", ["=", "/healthz"], [line("return", "200", '"ok\\n"')]),
      block("location", ["=", "/nginx_status"], [line("stub_status")]),
      block("location", ["/"], [line("return", "404")]),
    ],
  );

/** Directives of the `http` block that an environment may replace. */
const httpSettings = (env: Environment): Record<string, string> => ({
  server_tokens: "off",
  sendfile: "on",
  tcp_nopush: "on",
  keepalive_timeout: "75s",
  gzip: "on",
  gzip_comp_level: "2",
  gzip_min_length: "1000",
  gzip_proxied: "any",
  gzip_vary: "on",
  gzip_types: "application/json text/plain application/javascript text/css",
  client_header_timeout: "30s",
  client_body_timeout: "60s",
  client_max_body_size: LARGEST_BODY.toNginx(),
  client_body_buffer_size: "128k",
  large_client_header_buffers: "4 16k",
  // Bodies stream through: buffered, they would land in the container's memory.
  proxy_request_buffering: "off",
  proxy_max_temp_file_size: "0",
  proxy_buffer_size: "16k",
  proxy_buffers: "8 16k",
  proxy_busy_buffers_size: "32k",
  proxy_connect_timeout: CONNECT_TIMEOUT.toString(),
  proxy_read_timeout: READ_TIMEOUT.toString(),
  proxy_send_timeout: READ_TIMEOUT.toString(),
  ...Object.fromEntries(Object.entries(env.nginx.settings).map(([name, value]) => [name, asDirective(value)])),
});

const asDirective = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value);

/** Everything that Nginx writes while it runs goes below /tmp, the only writable place. */
const TEMP_PATHS = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
  line(`${name}_temp_path`, `/tmp/${name}`),
);

const LOG_FORMAT = [
  "escape=json",
  `'{"time":"$time_iso8601","request_id":"$request_id","remote_addr":"$remote_addr","method":"$request_method",'`,
  // Without the query string: access tokens may stand in it.
  `'"path":"$uri","status":"$status","bytes":"$body_bytes_sent","seconds":"$request_time",'`,
  `'"process":"$kit_process","upstream":"$upstream_addr","upstream_seconds":"$upstream_response_time"}'`,
];

/** The whole nginx.conf, for a process without root on a read-only root file system. */
export const nginxConf = (env: Environment, plan: Plan): string => {
  const addresses = addressesOf(env.docker.network, plan);
  const all = pools(plan);
  const main = `${addresses.get(all[0]?.processes[0]?.container.name ?? "")?.frontend}:${PORTS.synapse}`;
  const scheme = new URL(env.publicBaseurl).protocol.replace(":", "");
  const { workerProcesses, workerConnections, workerRlimitNofile } = plan.nginx;
  return `# Rendered by synapse-kit.\n${print([
    line("worker_processes", String(workerProcesses.value)),
    line("worker_rlimit_nofile", String(workerRlimitNofile.value)),
    line("worker_shutdown_timeout", SHUTDOWN_TIMEOUT.toString()),
    line("pid", "/tmp/nginx.pid"),
    line("error_log", "/dev/stderr", "warn"),
    block("events", [], [line("worker_connections", String(workerConnections.value))]),
    block(
      "http",
      [],
      [
        line("default_type", "application/octet-stream"),
        ...TEMP_PATHS,
        line("log_format", "kit", ...LOG_FORMAT),
        line("access_log", "/dev/stdout", "kit"),
        ...Object.entries(httpSettings(env)).map(([name, value]) => line(name, value)),
        line("proxy_http_version", "1.1"),
        // Overwritten, not appended to: what a client sends in it is hearsay.
        line("proxy_set_header", "X-Forwarded-For", "$remote_addr"),
        line("proxy_set_header", "X-Forwarded-Proto", scheme),
        line("proxy_set_header", "Host", "$host:$server_port"),
        line("proxy_set_header", "Connection", '""'),
        line("proxy_set_header", "X-Request-ID", "$request_id"),
        ...maps(plan, addresses),
        ...all.map((pool) => upstream(pool, addresses, main)),
        publicServer(env, plan),
        statusServer(),
      ],
    ),
  ])}`;
};
