import type { Environment, FlatValue } from "../configs/environment";
import { placeOf } from "../configs/place";
import { redisSize } from "../configs/settings/redis-value";
import { Bytes } from "../configs/units/bytes";
import { UserError } from "../configs/user-error";
import type { SettingsLookup } from "./postgres-shared-settings";

const KIB = 1024;

/** Bytes of one unit when the value has none (PostgreSQL manual, "Parameter Names and Values"). */
export const POSTGRES_BASE_UNIT: Readonly<Record<string, number>> = {
  shared_buffers: 8 * KIB,
  wal_buffers: 8 * KIB,
  temp_buffers: 8 * KIB,
  effective_cache_size: 8 * KIB,
  work_mem: KIB,
  maintenance_work_mem: KIB,
  autovacuum_work_mem: KIB,
  max_wal_size: KIB ** 2,
  min_wal_size: KIB ** 2,
  max_slot_wal_keep_size: KIB ** 2,
  wal_keep_size: KIB ** 2,
  min_dynamic_shared_memory: KIB ** 2,
  track_activity_query_size: 1,
  io_max_combine_limit: 8 * KIB,
  commit_timestamp_buffers: 8 * KIB,
  multixact_member_buffers: 8 * KIB,
  multixact_offset_buffers: 8 * KIB,
  notify_buffers: 8 * KIB,
  serializable_buffers: 8 * KIB,
  subtransaction_buffers: 8 * KIB,
  transaction_buffers: 8 * KIB,
};

const POSTGRES_UNITS: Readonly<Record<string, number>> = { B: 1, kB: KIB, MB: KIB ** 2, GB: KIB ** 3, TB: KIB ** 4 };

/** A value of a flat file as the programs spell it. */
export const flatText = (value: FlatValue): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value);

/**
 * A Postgres size; `-1` and other special values are no size.
 * @returns undefined when the text is no size.
 */
export const postgresSize = (name: string, text: string): Bytes | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?\s*$/.exec(text);
  const unit = match?.[2] ? POSTGRES_UNITS[match[2]] : POSTGRES_BASE_UNIT[name];
  return match && unit !== undefined ? Bytes.of(Number(match[1]) * unit) : undefined;
};

/** Looks settings of Postgres up in their texts. */
export const lookupIn = (textOf: (name: string) => string | undefined): SettingsLookup => ({
  number: (name) => {
    const value = Number.parseFloat(textOf(name) ?? "");
    return Number.isNaN(value) ? undefined : value;
  },
  size: (name) => postgresSize(name, textOf(name) ?? ""),
});

const postgresBytes = (env: Environment, name: string): Bytes | undefined => {
  const raw = env.postgres.settings[name];
  if (raw === undefined) return undefined;
  const parsed = postgresSize(name, flatText(raw));
  if (!parsed) {
    throw new UserError(
      `${placeOf(env, `postgres.settings.${name}`)}: \`postgres.settings.${name}\`: expected a size such as 64MB, got ${JSON.stringify(raw)}`,
    );
  }
  return parsed;
};

const redisBytes = (env: Environment, name: string): Bytes | undefined => {
  const raw = env.redis.settings[name];
  if (raw === undefined) return undefined;
  const parsed = redisSize(flatText(raw));
  if (!parsed) {
    throw new UserError(
      `${placeOf(env, `redis.settings.${name}`)}: \`redis.settings.${name}\`: expected a size such as 64mb, got ${JSON.stringify(raw)}`,
    );
  }
  return parsed;
};

const wholeNumber = (
  env: Environment,
  section: "postgres" | "pgbouncer" | "redis",
  name: string,
  least: number,
): number | undefined => {
  const raw = env[section].settings[name];
  if (raw === undefined) return undefined;
  const value = Number(flatText(raw));
  if (!Number.isInteger(value) || value < least) {
    throw new UserError(
      `${placeOf(env, `${section}.settings.${name}`)}: \`${section}.settings.${name}\`: expected a whole number of at least ${least}, got ${JSON.stringify(raw)}`,
    );
  }
  return value;
};

