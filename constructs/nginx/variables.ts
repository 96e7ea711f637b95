import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import { type Directive, map } from "./directive";
import { ADMIN_PREFIX } from "./routes";
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
/** Not empty where a request may change something. */
export const WRITES = "$kit_writes";

/** Access token of a request. */
export const TOKEN = "$kit_token";
/** Whose request it is where the token does not say so. */
export const OPAQUE_USER = "$kit_opaque_user";
/** Access tokens of the authentication service: its own, of old logins, personal ones (MAS: crates/data-model/src/tokens.rs). */
const OPAQUE = "^m[acp]t_";
export const OPAQUE_TOKENS = `"~${OPAQUE}"`;
/** Synapse's own tokens carry the user's localpart, in unpadded base64. */
const USER_IN_TOKEN = "^syt_([^_]+)_";
/** Room ids have no domain since room version 12. */
const ROOM_IN_PATH = "/(?:rooms|join|knock|room_summary|summary)/([^/]+)";

/** What chooses a process. */
const keys = (plan: Plan): Directive[] => [
  // `access_token` in the query is deprecated and still met.
  map("$http_authorization", TOKEN, ['"~^Bearer (.+)$"', "$1"], ["default", "$arg_access_token"]),
  // Others stand for a device, unless Nginx asks whose they are.
  map(
    TOKEN,
    USER,
    [`"~${USER_IN_TOKEN}"`, "$1"],
    ...(plan.nginx.tokenOwners ? [[OPAQUE_TOKENS, OPAQUE_USER] as const] : []),
    ['""', "$remote_addr"],
    ["default", TOKEN],
  ),
  // On the decoded path, so that `!` and `%21` are one room.
  map("$uri", ROOM, [`"~${ROOM_IN_PATH}"`, "$1"], ["default", USER]),
  map(
    "$http_authorization",
    ORIGIN,
    ['"~*^X-Matrix[ ,](?:.*[ ,])?origin=\\"?([^\\",]+)"', "$1"],
    ["default", "$remote_addr"],
  ),
];

/** Whether a token is one of the authentication service. */
export const isOpaque = (token: string): boolean => new RegExp(OPAQUE).test(token);

/** What `$kit_user` makes of a token that is not empty. */
export const userOf = (token: string): string => new RegExp(USER_IN_TOKEN).exec(token)?.[1] ?? token;

/** What `$kit_room` finds in a decoded path. @returns undefined where it takes `$kit_user` instead */
export const roomOf = (path: string): string | undefined => new RegExp(ROOM_IN_PATH).exec(path)?.[1];

/** All that is answered at all, by the beginning of the path. */
const PREFIXES = `(/_matrix/|/_synapse/client/|${ADMIN_PREFIX}|/\\.well-known/matrix/)`;
/** Of a path as it was sent and decoded. No raw path holds a space, so the first one stands between the two. */
const UNDISGUISED = `^${PREFIXES}[^ ]* \\1`;

/**
 * Synapse looks at the path as it was sent, Nginx at the decoded one without dots: `/_synapse/admin/…/..%2f..%2f_matrix`
 * is the admin API to one and public to the other. Both must agree on the prefix.
 */
const disguised = (): Directive => map('"$request_uri $uri"', DISGUISED, [`"~${UNDISGUISED}"`, '""'], ["default", "1"]);

/** Whether Nginx refuses a path for being none of the public ones, or another than it looks. */
export const isDisguised = (sent: string, path: string): boolean => !new RegExp(UNDISGUISED).test(`${sent} ${path}`);

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

/**
 * Nothing sent: the process could not be reached. Something sent: it may be at work, which `PUT` and `DELETE` survive,
 * since Matrix gives them transaction ids; but what was too slow there would be too slow again.
 */
const mayHaveRun = (): Directive =>
  map(
    '"$request_method $upstream_bytes_sent;$upstream_status"',
    MAY_HAVE_RUN,
    ['"~^(?:POST|PATCH) [^;]*[1-9]"', "1"],
    ['"~^[A-Z]+ [^;]*[1-9][^;]*;.*504$"', "1"],
    ["default", '""'],
  );

const writes = (): Directive => map("$request_method", WRITES, ['"~^(?:GET|HEAD|OPTIONS)$"', '""'], ["default", "1"]);

/** Variables of the http block that do not depend on the routing table. */
export const variables = (env: Environment, plan: Plan, servers: Servers): Directive[] => [
  ...keys(plan),
  disguised(),
  host(env),
  process(servers),
  mayHaveRun(),
  writes(),
];
