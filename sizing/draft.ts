import { type Layout, workersIn } from "../configs/catalogue/layouts";
import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { compressorClaim, compressorPlan, isCompressed } from "./compressor";
import { connectionsFor } from "./connections";
import { MIB, USABLE_SHARE_OF_LIMIT } from "./constants";
import { expectedLoad } from "./expected";
import { fill, fixedLine, UNLIMITED } from "./fill";
import { inputsOf } from "./inputs";
import { isWatched, monitoringClaim, monitoringPlan, watcherNames } from "./monitoring";
import { nginxClaim, nginxPlan } from "./nginx";
import { runsScripts } from "./nginx-scripts";
import { overridesOf } from "./overrides";
import { pgbouncerClaim, pgbouncerPlan } from "./pgbouncer";
import { containersOf, type HostFacts, type Plan, type Solved } from "./plan";
import { postgresPlan } from "./postgres";
import { autovacuumWorkersFor } from "./postgres-autovacuum";
import { leastPostgresLimit, leastPostgresParts, type PostgresDemand, postgresMemoryFor } from "./postgres-budget";
import { parallelFor } from "./postgres-parallel";
import { furtherSharedMemory } from "./postgres-shared-settings";
import { presenceIsApart } from "./presence-watch";
import { profileOf } from "./profile";
import { redisClaim, redisPlan } from "./redis";
import { requestLimitsFor, upstreamServers } from "./request-limits";
import { reservesOf } from "./reserves";
import { exactMegabytes, fromFile, megabytes, solved, sumText } from "./solved";
import { synapsePlan } from "./synapse";
import { leastSynapseLimits, mostSynapseLimits, synapseMemoryFor } from "./synapse-budget";
import { asksForTokenOwners } from "./token-owners";
import type { Violation } from "./violation";

/** How Postgres and Synapse split what the rest leaves (docs/sizing.md). `guess`; what Synapse cannot use is Postgres'. */
const POSTGRES_SHARE = 42;
const SYNAPSE_SHARE = 58;

const demandOf = (env: Environment, host: HostFacts, workers: number): PostgresDemand => {
  const overrides = overridesOf(env);
  const cores = host.cpus.toWholeCores();
  const connections = connectionsFor(env, overrides, host, workers);
  return {
    version: env.postgres.version,
    ram: host.ram,
    connections,
    parallel: parallelFor(cores, workers, overrides.maxParallelWorkers),
    autovacuumWorkers: autovacuumWorkersFor(cores, workers, overrides.autovacuumMaxWorkers),
    overrides,
    furtherShared: furtherSharedMemory(env.postgres.version, overrides.lookup, connections.maxConnections.value),
  };
};

const doesNotFit = (id: "I1" | "I2", name: string, arithmetic: string): { shortage: Violation } => ({
  shortage: { id, name, arithmetic },
});

const leastPostgresText = (demand: PostgresDemand): string => {
  const parts = leastPostgresParts(demand);
  return sumText(parts, Bytes.sum(Object.values(parts)));
};

/** Its share, unless Postgres or Synapse has its least, or Synapse its most. */
const postgresLimitReason = (
  demand: PostgresDemand,
  free: Bytes,
  split: { readonly postgres: Bytes; readonly synapse: Bytes },
  workers: number,
): string => {
  const most = `; its uses take at most ${USABLE_SHARE_OF_LIMIT * 100} %`;
  if (split.postgres.equals(leastPostgresLimit(demand))) {
    return `at its least: ${leastPostgresText(demand)}, divided by ${USABLE_SHARE_OF_LIMIT}, up to whole MB, and 1 MB${most}`;
  }
  const left = `${exactMegabytes(free)} that reserves and small services leave`;
  const synapse = exactMegabytes(split.synapse);
  if (split.synapse.equals(mostSynapseLimits(workers)))
    return `the ${left} − Synapse at its most ${synapse}, in whole MB${most}`;
  if (split.synapse.equals(leastSynapseLimits(workers)))
    return `the ${left} − Synapse at its least ${synapse}, in whole MB${most}`;
  return `${POSTGRES_SHARE} of ${POSTGRES_SHARE + SYNAPSE_SHARE} parts of the ${left}, in whole MB${most}`;
};

/** A plan, or the first inequality that cannot hold. */
export type Draft = { readonly plan: Plan } | { readonly shortage: Violation };

/**
 * One attempt with one layout. Memory is solved on whole MiB of RAM, from lines that never fall when RAM grows: fixed
 * claims of the small services, then Postgres against Synapse, then the settings of each.
 */
