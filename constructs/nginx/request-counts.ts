import { type NamedRole, ROLES, roleOf } from "../../configs/catalogue/roles";
import type { Plan } from "../../sizing/plan";
import { COUNTERS, REQUEST_LINES } from "../../sizing/request-counts";
import { isPoll } from "../../sizing/request-limits";
import type { ConfigFile } from "../file";
import { type Directive, line, map } from "./directive";
import { countScript } from "./request-counts-script";
import { PROCESS } from "./variables";

/** Mount point of a small tmpfs, so that lines cannot take the room of request bodies. */
export const REQUEST_LOG_FOLDER = "/requests";

/**
 * Options of the mount. An owner, since older engines give the folder the mode that the first start left, 755, when a
 * container starts again (seen with Docker 20.10): Nginx would be shut out.
 */
export const requestLogMount = (uid: number): string =>
  `rw,noexec,nosuid,nodev,uid=${uid},gid=${uid},mode=0755,size=${REQUEST_LINES.toNginx()}`;

const SCRIPT = "request-counts.js";
const ZONE = "kit_counts";
const FORMAT = "request_counts";
/** Kind of requests that wait for news, and whose time says nothing. */
const POLL = "poll";
/** Who answered where no process did: limits, timeouts, nobody reachable, paths that are not passed on. */
const ITSELF = "nginx";

/** Process whose answer the client got, else `nginx`. */
const SERVED_BY = "$kit_served_by";
/** `send`, `poll`, `federation`, `media`, `other`. */
const KIND = "$kit_kind";
/** Which half of ten seconds a request ended in; each has its own file. */
const FIRST_HALF = "$kit_first_half";
const SECOND_HALF = "$kit_second_half";
const LOGS = [`${REQUEST_LOG_FOLDER}/first`, `${REQUEST_LOG_FOLDER}/second`] as const;
/** Longer than a worker keeps lines; the script leaves them two seconds. */
const FLUSH = "1s";
const BUFFER = "16k";

type Endpoint = NamedRole["endpoints"][number];

/** Of method and path. */
const asked = ({ methods, pattern }: Endpoint): string => `"~^(?:${methods.join("|")}) ${pattern.slice(1)}"`;

const sends = roleOf("event_creator").endpoints.filter(({ pattern }) => pattern.endsWith("/send/"));
const polls = ROLES.filter(({ name }) => isPoll(name)).flatMap(({ endpoints }) => endpoints);

/** Files beside nginx.conf. */
export const requestCountFiles = (plan: Plan): ConfigFile[] =>
  plan.nginx.countsRequests
    ? [{ path: SCRIPT, content: countScript({ zone: ZONE, logs: LOGS, poll: POLL, itself: ITSELF }) }]
    : [];

/**
 * Directives of the http block. A script for each request took a third of Nginx' own CPU, two thirds of that for starting
 * one; a line for each takes 8 % (minima of seven rounds on a small configuration, wrk, a busy machine), and counting it
 * later 1.2 to 2 µs: so one script counts them every five seconds.
 *
 * What comes of it, beside `nginx_up` and `nginx_connections_{active,reading,writing,waiting}`:
 * - `nginx_http_requests_total{status, served_by}`: `status` is 429, 499, 502, 503, 504 or a class (`2xx`); `served_by` is
 *   the process whose answer it was, or `nginx`;
 * - `nginx_http_request_duration_seconds{kind}`: a histogram of what are no long polls and was not refused.
 */
export const requestCountSettings = (plan: Plan): Directive[] => {
  if (!plan.nginx.countsRequests) return [];
  return [
    line("js_import", "counts", "from", `/config/${SCRIPT}`),
    line("js_shared_dict_zone", `zone=${ZONE}:${COUNTERS.toNginx()}`, "type=number"),
    // The last one tried answered only where it has a time.
    map(`"${PROCESS} $upstream_header_time"`, SERVED_BY, ['"~^([^ -][^ ]*) .*[0-9]$"', "$1"], ["default", ITSELF]),
    map(
      '"$request_method $uri"',
      KIND,
      ...sends.map((endpoint) => [asked(endpoint), "send"] as const),
      ...polls.map((endpoint) => [asked(endpoint), POLL] as const),
      ['"~^[A-Z]+ /_matrix/(?:federation|key)/"', "federation"],
      ['"~^[A-Z]+ /_matrix/(?:client/v1/)?media/"', "media"],
      ["default", "other"],
    ),
    map("$msec", FIRST_HALF, ['"~[0-4]\\."', "1"], ["default", '""']),
    map(FIRST_HALF, SECOND_HALF, ["1", '""'], ["default", "1"]),
    // Beside the access log, and inherited with it.
    line("log_format", FORMAT, `'$request_time ${SERVED_BY} $status ${KIND}'`),
    ...[FIRST_HALF, SECOND_HALF].map((half, index) =>
      line("access_log", LOGS[index] as string, FORMAT, `buffer=${BUFFER}`, `flush=${FLUSH}`, `if=${half}`),
    ),
  ];
};

/** What shows the counts, and what counts: a worker's own time, not a request's. */
export const requestCountLocation = (): Directive[] => [
  line("js_periodic", "counts.collect", "interval=1s"),
  line("js_content", "counts.show"),
];
