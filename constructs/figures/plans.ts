import type { Solved } from "../../sizing/plan";
import { type Box, box, leastRam, table } from "./boxes";

/** Machines of usual sizes. */
export const BOXES: ReadonlyArray<readonly [ramGb: number, cores: number]> = [
  [1, 1],
  [2, 1],
  [4, 2],
  [8, 4],
  [16, 8],
  [24, 2],
  [64, 16],
  [128, 32],
];

const HEAD = [
  "RAM / cores",
  "workers",
  "Postgres",
  "main",
  "each worker",
  "PgBouncer, Redis, Nginx",
  "shared_buffers",
  "work_mem",
  "maintenance_work_mem",
  "effective_cache_size",
  "max_connections",
  "pools",
  "heap main, worker",
];

const row = ({ ramGb, cores, plan }: Box): string[] => {
  const [main, worker] = plan.synapse.processes;
  const limit = (container: { readonly memory: Solved<{ toMiB(): number }> } | undefined): string =>
    container ? String(container.memory.value.toMiB()) : "–";
  const setting = (name: string): string => plan.postgres.settings[name]?.value ?? "–";
  const { pgbouncer } = plan;
  return [
    `${ramGb} GB / ${cores}`,
    String(plan.synapse.processes.length - 1),
    limit(plan.postgres.container),
    limit(main?.container),
    limit(worker?.container),
    [plan.pgbouncer?.container, plan.redis?.container, plan.nginx.container].map(limit).join(", "),
    setting("shared_buffers"),
    setting("work_mem"),
    setting("maintenance_work_mem"),
    setting("effective_cache_size"),
    setting("max_connections"),
    pgbouncer ? `${pgbouncer.transactionPool} + ${pgbouncer.sessionPool}` : "–",
    [main, worker].flatMap((process) => (process ? [String(process.heapCeiling.value.toMiB())] : [])).join(", "),
  ];
};

const MOST_CORES = 256;

/** The smallest machines. */
export const leastText = (): string =>
  `The least machine is ${leastRam(1)} MB with one core, and ${leastRam(MOST_CORES)} MB with ${MOST_CORES}.`;

/** What machines of usual sizes get; memory in MB. */
export const plansTable = (): string =>
  table(
    HEAD,
    BOXES.map(([ramGb, cores]) => row(box(ramGb, cores))),
  );
