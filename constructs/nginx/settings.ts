import type { Environment } from "../../configs/environment";
import { LARGEST_BODY } from "./locations";
import { CONNECT_TIMEOUT, NEXT_TIMEOUT, READ_TIMEOUT } from "./timeouts";
import { PROCESS } from "./variables";

/** One JSON object a line; the path without its query, in which access tokens may stand. */
const LOG_FIELDS = {
  time: "$time_iso8601",
  request_id: "$request_id",
  remote_addr: "$remote_addr",
  method: "$request_method",
  path: "$uri",
  status: "$status",
  bytes: "$body_bytes_sent",
  seconds: "$request_time",
  process: PROCESS,
  upstream: "$proxy_host",
  upstream_addr: "$upstream_addr",
  upstream_seconds: "$upstream_response_time",
} as const;

/** Everything that Nginx writes while it runs goes below /tmp, the only writable place. */
const TEMP_PATHS = Object.fromEntries(
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => [`${name}_temp_path`, `/tmp/${name}`]),
);

const asDirective = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value);

/** Simple directives of the `http` block; an environment may replace each, and add others. */
export const httpSettings = (env: Environment): Readonly<Record<string, string>> => ({
  default_type: "application/octet-stream",
  ...TEMP_PATHS,
  log_format: `kit escape=json '${JSON.stringify(LOG_FIELDS)}'`,
  access_log: "/dev/stdout kit",
  // Twice the default: the table's own variables are many.
  variables_hash_max_size: "2048",
  variables_hash_bucket_size: "128",
  server_tokens: "off",
  sendfile: "on",
  tcp_nopush: "on",
  keepalive_timeout: "75s",
  reset_timedout_connection: "on",
  gzip: "on",
  gzip_comp_level: "2",
  gzip_min_length: "1000",
  // Each answer on its way takes these: with zlib's largest window, 393 kB instead of 24 for a tenth less to send.
  gzip_window: "2k",
  gzip_hash: "4k",
  gzip_buffers: "2 4k",
  gzip_proxied: "any",
  gzip_vary: "on",
  gzip_types: "application/json text/plain application/javascript text/css",
  client_header_timeout: "30s",
  client_body_timeout: "60s",
  client_max_body_size: LARGEST_BODY.toNginx(),
  // An event (65 kB at most) never needs a file, which a full /tmp could not take; with what else a request takes it is no
  // more than an answer that nobody reads, which sizing/nginx.ts reckons with.
  client_body_buffer_size: "68k",
  large_client_header_buffers: "4 16k",
  // Bodies stream through: kept, they would fill the container's memory. Locations with a fallback must keep them.
  proxy_request_buffering: "off",
  proxy_max_temp_file_size: "0",
  // Of every request whose client reads slowly: sizing/nginx.ts reckons with them.
  proxy_buffer_size: "8k",
  proxy_buffers: "4 4k",
  proxy_busy_buffers_size: "8k",
  proxy_connect_timeout: CONNECT_TIMEOUT.toString(),
  proxy_read_timeout: READ_TIMEOUT.toString(),
  proxy_send_timeout: READ_TIMEOUT.toString(),
  // A timeout of the connection is worth a second try. One of the answer is not: it comes after the ten seconds.
  proxy_next_upstream: "error timeout",
  proxy_next_upstream_timeout: NEXT_TIMEOUT.toString(),
  proxy_http_version: "1.1",
  ...Object.fromEntries(Object.entries(env.nginx.settings).map(([name, value]) => [name, asDirective(value)])),
});
