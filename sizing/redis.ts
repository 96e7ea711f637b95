import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB } from "./constants";
import { budgetOf, limitEnvelope } from "./container";
import { type Present, serviceCpu } from "./cpu";
import { nofileFor } from "./file-limits";
import { flatText, type Overrides } from "./overrides";
import type { HostFacts, RedisPlan, Solved } from "./plan";
import { exactMegabytes, fromFile, GUESS, solved } from "./solved";

/** Resident memory of an empty server: 12 MB seen on 7.0 and 8.0, rounded up (docs/sizing.md). */
export const REDIS_BASE = Bytes.mib(16);
/** Synapse keeps short-lived look-ups there (docs/sizing.md; ESS gives 40 MB). */
const MAXMEMORY_SHARE = 0.005;
const MAXMEMORY_LEAST = Bytes.mib(32);
const MAXMEMORY_MOST = Bytes.mib(256);
/** Output buffers of the subscribers. `guess` */
const CLIENT_MEMORY_PER_PROCESS = Bytes.mib(8);
const CLIENT_MEMORY_LEAST = Bytes.mib(32);
const CLIENT_MEMORY_MOST = Bytes.mib(128);
/** A subscriber and a publisher per Synapse process (docs/sizing.md); console, exporter and reconnects on top. */
const CONNECTIONS_PER_PROCESS = 2;
const CONNECTION_HEADROOM = 20;
/** Redis' own files beside its clients (I7). */
export const REDIS_OWN_FILES = 32;

const FACTS = "docs/sizing.md";
/** Look-ups that expire within an hour are all that Synapse keeps there. */
const NOTHING_DURABLE = "synapse: replication/tcp/external_cache.py";
const CLIENTS_SOURCE = `synapse: replication/tcp/redis.py; ${GUESS}`;

const maxmemoryExact = (overrides: Overrides, ram: Bytes): Bytes =>
  overrides.redisMaxmemory ?? ram.times(MAXMEMORY_SHARE).clamp(MAXMEMORY_LEAST, MAXMEMORY_MOST);

const clientMemory = (overrides: Overrides, processes: number): Bytes =>
  overrides.redisMaxmemoryClients ??
  CLIENT_MEMORY_PER_PROCESS.times(processes).clamp(CLIENT_MEMORY_LEAST, CLIENT_MEMORY_MOST);

/** What the budget sets aside for Redis. */
export const redisClaim = (overrides: Overrides, host: HostFacts, processes: number): Bytes =>
  limitEnvelope(Bytes.sum([REDIS_BASE, maxmemoryExact(overrides, host.ram), clientMemory(overrides, processes)]));

const settingsFor = (
  ram: Bytes,
  maxmemory: Bytes,
  clients: Bytes,
  maxclients: number,
  processes: number,
): Record<string, Solved<string>> => ({
  maxmemory: solved(
    maxmemory.toRedis(),
    `0.5 % of ${exactMegabytes(ram)} of RAM between ${MAXMEMORY_LEAST} and ${MAXMEMORY_MOST}, in whole MB`,
    "docs/sizing.md",
  ),
  "maxmemory-policy": solved("allkeys-lru", "a cache must never refuse a write", FACTS),
  "maxmemory-clients": solved(
    clients.toRedis(),
    `${CLIENT_MEMORY_PER_PROCESS} for each of ${processes} processes between ${CLIENT_MEMORY_LEAST} and ${CLIENT_MEMORY_MOST}`,
    "docs/sizing.md",
  ),
  "client-output-buffer-limit": solved(
    "pubsub 32mb 8mb 60",
    "the default: a worker that falls behind is dropped, reconnects and catches up from the database",
    "redis.conf",
  ),
  maxclients: solved(
    String(maxclients),
    `${CONNECTIONS_PER_PROCESS} × ${processes} processes + ${CONNECTION_HEADROOM}`,
    CLIENTS_SOURCE,
  ),
  "io-threads": solved("1", "replication stays below 5000 messages/s, one thread is never saturated", "docs/sizing.md"),
  save: solved('""', "nothing durable is stored; no fork, no doubled memory", NOTHING_DURABLE),
  appendonly: solved("no", "the default; nothing durable is stored", NOTHING_DURABLE),
  databases: solved("1", "Synapse uses database 0 alone", "synapse: config/redis.py"),
  "tcp-backlog": solved("511", "below the kernel's somaxconn of 4096", "docs/sizing.md"),
  timeout: solved("0", "a quiet subscriber must stay connected", FACTS),
  "tcp-keepalive": solved("300", "the default: finds dead peers in five minutes", "redis.conf"),
  hz: solved("10", "the default: few keys expire", "redis.conf"),
  "lazyfree-lazy-eviction": solved("yes", "frees evicted values outside the main thread", "redis.conf"),
  "lazyfree-lazy-expire": solved("yes", "frees expired values outside the main thread", "redis.conf"),
});

/** Redis or Valkey between the Synapse processes. Every name is known to Redis 7 and 8 and to Valkey 8 and 9. */
export const redisPlan = (
  env: Environment,
  overrides: Overrides,
  host: HostFacts,
  processes: number,
  present: Present,
): RedisPlan => {
  const maxmemory = overrides.redisMaxmemory ?? maxmemoryExact(overrides, host.ram).floorTo(MIB);
  const clients = clientMemory(overrides, processes);
  const maxclients = overrides.redisMaxclients ?? CONNECTIONS_PER_PROCESS * processes + CONNECTION_HEADROOM;
  const parts = { base: REDIS_BASE, maxmemory, clients };
  const typed = env.redis.maxmemory ? { maxmemory: fromFile(maxmemory.toRedis(), "redis.maxmemory") } : {};
  const passedOn = Object.entries(env.redis.settings).map(([name, value]) => [
    name,
    fromFile(typeof value === "boolean" ? (value ? "yes" : "no") : flatText(value), `redis.settings.${name}`),
  ]);
  return {
    container: {
      name: "redis",
      service: "redis",
      ...budgetOf(parts, nofileFor({ clients: maxclients, "its own": REDIS_OWN_FILES }), "docs/sizing.md"),
      ...serviceCpu("redis", present, host.cpus),
      connections:
        overrides.redisMaxclients === undefined
          ? solved(
              maxclients,
              `${CONNECTIONS_PER_PROCESS} × ${processes} processes + ${CONNECTION_HEADROOM}`,
              CLIENTS_SOURCE,
            )
          : fromFile(maxclients, "redis.settings.maxclients"),
    },
    settings: {
      ...settingsFor(host.ram, maxmemory, clients, maxclients, processes),
      ...typed,
      ...Object.fromEntries(passedOn),
    },
  };
};
