import type { Plan, Solved } from "../plan";
import { solved } from "../solved";
import { COSTS, COSTS_SOURCE, type Costs } from "./costs";
import { expectedRates, MESSAGES_PER_USER, NOTHING, type Rates, type Rooms, ratesOfUsers, roomsOf } from "./rates";
import { boundsOf, ceilingOf, resourcesOf, SEND_TARGET_MS, type Server, sum } from "./resources";
import { useOf } from "./use";

/** What the plan holds, within the target. */
export interface Capacity {
  /** Users of the load model, each with one device that polls. */
  readonly users: Solved<number>;
  /** Messages that they send in a second. */
  readonly messagesPerSecond: number;
  /** Events that other servers send meanwhile. */
  readonly othersPerSecond: number;
  /** What runs out first: `all cores`, the name of a Synapse process, `database connections`, `long polls`. */
  readonly bottleneck: string;
  /** Share of each resource that may be in use, so that queues stay short enough. */
  readonly ceiling: number;
  readonly expected: {
    readonly messagesPerSecond: number;
    readonly othersPerSecond: number;
    /** Of what may be in use of `bottleneck`, which is used most; above 1 is too much. */
    readonly share: number;
    readonly bottleneck: string;
    /** Cores of each container. */
    readonly cores: Readonly<Record<string, number>>;
  };
}

const connectionsOf = ({ pgbouncer, synapse }: Plan): number =>
  pgbouncer
    ? pgbouncer.transactionPool + pgbouncer.sessionPool
    : synapse.processes.reduce((all, { cpMax }) => all + cpMax.value, 0);

const serverOf = (plan: Plan): Server => ({
  processes: plan.synapse.processes,
  pgbouncer: plan.pgbouncer !== undefined,
  redis: plan.redis !== undefined,
  cores: plan.host.cpus.toCores(),
  connections: connectionsOf(plan),
});

/** Milliseconds of CPU that one event takes with its deliveries, in all containers. */
const eventMs = (server: Server, costs: Costs, { fanOut }: Rooms, kind: "messages" | "fromOthers"): number => {
  const coresAt = (rates: Partial<Rates>): number => sum(useOf(server, costs, { ...NOTHING, ...rates }).cores);
  return Math.round(1000 * (coresAt({ [kind]: 1, deliveries: fanOut }) - coresAt({})));
};

const rounded = (value: number): number => Number(value.toPrecision(3));

/**
 * How many users of the load model the plan holds within the target, and what then runs out: the least over all
 * resources, and the long polls.
 * @param rooms - that the users are in
 */
export const capacityOf = (plan: Plan, costs: Costs = COSTS, rooms: Rooms = roomsOf(plan)): Capacity => {
  const server = serverOf(plan);
  const ceiling = ceilingOf(server, costs);
  const bounds = [
    ...boundsOf(server, costs, rooms),
    // One of each; more are answered with 429.
    { name: "long polls", users: plan.nginx.limits.polls.value },
  ];
  const least = bounds.reduce((before, bound) => (bound.users < before.users ? bound : before));
  const users = Math.floor(least.users);
  const rates = expectedRates(plan, rooms);
  const expected = useOf(server, costs, rates);
  const shares = resourcesOf(server, ceiling).map(({ name, most, used }) => ({ name, share: used(expected) / most }));
  const most = shares.reduce((before, one) => (one.share > before.share ? one : before));
  const fromOthers = rooms.federationFactor - 1;
  const ofOthers =
    fromOthers === 0
      ? ""
      : `, ${eventMs(server, costs, rooms, "fromOthers")} an event of another server, ${rounded(fromOthers)} for each of the own`;
  const boundsText = [...bounds]
    .sort((a, b) => a.users - b.users)
    .slice(0, 4)
    .map(({ name, users }) => `${name} ${Math.floor(users)}`)
    .join(", ");
  return {
    users: solved(
      users,
      `${rounded(MESSAGES_PER_USER)} messages/s each, in rooms where ${rooms.fanOut} devices listen: ${eventMs(server, costs, rooms, "messages")} ms of CPU a message${ofOthers}; ${Math.round(ceiling * 100)} % may be in use, so that 95 of 100 messages are taken within ${SEND_TARGET_MS} ms (1 − p95 of an idle server ÷ target); what runs out first: ${boundsText}`,
      COSTS_SOURCE,
    ),
    messagesPerSecond: users * MESSAGES_PER_USER,
    othersPerSecond: ratesOfUsers(users, rooms).fromOthers,
    bottleneck: least.name,
    ceiling,
    expected: {
      messagesPerSecond: rates.messages,
      othersPerSecond: rates.fromOthers,
      share: most.share,
      bottleneck: most.name,
      cores: expected.cores,
    },
  };
};
