import { nginxSeconds } from "./nginx-time";
import { isOn, type Rule } from "./rule";

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const LARGEST_BODY_BUFFER = 1024 ** 2;

/** Nginx's sizes: a number and `k`, `m` or `g`; NaN for anything else. */
const bytes = (value: unknown): number => {
  const match = /^\s*(\d+)([kmg]?)\s*$/i.exec(String(value));
  return match ? Number(match[1]) * (FACTORS[(match[2] ?? "").toLowerCase()] as number) : Number.NaN;
};

/** Twice the wait of PgBouncer, and four times a long poll (I11). */
const LEAST_READ_TIMEOUT = 120;

/** Directives of Nginx from old guides; the kit's Nginx speaks plain HTTP behind the machine's own proxy. */
export const RETIRED_NGINX: readonly Rule[] = [
  { key: "ssl", message: "Nginx removed `ssl on` in 1.25: remove it, TLS ends at the proxy before the kit" },
  { key: "spdy*", message: "Nginx removed SPDY in 1.9.5: remove it" },
  { key: "http2_push*", message: "Nginx removed HTTP/2 push in 1.25.1: remove it" },
  ...[
    "http2_idle_timeout",
    "http2_recv_timeout",
    "http2_max_requests",
    "http2_max_field_size",
    "http2_max_header_size",
    "http2_max_concurrent_pushes",
  ].map(
    (key): Rule => ({
      key,
      message: `\`${key}\` is obsolete: use the directives of HTTP/1.1 such as \`keepalive_timeout\``,
    }),
  ),
  { key: "http2*", message: "HTTP/2 ends with TLS at the proxy before the kit: set it there" },
  { key: "http3*", message: "HTTP/3 ends with TLS at the proxy before the kit: set it there" },
  { key: "quic_*", message: "HTTP/3 ends with TLS at the proxy before the kit: set it there" },
  { key: "brotli*", message: "the official Nginx has no Brotli module: use `gzip`" },
  { key: "zstd*", message: "the official Nginx has no Zstandard module: use `gzip`" },
  { key: "more_set_headers", message: "the official Nginx has no headers-more module: use `add_header`" },
  { key: "more_clear_headers", message: "the official Nginx has no headers-more module: use `proxy_hide_header`" },
  { key: "pagespeed", message: "the official Nginx has no PageSpeed module: remove it" },
  { key: "lua_*", message: "the official Nginx has no Lua module: remove it" },
  { key: "vhost_traffic_status*", message: "the official Nginx has no VTS module: remove it, `stub_status` is on" },
  { key: "proxy_pass", message: "`proxy_pass` belongs to a location, and the kit writes the routes: remove it" },
  {
    key: "ssl_stapling*",
    message: "Let's Encrypt ended OCSP, and TLS ends at the proxy before the kit: remove it",
  },
  { key: "ssl_*", message: "TLS ends at the proxy before the kit: set it there" },
  {
    key: "client_body_buffer_size",
    message: "each request may take a buffer of this size: set 1m or less",
    when: (value) => bytes(value) > LARGEST_BODY_BUFFER,
  },
  {
    key: "proxy_request_buffering",
    message: "buffered bodies would land in the memory of Nginx's container: remove it",
    when: isOn,
  },
  {
    key: "proxy_max_temp_file_size",
    message: "temporary files would land in the memory of Nginx's container: remove it",
    when: (value) => bytes(value) !== 0,
  },
  ...["proxy_read_timeout", "proxy_send_timeout"].map(
    (key): Rule => ({
      key,
      message: `\`${key}\` below ${LEAST_READ_TIMEOUT}s cuts off what Synapse is still working on: set ${LEAST_READ_TIMEOUT}s or more, or remove it`,
      when: (value) => nginxSeconds(value) < LEAST_READ_TIMEOUT,
    }),
  ),
  { key: "proxy_cache*", message: "answers of Synapse belong to one user and must not be cached: remove it" },
  { key: "proxy_store", message: "answers of Synapse belong to one user and must not be stored: remove it" },
  {
    key: "proxy_ignore_client_abort",
    message: "abandoned long polls would keep their workers busy: remove it",
    when: isOn,
  },
  {
    key: "proxy_next_upstream",
    message: "a repeated request may send a message twice: remove `non_idempotent`",
    when: (value) => /non_idempotent/.test(String(value)),
  },
  { key: "merge_slashes", message: "`merge_slashes` is on by default: remove it", when: isOn },
  { key: "aio", message: "Nginx serves no files here, so `aio` has no effect: remove it" },
  { key: "directio", message: "Nginx serves no files here, so `directio` has no effect: remove it" },
  { key: "open_file_cache*", message: "Nginx serves no files here, so `open_file_cache` has no effect: remove it" },
  { key: "limit_zone", message: "Nginx removed `limit_zone` in 1.7.6: use `limit_conn_zone`" },
  { key: "tcp_nodelay", message: "`tcp_nodelay` off delays answers: remove it", when: (value) => !isOn(value) },
  {
    key: "proxy_buffering",
    message: "`proxy_buffering` off lets slow clients hold Synapse's workers: remove it",
    when: (value) => !isOn(value),
  },
];
