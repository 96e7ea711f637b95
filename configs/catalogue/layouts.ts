import type { WorkerLayoutName } from "../environment";
import type { RoleName } from "./roles";

/** One Synapse process and its jobs. Main has no role of its own: it serves whatever no worker does. */
export interface LayoutProcess {
  readonly name: string;
  readonly roles: readonly RoleName[];
}

export interface Layout {
  readonly name: WorkerLayoutName;
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

const numbered = (base: string, count: number, roles: readonly RoleName[]): LayoutProcess[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${base}${i + 1}`, roles }));

/**
 * The layouts that the kit knows, by the number of workers. Few cores get few processes with many roles each, since
 * every process pays for following the others (a quarter of a core at 40 events/s; Element, 2025-01).
 */
export const LAYOUTS: Readonly<Record<WorkerLayoutName, Layout>> = {
  none: { name: "none", processes: [MAIN] },
  // Events stay on main, which would have nothing to do otherwise.
  two: {
    name: "two",
    processes: [
      MAIN,
      { name: "client1", roles: [...STREAMS, ...SYNC, ...ROOMS, ...LOGIN] },
      { name: "federation1", roles: [...FEDERATION, "federation_sender", ...BACKGROUND, "media_repository"] },
    ],
  },
  three: {
    name: "three",
    processes: [
      MAIN,
      { name: "sync1", roles: [...STREAMS, ...SYNC] },
      { name: "rooms1", roles: [...ROOMS, ...LOGIN, "event_persister"] },
      { name: "federation1", roles: [...FEDERATION, "federation_sender", ...BACKGROUND, "media_repository"] },
    ],
  },
  eight: {
    name: "eight",
    processes: [
      MAIN,
      ...numbered("sync", 2, SYNC),
      ...numbered("rooms", 2, ROOMS),
      { name: "persister1", roles: ["event_persister"] },
      { name: "streams1", roles: [...STREAMS, ...LOGIN] },
      { name: "federation1", roles: [...FEDERATION, "federation_sender", ...BACKGROUND] },
      { name: "media1", roles: ["media_repository"] },
    ],
  },
  // One of the four sync processes takes the first syncs, so that they never hold up a long poll.
  seventeen: {
    name: "seventeen",
    processes: [
      MAIN,
      { name: "initial1", roles: ["initial_sync"] },
      ...numbered("sync", 3, ["sync", "sliding_sync"]),
      ...numbered("rooms", 4, ROOMS),
      ...numbered("persister", 2, ["event_persister"]),
      { name: "streams1", roles: ["typing", "to_device", "receipts", "push_rules"] },
      { name: "streams2", roles: ["presence", "account_data", "device_lists", ...LOGIN] },
      ...numbered("sender", 2, ["federation_sender"]),
      { name: "federation1", roles: FEDERATION },
      { name: "media1", roles: ["media_repository"] },
      { name: "background1", roles: BACKGROUND },
    ],
  },
};
