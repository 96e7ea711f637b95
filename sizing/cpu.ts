import type { Cpus } from "../configs/units/cpus";
import type { Solved } from "./plan";
import { solved } from "./solved";

/** Docker CPU shares of all containers together. Only ratios count; large, so that seventeen workers still differ. */
export const TOTAL_SHARES = 10_240;

/** Weights out of 100 (invariant I12). The small services use little, so their weight is high for what they use. */
const POSTGRES = 38;
const SYNAPSE = 48;
const SMALL: Readonly<Record<"nginx" | "pgbouncer" | "redis", number>> = { nginx: 4, pgbouncer: 4, redis: 2 };
/** Everything that watches and maintains: enough to answer, never enough to be felt. */
const WATCHERS = 4;
/** Prometheus counts as this many exporters. `guess` */
const PROMETHEUS_WEIGHT = 4;

/** Main counts as this many workers: it does what no worker may do. `guess` */
const MAIN_WEIGHT = 2;

const SOURCE = "docs/sizing.md, invariant I12";

/** Weight of one container and the cores that it is worth when every container wants all it can get. */
export interface CpuBudget {
  readonly cpuShares: Solved<number>;
  readonly cpus: number;
}

const budget = (percent: number, reason: string, cpus: Cpus): CpuBudget => ({
  cpuShares: solved(Math.floor((percent / 100) * TOTAL_SHARES), reason, SOURCE),
  cpus: Number(((percent / 100) * cpus.toCores()).toFixed(3)),
});

/** Which of the containers that may be absent are there. */
export interface Present {
  readonly pgbouncer: boolean;
  readonly redis: boolean;
  /** Containers that watch or maintain, by name. */
  readonly watchers: readonly string[];
}

/** CPU weight of a database or helper container; absent helpers leave their weight to Nginx. */
export const serviceCpu = (
  service: "postgres" | "pgbouncer" | "redis" | "nginx",
  present: Present,
  cpus: Cpus,
): CpuBudget => {
  if (service === "postgres") return budget(POSTGRES, `${POSTGRES} % of the CPU weight`, cpus);
  if (service !== "nginx")
    return budget(SMALL[service], `${SMALL[service]} % of the CPU weight, high for its use`, cpus);
  const percent =
    SMALL.nginx +
    (present.pgbouncer ? 0 : SMALL.pgbouncer) +
    (present.redis ? 0 : SMALL.redis) +
    (present.watchers.length > 0 ? 0 : WATCHERS);
  return budget(percent, `${percent} % of the CPU weight, high for its use`, cpus);
};

/** CPU weight of one of the containers that watch or maintain. */
export const watcherCpu = (name: string, { watchers }: Present, cpus: Cpus): CpuBudget => {
  const weightOf = (one: string): number => (one === "prometheus" ? PROMETHEUS_WEIGHT : 1);
  const parts = watchers.reduce((sum, one) => sum + weightOf(one), 0);
  const reason = `${weightOf(name)} of ${parts} parts of the ${WATCHERS} % of the CPU weight that watching has`;
  return budget((WATCHERS * weightOf(name)) / parts, reason, cpus);
};

/** CPU weight of one Synapse process among `workers` + 1. */
export const processCpu = (isMain: boolean, workers: number, cpus: Cpus): CpuBudget => {
  const parts = workers + MAIN_WEIGHT;
  const percent = (SYNAPSE * (isMain ? MAIN_WEIGHT : 1)) / parts;
  const reason = `${isMain ? MAIN_WEIGHT : 1} of ${parts} parts of Synapse's ${SYNAPSE} % of the CPU weight`;
  return budget(percent, reason, cpus);
};
