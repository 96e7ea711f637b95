import type { BalancingKey } from "../../configs/catalogue/role";
import type { Environment } from "../../configs/environment";
import { UserError } from "../../configs/user-error";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { accepted, byPattern, isFirstSync, isPlain } from "./choices";
import { serverFor } from "./consistent-hash";
import { wellKnownPaths } from "./locations";
import { ADMIN_PREFIX, isAdmin, MAIN, type Route, routes } from "./routes";
import { argument, parseTarget, readable, type Target } from "./target";
import { type Servers, serversOf } from "./upstreams";
import { isDisguised, isOpaque, roomOf, userOf } from "./variables";

/** A request as far as its routing goes. */
export interface RequestToExplain {
  readonly method: string;
  /** Path and query as a client sends them. */
  readonly target: string;
  /** Who sends it: localpart or whole id. */
  readonly user?: string;
  /** Server that sends it, for federation. */
  readonly origin?: string;
}

/** What chooses among the processes of a pool. */
export interface ChosenBy {
  readonly by: Exclude<BalancingKey, "none">;
  /** Null where method and path do not tell it. */
  readonly value: string | null;
  /** Where the value comes from. */
  readonly from: string;
}

/** Who answers a request, and why. */
export interface Explanation {
  readonly method: string;
  /** Decoded, as patterns see it; null where it cannot be decoded. */
  readonly path: string | null;
  /** What Nginx itself answers; null where a process answers. */
  readonly status: number | null;
  readonly role: Route["role"] | null;
  readonly pattern: string | null;
  /** The one that gets it; null where Nginx answers, or where the value of the key is not known. */
  readonly process: string | null;
  /** All that could get it. */
  readonly processes: readonly string[];
  /** Null with a single process. */
  readonly key: ChosenBy | null;
  readonly fallback: typeof MAIN | null;
  readonly reason: string;
}

/** Nginx takes capitals alone, and refuses both methods that would turn a proxy on others (ngx_http_request.c). */
const METHOD = /^[A-Z][A-Z_-]*$/;
const REFUSED_METHODS = ["TRACE", "CONNECT"];

/** A pattern as PCRE reads it: there, unlike in JavaScript, `$` also stands before a line break at the very end. */
const asPcre = (pattern: string): RegExp => new RegExp(pattern.replaceAll("$", "(?=\\n?$)"));

const answered = (method: string, path: string | null, status: number, reason: string): Explanation => ({
  method,
  path,
  status,
  role: null,
  pattern: null,
  process: null,
  processes: [],
  key: null,
  fallback: null,
  reason,
});

/** What Nginx answers by itself, in the order in which it comes to it. */
const ownAnswer = (env: Environment, { method }: RequestToExplain, target: Target): Explanation | undefined => {
  const { sent, path } = target;
  const own = (status: number, reason: string): Explanation => answered(method, readable(path), status, reason);
  if (REFUSED_METHODS.includes(method)) return own(405, `Nginx never passes ${method} on`);
  if (isDisguised(sent, path)) {
    return isDisguised(path, path)
      ? own(404, "no public path: those begin with /_matrix/, /_synapse/client/ or /.well-known/matrix/")
      : own(404, "the path as it was sent begins otherwise than the decoded one: Synapse might see another endpoint");
  }
  if (wellKnownPaths(env).includes(path)) return own(200, "a document of Nginx's own");
  if (path.startsWith(ADMIN_PREFIX) && env.nginx.adminApiFrom.length === 0) {
    return own(403, "the admin API is closed: `nginx.admin_api_from` opens it to networks");
  }
  return undefined;
};

/** Synapse's tokens hold the localpart in base64 without padding (handlers/auth.py). */
const tokenPartOf = (user: string): string => {
  const localpart = /^@([^:]*)/.exec(user)?.[1] ?? user;
  return Buffer.from(localpart, "utf8").toString("base64").replace(/=+$/, "");
};

/** A value to hash, of one character a byte, and what to show of it. */
interface KeyValue {
  readonly hashed?: string;
  readonly shown: string | null;
  readonly from: string;
}

/** @param asksForOwners - Nginx asks Synapse whose the tokens of the authentication service are */
const userKey = ({ user }: RequestToExplain, { query }: Target, asksForOwners: boolean): KeyValue => {
  if (user !== undefined) return { hashed: tokenPartOf(user), shown: user, from: "the user in the access token" };
  const token = argument(query, "access_token");
  if (token === "") {
    const from = "the user in the access token; all of the token where it names none; the client's address without one";
    return { shown: null, from };
  }
  if (asksForOwners && isOpaque(token)) {
    return { shown: null, from: "the user that Synapse names for the token of the authentication service" };
  }
  const hashed = userOf(token);
  return hashed === token
    ? { hashed, shown: "the whole token", from: "the access token in the query, which names no user" }
    : { hashed, shown: Buffer.from(hashed, "base64").toString(), from: "the user in the access token of the query" };
};

