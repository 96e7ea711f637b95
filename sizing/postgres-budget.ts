import type { PostgresMajor } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import type { ConnectionPlan } from "./connections";
import { MIB, USABLE_SHARE_OF_LIMIT } from "./constants";
import { fill, fixedLine, type Line, UNLIMITED } from "./fill";
import type { Overrides } from "./overrides";
import type { ParallelPlan } from "./postgres-parallel";
import { sharedMemory, walBuffersFor } from "./postgres-shared-memory";

/** A backend that has touched all of Synapse's tables, measured 9.5 to 11.2 MB (docs/sizing.md). */
const BACKEND = Bytes.mib(10);
/**
 * Of each backend that has used a temporary table, for the rest of its life. The default is 8 MB, and Synapse's purges are
 * the only users; 1 MB is within what `BACKEND` has to spare (test/engine/worst-case.test.ts).
 */
export const TEMP_BUFFERS = Bytes.mib(1);

/** A backend with this setting of `temp_buffers`. */
export const backendWith = (tempBuffers: Bytes | undefined): Bytes =>
  BACKEND.plus((tempBuffers ?? TEMP_BUFFERS).minus(TEMP_BUFFERS));

/** Postmaster, writers, launcher; and 3.1 MB for each asynchronous I/O worker (idle backend, measured). */
const SERVER_PROCESSES = Bytes.mib(16);
const IO_WORKER = Bytes.kib(3200);
/** One 8-byte page-table entry for each 4 kB page of shared_buffers in every backend that touched all of it. */
export const PAGES_PER_ENTRY = 512;

/** Two sorts beside one hash, in every active backend (docs/sizing.md). `guess` */
export const SORTS_PER_QUERY = 2;
/** PostgreSQL's default since 15. */
export const HASH_MEM_MULTIPLIER = 2;

const PAGE = Bytes.kib(8);
export const BUFFER_STEP = Bytes.mib(16);
export const SHARED_BUFFERS_LEAST = Bytes.mib(64);
export const SHARED_BUFFERS_MOST = Bytes.gib(16);
/** On a box shared with Synapse; a dedicated server would take 25 % (docs/sizing.md). */
export const SHARED_BUFFERS_MOST_SHARE = 0.2;
/** PostgreSQL's default; main alone lives on boxes too small for it. */
const WORK_MEM_LEAST = Bytes.mib(4);
const WORK_MEM_LEAST_ALONE = Bytes.mib(2);
/** The least that `work_mem` is given, beside so many workers. */
export const leastWorkMem = (workers: number): Bytes => (workers > 0 ? WORK_MEM_LEAST : WORK_MEM_LEAST_ALONE);
export const WORK_MEM_MOST = Bytes.mib(64);
export const WORK_MEM_STEP = Bytes.kib(64);
export const MAINTENANCE_LEAST = Bytes.mib(32);
export const MAINTENANCE_MOST = Bytes.gib(1);
export const AUTOVACUUM_LEAST = Bytes.mib(16);
export const AUTOVACUUM_MOST = Bytes.mib(512);

/** How free memory is shared out, of 100 parts; tuned to the first cut of docs/sizing.md, so in the end a `guess`. */
export const WEIGHTS = { shared: 50, work: 27, maintenance: 10, autovacuum: 8, pageCache: 5 } as const;

/** Share of what shared_buffers leaves below its own cap that is reckoned as page cache; the rest is page tables. */
const UNUSED_AS_CACHE = 0.8;

/** What the memory of Postgres depends on beside its limit. */
export interface PostgresDemand {
  readonly version: PostgresMajor;
  readonly ram: Bytes;
  readonly connections: ConnectionPlan;
  readonly parallel: ParallelPlan;
  readonly autovacuumWorkers: number;
  readonly overrides: Overrides;
  /** Shared memory of pass-through settings, beside what is reckoned for their defaults. */
  readonly furtherShared: Bytes;
}

/** A line that does not share in what is left: at its least or its most, or set by the file. */
export interface HeldLine {
  readonly name: LineName;
  readonly amount: Bytes;
  readonly at: "least" | "most" | "set";
}

/** How what is free was shared out. */
export interface PostgresShares {
  readonly limit: Bytes;
  readonly backend: Bytes;
  readonly processes: Bytes;
  readonly held: readonly HeldLine[];
  /** What the other lines share, by weight. */
  readonly left: Bytes;
  readonly parts: number;
  /** What `effective_cache_size` is the sum of. */
  readonly cached: Readonly<Record<string, Bytes>>;
}

