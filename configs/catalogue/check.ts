import type { Layout, LayoutProcess } from "./layouts";
import { ROLES, type RoleName } from "./roles";

/** Safe in file names, in Nginx and in Docker (upstream's own worker script asks for as much). */
const SAFE_NAME = /^[a-z][a-z0-9]*$/;
/** Main's two names in Synapse's own settings (`instance_map`, `stream_writers`). */
const MAIN_NAMES = ["main", "master"];

const namesOf = (processes: readonly LayoutProcess[]): string => processes.map(({ name }) => name).join(" and ");

const holdersOf = (layout: Layout, role: RoleName): LayoutProcess[] =>
  layout.processes.filter((process) => process.roles.includes(role));

const nameMistakes = ({ processes }: Layout): string[] => {
  const names = processes.map((process) => process.name);
  return [
    ...(names[0] === "main" ? [] : ["the first process must be main"]),
    ...[...new Set(names)]
      .filter((name) => names.filter((other) => other === name).length > 1)
      .map((name) => `two processes are called ${name}`),
    ...names
      .filter((name) => !SAFE_NAME.test(name))
      .map((name) => `${name} is no safe process name: small letters and digits only, a letter first`),
    ...names.slice(1).flatMap((name) => (MAIN_NAMES.includes(name) ? [`a worker may not be called ${name}`] : [])),
  ];
};

const roleMistakes = ({ processes: [main, ...workers] }: Layout): string[] => [
  // What no worker has, main does; a role of its own would be a second holder.
  ...(main && main.roles.length > 0 ? [`main may hold no role, and holds ${main.roles.join(", ")}`] : []),
  ...workers.flatMap(({ name, roles }) => (roles.length === 0 ? [`${name} has no role`] : [])),
  ...workers.flatMap(({ name, roles }) =>
    [...new Set(roles)]
      .filter((role) => roles.filter((other) => other === role).length > 1)
      .map((role) => `${name} has the role ${role} twice`),
  ),
];

const holderMistakes = (layout: Layout): string[] =>
  ROLES.filter((role) => role.singleton && holdersOf(layout, role.name).length > 1).map(
    (role) => `${role.name} may run in one process only, not in ${namesOf(holdersOf(layout, role.name))}`,
  );

/** First syncs are told from others by their query alone, so one role without the other would route half of them. */
const syncMistakes = (layout: Layout): string[] => {
  const [first, later] = [holdersOf(layout, "initial_sync"), holdersOf(layout, "sync")];
  return first.length > 0 === later.length > 0 ? [] : ["initial_sync and sync need each other"];
};

/**
 * What is wrong with a layout; hardly anything of it is noticed by Synapse itself before it serves wrongly.
 * @returns one sentence a mistake; empty when the layout is sound
 */
export const checkLayout = (layout: Layout): string[] => [
  ...nameMistakes(layout),
  ...roleMistakes(layout),
  ...holderMistakes(layout),
  ...syncMistakes(layout),
];
