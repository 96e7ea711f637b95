import type { DiskKind, PostgresMajor } from "../configs/environment";
import type { Solved } from "./plan";
import { GUESS, solved } from "./solved";

/** Points per round, shared by all workers; PostgreSQL's 200 dates from spinning disks (docs/sizing.md). */
const COST_LIMIT: Readonly<Record<DiskKind, number>> = { nvme: 2000, ssd: 1000, network: 1000, hdd: 200 };

const SOURCE = "docs/sizing.md";
/** What they do is the manual's, how much of it is not. */
const VACUUMING = `PostgreSQL manual, "Automatic Vacuuming"; ${GUESS}`;

/** Autovacuum workers: 2 up to 2 cores or without workers, 4 from 16 cores, else 3 (docs/sizing.md). */
export const autovacuumWorkersFor = (cores: number, workers: number, override: number | undefined): number => {
  if (override !== undefined) return override;
  if (cores <= 2 || workers === 0) return 2;
  return cores >= 16 ? 4 : 3;
};

/** Autovacuum for the whole cluster; tables of their own kind get theirs when the schema exists. */
export const autovacuumSettings = (
  workers: number,
  disk: DiskKind,
  version: PostgresMajor,
): Record<string, Solved<string>> => ({
  autovacuum: solved("on", "Synapse deletes and updates all the time", SOURCE),
  autovacuum_max_workers: solved(
    String(workers),
    "2 up to 2 cores or without workers, 4 from 16 cores, else 3",
    "docs/sizing.md",
  ),
  autovacuum_naptime: solved("30s", "queue tables turn over within a minute", SOURCE),
  autovacuum_vacuum_scale_factor: solved(
    "0.05",
    "the default of 0.2 lets 100 million dead rows gather in state_groups_state",
    SOURCE,
  ),
  autovacuum_vacuum_insert_scale_factor: solved(
    "0.05",
    "keeps the visibility map of append-only tables fresh; the default waits until a fifth is new",
    VACUUMING,
  ),
  autovacuum_analyze_scale_factor: solved("0.02", "statistics of tables that grow all day", SOURCE),
  autovacuum_vacuum_cost_delay: solved("2ms", "the default", "PostgreSQL manual"),
  autovacuum_vacuum_cost_limit: solved(
    String(COST_LIMIT[disk]),
    `for a disk of kind ${disk}, shared by all workers`,
    "docs/sizing.md",
  ),
  vacuum_cost_delay: solved("0", "the default: a manual VACUUM runs at full speed", "PostgreSQL manual"),
  ...(version >= 18
    ? {
        autovacuum_worker_slots: solved(
          String(Math.max(16, workers)),
          "the default, at least the workers",
          "PostgreSQL manual",
        ),
        autovacuum_vacuum_max_threshold: solved(
          "10000000",
          "a tenth of the default: giants are vacuumed in bites",
          VACUUMING,
        ),
      }
    : {}),
});
