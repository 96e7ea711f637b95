import { LAYOUTS } from "../configs/catalogue/layouts";
import { type Environment, WORKER_LAYOUTS, type WorkerLayoutName } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import type { HostFacts, Solved } from "./plan";
import { FROM_FILE, GUESS, solved } from "./solved";

/** Less RAM than this runs main alone, whatever the cores (docs/sizing.md: workers start at 4 GB). `guess` */
const LEAST_RAM_FOR_WORKERS = Bytes.gib(3.5);

/** Whole cores from which a layout is worth it, largest first (docs/sizing.md). */
const RUNGS: ReadonlyArray<readonly [cores: number, layout: WorkerLayoutName]> = [
  [16, "seventeen"],
  [8, "eight"],
  [4, "three"],
  [2, "two"],
];

/** A quarter of a core per worker at 40 events/s, only to follow replication (Element, "Scaling to millions of users requires Synapse Pro"). */
const REPLICATION_TAX_CORES = 0.25 / 40;
/** Share of the cores that may go into that (docs/sizing.md). `guess` */
const MOST_TAX_SHARE = 0.2;

const LADDER_SOURCE = "docs/sizing.md";

/** Worker processes beside main. */
export const workersIn = (layout: WorkerLayoutName): number => LAYOUTS[layout].processes.length - 1;

const rungFor = (host: HostFacts): Solved<WorkerLayoutName> => {
  const cores = host.cpus.toCores();
  if (host.ram.isLessThan(LEAST_RAM_FOR_WORKERS)) {
    return solved("none", `${host.ram} of RAM is below ${LEAST_RAM_FOR_WORKERS}, main runs alone`, GUESS);
  }
  const rung = RUNGS.find(([least]) => cores >= least);
  return rung
    ? solved(rung[1], `${host.cpus} cores, ${rung[0]} or more`, LADDER_SOURCE)
    : solved("none", `${host.cpus} cores, below 2: main runs alone`, LADDER_SOURCE);
};

const taxed = (layout: WorkerLayoutName, events: number): number => workersIn(layout) * REPLICATION_TAX_CORES * events;

/**
 * Layouts to try, best first: the one the file names and no other, else the one for the cores and all smaller ones. A
 * declared event rate bars layouts that would spend more than a fifth of the cores on following replication.
 */
export const layoutCandidates = (env: Environment, host: HostFacts): Solved<WorkerLayoutName>[] => {
  if (env.synapse.workers !== "auto") {
    return [solved(env.synapse.workers, "set by synapse.workers", FROM_FILE)];
  }
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
  const tax = `${workersIn(best)} workers × ${REPLICATION_TAX_CORES} core × ${events} events/s = ${Number(taxed(best, events).toFixed(2))} of at most ${Number(most.toFixed(2))} cores`;
  return bearable.map((name) =>
    name === best
      ? solved(name, `${rung.reason}; ${tax}`, rung.source)
      : solved(name, `${rung.reason}; ${best} does not fit ${host.ram}`, rung.source),
  );
};
