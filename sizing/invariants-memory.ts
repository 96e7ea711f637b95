import { Bytes } from "../configs/units/bytes";
import { activeBackends, backendsFor } from "./connections";
import { USABLE_SHARE_OF_LIMIT } from "./constants";
import { lookupIn } from "./overrides";
import { containersOf, type Plan } from "./plan";
import { backendWith, PAGES_PER_ENTRY, SORTS_PER_QUERY } from "./postgres-budget";
import { sharedMemory, walBuffersFor } from "./postgres-shared-memory";
import { furtherSharedMemory } from "./postgres-shared-settings";
import { MOST_WITHOUT_DISK_SIZE } from "./postgres-wal";
import { REDIS_BASE } from "./redis";
import { postgresBytesIn, postgresNumberIn, postgresSwitchIn, redisBytesIn } from "./settings-reader";
import { megabytes, sumText } from "./solved";

/** What /dev/shm holds beside parallel work (I10), and Docker's default size of it. */
const SHM_BASE = Bytes.mib(64);
const WAL_SEGMENT = Bytes.mib(16);
/** PostgreSQL's own choice is 1/32, at most a segment. */
const WAL_BUFFERS_MOST_SHARE = 0.03;
/** Two WAL segments of 16 MB, below which the server does not start (I9). */
const MIN_WAL_LEAST = Bytes.mib(32);
/** 2 × the kit's own cap, and half of it for slots. */
const MOST_ON_UNKNOWN_DISK = MOST_WITHOUT_DISK_SIZE.times(2.5);

/** Server connections that Synapse may hold open at once. */
export const serverConnections = (plan: Plan): number => {
  if (!plan.pgbouncer) return plan.synapse.processes.reduce((sum, process) => sum + process.cpMax.value, 0);
  const reserve = Number(plan.pgbouncer.settings.reserve_pool_size?.value ?? 0);
  return plan.pgbouncer.transactionPool + plan.pgbouncer.sessionPool + 2 * reserve;
};

/** Processes that a hash may be shared by: each adds its own `work_mem`, also where it never starts. */
const processesPerHash = (plan: Plan): number =>
  postgresSwitchIn(plan, "enable_parallel_hash") ? 1 + postgresNumberIn(plan, "max_parallel_workers_per_gather") : 1;

/** Left side of I2, from the settings as they are rendered. */
const postgresHardBound = (plan: Plan): Record<string, Bytes> => {
  const servers = serverConnections(plan);
  const sharedBuffers = postgresBytesIn(plan, "shared_buffers");
  const walBuffers = postgresBytesIn(plan, "wal_buffers");
  const gather = postgresNumberIn(plan, "max_parallel_workers_per_gather");
  const parallel = gather > 0 ? postgresNumberIn(plan, "max_parallel_workers") : 0;
  const multiplier = postgresNumberIn(plan, "hash_mem_multiplier");
  const allocations =
    servers * (SORTS_PER_QUERY + multiplier * processesPerHash(plan)) + parallel * (SORTS_PER_QUERY + multiplier);
  const autovacuum = postgresBytesIn(plan, "autovacuum_work_mem");
  const maintenance = postgresBytesIn(plan, "maintenance_work_mem");
  return {
    "shared memory": sharedMemory(
      plan.postgres.version,
      sharedBuffers,
      walBuffers.equals(Bytes.ZERO) ? walBuffersFor(sharedBuffers) : walBuffers,
      postgresNumberIn(plan, "max_connections"),
    ).plus(
      furtherSharedMemory(
        plan.postgres.version,
        lookupIn((name) => plan.postgres.settings[name]?.value),
        postgresNumberIn(plan, "max_connections"),
      ),
    ),
    "page tables": sharedBuffers.times(activeBackends(servers, plan.host.cpus.toWholeCores()) / PAGES_PER_ENTRY),
    backends: backendWith(postgresBytesIn(plan, "temp_buffers")).times(
      backendsFor(
        servers,
        postgresNumberIn(plan, "max_connections"),
        postgresNumberIn(plan, "superuser_reserved_connections") + postgresNumberIn(plan, "reserved_connections"),
      ),
    ),
    work_mem: postgresBytesIn(plan, "work_mem").times(allocations),
    autovacuum_work_mem: (autovacuum.equals(Bytes.ZERO) ? maintenance : autovacuum).times(
      postgresNumberIn(plan, "autovacuum_max_workers"),
    ),
    maintenance_work_mem: maintenance,
  };
};

const exceeds = (parts: Record<string, Bytes>, most: Bytes, what: string): string | undefined => {
  const total = Bytes.sum(Object.values(parts));
  return total.isMoreThan(most) ? `${sumText(parts, total)} > ${what} = ${megabytes(most)}` : undefined;
};

/** I1: operating system + slack + all container limits ≤ RAM. */
export const everythingFits = (plan: Plan): string | undefined => {
  const parts: Record<string, Bytes> = {
    "operating system": plan.reserves.operatingSystem.value,
    slack: plan.reserves.slack.value,
  };
  for (const { name, memory } of containersOf(plan)) parts[name] = memory.value;
  return exceeds(parts, plan.host.ram, "RAM");
};

/** I2: shared memory, all backends with all their sorts, vacuum and maintenance ≤ 90 % of Postgres' limit. */
export const postgresFitsItsLimit = (plan: Plan): string | undefined =>
  exceeds(
    postgresHardBound(plan),
    plan.postgres.container.memory.value.times(USABLE_SHARE_OF_LIMIT),
    `90 % of ${megabytes(plan.postgres.container.memory.value)}`,
  );

