import type { Plan, Solved } from "../plan";
import { solved } from "../solved";
import { COSTS, COSTS_SOURCE, type CostSet, type Costs, medianOf, PARTS, type Part, SYNAPSE_PARTS } from "./costs";
import { expectedRates, FAN_OUT, MESSAGES_PER_USER, ratesOfUsers } from "./rates";
import { type Use, useOf } from "./use";

/** 95 of 100 messages are to be taken within this time. `guess`: what people take for at once is a tenth of a second to one. */
export const SEND_TARGET_MS = 500;

/** What the plan holds, within the target. */
export interface Capacity {
  /** Users of the load model, each with one device that polls. */
  readonly users: Solved<number>;
  /** Messages that they send in a second. */
  readonly messagesPerSecond: number;
  /** What runs out first: `all cores`, the name of a Synapse process, `database connections`, `long polls`. */
  readonly bottleneck: string;
  /** Share of each resource that may be in use, so that queues stay short enough. */
  readonly ceiling: number;
  readonly expected: {
    readonly messagesPerSecond: number;
    /** Of what may be in use of `bottleneck`, which is used most; above 1 is too much. */
    readonly share: number;
    readonly bottleneck: string;
    /** Cores of each container. */
    readonly cores: Readonly<Record<string, number>>;
  };
}

/** Something that runs out. */
interface Resource {
  readonly name: string;
  /** That may be in use. */
  readonly most: number;
  readonly used: (use: Use) => number;
}

const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((all, one) => all + one, 0);

const connectionsOf = ({ pgbouncer, synapse }: Plan): number =>
  pgbouncer
    ? pgbouncer.transactionPool + pgbouncer.sessionPool
    : synapse.processes.reduce((all, { cpMax }) => all + cpMax.value, 0);

/** Share in use of the busiest part of Synapse, or of all cores if that is more, while the times of messages were taken. */
const busyThen = ({ message, delivery }: CostSet, { sent_at, machine }: Costs): number => {
  const cores = (part: Part): number =>
    (sent_at.messages_per_second * (medianOf(message, part) + sent_at.members * medianOf(delivery, part))) / 1000;
  const all = PARTS.reduce((total, part) => total + cores(part), 0);
  return Math.max(...SYNAPSE_PARTS.map(cores), all / machine.cores);
};

/**
 * Where requests queue, a share ρ in use makes all of them 1 ÷ (1 − ρ) times as slow (M/M/1). So the p95 of an idle
 * server is p95 × (1 − ρ) of one that was not quite idle, and the target is met up to 1 − that ÷ target.
 */
const ceilingOf = (plan: Plan, costs: Costs): number => {
  const set = plan.synapse.processes.length === 1 ? costs.alone : costs.split;
  return Math.max(0, 1 - (set.send_ms.p95.median * (1 - busyThen(set, costs))) / SEND_TARGET_MS);
};

const resourcesOf = (plan: Plan, ceiling: number): Resource[] => [
  { name: "all cores", most: ceiling * plan.host.cpus.toCores(), used: ({ cores }) => sum(cores) },
  // Python runs on one core at a time, whatever the process may have.
  ...plan.synapse.processes.map(({ container: { name } }) => ({
    name,
    most: ceiling,
    used: ({ cores }: Use) => cores[name] ?? 0,
  })),
  { name: "database connections", most: ceiling * connectionsOf(plan), used: ({ connections }) => connections },
];

/** From what is in use without users and with one. */
const usersWithin = (most: number, none: number, one: number): number =>
  one > none ? Math.max(0, (most - none) / (one - none)) : Number.POSITIVE_INFINITY;

const rounded = (value: number): number => Number(value.toPrecision(3));

/**
 * How many users of the load model the plan holds within the target, and what then runs out: the least over all
 * resources of (share that may be in use − what is in use without users) ÷ what a user adds. In rooms in which `fanOut`
 * devices listen.
 */
export const capacityOf = (plan: Plan, costs: Costs = COSTS, fanOut: number = FAN_OUT): Capacity => {
  const ceiling = ceilingOf(plan, costs);
  const resources = resourcesOf(plan, ceiling);
  const [none, one] = [useOf(plan, costs, ratesOfUsers(0, fanOut)), useOf(plan, costs, ratesOfUsers(1, fanOut))];
  const bounds = [
    ...resources.map(({ name, most, used }) => ({ name, users: usersWithin(most, used(none), used(one)) })),
    // One of each; more are answered with 429.
    { name: "long polls", users: plan.nginx.limits.polls.value },
  ];
  const least = bounds.reduce((before, bound) => (bound.users < before.users ? bound : before));
  const users = Math.floor(least.users);
  const rates = expectedRates(plan, fanOut);
  const expected = useOf(plan, costs, rates);
  const shares = resources.map(({ name, most, used }) => ({ name, share: used(expected) / most }));
  const most = shares.reduce((before, one) => (one.share > before.share ? one : before));
  const perMessage =
    sum(useOf(plan, costs, { messages: 1, memberships: 0, deliveries: fanOut, polls: 0 }).cores) - sum(none.cores);
  const boundsText = [...bounds]
    .sort((a, b) => a.users - b.users)
    .slice(0, 4)
    .map(({ name, users }) => `${name} ${Math.floor(users)}`)
    .join(", ");
  return {
    users: solved(
      users,
      `${rounded(MESSAGES_PER_USER)} messages/s each, in rooms where ${fanOut} devices listen: ${Math.round(perMessage * 1000)} ms of CPU a message; ${Math.round(ceiling * 100)} % may be in use, so that 95 of 100 messages are taken within ${SEND_TARGET_MS} ms (1 − p95 of an idle server ÷ target); what runs out first: ${boundsText}`,
      COSTS_SOURCE,
    ),
    messagesPerSecond: users * MESSAGES_PER_USER,
    bottleneck: least.name,
    ceiling,
    expected: {
      messagesPerSecond: rates.messages,
      share: most.share,
      bottleneck: most.name,
      cores: expected.cores,
    },
  };
};