const keyValue = (key: BalancingKey, request: RequestToExplain, target: Target, asksForOwners: boolean): KeyValue => {
  if (key === "uri") return { hashed: target.sent, shown: readable(target.sent), from: "path and query as sent" };
  if (key === "origin") {
    const { origin } = request;
    return origin === undefined
      ? { shown: null, from: "`origin` in the Authorization header; the other server's address without one" }
      : { hashed: origin, shown: origin, from: "`origin` in the Authorization header" };
  }
  const room = key === "room" ? roomOf(target.path) : undefined;
  return room === undefined
    ? userKey(request, target, asksForOwners && key === "user")
    : { hashed: room, shown: readable(room), from: "the room in the path" };
};

type Choice = Pick<Explanation, "process" | "processes" | "key">;

/** What a choice depends on beside the request. */
interface Chooser {
  readonly servers: Servers;
  readonly asksForOwners: boolean;
}

const chosen = (
  { servers, asksForOwners }: Chooser,
  { key, processes }: Route,
  request: RequestToExplain,
  target: Target,
): Choice => {
  if (key === "none") return { process: processes[0] as string, processes, key: null };
  const { hashed, shown: value, from } = keyValue(key, request, target, asksForOwners);
  const pool = processes.map((name) => servers.get(name) as string);
  const process = hashed === undefined ? null : (processes[pool.indexOf(serverFor(pool, hashed))] as string);
  return { process, processes, key: { by: key, value, from } };
};

/** The row of a pattern's group that takes the request; undefined: main gets it. */
const rowIn = (group: readonly Route[], method: string, query: string): Route | undefined =>
  isPlain(group)
    ? group[0]
    : group.find((row) => accepted(row.methods).includes(method) && (!row.firstSyncOnly || isFirstSync(query)));

/** @throws UserError (usage) */
const requireSendable = ({ method, target }: RequestToExplain): void => {
  if (!METHOD.test(method)) {
    throw new UserError(`expected a method in capitals such as GET, got ${JSON.stringify(method)}`, { usage: true });
  }
  if (!target.startsWith("/") || /\s/.test(target)) {
    const got = JSON.stringify(target);
    throw new UserError(`expected a path as a client sends it, such as /_matrix/client/versions, got ${got}`, {
      usage: true,
    });
  }
};

/**
 * Tells, request by request, which process gets it while all are up, and why.
 * @returns a function that throws UserError (usage) for a method or a path that no client could send
 */
export const explainerOf = (env: Environment, plan: Plan): ((request: RequestToExplain) => Explanation) => {
  const chooser = {
    servers: serversOf(plan, addressesOf(env.docker.network, plan)),
    asksForOwners: plan.nginx.tokenOwners !== undefined,
  };
  const groups = byPattern(routes(env, plan)).map((rows) => {
    const { pattern } = rows[0] as Route;
    return { rows, pattern, form: asPcre(pattern) };
  });
  return (request) => {
    requireSendable(request);
    const { method } = request;
    const target = parseTarget(request.target);
    if (!target) return answered(method, null, 400, "Nginx cannot decode the path, or it leads above its root");
    const own = ownAnswer(env, request, target);
    if (own) return own;
    const path = readable(target.path);
    const group = groups.find(({ form }) => form.test(target.path));
    if (!group) return answered(method, path, 404, "no row of the table fits the path");
    const { pattern } = group;
    const guard = isAdmin(pattern) ? `; only from ${env.nginx.adminApiFrom.join(", ")}, 403 for others` : "";
    const row = rowIn(group.rows, method, target.query);
    const common = { method, path, status: null, pattern };
    if (!row) {
      const reason = `the pattern decides, and its workers do not take ${method}${guard}`;
      return { ...common, role: MAIN, process: MAIN, processes: [MAIN], key: null, fallback: null, reason };
    }
    return {
      ...common,
      role: row.role,
      ...chosen(chooser, row, request, target),
      fallback: row.fallback ? MAIN : null,
      reason: `${row.reason}${guard}`,
    };
  };
};

const keyText = ({ by, value, from }: ChosenBy): string =>
  value === null ? `${by}: not known, it is ${from}` : `${by}: ${value}, ${from}`;

/** The explanation for people, a line a fact. */
export const explanationText = (explanation: Explanation): string => {
  const { method, path, status, role, pattern, process, processes, key, fallback, reason } = explanation;
  const facts: (readonly [name: string, text: string | null])[] = [
    ["request", `${method} ${path ?? ""}`.trimEnd()],
    ["answer", status === null ? null : `${status}, by Nginx itself`],
    ["process", status === null ? (process ?? `one of ${processes.join(", ")}`) : null],
    ["of", processes.length > 1 && process !== null ? processes.join(", ") : null],
    ["key", key && keyText(key)],
    ["role", role],
    ["pattern", pattern],
    ["fallback", fallback && `${fallback}, when it cannot be reached or does not answer in time`],
    ["why", reason],
  ];
  return `${facts.flatMap(([name, text]) => (text === null ? [] : `${name.padEnd(8)}  ${text}`)).join("\n")}\n`;
};
