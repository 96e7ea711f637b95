import { Bytes } from "../configs/units/bytes";
import { USABLE_SHARE_OF_LIMIT } from "./constants";
import {
  AUTOVACUUM_LEAST,
  AUTOVACUUM_MOST,
  BUFFER_STEP,
  type HeldLine,
  type LineName,
  leastWorkMem,
  MAINTENANCE_LEAST,
  MAINTENANCE_MOST,
  type PostgresDemand,
  type PostgresMemory,
  type PostgresShares,
  SHARED_BUFFERS_LEAST,
  SHARED_BUFFERS_MOST,
  SHARED_BUFFERS_MOST_SHARE,
  sharedCost,
  WEIGHTS,
  WORK_MEM_MOST,
  WORK_MEM_STEP,
} from "./postgres-budget";
import { exactMegabytes as mb, sumText } from "./solved";

const NAMES: Readonly<Record<LineName, string>> = {
  shared: "shared memory",
  work: "work_mem",
  maintenance: "maintenance_work_mem",
  autovacuum: "autovacuum_work_mem",
  pageCache: "page cache",
};

const AT: Readonly<Record<HeldLine["at"], string>> = { least: "at its least", most: "at its most", set: "as set" };

/** From the limit to what is shared by weight. */
const leftText = ({ connections }: PostgresDemand, shares: PostgresShares): string => {
  const held = shares.held.map(({ name, amount, at }) => ` − ${NAMES[name]} ${mb(amount)} ${AT[at]}`).join("");
  return (
    `${USABLE_SHARE_OF_LIMIT * 100} % of ${mb(shares.limit)} − ${connections.backends} backends × ${mb(shares.backend)} − ` +
    `server processes ${mb(shares.processes)}${held} = ${mb(shares.left)} for ${shares.parts} parts`
  );
};

/** As much as the weight comes to; a line at its least or its most is told by what it would have had. */
const shareOf = ({ left, parts }: PostgresShares, name: LineName): Bytes => left.times(WEIGHTS[name] / parts);

/** How each part of Postgres' memory came about, with all numbers that it takes to do it again. */
export const memoryReasons = (
  demand: PostgresDemand,
  memory: PostgresMemory,
): Record<"sharedBuffers" | "workMem" | "maintenance" | "autovacuum" | "cache", string> => {
  const { connections, parallel, autovacuumWorkers, ram } = demand;
  const { shares, sharedBuffers } = memory;
  const consumers = connections.servers + parallel.querySlots;
  const perConsumer = memory.allocations / Math.max(1, consumers);
  const text = (name: LineName): string =>
    `${leftText(demand, shares)}; ${WEIGHTS[name]} parts = ${mb(shareOf(shares, name))}`;
  const next = sharedBuffers.plus(BUFFER_STEP);
  return {
    sharedBuffers:
      `${text("shared")} for shared memory and page tables: shared_buffers of ${mb(sharedBuffers)} takes ` +
      `${mb(sharedCost(demand, sharedBuffers))}, ${mb(next)} would take ${mb(sharedCost(demand, next))}; at least ` +
      `${mb(SHARED_BUFFERS_LEAST)}, at most 20 % of ${mb(ram)} = ${mb(ram.times(SHARED_BUFFERS_MOST_SHARE))} and ` +
      `${mb(SHARED_BUFFERS_MOST)}, in steps of ${mb(BUFFER_STEP)}`,
    workMem:
      `${text("work")}, over (${connections.servers} servers + ${parallel.querySlots} parallel workers) × ${perConsumer} ` +
      `allocations = ${mb(shareOf(shares, "work").dividedBy(memory.allocations))}, between ` +
      `${mb(leastWorkMem(connections.workers))} and ${mb(WORK_MEM_MOST)}, in steps of ${WORK_MEM_STEP}`,
    maintenance: `${text("maintenance")}, between ${mb(MAINTENANCE_LEAST)} and ${mb(MAINTENANCE_MOST)}, in whole MB`,
    autovacuum:
      `${text("autovacuum")}, over ${autovacuumWorkers} workers = ` +
      `${mb(shareOf(shares, "autovacuum").dividedBy(autovacuumWorkers))}, between ${mb(AUTOVACUUM_LEAST)} and ` +
      `${mb(AUTOVACUUM_MOST)} each, in whole MB; never -1, which would be maintenance_work_mem for each`,
    cache: `${sumText(shares.cached, Bytes.sum(Object.values(shares.cached)), mb)}, in steps of ${mb(BUFFER_STEP)}`,
  };
};