/** I2 for the other containers: what each is planned to use ≤ 90 % of its limit. */
export const partsFitTheirLimits = (plan: Plan): string | undefined => {
  for (const { memory, parts, name } of containersOf(plan)) {
    const found = exceeds(
      parts,
      memory.value.times(USABLE_SHARE_OF_LIMIT),
      `90 % of ${name}'s ${megabytes(memory.value)}`,
    );
    if (found) return found;
  }
  if (!plan.redis) return undefined;
  const limit = plan.redis.container.memory.value;
  const redis = {
    base: REDIS_BASE,
    maxmemory: redisBytesIn(plan, "maxmemory"),
    "maxmemory-clients": redisBytesIn(plan, "maxmemory-clients"),
  };
  return exceeds(redis, limit.times(USABLE_SHARE_OF_LIMIT), `90 % of redis' ${megabytes(limit)}`);
};

/**
 * I8: shared_buffers ≤ 25 % of RAM; shared_buffers ≤ effective_cache_size ≤ what is not anonymous memory, of RAM and of
 * Postgres' container, to which its page cache is charged; below RAM.
 */
export const cachesAreReal = (plan: Plan): string | undefined => {
  const shared = postgresBytesIn(plan, "shared_buffers");
  const cache = postgresBytesIn(plan, "effective_cache_size");
  const quarter = plan.host.ram.times(0.25);
  if (shared.isMoreThan(quarter))
    return `shared_buffers ${megabytes(shared)} > 25 % of ${megabytes(plan.host.ram)} = ${megabytes(quarter)}`;
  if (shared.isMoreThan(cache)) return `shared_buffers ${megabytes(shared)} > effective_cache_size ${megabytes(cache)}`;
  const backends = backendWith(postgresBytesIn(plan, "temp_buffers")).times(serverConnections(plan));
  const anonymous = Bytes.sum([backends, ...plan.synapse.processes.map((process) => process.container.reservation)]);
  const limit = plan.postgres.container.memory.value;
  const cacheable = limit.minus(backends);
  if (cache.isMoreThan(cacheable)) {
    return `effective_cache_size ${megabytes(cache)} > postgres' ${megabytes(limit)} − backends ${megabytes(backends)} = ${megabytes(cacheable)}`;
  }
  const most = shared.plus(plan.host.ram.minus(anonymous));
  if (cache.isMoreThan(most)) {
    return `effective_cache_size ${megabytes(cache)} > shared_buffers ${megabytes(shared)} + RAM ${megabytes(plan.host.ram)} − anonymous ${megabytes(anonymous)} = ${megabytes(most)}`;
  }
  return cache.isLessThan(plan.host.ram)
    ? undefined
    : `effective_cache_size ${megabytes(cache)} ≥ ${megabytes(plan.host.ram)} of RAM`;
};

/** C9: what backends have not written yet is flushed at each commit; more than a segment only takes from the caches. */
export const walBuffersAreSmall = (plan: Plan): string | undefined => {
  const buffers = postgresBytesIn(plan, "wal_buffers");
  const shared = postgresBytesIn(plan, "shared_buffers");
  const most = Bytes.max(WAL_SEGMENT, shared.times(WAL_BUFFERS_MOST_SHARE));
  return buffers.isMoreThan(most)
    ? `wal_buffers ${megabytes(buffers)} > 3 % of shared_buffers ${megabytes(shared)}, at least 16 MB = ${megabytes(most)}`
    : undefined;
};

/**
 * I9: 2 × max_wal_size + kept WAL + slots ≤ 25 % of the disk, or what one of unknown size is trusted with; 32 MB ≤
 * min_wal_size ≤ max_wal_size.
 */
export const walFitsTheDisk = (plan: Plan): string | undefined => {
  const most = postgresBytesIn(plan, "max_wal_size");
  const least = postgresBytesIn(plan, "min_wal_size");
  if (least.isMoreThan(most)) return `min_wal_size ${megabytes(least)} > max_wal_size ${megabytes(most)}`;
  if (least.isLessThan(MIN_WAL_LEAST)) return `min_wal_size ${megabytes(least)} < two segments of 16 MB = 32 MB`;
  const parts = {
    "2 × max_wal_size": most.times(2),
    wal_keep_size: postgresBytesIn(plan, "wal_keep_size"),
    max_slot_wal_keep_size: postgresBytesIn(plan, "max_slot_wal_keep_size"),
  };
  const disk = plan.host.disk.size;
  if (disk) return exceeds(parts, disk.times(0.25), `25 % of a disk of ${megabytes(disk)}`);
  const found = exceeds(parts, MOST_ON_UNKNOWN_DISK, "what a disk of unknown size is trusted with");
  return found && `${found} (\`hardware.disk.size\` allows more)`;
};

/**
 * I10: /dev/shm ≥ maintenance_work_mem + parallel workers × work_mem × hash_mem_multiplier + 64 MB; with shared hashes all
 * servers can have one.
 */
export const sharedMemoryMountIsEnough = (plan: Plan): string | undefined => {
  const processes = processesPerHash(plan);
  const users = processes > 1 ? processes * serverConnections(plan) : postgresNumberIn(plan, "max_parallel_workers");
  const parts = {
    maintenance_work_mem: postgresBytesIn(plan, "maintenance_work_mem"),
    "parallel hashes": postgresBytesIn(plan, "work_mem").times(users * postgresNumberIn(plan, "hash_mem_multiplier")),
    base: SHM_BASE,
  };
  return exceeds(parts, plan.postgres.container.shm?.value ?? SHM_BASE, "/dev/shm");
};