/**
 * What the user set of the numbers that other numbers depend on: by a key of its own, or else by a pass-through setting.
 * No number has both, `configs/settings` refuses the pass-through setting where there is a key.
 */
export interface Overrides {
  readonly sharedBuffers: Bytes | undefined;
  /** Every pass-through setting of Postgres, for those that take shared memory. */
  readonly lookup: SettingsLookup;
  readonly walBuffers: Bytes | undefined;
  readonly workMem: Bytes | undefined;
  readonly maintenanceWorkMem: Bytes | undefined;
  readonly autovacuumWorkMem: Bytes | undefined;
  readonly autovacuumMaxWorkers: number | undefined;
  readonly hashMemMultiplier: number | undefined;
  readonly maxParallelWorkers: number | undefined;
  readonly maxConnections: number | undefined;
  readonly superuserReserved: number | undefined;
  readonly reserved: number | undefined;
  readonly maxWalSize: Bytes | undefined;
  readonly minWalSize: Bytes | undefined;
  readonly poolSize: number | undefined;
  readonly reservePoolSize: number | undefined;
  readonly maxClientConn: number | undefined;
  /** `pkt_buf`: buffers of a client connection are whole numbers of it. */
  readonly packet: Bytes | undefined;
  readonly redisMaxmemory: Bytes | undefined;
  readonly redisMaxmemoryClients: Bytes | undefined;
  readonly redisMaxclients: number | undefined;
}

/** @throws UserError when a setting that the solver has to reckon with cannot be read. */
export const overridesOf = (env: Environment): Overrides => {
  const multiplier = env.postgres.settings.hash_mem_multiplier;
  const packet = wholeNumber(env, "pgbouncer", "pkt_buf", 1);
  return {
    sharedBuffers: env.postgres.sharedBuffers,
    lookup: lookupIn((name) => {
      const value = env.postgres.settings[name];
      return value === undefined ? undefined : flatText(value);
    }),
    walBuffers: postgresBytes(env, "wal_buffers"),
    workMem: env.postgres.workMem,
    maintenanceWorkMem: env.postgres.maintenanceWorkMem,
    autovacuumWorkMem: postgresBytes(env, "autovacuum_work_mem"),
    autovacuumMaxWorkers: wholeNumber(env, "postgres", "autovacuum_max_workers", 1),
    hashMemMultiplier: multiplier === undefined ? undefined : Math.max(1, Number(multiplier)),
    maxParallelWorkers: wholeNumber(env, "postgres", "max_parallel_workers", 0),
    maxConnections: env.postgres.maxConnections,
    superuserReserved: wholeNumber(env, "postgres", "superuser_reserved_connections", 0),
    reserved: wholeNumber(env, "postgres", "reserved_connections", 0),
    maxWalSize: env.postgres.maxWalSize,
    minWalSize: postgresBytes(env, "min_wal_size"),
    poolSize: env.pgbouncer.poolSize,
    reservePoolSize: wholeNumber(env, "pgbouncer", "reserve_pool_size", 0),
    maxClientConn: wholeNumber(env, "pgbouncer", "max_client_conn", 1),
    packet: packet === undefined ? undefined : Bytes.of(packet),
    redisMaxmemory: env.redis.maxmemory,
    redisMaxmemoryClients: redisBytes(env, "maxmemory-clients"),
    redisMaxclients: wholeNumber(env, "redis", "maxclients", 1),
  };
};

/** The same environment with every number left to the solver; choices such as the version stay. */
export const withoutOverrides = (env: Environment): Environment => {
  const { version, jit, hugePages, synchronousCommit, tableParameters } = env.postgres;
  const { cpMax: _cpMax, globalCacheFactor: _factor, workerCounts: _counts, ...synapse } = env.synapse;
  const { memory: _memory, ...compressor } = env.compressor;
  return {
    ...env,
    postgres: { version, jit, hugePages, synchronousCommit, tableParameters, settings: {} },
    pgbouncer: { version: env.pgbouncer.version, enabled: env.pgbouncer.enabled, settings: {} },
    redis: { version: env.redis.version, flavour: env.redis.flavour, settings: {} },
    synapse,
    compressor,
  };
};
