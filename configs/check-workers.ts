import { checkLayout, type LayoutMistake, MAIN_NAMES } from "./catalogue/check";
import { CUSTOM_LAYOUT, isSingle, LAYOUTS, type Layout, layoutOf, processesOf, withCounts } from "./catalogue/layouts";
import { roleOf } from "./catalogue/roles";
import { versionMistake } from "./catalogue/versions";
import type { WorkerGroups, WorkerLayoutName } from "./environment";
import { atKey, atValue, type Problem } from "./problems";
import type { EnvironmentFile } from "./schema/environment-file";
import { nearest } from "./settings/nearest";
import type { Path } from "./yaml-document";

const WORKERS: Path = ["synapse", "workers"];
const COUNTS: Path = ["synapse", "worker_counts"];

type Counts = Readonly<Record<string, number>>;

/** The layout of a file's groups. */
export const customLayout = (groups: WorkerGroups): Layout =>
  layoutOf(
    CUSTOM_LAYOUT,
    Object.entries(groups).map(([name, group]) => ({ name, ...group })),
  );

const groupOf = (layout: Layout, process: string | undefined): string | undefined =>
  layout.groups.find((group) => processesOf(group).some(({ name }) => name === process))?.name;

/** Where a mistake of a layout by hand stands: at the count of one group, at the role of another, or at the group. */
const placed = (groups: WorkerGroups, layout: Layout, { message, processes, role }: LayoutMistake): Problem => {
  const last = groupOf(layout, processes.at(-1));
  if (last === undefined) return atKey(WORKERS, message);
  if (role === undefined) return atKey([...WORKERS, last], message);
  const isOneGroup = new Set(processes.map((process) => groupOf(layout, process))).size === 1;
  if (processes.length > 1 && isOneGroup) return atValue([...WORKERS, last, "count"], message);
  return atKey([...WORKERS, last, "roles", groups[last]?.roles.lastIndexOf(role) ?? 0], message);
};

/** One mistake a place: the processes of a group all have the group's. */
const distinct = (problems: readonly Problem[]): Problem[] => [
  ...new Map([...problems].reverse().map((problem) => [problem.path.join("\n"), problem])).values(),
];

const groupProblems = (groups: WorkerGroups): Problem[] => {
  if (Object.keys(groups).length === 0) return [atKey(WORKERS, "names no group: say `none` for main alone")];
  const reserved = Object.keys(groups).filter((name) => MAIN_NAMES.includes(name));
  if (reserved.length > 0) {
    return reserved.map((name) => atKey([...WORKERS, name], `main is no worker: a group may not be called ${name}`));
  }
  const layout = customLayout(groups);
  return distinct(checkLayout(layout).map((mistake) => placed(groups, layout, mistake)));
};

const groupList = ({ groups }: Layout): string =>
  groups.length === 0 ? "none" : groups.map(({ name, count }) => `${name} ${count}`).join(", ");

const guess = (name: string, known: readonly string[]): string => {
  const meant = nearest(name, known);
  return meant === undefined ? "; there are" : `; did you mean \`${meant}\`? There are`;
};

/**
 * What is wrong with other counts for a layout, by group.
 * @returns empty when the layout stays sound
 */
export const countMistakes = (layout: Layout, counts: Counts): (readonly [group: string, message: string])[] => {
  const known = layout.groups.map(({ name }) => name);
  const unknown = Object.keys(counts).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    return unknown.map((name) => [
      name,
      `the layout ${layout.name} has no group \`${name}\`${guess(name, known)}: ${groupList(layout)}`,
    ]);
  }
  const doubled = Object.keys(counts).filter((name) => isSingle(name) && (counts[name] ?? 0) > 1);
  if (doubled.length > 0) {
    return doubled.map((name) => [name, `${name} is a single process of the layout ${layout.name}: 0 or 1`]);
  }
  const counted = withCounts(layout, counts);
  return checkLayout(counted).map(({ message, processes }) => {
    const involved = processes.map((process) => groupOf(counted, process) ?? "");
    const set = involved.filter((name) => name in counts);
    return [set.at(-1) ?? (Object.keys(counts).at(-1) as string), message];
  });
};

const countProblems = (workers: WorkerLayoutName | "auto", counts: Counts): Problem[] => {
  if (workers !== "auto") {
    const mistakes = countMistakes(LAYOUTS[workers], counts);
    return distinct(mistakes.map(([group, message]) => atValue([...COUNTS, group], message)));
  }
  // Which layout it will be, the machine decides: `solve` checks the rest.
  const known = [...new Set(Object.values(LAYOUTS).flatMap(({ groups }) => groups.map(({ name }) => name)))];
  return Object.keys(counts)
    .filter((name) => !known.includes(name))
    .map((name) =>
      atKey([...COUNTS, name], `no layout has a group \`${name}\`${guess(name, known)}: ${known.join(", ")}`),
    );
};

/** Roles whose endpoints Synapse has only with a flag, which the file must set. */
const experimentalProblems = (groups: WorkerGroups, settings: EnvironmentFile["synapse"]["settings"]): Problem[] => {
  const flags = (settings.experimental_features ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(groups).flatMap(([group, { roles }]) =>
    roles.flatMap((name, index) => {
      const { experimental } = roleOf(name);
      if (experimental === undefined || flags[experimental] === true) return [];
      const message = `${name} needs \`synapse.settings.experimental_features.${experimental}: true\`: without it Synapse has none of its endpoints`;
      return [atKey([...WORKERS, group, "roles", index], message)];
    }),
  );
};

/** What is wrong with the workers of a file that its schema cannot tell. */
export const workerProblems = ({ workers, worker_counts, settings }: EnvironmentFile["synapse"]): Problem[] => {
  if (typeof workers === "string") return countProblems(workers, worker_counts ?? {});
  const beside =
    worker_counts === undefined ? [] : [atKey(COUNTS, "goes with a layout by name: say `count` in each group")];
  return distinct([...groupProblems(workers), ...experimentalProblems(workers, settings), ...beside]);
};

/** An image that is too old for the workers, where the file alone says which those are; `solve` looks at the others. */
export const imageProblems = ({ images, synapse }: EnvironmentFile): Problem[] => {
  const { workers, worker_counts } = synapse;
  if (typeof images === "string" || images.synapse === undefined || workers === "auto") return [];
  const layout =
    typeof workers === "object" ? customLayout(workers) : withCounts(LAYOUTS[workers], worker_counts ?? {});
  const mistake = versionMistake(
    images.synapse,
    layout.processes.flatMap(({ roles }) => roles),
  );
  return mistake === undefined ? [] : [atValue(["images", "synapse"], mistake)];
};