export const draft = (env: Environment, machine: HostFacts, layout: Solved<Layout>): Draft => {
  const host = { ...machine, ram: machine.ram.floorTo(MIB) };
  const workers = workersIn(layout.value);
  const demand = demandOf(env, host, workers);
  const { connections, overrides } = demand;
  const helpers = { pgbouncer: connections.pooled, redis: workers > 0 };
  const watched = isWatched(env, host);
  const compressed = isCompressed(env, host);
  const present = {
    ...helpers,
    watchers: [...(watched ? watcherNames(env, helpers) : []), ...(compressed ? ["compressor"] : [])],
  };
  const reserves = reservesOf(host.ram);
  const expected = expectedLoad(env, host);
  const { processes } = layout.value;
  const nginx = {
    expected,
    synapseWorkers: workers,
    asksForTokenOwners: asksForTokenOwners(env, processes),
    countsRequests: watched && runsScripts(env),
    watchesPresence: runsScripts(env) && presenceIsApart(env, processes),
  };
  const claims = {
    "operating system": reserves.operatingSystem.value,
    slack: reserves.slack.value,
    nginx: nginxClaim(host, nginx),
    pgbouncer: present.pgbouncer ? pgbouncerClaim(connections, overrides) : Bytes.ZERO,
    redis: present.redis ? redisClaim(overrides, host, workers + 1) : Bytes.ZERO,
    compressor: compressed ? compressorClaim(env, host) : Bytes.ZERO,
    monitoring: watched ? monitoringClaim(env, helpers, workers + 1) : Bytes.ZERO,
  };
  const least = leastPostgresLimit(demand);
  const postgresFloor = env.postgres.memory ?? least;
  if (postgresFloor.isLessThan(least)) {
    return doesNotFit(
      "I2",
      "Postgres fits its container",
      `${leastPostgresText(demand)} > 90 % of ${megabytes(postgresFloor)}`,
    );
  }
  const leastSynapse = leastSynapseLimits(workers);
  const free = host.ram.minus(Bytes.sum(Object.values(claims)));
  const split = fill(free, {
    postgres: env.postgres.memory
      ? fixedLine(env.postgres.memory)
      : { weight: POSTGRES_SHARE, floor: least, ceiling: UNLIMITED },
    synapse: { weight: SYNAPSE_SHARE, floor: leastSynapse, ceiling: mostSynapseLimits(workers) },
  });
  if (!split) {
    const parts = { ...claims, postgres: postgresFloor, synapse: leastSynapse };
    const sum = sumText(parts, Bytes.sum(Object.values(parts)));
    return doesNotFit(
      "I1",
      "the containers fit the machine",
      `${sum} > ${megabytes(host.ram)} of RAM (${layout.value.name} layout; postgres at the least: ${leastPostgresText(demand)}, divided by ${USABLE_SHARE_OF_LIMIT})`,
    );
  }
  const limit = split.postgres.floorTo(MIB);
  const postgresMemory = postgresMemoryFor(demand, limit);
  const synapseMemory = synapseMemoryFor(split.synapse, workers);
  if (!postgresMemory || !synapseMemory)
    throw new Error(`floors of layout ${layout.value.name} do not agree with its split`);
  const postgresLimit = env.postgres.memory
    ? fromFile(limit, "postgres.memory")
    : solved(limit, postgresLimitReason(demand, free, split, workers), "docs/sizing.md");
  const requestLimits = requestLimitsFor(processes, expected, connections);
  const plan: Plan = {
    profile: profileOf(env, host),
    host: machine,
    inputs: inputsOf(env, machine, expected, {
      layout: layout.value.name,
      pgbouncer: present.pgbouncer,
      monitoring: watched,
      compressor: compressed,
    }),
    expected,
    reserves,
    postgres: postgresPlan(env, host, demand, postgresMemory, postgresLimit, present),
    ...(present.pgbouncer ? { pgbouncer: pgbouncerPlan(env, host, connections, overrides, present) } : {}),
    ...(present.redis ? { redis: redisPlan(env, overrides, host, workers + 1, present) } : {}),
    synapse: synapsePlan(env, layout, { host, limits: requestLimits, connections, memory: synapseMemory }),
    nginx: nginxPlan(env, host, nginx, present, requestLimits, upstreamServers(requestLimits, processes)),
    ...(compressed ? { compressor: compressorPlan(env, host, present) } : {}),
    ...(watched ? { monitoring: monitoringPlan(env, host, present, workers + 1) } : {}),
    leftOut: [],
    leftOver: Bytes.ZERO,
  };
  const limits = Bytes.sum(containersOf(plan).map((container) => container.memory.value));
  const claimed = Bytes.sum([reserves.operatingSystem.value, reserves.slack.value, limits]);
  return { plan: { ...plan, leftOver: machine.ram.minus(claimed) } };
};
