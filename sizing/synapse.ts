import type { Layout } from "../configs/catalogue/layouts";
import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import type { ConnectionPlan } from "./connections";
import { budgetOf } from "./container";
import { processCpu } from "./cpu";
import { nofileFor } from "./file-limits";
import type { DatabasePath, HostFacts, ProcessPlan, RequestLimits, Solved, SynapsePlan } from "./plan";
import { mostRequestsAt } from "./request-limits";
import { exactMegabytes, fromFile, GUESS, solved } from "./solved";
import { BASE_HEAP_MAIN, BASE_HEAP_WORKER, RESIDENT_PER_HEAP, residentAt, type SynapseMemory } from "./synapse-budget";

/** Where eviction stops, as a share of the ceiling (Synapse's manual: 758M of 1024M). */
const TARGET_SHARE = 0.75;

/**
 * Cache sizes are counts, not bytes: they must be large enough that memory is what ends a cache, or `cache_autotuning`
 * never evicts. One factor per 256 MB of heap; MDAD uses 10 everywhere. `guess`
 */
const HEAP_PER_FACTOR = Bytes.mib(256);
const FACTOR_MOST = 10;

/** `event_cache_size` by main's heap; Synapse multiplies it by the global factor (docs/sizing.md). */
const EVENT_CACHE: ReadonlyArray<readonly [leastHeap: Bytes, size: string, source: string]> = [
  [Bytes.gib(2), "100K", "MDAD"],
  [Bytes.mib(512), "30K", "tcpipuk, Synapse guide"],
  [Bytes.ZERO, "10K", "Synapse's default"],
];

/** Files of a process beside the requests that it serves: federation, replication, database, logs. `guess` */
export const SYNAPSE_OWN_FILES = 512;

const factorFor = (env: Environment, heap: Bytes): Solved<number> => {
  if (env.synapse.globalCacheFactor !== undefined) {
    return fromFile(env.synapse.globalCacheFactor, "synapse.global_cache_factor");
  }
  const factor = Math.floor(heap.toBytes() / HEAP_PER_FACTOR.toBytes());
  return solved(
    Math.min(FACTOR_MOST, Math.max(1, factor)),
    `1 for each ${HEAP_PER_FACTOR} of main's heap ceiling of ${exactMegabytes(heap)}, between 1 and ${FACTOR_MOST}, so that memory and not the count ends a cache`,
    "guess",
  );
};

const eventCacheFor = (heap: Bytes): Solved<string> => {
  const [least, size, source] = EVENT_CACHE.find(([from]) => !heap.isLessThan(from)) ?? [Bytes.ZERO, "10K", "guess"];
  return solved(
    size,
    `main's heap ceiling of ${exactMegabytes(heap)} is at least ${least}; Synapse multiplies by the global factor`,
    source,
  );
};

const pathOf = (isMain: boolean, pooled: boolean): DatabasePath => {
  if (!pooled) return "direct";
  return isMain ? "session" : "transaction";
};

interface Shared {
  readonly host: HostFacts;
  readonly limits: RequestLimits;
  readonly connections: ConnectionPlan;
  readonly memory: SynapseMemory;
}

const processPlan = (
  { host, connections, memory }: Shared,
  name: string,
  isMain: boolean,
  roles: ProcessPlan["roles"],
  mostRequests: number,
): ProcessPlan => {
  const heap = isMain ? memory.main : memory.worker;
  const base = isMain ? BASE_HEAP_MAIN : BASE_HEAP_WORKER;
  const caches = heap.minus(base);
  const parts = { base: residentAt(base), caches: residentAt(heap).minus(residentAt(base)) };
  const cpMax = isMain ? connections.cpMaxMain : connections.cpMaxWorker;
  return {
    container: {
      name: `synapse-${name}`,
      service: "synapse",
      ...budgetOf(parts, nofileFor({ requests: mostRequests, "its own": SYNAPSE_OWN_FILES }), "docs/sizing.md"),
      ...processCpu(isMain, connections.workers, host.cpus),
      connections: cpMax,
    },
    name,
    isMain,
    roles,
    heapCeiling: solved(
      heap,
      `${exactMegabytes(base)} without caches + ${exactMegabytes(caches)} of caches = ${exactMegabytes(heap)}; resident memory is ${RESIDENT_PER_HEAP} times as much`,
      "docs/sizing.md",
    ),
    heapTarget: heap.times(TARGET_SHARE),
    cpMin: Math.max(1, Math.floor(cpMax.value / 2)),
    cpMax,
    databasePath: pathOf(isMain, connections.pooled),
    why: {
      heapTarget: {
        reason: `${TARGET_SHARE} × the ceiling of ${exactMegabytes(heap)} (max_cache_memory_usage)`,
        source: "synapse: docs/usage/configuration/config_documentation.md, cache_autotuning (758M of 1024M)",
      },
      cpMin: { reason: `half of cp_max ${cpMax.value}, rounded down, at least 1`, source: GUESS },
    },
  };
};

/** The Synapse processes of a layout, main first. */
export const synapsePlan = (env: Environment, layout: Solved<Layout>, shared: Shared): SynapsePlan => ({
  layout: solved(layout.value.name, layout.reason, layout.source),
  processes: layout.value.processes.map((process, _, all) =>
    processPlan(
      shared,
      process.name,
      process.name === "main",
      process.roles,
      mostRequestsAt(shared.limits, all, process),
    ),
  ),
  globalCacheFactor: factorFor(env, shared.memory.main),
  eventCacheSize: eventCacheFor(shared.memory.main),
});
