import type { BalancingKey, Role } from "../../configs/catalogue/role";
import { ROLES, type RoleName } from "../../configs/catalogue/roles";
import type { Plan, ProcessPlan } from "../../sizing/plan";
import { holdersOf, mainOf } from "../synapse/topology";

/** Processes behind one name, and how a request finds its one among them. */
export interface Pool {
  /** Name of the Nginx upstream. */
  readonly name: string;
  readonly processes: readonly ProcessPlan[];
  readonly key: BalancingKey;
  /** Main takes over when no process of the pool can be reached. */
  readonly fallback: boolean;
}

/** One row of the routing table; the first whose pattern fits the path decides. */
export interface Route {
  readonly pattern: string;
  readonly role: RoleName;
  readonly pool: Pool;
}

export const MAIN_POOL = "main";

const poolOf = (plan: Plan, role: Role & { readonly name: RoleName }): Pool | undefined => {
  const processes = holdersOf(plan, role.name);
  if (processes.length === 0) return undefined;
  // One process needs no choice, and Nginx allows no backup server beside a hash.
  const single = processes.length === 1;
  return {
    name: role.name,
    processes,
    key: single ? "none" : role.balancing,
    fallback: single && role.fallsBackToMain,
  };
};

/** Every endpoint that a worker serves, in the order in which it has to be tried. What is not in it goes to main. */
export const routes = (plan: Plan): Route[] =>
  ROLES.flatMap((role) => {
    const pool = poolOf(plan, role);
    return pool ? role.endpoints.map(({ pattern }) => ({ pattern, role: role.name, pool })) : [];
  });

/** Every upstream, main first. */
export const pools = (plan: Plan): Pool[] => {
  const main: Pool = { name: MAIN_POOL, processes: [mainOf(plan)], key: "none", fallback: false };
  const byName = new Map(routes(plan).map(({ pool }) => [pool.name, pool]));
  return [main, ...byName.values()];
};
