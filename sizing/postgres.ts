import type { Environment, FlatValue } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB } from "./constants";
import { reservationOf } from "./container";
import { type Present, serviceCpu } from "./cpu";
import { nofileFor } from "./file-limits";
import { flatText } from "./overrides";
import type { HostFacts, PostgresPlan, Solved } from "./plan";
import { autovacuumSettings } from "./postgres-autovacuum";
import { HASH_MEM_MULTIPLIER, type PostgresDemand, type PostgresMemory } from "./postgres-budget";
import { loggingSettings, sessionSettings } from "./postgres-logging";
import { memorySettings } from "./postgres-memory";
import { parallelSettings } from "./postgres-parallel";
import { plannerSettings } from "./postgres-planner";
import { walSettings } from "./postgres-wal";
import { fromFile, solved, sumText } from "./solved";

/** PostgreSQL's `max_files_per_process`: each backend may hold this many (I7). */
const MAX_FILES_PER_PROCESS = 1000;

/** What /dev/shm holds beside the memory of parallel queries and maintenance (I10). `guess` */
const SHM_BASE = Bytes.mib(64);

const connectionSettings = ({ connections }: PostgresDemand): Record<string, Solved<string>> => ({
  max_connections: solved(
    String(connections.maxConnections.value),
    connections.maxConnections.reason,
    connections.maxConnections.source,
  ),
  superuser_reserved_connections: solved(String(connections.superuserReserved), "the default", "PostgreSQL manual"),
  reserved_connections: solved(
    String(connections.reserved),
    "for backup and monitoring when the pools are full",
    "docs/sizing.md",
  ),
  max_files_per_process: solved(
    String(MAX_FILES_PER_PROCESS),
    "the default, below the container's nofile",
    "PostgreSQL manual",
  ),
});

const TYPED = {
  sharedBuffers: "shared_buffers",
  workMem: "work_mem",
  maintenanceWorkMem: "maintenance_work_mem",
  maxWalSize: "max_wal_size",
} as const;

/** What the file sets: keys of their own and pass-through settings, of which no name is in both. */
const fileSettings = ({ postgres }: Environment): Record<string, Solved<string>> => {
  const typed: Record<string, Solved<string>> = {};
  for (const [key, name] of Object.entries(TYPED)) {
    const value = postgres[key as keyof typeof TYPED];
    if (value) typed[name] = fromFile(value.toPostgres(), `postgres.${name}`);
  }
  const passedOn = Object.entries<FlatValue>(postgres.settings).map(([name, value]) => [
    name,
    fromFile(flatText(value), `postgres.settings.${name}`),
  ]);
  return { ...typed, ...Object.fromEntries(passedOn) };
};

/** I10: PG ≤ 16 takes the dead-tuple space of a parallel VACUUM there at once. */
const shmFor = ({ parallel, overrides }: PostgresDemand, memory: PostgresMemory): Solved<Bytes> => {
  const hashes = memory.workMem.times(
    parallel.maxParallelWorkers * (overrides.hashMemMultiplier ?? HASH_MEM_MULTIPLIER),
  );
  const parts = { maintenance_work_mem: memory.maintenanceWorkMem, "parallel hashes": hashes, base: SHM_BASE };
  const sum = Bytes.sum(Object.values(parts));
  return solved(sum.ceilTo(MIB), `${sumText(parts, sum)}, up to whole MB`, "docs/sizing.md, invariant I10");
};

/** Postgres inside a container of `limit`, whose memory has been shared out already. */
export const postgresPlan = (
  env: Environment,
  host: HostFacts,
  demand: PostgresDemand,
  memory: PostgresMemory,
  limit: Solved<Bytes>,
  present: Present,
): PostgresPlan => {
  const { version, connections, parallel, autovacuumWorkers, overrides } = demand;
  const { pageCache = Bytes.ZERO, ...claimed } = memory.parts;
  const cores = host.cpus.toWholeCores();
  const files = overrides.lookup.number("max_files_per_process") ?? MAX_FILES_PER_PROCESS;
  const nofile = nofileFor({ max_files_per_process: files });
  const reservation = Bytes.sum(Object.values(claimed));
  return {
    version,
    container: {
      name: "postgres",
      service: "postgres",
      memory: limit,
      parts: { ...claimed, pageCache },
      reservation,
      ...serviceCpu("postgres", present, host.cpus),
      connections: connections.maxConnections,
      nofile: nofile.value,
      shm: shmFor(demand, memory),
      why: { reservation: reservationOf(claimed, reservation), nofile },
    },
    settings: {
      ...connectionSettings(demand),
      ...memorySettings(env, demand, memory),
      ...walSettings(env, host, overrides),
      ...parallelSettings(parallel, cores, version),
      ...autovacuumSettings(autovacuumWorkers, host.disk.kind, version),
      ...plannerSettings(env, host.disk.kind, version),
      ...loggingSettings(),
      ...sessionSettings(),
      ...fileSettings(env),
    },
    sharedBuffers: memory.sharedBuffers,
    workMem: memory.workMem,
    maxConnections: connections.maxConnections.value,
    predictedSharedMemory: memory.predictedSharedMemory,
  };
};
