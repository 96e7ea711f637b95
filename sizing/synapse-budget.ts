import { Bytes } from "../configs/units/bytes";
import { MIB, USABLE_SHARE_OF_LIMIT } from "./constants";
import { limitFor } from "./container";
import { fill } from "./fill";

/** Heap of a process before any cache (docs/sizing.md; measured idle: 142–150 MB resident, so this has room). */
export const BASE_HEAP_MAIN = Bytes.mib(200);
export const BASE_HEAP_WORKER = Bytes.mib(130);
/** A process without cache asks Postgres for everything; beside workers each gets at least this. `guess` */
const CACHE_LEAST = Bytes.mib(32);
/** Resident memory per byte of jemalloc's `allocated` (docs/sizing.md). `guess` */
export const RESIDENT_PER_HEAP = 1.25;
/** Larger Python heaps spend their time in the garbage collector; MDAD stops a process at 2 GB. `guess` */
const HEAP_MOST_MAIN = Bytes.gib(4);
const HEAP_MOST_WORKER = Bytes.gib(2);
/** Main's share of all caches (docs/sizing.md). */
const MAIN_CACHE_SHARE = 0.3;

/** Heap ceilings of all processes, whole MiB. */
export interface SynapseMemory {
  readonly main: Bytes;
  readonly worker: Bytes;
}

/** Memory that a process may use when its heap is at the ceiling. */
export const residentAt = (heap: Bytes): Bytes => heap.times(RESIDENT_PER_HEAP);

const limitsAt = (main: Bytes, worker: Bytes, workers: number): Bytes =>
  limitFor(residentAt(main)).plus(limitFor(residentAt(worker)).times(workers));

const leastMain = (workers: number): Bytes => (workers > 0 ? BASE_HEAP_MAIN.plus(CACHE_LEAST) : BASE_HEAP_MAIN);

/** Sum of the container limits with every heap at its least, one MiB per process on top for rounding. */
export const leastSynapseLimits = (workers: number): Bytes =>
  limitsAt(leastMain(workers), BASE_HEAP_WORKER.plus(CACHE_LEAST), workers).plus(MIB.times(workers + 1));

/** Sum of the container limits with every heap at its most: more than this Synapse cannot use. */
export const mostSynapseLimits = (workers: number): Bytes =>
  limitsAt(HEAP_MOST_MAIN, HEAP_MOST_WORKER, workers).plus(MIB.times(workers + 1));

/** Shares the sum of the Synapse limits out; monotone in it. @returns undefined below `leastSynapseLimits`. */
export const synapseMemoryFor = (limits: Bytes, workers: number): SynapseMemory | undefined => {
  const heaps = limits.minus(MIB.times(workers + 1)).times(USABLE_SHARE_OF_LIMIT / RESIDENT_PER_HEAP);
  const base = BASE_HEAP_MAIN.plus(BASE_HEAP_WORKER.times(workers));
  if (heaps.isLessThan(base)) return undefined;
  const main = {
    weight: workers > 0 ? MAIN_CACHE_SHARE : 1,
    floor: leastMain(workers).minus(BASE_HEAP_MAIN),
    ceiling: HEAP_MOST_MAIN.minus(BASE_HEAP_MAIN),
  };
  const worker = {
    weight: 1 - MAIN_CACHE_SHARE,
    floor: CACHE_LEAST.times(workers),
    ceiling: HEAP_MOST_WORKER.minus(BASE_HEAP_WORKER).times(workers),
  };
  const caches = fill(heaps.minus(base), workers > 0 ? { main, worker } : { main, worker: { ...worker, weight: 1 } });
  if (!caches) return undefined;
  return {
    main: BASE_HEAP_MAIN.plus(caches.main).floorTo(MIB),
    worker: BASE_HEAP_WORKER.plus(workers > 0 ? caches.worker.dividedBy(workers) : Bytes.ZERO).floorTo(MIB),
  };
};
