import type { DiskKind, Environment, PostgresMajor } from "../configs/environment";
import { chosen } from "./inputs";
import type { Solved } from "./plan";
import { solved } from "./solved";

const SOURCE = "docs/sizing.md";

const RANDOM_PAGE_COST: Readonly<Record<DiskKind, string>> = { nvme: "1.1", ssd: "1.1", network: "1.1", hdd: "4" };

/** Reads in flight. PG 18 counts I/O operations of its own workers, before it was a hint to the kernel. */
const CONCURRENCY: Readonly<Record<"before18" | "from18", Readonly<Record<DiskKind, number>>>> = {
  before18: { nvme: 200, ssd: 100, network: 100, hdd: 2 },
  from18: { nvme: 128, ssd: 64, network: 64, hdd: 16 },
};

/** Settings by which the planner weighs and the executor reads. */
export const plannerSettings = (
  env: Environment,
  disk: DiskKind,
  version: PostgresMajor,
): Record<string, Solved<string>> => {
  const concurrency = CONCURRENCY[version >= 18 ? "from18" : "before18"][disk];
  const reads = solved(String(concurrency), `reads in flight on a disk of kind ${disk}`, SOURCE);
  return {
    seq_page_cost: solved("1", "the default: the unit of all costs", "PostgreSQL manual"),
    random_page_cost: solved(RANDOM_PAGE_COST[disk], `a disk of kind ${disk}`, "PGTune, timescaledb-tune, pgconfig"),
    effective_io_concurrency: reads,
    maintenance_io_concurrency: reads,
    default_statistics_target: solved(
      "100",
      "the default; Synapse sets n_distinct where a sample misleads",
      'PostgreSQL manual, "Query Planning"; matrix-org/synapse#5064',
    ),
    jit: chosen(
      env,
      "postgres.jit",
      solved(
        env.postgres.jit ? "on" : "off",
        "the kit's default: compiling costs more than Synapse's short queries, and backends grew to hundreds of MB",
        "matrix-org/synapse#9182",
      ),
    ),
  };
};
