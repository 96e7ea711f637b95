import type { BalancingKey, Endpoint, Method } from "../../configs/catalogue/role";
import { type NamedRole, ROLES, type RoleName } from "../../configs/catalogue/roles";
import type { Environment } from "../../configs/environment";
import type { Plan, ProcessPlan } from "../../sizing/plan";
import { holdersOf, streamsOf } from "../synapse/topology";

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
  /** Nginx upstream, one for each role: what is in flight is counted there. */
  readonly upstream: string;
  readonly processes: readonly string[];
  /** What chooses among the processes. */
  readonly key: BalancingKey;
  /** Main takes over when no process of the upstream can be reached. */
  readonly fallback: boolean;
  /** Requests in flight at each of the processes; one more is answered with 429. */
  readonly limit: number;
  readonly reason: string;
}

type Pool = Pick<Route, "upstream" | "processes" | "key" | "fallback" | "limit">;

export const isAdmin = (pattern: string): boolean => pattern.startsWith(`^${ADMIN_PREFIX}`);

const poolOf = (role: NamedRole, holders: readonly ProcessPlan[], limit: number): Pool => {
  const processes = holders.length > 0 ? holders.map(({ name }) => name) : [MAIN];
  return {
    upstream: role.name,
    processes,
    key: processes.length > 1 ? role.balancing : "none",
    fallback: holders.length > 0 && role.fallsBackToMain,
    limit,
  };
};

const reasonOf = (role: NamedRole, { processes, fallback }: Pool): string => {
  if (processes[0] === MAIN) return `${role.summary}; no worker has the role`;
  if (fallback) return `${role.summary}; main stands in when it is down`;
  return `${role.summary}; ${processes.length > 1 ? "only these can serve it" : "nobody else can serve it"}`;
};

/** Methods of an endpoint by whether main stands in for them: not for what one of the processes writes itself. */
const byFallback = (
  { methods, writesTo = [] }: Endpoint,
  holders: readonly ProcessPlan[],
): (readonly [methods: readonly Method[], canFallBack: boolean])[] => {
  const isForAll = !holders.flatMap(streamsOf).some((stream) => writesTo.includes(stream));
  const reads = methods.filter((method) => isForAll || method === "GET");
  const writes = methods.filter((method) => !reads.includes(method));
  return (
    [
      [reads, true],
      [writes, false],
    ] as const
  ).filter(([some]) => some.length > 0);
};

/** Rows of a role that is counted by itself: each that a worker holds, and on main those that would fill its queue. */
const routesOf = (env: Environment, plan: Plan, role: NamedRole): Route[] => {
  const limit = plan.nginx.limits.byRole[role.name];
  if (!limit) return [];
  const holders = holdersOf(plan, role.name);
  const pool = poolOf(role, holders, limit.value);
  return role.endpoints
    .filter(({ pattern }) => env.nginx.adminApiFrom.length > 0 || !isAdmin(pattern))
    .flatMap((endpoint) =>
      byFallback({ ...role, ...endpoint }, holders).map(([methods, canFallBack]) => {
        const own = { ...pool, fallback: pool.fallback && canFallBack };
        return {
          methods,
          pattern: endpoint.pattern,
          firstSyncOnly: endpoint.firstSyncOnly ?? false,
          role: role.name,
          ...own,
          reason: reasonOf(role, own),
        };
      }),
    );
};

/** The whole table, in matching order. What no row fits is not passed on at all. */
export const routes = (env: Environment, plan: Plan): Route[] => {
  const toMain = (pattern: string, reason: string): Route => ({
    methods: [],
    pattern,
    firstSyncOnly: false,
    role: MAIN,
    upstream: MAIN,
    processes: [MAIN],
    key: "none",
    fallback: false,
    limit: plan.nginx.limits.main.value,
    reason,
  });
  return [
    ...ROLES.flatMap((role) => routesOf(env, plan, role)),
    ...(env.nginx.adminApiFrom.length > 0 ? [toMain(`^${ADMIN_PREFIX}`, "the admin API, for the networks named")] : []),
    toMain("^/_matrix/", "whatever no worker serves"),
    toMain("^/_synapse/client/", "pages of Synapse's own for clients"),
  ];
};
