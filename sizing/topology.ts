import { LAYOUTS, type Layout, withCounts } from "../configs/catalogue/layouts";
import { countMistakes, customLayout } from "../configs/check-workers";
import { type Environment, WORKER_LAYOUTS, type WorkerGroups, type WorkerLayoutName } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { UserError } from "../configs/user-error";
import type { HostFacts, Solved } from "./plan";
import { FROM_FILE, GUESS, solved } from "./solved";

/** Less RAM than this runs main alone, whatever the cores (docs/sizing.md: workers start at 4 GB). `guess` */
const LEAST_RAM_FOR_WORKERS = Bytes.gib(3.5);

/**
 * Whole cores from which a layout is worth it, largest first. On one and two cores main alone was the fastest and the
 * quickest to answer of all that were tried (docs/workers.md, "Measured"); above, the ladder is reckoned.
 */
const RUNGS: ReadonlyArray<readonly [cores: number, layout: WorkerLayoutName]> = [
  [16, "seventeen"],
  [8, "eight"],
  [4, "three"],
];

/** A quarter of a core per worker at 40 events/s, only to follow replication (Element, "Scaling to millions of users requires Synapse Pro"). */
const REPLICATION_TAX_CORES = 0.25 / 40;
/** Share of the cores that may go into that (docs/sizing.md). `guess` */
const MOST_TAX_SHARE = 0.2;

const LADDER_SOURCE = "docs/sizing.md";
const MEASURED = "docs/workers.md, bench/layouts.mjs";

/** Worker processes beside main. */
export const workersIn = ({ processes }: Layout): number => processes.length - 1;

const rungFor = (host: HostFacts): Solved<WorkerLayoutName> => {
  const cores = host.cpus.toCores();
  if (host.ram.isLessThan(LEAST_RAM_FOR_WORKERS)) {
    return solved("none", `${host.ram} of RAM is below ${LEAST_RAM_FOR_WORKERS}, main runs alone`, GUESS);
  }
  const rung = RUNGS.find(([least]) => cores >= least);
  return rung
    ? solved(rung[1], `${host.cpus} cores, ${rung[0]} or more`, LADDER_SOURCE)
    : solved("none", `${host.cpus} cores, below 4: main runs alone`, MEASURED);
};

const taxed = (layout: WorkerLayoutName, events: number): number =>
  workersIn(LAYOUTS[layout]) * REPLICATION_TAX_CORES * events;

const groupsText = (groups: WorkerGroups): string =>
  Object.entries(groups)
    .map(([name, { count }]) => `${name} ${count}`)
    .join(", ");

/**
 * Layouts to try, best first: the one that the file names or writes and no other, else the one for the cores and all
 * smaller ones. Counts that the file sets are not in them yet.
 */
export const layoutCandidates = (env: Environment, host: HostFacts): Solved<Layout>[] => {
  const { workers } = env.synapse;
  if (typeof workers === "object") {
    return [solved(customLayout(workers), `set by synapse.workers: ${groupsText(workers)}`, FROM_FILE)];
  }
  if (workers !== "auto") return [solved(LAYOUTS[workers], "set by synapse.workers", FROM_FILE)];
  return namesFor(env, host).map(({ value, reason, source }) => solved(LAYOUTS[value], reason, source));
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
      `${env.file}: \`synapse.worker_counts.${group}\`: ${message} (${reason}); a name in \`synapse.workers\` fixes the layout`,
    );
  }
  const set = names.map((name) => `${name} ${counts[name]}`).join(", ");
  return solved(withCounts(value, counts), `${reason}; with ${set} by synapse.worker_counts`, source);
};

/** A declared event rate bars layouts that would spend more than a fifth of the cores on following replication. */
const namesFor = (env: Environment, host: HostFacts): Solved<WorkerLayoutName>[] => {
  const rung = rungFor(host);
  const smaller = WORKER_LAYOUTS.slice(0, WORKER_LAYOUTS.indexOf(rung.value) + 1).reverse();
  const events = env.expected.eventsPerSecond;
  if (events === undefined) {
    return smaller.map((name) =>
      name === rung.value ? rung : solved(name, `${rung.reason}; ${rung.value} does not fit ${host.ram}`, rung.source),
    );
  }
  const most = MOST_TAX_SHARE * host.cpus.toCores();
  const bearable = smaller.filter((name) => taxed(name, events) <= most);
  const best = bearable[0] ?? "none";
  const tax = `${workersIn(LAYOUTS[best])} workers × ${REPLICATION_TAX_CORES} core × ${events} events/s = ${Number(taxed(best, events).toFixed(2))} of at most ${Number(most.toFixed(2))} cores`;
  return bearable.map((name) =>
    name === best
      ? solved(name, `${rung.reason}; ${tax}`, rung.source)
      : solved(name, `${rung.reason}; ${best} does not fit ${host.ram}`, rung.source),
  );
};