/** Postgres' memory, shared out. */
export interface PostgresMemory {
  readonly sharedBuffers: Bytes;
  readonly walBuffers: Bytes;
  readonly workMem: Bytes;
  readonly maintenanceWorkMem: Bytes;
  readonly autovacuumWorkMem: Bytes;
  readonly effectiveCacheSize: Bytes;
  /** Allocations of `work_mem` that can exist at once: sorts and hashes of all servers and parallel workers. */
  readonly allocations: number;
  readonly predictedSharedMemory: Bytes;
  readonly parts: Readonly<Record<string, Bytes>>;
  readonly shares: PostgresShares;
}

/** Allocations of `work_mem` by one query at its worst (k of docs/sizing.md). */
const allocationsPerBackend = (overrides: Overrides): number =>
  SORTS_PER_QUERY + (overrides.hashMemMultiplier ?? HASH_MEM_MULTIPLIER);

/** All servers that Synapse can hold work at once: the hard bound I2, not only the ordinary one. */
const allocations = ({ connections, parallel, overrides }: PostgresDemand): number =>
  (connections.servers + parallel.querySlots) * allocationsPerBackend(overrides);

const pageTables = (demand: PostgresDemand, sharedBuffers: Bytes): Bytes =>
  sharedBuffers.times(demand.connections.active / PAGES_PER_ENTRY);

const walBuffers = (demand: PostgresDemand, sharedBuffers: Bytes): Bytes =>
  demand.overrides.walBuffers ?? walBuffersFor(sharedBuffers);

const predicted = (demand: PostgresDemand, sharedBuffers: Bytes): Bytes =>
  sharedMemory(
    demand.version,
    sharedBuffers,
    walBuffers(demand, sharedBuffers),
    demand.connections.maxConnections.value,
  ).plus(demand.furtherShared);

/** Memory that so large a `shared_buffers` takes: the server's shared memory, and page tables of the active backends. */
export const sharedCost = (demand: PostgresDemand, sharedBuffers: Bytes): Bytes =>
  predicted(demand, sharedBuffers).plus(pageTables(demand, sharedBuffers));

/** Largest shared_buffers, to a page, that costs no more than `budget`: bisection, since the cost has corners. */
const affordable = (demand: PostgresDemand, budget: Bytes): Bytes => {
  let low = 0;
  let high = SHARED_BUFFERS_MOST.toBytes();
  if (!sharedCost(demand, SHARED_BUFFERS_MOST).isMoreThan(budget)) return SHARED_BUFFERS_MOST;
  while (high - low > PAGE.toBytes()) {
    const middle = Math.floor((low + high) / 2);
    if (sharedCost(demand, Bytes.of(middle)).isMoreThan(budget)) high = middle;
    else low = middle;
  }
  return Bytes.of(low);
};

const backendOf = ({ overrides }: PostgresDemand): Bytes => backendWith(overrides.lookup.size("temp_buffers"));

const fixedParts = (demand: PostgresDemand): { backends: Bytes; processes: Bytes } => ({
  backends: backendOf(demand).times(demand.connections.backends),
  processes: SERVER_PROCESSES.plus(demand.version >= 18 ? IO_WORKER.times(demand.parallel.ioWorkers) : Bytes.ZERO),
});

export type LineName = keyof typeof WEIGHTS;

const linesOf = (demand: PostgresDemand): Record<LineName, Line> => {
  const { overrides, autovacuumWorkers } = demand;
  const slots = allocations(demand);
  const leastWork = leastWorkMem(demand.connections.workers);
  const line = (name: LineName, set: Bytes | undefined, least: Bytes, most: Bytes): Line =>
    set ? fixedLine(set) : { weight: WEIGHTS[name], floor: least, ceiling: most };
  return {
    shared: line(
      "shared",
      overrides.sharedBuffers && sharedCost(demand, overrides.sharedBuffers),
      sharedCost(demand, SHARED_BUFFERS_LEAST),
      sharedCost(demand, SHARED_BUFFERS_MOST),
    ),
    work: line("work", overrides.workMem?.times(slots), leastWork.times(slots), WORK_MEM_MOST.times(slots)),
    maintenance: line("maintenance", overrides.maintenanceWorkMem, MAINTENANCE_LEAST, MAINTENANCE_MOST),
    autovacuum: line(
      "autovacuum",
      overrides.autovacuumWorkMem?.times(autovacuumWorkers),
      AUTOVACUUM_LEAST.times(autovacuumWorkers),
      AUTOVACUUM_MOST.times(autovacuumWorkers),
    ),
    pageCache: { weight: WEIGHTS.pageCache, floor: Bytes.ZERO, ceiling: UNLIMITED },
  };
};

