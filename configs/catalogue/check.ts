import { holdersOf, type Layout, type LayoutProcess } from "./layouts";
import { ROLES, type RoleName } from "./roles";

/** What is wrong with a layout, and where. */
export interface LayoutMistake {
  readonly message: string;
  /** Processes that it is about, in the layout's order. */
  readonly processes: readonly string[];
  /** The one of their roles that it is about. */
  readonly role?: RoleName;
}

/** Safe in file names, in Nginx and in Docker (upstream's own worker script asks for as much). */
const SAFE_NAME = /^[a-z][a-z0-9]*$/;
/** Main's two names in Synapse's own settings (`instance_map`, `stream_writers`). */
export const MAIN_NAMES: readonly string[] = ["main", "master"];
/**
 * More are no plan for one host: each worker pays for following all others (a quarter of a core at 40 events/s). The
 * networks of an environment have addresses for 244. `guess`
 */
export const MOST_WORKERS = 100;

type Processes = Pick<Layout, "processes">;

const mistake = (message: string, processes: readonly LayoutProcess[], role?: RoleName): LayoutMistake => ({
  message,
  processes: processes.map(({ name }) => name),
  ...(role === undefined ? {} : { role }),
});

const numberMistakes = ({ processes: [, ...workers] }: Processes): LayoutMistake[] => {
  if (workers.length <= MOST_WORKERS) return [];
  const message = `${workers.length} workers: at most ${MOST_WORKERS}, since each pays for following all the others`;
  return [mistake(message, [])];
};

const nameMistakes = ({ processes }: Processes): LayoutMistake[] => {
  const first = processes[0];
  return [
    ...(first?.name === "main" ? [] : [mistake("the first process must be main", first ? [first] : [])]),
    ...[...new Set(processes.map(({ name }) => name))].flatMap((name) => {
      const same = processes.filter((other) => other.name === name);
      return same.length > 1 ? [mistake(`two processes are called ${name}`, same)] : [];
    }),
    ...processes
      .filter(({ name }) => !SAFE_NAME.test(name))
      .map((one) =>
        mistake(`${one.name} is no safe process name: small letters and digits only, a letter first`, [one]),
      ),
    ...processes
      .slice(1)
      .filter(({ name }) => MAIN_NAMES.includes(name))
      .map((one) => mistake(`a worker may not be called ${one.name}`, [one])),
  ];
};

const repeated = (roles: readonly RoleName[]): RoleName[] =>
  [...new Set(roles)].filter((role) => roles.filter((other) => other === role).length > 1);

const roleMistakes = ({ processes: [main, ...workers] }: Processes): LayoutMistake[] => [
  // What no worker has, main does; a role of its own would be a second holder.
  ...(main && main.roles.length > 0
    ? [mistake(`main may hold no role, and holds ${main.roles.join(", ")}`, [main])]
    : []),
  ...workers.filter(({ roles }) => roles.length === 0).map((worker) => mistake(`${worker.name} has no role`, [worker])),
  ...workers.flatMap((worker) =>
    repeated(worker.roles).map((role) => mistake(`${worker.name} has the role ${role} twice`, [worker], role)),
  ),
];

const holderMistakes = (layout: Processes): LayoutMistake[] =>
  ROLES.flatMap(({ name, singleton }) => {
    const holders = holdersOf(layout.processes, name);
    if (singleton === false || holders.length < 2) return [];
    const names = holders.map((process) => process.name).join(" and ");
    return [mistake(`${name} may run in one process only, not in ${names}: ${singleton}`, holders, name)];
  });

/** First syncs are told from others by their query alone, so one role without the other would route half of them. */
const syncMistakes = (layout: Processes): LayoutMistake[] => {
  const [first, later] = [holdersOf(layout.processes, "initial_sync"), holdersOf(layout.processes, "sync")];
  if (first.length > 0 === later.length > 0) return [];
  const [has, lacks] = first.length > 0 ? (["initial_sync", "sync"] as const) : (["sync", "initial_sync"] as const);
  const message = `${has} without ${lacks}: initial_sync and sync need each other, as one path serves both`;
  return [mistake(message, [...first, ...later].slice(0, 1), has)];
};

/**
 * What is wrong with a layout; hardly anything of it is noticed by Synapse itself before it serves wrongly.
 * @returns empty when the layout is sound
 */
export const checkLayout = (layout: Processes): LayoutMistake[] => [
  ...numberMistakes(layout),
  ...nameMistakes(layout),
  ...roleMistakes(layout),
  ...holderMistakes(layout),
  ...syncMistakes(layout),
];
