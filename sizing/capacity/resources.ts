import { type CostSet, type Costs, medianOf, PARTS, type Part, SYNAPSE_PARTS } from "./costs";
import { MESSAGES_PER_USER, type Rooms, ratesOfUsers } from "./rates";
import { containerOf, type Services, type Use, useOf } from "./use";

/** 95 of 100 messages are to be taken within this time. `guess`: what people take for at once is a tenth of a second to one. */
export const SEND_TARGET_MS = 500;

/** Services and what they run on. */
export interface Server extends Services {
  readonly cores: number;
  /** Database connections; without it they are no limit. */
  readonly connections?: number;
}

/** Something that runs out. */
export interface Resource {
  readonly name: string;
  /** That may be in use. */
  readonly most: number;
  readonly used: (use: Use) => number;
}

/** How many users of the load model one resource suffices for. */
export interface Bound {
  /** `all cores`, the name of a Synapse process, `database connections`. */
  readonly name: string;
  readonly users: number;
}

export const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((all, one) => all + one, 0);

/** Share in use of the busiest part of Synapse, or of all cores if that is more, while the times of messages were taken. */
const busyThen = ({ message, delivery }: CostSet, { sent_at, machine }: Costs): number => {
  const cores = (part: Part): number =>
    (sent_at.messages_per_second * (medianOf(message, part) + sent_at.members * medianOf(delivery, part))) / 1000;
  const all = PARTS.reduce((total, part) => total + cores(part), 0);
  return Math.max(...SYNAPSE_PARTS.map(cores), all / machine.cores);
};

/**
 * Share of each resource that may be in use. Where requests queue, a share ρ in use makes all of them 1 ÷ (1 − ρ) times
 * as slow (M/M/1). So the p95 of an idle server is p95 × (1 − ρ) of one that was not quite idle, and the target is met
 * up to 1 − that ÷ target.
 */
export const ceilingOf = ({ processes }: Services, costs: Costs): number => {
  const set = processes.length === 1 ? costs.alone : costs.split;
  return Math.max(0, 1 - (set.send_ms.p95.median * (1 - busyThen(set, costs))) / SEND_TARGET_MS);
};

export const resourcesOf = (server: Server, ceiling: number): Resource[] => {
  const { connections } = server;
  return [
    { name: "all cores", most: ceiling * server.cores, used: ({ cores }) => sum(cores) },
    // Python runs on one core at a time, whatever the process may have.
    ...server.processes.map(containerOf).map((name) => ({
      name,
      most: ceiling,
      used: ({ cores }: Use) => cores[name] ?? 0,
    })),
    ...(connections === undefined
      ? []
      : [{ name: "database connections", most: ceiling * connections, used: (use: Use) => use.connections }]),
  ];
};

/** From what is in use without users and with one. */
const usersWithin = (most: number, none: number, one: number): number =>
  one > none ? Math.max(0, (most - none) / (one - none)) : Number.POSITIVE_INFINITY;

/**
 * For each resource, (share that may be in use − what is in use without users) ÷ what a user adds, with what other servers
 * send into such rooms.
 */
export const boundsOf = (server: Server, costs: Costs, rooms: Rooms): Bound[] => {
  const [none, one] = [0, 1].map((users) => useOf(server, costs, ratesOfUsers(users, rooms))) as [Use, Use];
  return resourcesOf(server, ceilingOf(server, costs)).map(({ name, most, used }) => ({
    name,
    users: usersWithin(most, used(none), used(one)),
  }));
};

/** Messages a second that a server holds, whatever Nginx lets in: no whole users, so that no layouts are equal by chance. */
export const messagesHeld = (server: Server, costs: Costs, rooms: Rooms): number =>
  Math.min(...boundsOf(server, costs, rooms).map(({ users }) => users)) * MESSAGES_PER_USER;
