import { holdersOf, type LayoutProcess } from "../configs/catalogue/layouts";
import { ROLES, type RoleName, roleOf } from "../configs/catalogue/roles";
import type { ConnectionPlan } from "./connections";
import type { Plan, RequestLimits, Solved } from "./plan";
import { GUESS, solved } from "./solved";

/**
 * What requests of a role wait for, and so how many of them are no overload:
 * - `poll`: for news, nearly for free, one for each client;
 * - `work`: for the process itself, so that a queue is time that somebody loses;
 * - `heavy`: likewise, for seconds each (a first sync, the hash of a password);
 * - `remote`: for the other end, a slow client or another server.
 */
type Demand = "poll" | "work" | "heavy" | "remote";

const DEMAND: Readonly<Partial<Record<RoleName, Demand>>> = {
  sync: "poll",
  sliding_sync: "poll",
  initial_sync: "heavy",
  login: "heavy",
  media_repository: "remote",
  federation_inbound: "remote",
};

const demandOf = (role: RoleName): Demand => DEMAND[role] ?? "work";

/** Long polls, which a client always has open. */
export const isPoll = (role: RoleName): boolean => demandOf(role) === "poll";

/** Roles that are counted by themselves even where main has them, since they would fill the queue of everything else. */
export const isCountedOnMain = (role: RoleName): boolean => demandOf(role) !== "work";

/** A second tab, or the two connections of Element X, for every client that the plan expects. `guess` */
const POLLS_PER_CLIENT = 2;
/** What a handful of people open while they try things out. `guess` */
const LEAST_POLLS = 200;

/**
 * A process answers some ten requests a second for each database connection (a monolith with ten of them took 52 to 108
 * messages a second: BridgerB/matrix-server-performance), and waiting longer than five seconds helps nobody. `guess`;
 * ESS' HAProxy lets 500 requests at a worker and 250 at main.
 */
const REQUESTS_PER_CONNECTION = 10 * 5;
/** Ten after another for each connection: 50 at a worker, as ESS allows of first syncs. */
const HEAVY_PER_CONNECTION = 10;
/** Beside other jobs of its process no job takes all of the queue. `guess` */
const SHARE_BESIDE_OTHERS = 0.5;

const SOURCE = "docs/workers.md; guess";

const isRouted = (role: RoleName): boolean => roleOf(role).endpoints.length > 0;

const queueOf = (cpMax: number, perConnection: number, share: number): Solved<number> =>
  solved(
    Math.ceil(cpMax * perConnection * share),
    `${perConnection} for each of ${cpMax} database connections${share < 1 ? ", half of it beside the process' other jobs" : ""}`,
    SOURCE,
  );

/** Long polls of so many clients. */
export const pollsFor = (clients: number): Solved<number> =>
  solved(
    Math.max(LEAST_POLLS, POLLS_PER_CLIENT * clients),
    `${POLLS_PER_CLIENT} for each of ${clients} expected clients, at least ${LEAST_POLLS}`,
    GUESS,
  );

/**
 * Requests that may be in flight at once, by role and for each process that holds it. From the layout, the expected
 * clients and the database connections of a process.
 */
export const requestLimitsFor = (
  processes: readonly LayoutProcess[],
  expected: Plan["expected"],
  { cpMaxMain, cpMaxWorker }: ConnectionPlan,
): RequestLimits => {
  const polls = pollsFor(expected.clients.value);
  const limitOf = (role: RoleName): Solved<number> | undefined => {
    const holders = holdersOf(processes, role);
    const demand = demandOf(role);
    if (!isRouted(role) || (holders.length === 0 && demand === "work")) return undefined;
    const cpMax = (holders.length > 0 ? cpMaxWorker : cpMaxMain).value;
    switch (demand) {
      case "poll": {
        // Those that are left take the polls of one that is down.
        const parts = Math.max(1, holders.length - 1);
        const shared = parts > 1 ? `, over ${parts} of ${holders.length} processes` : "";
        return solved(Math.ceil(polls.value / parts), `${polls.reason}${shared}`, GUESS);
      }
      case "heavy":
        return queueOf(cpMax, HEAVY_PER_CONNECTION, 1);
      case "remote":
        return queueOf(cpMax, REQUESTS_PER_CONNECTION, 1);
      case "work": {
        const isAlone = holders.every(({ roles }) => roles.filter(isRouted).length === 1);
        return queueOf(cpMax, REQUESTS_PER_CONNECTION, isAlone ? 1 : SHARE_BESIDE_OTHERS);
      }
    }
  };
  const byRole = ROLES.flatMap(({ name }) => {
    const limit = limitOf(name);
    return limit ? [[name, limit] as const] : [];
  });
  return {
    byRole: Object.fromEntries(byRole),
    main: queueOf(cpMaxMain.value, REQUESTS_PER_CONNECTION, 1),
    polls,
    standIn: queueOf(cpMaxMain.value, REQUESTS_PER_CONNECTION, SHARE_BESIDE_OTHERS),
  };
};

/** Roles that main is counted for by themselves, since no worker holds them. */
const ownRoles = (limits: RequestLimits, processes: readonly LayoutProcess[]): RoleName[] => {
  const held = new Set(processes.flatMap(({ roles }) => roles));
  return ROLES.map(({ name }) => name).filter((name) => limits.byRole[name] !== undefined && !held.has(name));
};

/** All that Nginx lets in at a process at once: each takes a file there. */
export const mostRequestsAt = (
  limits: RequestLimits,
  processes: readonly LayoutProcess[],
  process: LayoutProcess,
): number => {
  const isMain = process === processes[0];
  const roles = isMain ? ownRoles(limits, processes) : process.roles;
  const sum = roles.reduce((total, role) => total + (limits.byRole[role]?.value ?? 0), 0);
  return isMain ? sum + limits.main.value + limits.polls.value + limits.standIn.value : sum;
};

/** Main's upstreams beside those of roles: its own, and two in the place of workers. */
const UPSTREAMS_OF_MAIN = 3;

/** Servers of all of Nginx' upstreams together: each role has one of its own, so that it is counted by itself. */
export const upstreamServers = (limits: RequestLimits, processes: readonly LayoutProcess[]): number =>
  processes.reduce((sum, { roles }) => sum + roles.filter(isRouted).length, 0) +
  ownRoles(limits, processes).length +
  UPSTREAMS_OF_MAIN;
