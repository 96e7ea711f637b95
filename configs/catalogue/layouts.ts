import type { WorkerLayoutName } from "../environment";
import type { RoleName } from "./roles";

/** One Synapse process and its jobs. Main has no role of its own: it serves whatever no worker does. */
export interface LayoutProcess {
  readonly name: string;
  readonly roles: readonly RoleName[];
}

/**
 * Workers with the same roles. They are called `<name>1` to `<name><count>`; a group whose own name ends in a digit is
 * one process of that name.
 */
export interface LayoutGroup {
  readonly name: string;
  readonly roles: readonly RoleName[];
  /** 0: the group is left out. */
  readonly count: number;
}

/** Name of a layout that an environment wrote itself. */
export const CUSTOM_LAYOUT = "custom";
export type LayoutName = WorkerLayoutName | typeof CUSTOM_LAYOUT;

export interface Layout {
  readonly name: LayoutName;
  readonly groups: readonly LayoutGroup[];
  /** Main first. */
  readonly processes: readonly LayoutProcess[];
}

const MAIN: LayoutProcess = { name: "main", roles: [] };
const STREAMS = ["typing", "to_device", "receipts", "push_rules", "presence", "account_data", "device_lists"] as const;
const SYNC = ["initial_sync", "sync", "sliding_sync"] as const;
const ROOMS = ["pagination", "event_creator", "client_reader"] as const;
const LOGIN = ["login", "sso"] as const;
const FEDERATION = ["federation_inbound", "federation_reader"] as const;
const BACKGROUND = ["pusher", "appservice", "background_tasks", "user_directory"] as const;

/** Whether a group can be one process only, as its name is that process's. */
export const isSingle = (group: string): boolean => /\d$/.test(group);

export const processesOf = ({ name, roles, count }: LayoutGroup): LayoutProcess[] =>
  Array.from({ length: count }, (_, index) => ({ name: isSingle(name) ? name : `${name}${index + 1}`, roles }));

/** The layout of some groups, in their order: addresses, and Synapse's lists of senders and writers, follow it. */
export const layoutOf = (name: LayoutName, groups: readonly LayoutGroup[]): Layout => ({
  name,
  groups,
  processes: [MAIN, ...groups.flatMap(processesOf)],
});

/** Processes that hold a role, in their order. */
export const holdersOf = (processes: readonly LayoutProcess[], role: RoleName): LayoutProcess[] =>
  processes.filter(({ roles }) => roles.includes(role));

/**
 * Processes that do the work of a role: its holders, else main.
 * @param processes - main first
 */
export const doersOf = (processes: readonly LayoutProcess[], role: RoleName): LayoutProcess[] => {
  const holders = holdersOf(processes, role);
  return holders.length > 0 ? holders : processes.slice(0, 1);
};

/** Worker processes beside main. */
export const workersIn = ({ processes }: Layout): number => processes.length - 1;

/** The same layout with other counts of some of its groups. */
export const withCounts = (layout: Layout, counts: Readonly<Record<string, number>>): Layout =>
  layoutOf(
    layout.name,
    layout.groups.map((group) => ({ ...group, count: counts[group.name] ?? group.count })),
  );

const group = (name: string, count: number, roles: readonly RoleName[]): LayoutGroup => ({ name, roles, count });

/**
 * The layouts that the kit knows, by the number of workers. Few cores get few processes with many roles each, since
 * every process pays for following the others (a quarter of a core at 40 events/s; Element, 2025-01).
 */
export const LAYOUTS: Readonly<Record<WorkerLayoutName, Layout>> = {
  none: layoutOf("none", []),
  // Events stay on main, which would have nothing to do otherwise.
  two: layoutOf("two", [
    group("client", 1, [...STREAMS, ...SYNC, ...ROOMS, ...LOGIN]),
    group("federation", 1, [...FEDERATION, "federation_sender", ...BACKGROUND, "media_repository"]),
  ]),
  three: layoutOf("three", [
    group("sync", 1, [...STREAMS, ...SYNC]),
    group("rooms", 1, [...ROOMS, ...LOGIN, "event_persister"]),
    group("federation", 1, [...FEDERATION, "federation_sender", ...BACKGROUND, "media_repository"]),
  ]),
  eight: layoutOf("eight", [
    group("sync", 2, SYNC),
    group("rooms", 2, ROOMS),
    group("persister", 1, ["event_persister"]),
    group("streams", 1, [...STREAMS, ...LOGIN]),
    group("federation", 1, [...FEDERATION, "federation_sender", ...BACKGROUND]),
    group("media", 1, ["media_repository"]),
  ]),
  // One of the four sync processes takes the first syncs, so that they never hold up a long poll.
  seventeen: layoutOf("seventeen", [
    group("initial", 1, ["initial_sync"]),
    group("sync", 3, ["sync", "sliding_sync"]),
    group("rooms", 4, ROOMS),
    group("persister", 2, ["event_persister"]),
    // Who types or reads waits for the writer of presence: they fail together, at once.
    group("streams1", 1, ["typing", "to_device", "receipts", "push_rules", "presence"]),
    group("streams2", 1, ["account_data", "device_lists", ...LOGIN]),
    group("sender", 2, ["federation_sender"]),
    group("federation", 1, FEDERATION),
    group("media", 1, ["media_repository"]),
    group("background", 1, BACKGROUND),
  ]),
};
