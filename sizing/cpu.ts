import type { Cpus } from "../configs/units/cpus";
import type { ServiceName, Solved } from "./plan";
import { solved } from "./solved";

/** Docker CPU shares of all containers together. Only ratios count; large, so that seventeen workers still differ. */
export const TOTAL_SHARES = 10_240;

/** Weights out of 100 (invariant I12). The small services use little, so their weight is high for what they use. */
const POSTGRES = 40;
const SYNAPSE = 50;
const SMALL: Readonly<Record<"nginx" | "pgbouncer" | "redis", number>> = { nginx: 4, pgbouncer: 4, redis: 2 };

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

/** CPU weight of a database or helper container; absent helpers leave their weight to Nginx. */
export const serviceCpu = (
  service: Exclude<ServiceName, "synapse">,
  present: { readonly pgbouncer: boolean; readonly redis: boolean },
  cpus: Cpus,
): CpuBudget => {
  if (service === "postgres") return budget(POSTGRES, `${POSTGRES} % of the CPU weight`, cpus);
  if (service !== "nginx")
    return budget(SMALL[service], `${SMALL[service]} % of the CPU weight, high for its use`, cpus);
  const percent = SMALL.nginx + (present.pgbouncer ? 0 : SMALL.pgbouncer) + (present.redis ? 0 : SMALL.redis);
  return budget(percent, `${percent} % of the CPU weight, high for its use`, cpus);
};

/** CPU weight of one Synapse process among `workers` + 1. */
export const processCpu = (isMain: boolean, workers: number, cpus: Cpus): CpuBudget => {
  const parts = workers + MAIN_WEIGHT;
  const percent = (SYNAPSE * (isMain ? MAIN_WEIGHT : 1)) / parts;
  const reason = `${isMain ? MAIN_WEIGHT : 1} of ${parts} parts of Synapse's ${SYNAPSE} % of the CPU weight`;
  return budget(percent, reason, cpus);
};
