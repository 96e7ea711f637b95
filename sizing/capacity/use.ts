import { holdersOf, type LayoutProcess } from "../../configs/catalogue/layouts";
import type { RoleName } from "../../configs/catalogue/roles";
import { type ByPart, type CostSet, type Costs, medianOf, SYNAPSE_PARTS, type SynapsePart } from "./costs";
import type { Rates } from "./rates";

/** What there is to take a load. */
export interface Services {
  /** Of Synapse, main first. */
  readonly processes: readonly LayoutProcess[];
  readonly pgbouncer: boolean;
  readonly redis: boolean;
}

/** Name of a process' container. */
export const containerOf = ({ name }: LayoutProcess): string => `synapse-${name}`;

/** What a load takes of the machine. */
export interface Use {
  /** Cores of each container. */
  readonly cores: Readonly<Record<string, number>>;
  /** Database connections that are busy at once, on average. */
  readonly connections: number;
}

/** Who has which part; main where no worker has the role. */
const ROLE_OF: Readonly<Record<Exclude<SynapsePart, "main" | "idle" | "login">, RoleName>> = {
  creator: "event_creator",
  persister: "event_persister",
  sync: "sync",
  federation: "federation_inbound",
};

const MS = 1000;

type Price = (costs: ByPart) => number;
type Total = (price: Price) => number;

/** Adds up what the operations of a second cost by some price: cores, if that is milliseconds of CPU. */
const totalOf =
  (set: CostSet, rates: Rates): Total =>
  (price) =>
    (rates.messages * price(set.message) +
      rates.memberships * price(set.membership) +
      rates.fromOthers * price(set.federation_event) +
      rates.deliveries * price(set.delivery) +
      rates.polls * price(set.poll)) /
    MS;

const part =
  (name: Parameters<typeof medianOf>[1]): Price =>
  (costs) =>
    medianOf(costs, name);

/** What a part does beside following the others, which every process does. */
const beside =
  (name: SynapsePart): Price =>
  (costs) =>
    Math.max(0, medianOf(costs, name) - medianOf(costs, "idle"));

/** What Redis takes to pass everything on to one process: as many as were measured had a part in what it took. */
const redisByProcess: Price = (costs) =>
  medianOf(costs, "redis") / Math.max(1, SYNAPSE_PARTS.filter((name) => costs[name] !== undefined).length);

const stillOf = (set: CostSet, name: Parameters<typeof medianOf>[1]): number => medianOf(set.still, name) / MS;

/** Cores of one process beside others: what it costs to follow them, and its share of each part that it has. */
const coresOf = (process: LayoutProcess, processes: readonly LayoutProcess[], set: CostSet, total: Total): number => {
  const isMain = process === processes[0];
  let cores = Math.max(stillOf(set, isMain ? "main" : "idle"), 0) + total(part("idle"));
  if (isMain) cores += total(beside("main"));
  for (const [name, role] of Object.entries(ROLE_OF) as [keyof typeof ROLE_OF, RoleName][]) {
    const holders = holdersOf(processes, role);
    if (holders.length === 0 ? isMain : holders.includes(process)) {
      cores += total(beside(name)) / Math.max(1, holders.length);
    }
  }
  return cores;
};

/**
 * Cores of each container, and database connections, at such rates: sums of rate × cost, so straight lines in each rate.
 * Processes of a role share its work equally, which many rooms and users come close to.
 */
export const useOf = ({ processes, pgbouncer, redis }: Services, costs: Costs, rates: Rates): Use => {
  const isAlone = processes.length === 1;
  const set = isAlone ? costs.alone : costs.split;
  const total = totalOf(set, rates);
  const service = (name: "postgres" | "pgbouncer" | "nginx"): number => stillOf(set, name) + total(part(name));
  return {
    cores: {
      postgres: service("postgres"),
      ...(pgbouncer ? { pgbouncer: service("pgbouncer") } : {}),
      ...(redis ? { redis: processes.length * (redisByProcess(set.still) / MS + total(redisByProcess)) } : {}),
      ...Object.fromEntries(
        processes.map((process) => [
          containerOf(process),
          isAlone ? stillOf(set, "main") + total(part("main")) : coresOf(process, processes, set, total),
        ]),
      ),
      nginx: service("nginx"),
    },
    connections: total(part("connection")),
  };
};