/** What Postgres needs at the least, by part: every line at its floor. */
export const leastPostgresParts = (demand: PostgresDemand): Record<string, Bytes> => {
  const lines = linesOf(demand);
  return {
    ...fixedParts(demand),
    "shared memory": lines.shared.floor,
    work_mem: lines.work.floor,
    maintenance_work_mem: lines.maintenance.floor,
    autovacuum_work_mem: lines.autovacuum.floor,
  };
};

/** The smallest container limit in which `leastPostgresParts` keep I2's 10 % distance. */
export const leastPostgresLimit = (demand: PostgresDemand): Bytes =>
  Bytes.sum(Object.values(leastPostgresParts(demand)))
    .dividedBy(USABLE_SHARE_OF_LIMIT)
    .ceilTo(MIB)
    .plus(MIB);

const heldAt = ({ floor, ceiling }: Line, amount: Bytes): HeldLine["at"] | undefined => {
  if (floor.equals(ceiling)) return "set";
  if (amount.equals(floor)) return "least";
  return amount.equals(ceiling) ? "most" : undefined;
};

/** The page cache has neither floor nor ceiling, so something always shares in what is left. */
const heldLines = (lines: Readonly<Record<LineName, Line>>, filled: Readonly<Record<LineName, Bytes>>): HeldLine[] =>
  (Object.keys(WEIGHTS) as LineName[]).flatMap((name) => {
    const at = name === "pageCache" ? undefined : heldAt(lines[name], filled[name]);
    return at ? [{ name, amount: filled[name], at }] : [];
  });

/**
 * Shares a container limit out. Monotone in the limit and in RAM.
 * @returns undefined when the limit is below `leastPostgresLimit`.
 */
export const postgresMemoryFor = (demand: PostgresDemand, limit: Bytes): PostgresMemory | undefined => {
  const fixed = fixedParts(demand);
  const usable = limit.times(USABLE_SHARE_OF_LIMIT);
  const claimed = Bytes.sum(Object.values(fixed));
  const free = usable.minus(claimed);
  const demanded = linesOf(demand);
  const lines = fill(free, demanded);
  if (!lines) return undefined;
  const { overrides, autovacuumWorkers } = demand;
  const slots = allocations(demand);
  const cap = demand.ram.times(SHARED_BUFFERS_MOST_SHARE);
  const reachable = Bytes.max(SHARED_BUFFERS_LEAST, Bytes.min(affordable(demand, lines.shared), cap));
  const sharedBuffers = overrides.sharedBuffers ?? reachable.floorTo(BUFFER_STEP);
  const workMem = overrides.workMem ?? lines.work.dividedBy(slots).floorTo(WORK_MEM_STEP);
  const maintenanceWorkMem = overrides.maintenanceWorkMem ?? lines.maintenance.floorTo(MIB);
  const autovacuumWorkMem = overrides.autovacuumWorkMem ?? lines.autovacuum.dividedBy(autovacuumWorkers).floorTo(MIB);
  const used = {
    sharedMemory: predicted(demand, sharedBuffers),
    pageTables: pageTables(demand, sharedBuffers),
    ...fixed,
    workMem: workMem.times(slots),
    maintenance: maintenanceWorkMem,
    autovacuum: autovacuumWorkMem.times(autovacuumWorkers),
  };
  const held = heldLines(demanded, lines);
  const shared = (Object.keys(WEIGHTS) as LineName[]).filter((name) => !held.some((line) => line.name === name));
  const belowCap = lines.shared.minus(sharedCost(demand, cap)).times(UNUSED_AS_CACHE);
  const cached = {
    "10 % of the limit": limit.minus(usable),
    "shared_buffers before rounding": overrides.sharedBuffers ?? reachable,
    "80 % of what shared_buffers cannot use": belowCap,
    "page cache": lines.pageCache,
    "half of work_mem, maintenance_work_mem and autovacuum_work_mem": Bytes.sum([
      lines.work,
      lines.maintenance,
      lines.autovacuum,
    ]).times(0.5),
  };
  return {
    sharedBuffers,
    walBuffers: walBuffers(demand, sharedBuffers),
    workMem,
    maintenanceWorkMem,
    autovacuumWorkMem,
    effectiveCacheSize: Bytes.sum(Object.values(cached)).floorTo(BUFFER_STEP),
    allocations: slots,
    predictedSharedMemory: used.sharedMemory,
    parts: { ...used, pageCache: usable.minus(Bytes.sum(Object.values(used))) },
    shares: {
      limit,
      backend: backendOf(demand),
      processes: fixed.processes,
      held,
      left: free.minus(Bytes.sum(held.map(({ amount }) => amount))),
      parts: shared.reduce((sum, name) => sum + WEIGHTS[name], 0),
      cached,
    },
  };
};
