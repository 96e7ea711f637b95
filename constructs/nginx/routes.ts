import type { BalancingKey, Endpoint, Method } from "../../configs/catalogue/role";
import { type NamedRole, ROLES, type RoleName } from "../../configs/catalogue/roles";
import type { Environment } from "../../configs/environment";
import type { Plan, ProcessPlan } from "../../sizing/plan";
import { holdersOf } from "../synapse/topology";

/** Name of main as a role, an upstream and a process. */
export const MAIN = "main";
/** Kept from everybody but those whom the environment names. */
export const ADMIN_PREFIX = "/_synapse/admin/";

/**
 * One row of the routing table. A request goes to the first row that fits its method, its path (decoded, as Nginx
 * matches it) and, for first syncs, its query; where only the method does not fit, to main.
 */
export interface Route {
  /** Empty: all of them. */
  readonly methods: readonly Method[];
  readonly pattern: string;
  /** The row is for syncs without `since` or with `full_state=true`. */
  readonly firstSyncOnly: boolean;
  readonly role: RoleName | typeof MAIN;
  /** Nginx upstream: the process, or the role where several processes hold it. */
  readonly upstream: string;
  readonly processes: readonly string[];
  /** What chooses among the processes. */
  readonly key: BalancingKey;
  /** Main takes over when no process of the upstream can be reached. */
  readonly fallback: boolean;
  readonly reason: string;
}

type Pool = Pick<Route, "upstream" | "processes" | "key" | "fallback">;

const MAIN_POOL: Pool = { upstream: MAIN, processes: [MAIN], key: "none", fallback: false };

export const isAdmin = (pattern: string): boolean => pattern.startsWith(`^${ADMIN_PREFIX}`);

const poolOf = (role: NamedRole, holders: readonly ProcessPlan[]): Pool => {
  const processes = holders.map(({ name }) => name);
  const [first, second] = processes;
  if (first === undefined) return MAIN_POOL;
  return {
    upstream: second === undefined ? first : role.name,
    processes,
    key: second === undefined ? "none" : role.balancing,
    fallback: role.fallsBackToMain,
  };
};

const reasonOf = (role: NamedRole, { upstream, fallback }: Pool): string => {
  if (upstream === MAIN) return `${role.summary}; no worker has the role`;
  return `${role.summary}; ${fallback ? "main stands in when it is down" : "nobody else can serve it"}`;
};

/** First syncs need a row of their own only where other processes than those of `sync` serve them. */
const isShadowed = (plan: Plan, role: NamedRole, { firstSyncOnly }: Endpoint): boolean => {
  if (firstSyncOnly === undefined) return false;
  const names = (name: RoleName) => holdersOf(plan, name).map((process) => process.name);
  return names(role.name).join() === names("sync").join();
};

/** Rows of a role; without a holder only media has some, since uploads are larger than anything else on main. */
const routesOf = (env: Environment, plan: Plan, role: NamedRole): Route[] => {
  const holders = holdersOf(plan, role.name);
  if (holders.length === 0 && role.name !== "media_repository") return [];
  const pool = poolOf(role, holders);
  return role.endpoints
    .filter(({ pattern }) => env.nginx.adminApiFrom.length > 0 || !isAdmin(pattern))
    .filter((endpoint) => !isShadowed(plan, role, endpoint))
    .map(({ pattern, methods, firstSyncOnly }) => ({
      methods,
      pattern,
      firstSyncOnly: firstSyncOnly ?? false,
      role: role.name,
      ...pool,
      reason: reasonOf(role, pool),
    }));
};

const toMain = (pattern: string, reason: string): Route => ({
  methods: [],
  pattern,
  firstSyncOnly: false,
  role: MAIN,
  ...MAIN_POOL,
  reason,
});

/** The whole table, in matching order. What no row fits is not passed on at all. */
export const routes = (env: Environment, plan: Plan): Route[] => [
  ...ROLES.flatMap((role) => routesOf(env, plan, role)),
  ...(env.nginx.adminApiFrom.length > 0 ? [toMain(`^${ADMIN_PREFIX}`, "the admin API, for the networks named")] : []),
  toMain("^/_matrix/", "whatever no worker serves"),
  toMain("^/_synapse/client/", "pages of Synapse's own for clients"),
];
