import type { PostgresMajor } from "../configs/environment";
import type { Solved } from "./plan";
import { GUESS, solved } from "./solved";

/** PostgreSQL's default, enough for parallel workers and extensions. */
const MAX_WORKER_PROCESSES = 8;
const MOST_MAINTENANCE_WORKERS = 2;
const IO_WORKERS_LEAST = 3;
const IO_WORKERS_MOST = 8;

/** Processes that Postgres may start beside the backends. */
export interface ParallelPlan {
  readonly perGather: number;
  readonly maxParallelWorkers: number;
  readonly maintenanceWorkers: number;
  readonly maxWorkerProcesses: number;
  /** Parallel workers of queries: each may use `work_mem` like a backend. */
  readonly querySlots: number;
  /** PG 18 only. */
  readonly ioWorkers: number;
}

/**
 * Parallelism by cores (docs/sizing.md: 0 up to 4 cores, 1 up to 8, 2 above). Off without workers: a monolith's
 * queries are short, and small boxes with many cores would have to take the memory from the caches.
 */
export const parallelFor = (cores: number, workers: number, maxParallelOverride: number | undefined): ParallelPlan => {
  const perGather = workers === 0 || cores <= 4 ? 0 : cores <= 8 ? 1 : 2;
  const maintenanceWorkers = Math.min(MOST_MAINTENANCE_WORKERS, Math.floor(cores / 4));
  const solvedParallel = perGather > 0 ? Math.min(MAX_WORKER_PROCESSES, Math.floor(cores / 2)) : maintenanceWorkers;
  const maxParallelWorkers = maxParallelOverride ?? solvedParallel;
  return {
    perGather,
    maxParallelWorkers,
    maintenanceWorkers,
    maxWorkerProcesses: MAX_WORKER_PROCESSES,
    querySlots: perGather > 0 ? maxParallelWorkers : 0,
    ioWorkers:
      workers === 0 ? IO_WORKERS_LEAST : Math.min(IO_WORKERS_MOST, Math.max(IO_WORKERS_LEAST, Math.floor(cores / 4))),
  };
};

/** Settings of parallel query, parallel maintenance and asynchronous I/O. */
export const parallelSettings = (
  parallel: ParallelPlan,
  cores: number,
  version: PostgresMajor,
): Record<string, Solved<string>> => ({
  max_worker_processes: solved(
    String(parallel.maxWorkerProcesses),
    "the default holds all parallel workers",
    "PostgreSQL manual",
  ),
  max_parallel_workers: solved(
    String(parallel.maxParallelWorkers),
    `half of ${cores} cores, at most ${MAX_WORKER_PROCESSES}; only maintenance without parallel query`,
    GUESS,
  ),
  max_parallel_workers_per_gather: solved(
    String(parallel.perGather),
    `0 up to 4 cores and without workers, 1 up to 8, 2 above: ${cores} cores, which Synapse shares`,
    "docs/sizing.md",
  ),
  enable_parallel_hash: solved(
    "off",
    "a hash that processes share may take hash_mem for each of them, started or not: no number of workers bounds it",
    "docs/sizing.md",
  ),
  max_parallel_maintenance_workers: solved(
    String(parallel.maintenanceWorkers),
    `a quarter of ${cores} cores, at most ${MOST_MAINTENANCE_WORKERS}`,
    GUESS,
  ),
  ...(version >= 18
    ? {
        io_method: solved(
          "worker",
          "io_uring is blocked by Docker's seccomp profile, the server would not start",
          "docker-library/postgres#1365",
        ),
        io_workers: solved(
          String(parallel.ioWorkers),
          `a quarter of ${cores} cores between the default of ${IO_WORKERS_LEAST} and ${IO_WORKERS_MOST}; ${IO_WORKERS_LEAST} without workers`,
          GUESS,
        ),
      }
    : {}),
});
