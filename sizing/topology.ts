import { LAYOUTS, type Layout, withCounts } from "../configs/catalogue/layouts";
import { countMistakes, customLayout } from "../configs/check-workers";
import type { Environment, WorkerGroups } from "../configs/environment";
import { placeOf } from "../configs/place";
import { UserError } from "../configs/user-error";
import { autoLayouts } from "./auto-layout";
import type { HostFacts, Solved } from "./plan";
import { FROM_FILE, solved } from "./solved";

const groupsText = (groups: WorkerGroups): string =>
  Object.entries(groups)
    .map(([name, { count }]) => `${name} ${count}`)
    .join(", ");

/** Without the processes that would have nothing to do where no other server is talked to. */
const withoutFederation = ({ value, reason, source }: Solved<Layout>): Solved<Layout> => {
  const idle = value.groups.filter(({ roles }) => roles.every((role) => role.startsWith("federation_")));
  if (idle.length === 0) return solved(value, reason, source);
  const names = idle.map(({ name }) => name);
  const counts = Object.fromEntries(names.map((name) => [name, 0]));
  return solved(withCounts(value, counts), `${reason}; no ${names.join(", ")}: federation is closed`, source);
};

/**
 * Layouts to try, best first: the one that the file names or writes and no other, else those that the machine leads to.
 * Counts that the file sets are not in them yet.
 */
export const layoutCandidates = (env: Environment, host: HostFacts): Solved<Layout>[] => {
  const { workers } = env.synapse;
  if (typeof workers === "object") {
    return [solved(customLayout(workers), `set by synapse.workers: ${groupsText(workers)}`, FROM_FILE)];
  }
  if (workers !== "auto") return [solved(LAYOUTS[workers], "set by synapse.workers", FROM_FILE)];
  return autoLayouts(env, host)
    .map(({ value, reason, source }) => solved(LAYOUTS[value], reason, source))
    .map((layout) => (env.expected.federation === "closed" ? withoutFederation(layout) : layout));
};

/**
 * The layout with the counts that the file sets for its groups.
 * @throws UserError where the layout that `auto` came to has no such group, or would not be sound with such counts
 */
export const withFileCounts = (env: Environment, layout: Solved<Layout>): Solved<Layout> => {
  const counts = env.synapse.workerCounts ?? {};
  const names = Object.keys(counts);
  if (names.length === 0) return layout;
  const { value, reason, source } = layout;
  const [mistake] = countMistakes(value, counts);
  if (mistake) {
    const [group, message] = mistake;
    throw new UserError(
      `${placeOf(env, `synapse.worker_counts.${group}`)}: \`synapse.worker_counts.${group}\`: ${message} (${reason}); a name in \`synapse.workers\` fixes the layout`,
    );
  }
  const set = names.map((name) => `${name} ${counts[name]}`).join(", ");
  return solved(withCounts(value, counts), `${reason}; with ${set} by synapse.worker_counts`, source);
};
