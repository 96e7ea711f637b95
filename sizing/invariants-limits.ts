import { nginxSeconds } from "../configs/settings/nginx-time";
import { Bytes } from "../configs/units/bytes";
import { DIRECT_CLIENTS } from "./connections";
import {
  NGINX_BRIEF_READ_TIMEOUT_SECONDS,
  NGINX_READ_TIMEOUT_SECONDS,
  SYNAPSE_STATEMENT_TIMEOUT_SECONDS,
} from "./constants";
import { TOTAL_SHARES } from "./cpu";
import { serverConnections } from "./invariants-memory";
import { CONNECTION_MARGIN, CONNECTIONS_PER_REQUEST, FILES_PER_CONNECTION } from "./nginx";
import { PGBOUNCER_OWN_FILES } from "./pgbouncer";
import { containersOf, type Plan } from "./plan";
import { REDIS_OWN_FILES } from "./redis";
import { mostRequestsAt } from "./request-limits";
import {
  pgbouncerNumberIn,
  postgresHas,
  postgresNumberIn,
  postgresSecondsIn,
  postgresSwitchIn,
  redisBytesIn,
  redisNumberIn,
  redisTextIn,
} from "./settings-reader";
import { megabytes } from "./solved";
import { SYNAPSE_OWN_FILES } from "./synapse";

const LEAST_SYNAPSE_NOFILE = 4096;
/** Longest that a client may wait for a server (invariant I11). */
const LONGEST_QUERY_WAIT_SECONDS = 60;
const DOCKER_LEAST_SHARES = 2;
/** An empty server counts 0.7 MB of its own, and what subscribers have not read counts too (measured on 8.0). `guess` */
const LEAST_REDIS_MEMORY = Bytes.mib(8);

const synapsePools = (plan: Plan): number =>
  plan.synapse.processes.reduce((sum, process) => sum + process.cpMax.value, 0);

/** I3: all of Synapse's pools ≤ PgBouncer's max_client_conn. */
export const clientsFitPgbouncer = (plan: Plan): string | undefined => {
  if (!plan.pgbouncer) return undefined;
  const clients = synapsePools(plan);
  const most = pgbouncerNumberIn(plan, "max_client_conn");
  if (clients > most) return `Synapse's pools ${clients} > max_client_conn ${most}`;
  // Synapse is one user; its workers share one of PgBouncer's databases, main has the other.
  const userCap = pgbouncerNumberIn(plan, "max_user_client_connections");
  if (userCap > 0 && clients > userCap) return `Synapse's pools ${clients} > max_user_client_connections ${userCap}`;
  const databaseCap = pgbouncerNumberIn(plan, "max_db_client_connections");
  const main = plan.synapse.processes.find(({ isMain }) => isMain)?.cpMax.value ?? 0;
  const largest = Math.max(main, clients - main);
  return databaseCap > 0 && largest > databaseCap
    ? `the pools of one database ${largest} > max_db_client_connections ${databaseCap}`
    : undefined;
};

/** I4: pools, direct clients and reserved connections ≤ max_connections; main's session pool holds all of main. */
export const connectionsFitPostgres = (plan: Plan): string | undefined => {
  const servers = serverConnections(plan);
  const superuser = postgresNumberIn(plan, "superuser_reserved_connections");
  const reserved = postgresNumberIn(plan, "reserved_connections");
  const most = postgresNumberIn(plan, "max_connections");
  const sum = servers + DIRECT_CLIENTS + superuser + reserved;
  if (!(sum <= most)) {
    return `servers ${servers} + direct ${DIRECT_CLIENTS} + superuser ${superuser} + reserved ${reserved} = ${sum} > max_connections ${most}`;
  }
  const main = plan.synapse.processes.find((process) => process.isMain);
  if (plan.pgbouncer && main && plan.pgbouncer.sessionPool < main.cpMax.value) {
    return `main's cp_max ${main.cpMax.value} > session pool ${plan.pgbouncer.sessionPool}`;
  }
  return undefined;
};

/** I5: each pool with its reserve ≤ max_db_connections, both ≤ max_user_connections. 0 means no limit. */
export const poolsFitTheirCap = (plan: Plan): string | undefined => {
  if (!plan.pgbouncer) return undefined;
  const cap = pgbouncerNumberIn(plan, "max_db_connections");
  const reserve = pgbouncerNumberIn(plan, "reserve_pool_size");
  const largest = Math.max(plan.pgbouncer.transactionPool, plan.pgbouncer.sessionPool);
  if (cap > 0 && largest + reserve > cap) {
    return `pool ${largest} + reserve ${reserve} = ${largest + reserve} > max_db_connections ${cap}`;
  }
  const userCap = pgbouncerNumberIn(plan, "max_user_connections");
  const servers = serverConnections(plan);
  return userCap > 0 && servers > userCap
    ? `both pools with their reserves ${servers} > max_user_connections ${userCap}`
    : undefined;
};

/** I6: Nginx holds 1.25 × 2 connections for each request that it lets in, all long polls among them, with two files each. */
export const nginxHoldsTheClients = ({ nginx }: Plan): string | undefined => {
  const most = nginx.mostRequests.value;
  if (nginx.limits.polls.value > most) return `${nginx.limits.polls.value} long polls > ${most} requests`;
  const slots = nginx.workerProcesses.value * nginx.workerConnections.value;
  const needed = CONNECTION_MARGIN * CONNECTIONS_PER_REQUEST * most;
  if (slots < needed) return `1.25 × 2 × ${most} requests = ${needed} > ${slots} connections`;
  const files = FILES_PER_CONNECTION * nginx.workerConnections.value;
  const limit = nginx.workerRlimitNofile.value;
  if (files > limit)
    return `2 × ${nginx.workerConnections.value} connections = ${files} > worker_rlimit_nofile ${limit}`;
  return limit > nginx.container.nofile
    ? `worker_rlimit_nofile ${limit} > the container's nofile ${nginx.container.nofile}`
    : undefined;
};

/** Files of a Synapse process while every request that Nginx lets in is there. */
const synapseFiles = (plan: Plan, container: string): number => {
  const { processes } = plan.synapse;
  const process = processes.find((candidate) => candidate.container.name === container);
  const requests = process ? mostRequestsAt(plan.nginx.limits, processes, process) : 0;
  return Math.max(LEAST_SYNAPSE_NOFILE, requests + SYNAPSE_OWN_FILES);
};

/** I7: every container may open the files that its connections need. */
export const filesSuffice = (plan: Plan): string | undefined => {
  const needs: Readonly<Record<string, number>> = {
    postgres: postgresNumberIn(plan, "max_files_per_process"),
    pgbouncer: pgbouncerNumberIn(plan, "max_client_conn") + serverConnections(plan) + PGBOUNCER_OWN_FILES,
    redis: redisNumberIn(plan, "maxclients") + REDIS_OWN_FILES,
    nginx: plan.nginx.workerRlimitNofile.value,
  };
  for (const { name, service, nofile } of containersOf(plan)) {
    // What watches opens few files, and says how many in its own plan.
    const needed = needs[service] ?? (service === "synapse" ? synapseFiles(plan, name) : 0);
    if (needed > nofile) return `${name} needs ${needed} files > nofile ${nofile}`;
  }
  return undefined;
};

/** Shortest that Nginx waits for Synapse: by the kit's files, or by a time that the environment sets. */
const shortestReadTimeout = ({ nginx }: Plan): number => {
  const set = nginxSeconds(nginx.settings.proxy_read_timeout);
  return Number.isNaN(set) ? NGINX_BRIEF_READ_TIMEOUT_SECONDS : Math.min(set, NGINX_BRIEF_READ_TIMEOUT_SECONDS);
};

/** I11: the inner wait ends before the outer one. */
export const timeoutsNest = (plan: Plan): string | undefined => {
  const idle = postgresSecondsIn(plan, "idle_in_transaction_session_timeout");
  if (idle > 0 && idle < SYNAPSE_STATEMENT_TIMEOUT_SECONDS) {
    return `idle_in_transaction_session_timeout ${idle} s < Synapse's statement_timeout ${SYNAPSE_STATEMENT_TIMEOUT_SECONDS} s`;
  }
  if (!plan.pgbouncer) return undefined;
  const wait = pgbouncerNumberIn(plan, "query_wait_timeout");
  if (!(wait > 0 && wait <= LONGEST_QUERY_WAIT_SECONDS)) {
    return `query_wait_timeout ${wait} s is not between 1 s and ${LONGEST_QUERY_WAIT_SECONDS} s, below Nginx' ${NGINX_READ_TIMEOUT_SECONDS} s`;
  }
  const read = shortestReadTimeout(plan);
  if (wait >= read) return `query_wait_timeout ${wait} s ≥ Nginx' read timeout ${read} s`;
  const query = pgbouncerNumberIn(plan, "query_timeout");
  return query > 0 && query < SYNAPSE_STATEMENT_TIMEOUT_SECONDS
    ? `query_timeout ${query} s < Synapse's statement_timeout ${SYNAPSE_STATEMENT_TIMEOUT_SECONDS} s`
    : undefined;
};

/** I12: CPU by weights that Docker accepts and that add up; never a quota (a plan has no place for one). */
export const cpuIsWeighted = (plan: Plan): string | undefined => {
  const containers = containersOf(plan);
  const light = containers.find(({ cpuShares }) => cpuShares.value < DOCKER_LEAST_SHARES);
  if (light) return `${light.name} has ${light.cpuShares.value} CPU shares < ${DOCKER_LEAST_SHARES}`;
  const total = containers.reduce((sum, { cpuShares }) => sum + cpuShares.value, 0);
  return total > TOTAL_SHARES ? `CPU shares add up to ${total} > ${TOTAL_SHARES}` : undefined;
};

/** C11: autovacuum workers fit their slots (PG 18). Their memory is in I2, with -1 counted as maintenance_work_mem. */
export const autovacuumIsBounded = (plan: Plan): string | undefined => {
  const workers = postgresNumberIn(plan, "autovacuum_max_workers");
  const slots = postgresNumberIn(plan, "autovacuum_worker_slots");
  return postgresHas(plan, "autovacuum_worker_slots") && workers > slots
    ? `autovacuum_max_workers ${workers} > autovacuum_worker_slots ${slots}`
    : undefined;
};

/** C12: parallel workers nest: one gather ≤ all parallel ≤ all workers; maintenance ≤ all parallel. */
export const parallelismNests = (plan: Plan): string | undefined => {
  const all = postgresNumberIn(plan, "max_worker_processes");
  const parallel = postgresNumberIn(plan, "max_parallel_workers");
  const gather = postgresNumberIn(plan, "max_parallel_workers_per_gather");
  const maintenance = postgresNumberIn(plan, "max_parallel_maintenance_workers");
  if (parallel > all) return `max_parallel_workers ${parallel} > max_worker_processes ${all}`;
  if (gather > parallel) return `max_parallel_workers_per_gather ${gather} > max_parallel_workers ${parallel}`;
  return maintenance > parallel
    ? `max_parallel_maintenance_workers ${maintenance} > max_parallel_workers ${parallel}`
    : undefined;
};

/** C13: nothing that loses committed data, and random reads are never cheaper than sequential ones. */
export const nothingLosesData = (plan: Plan): string | undefined => {
  const off = ["fsync", "full_page_writes"].find((name) => postgresHas(plan, name) && !postgresSwitchIn(plan, name));
  if (off) return `${off} is off: a crash would corrupt the database`;
  const random = postgresNumberIn(plan, "random_page_cost");
  const sequential = postgresNumberIn(plan, "seq_page_cost");
  return random < sequential ? `random_page_cost ${random} < seq_page_cost ${sequential}` : undefined;
};

/** C28, C29: Redis evicts, has a limit and takes two connections per process. */
export const redisIsACache = (plan: Plan): string | undefined => {
  if (!plan.redis) return undefined;
  const memory = redisBytesIn(plan, "maxmemory");
  if (memory.toBytes() === 0) return "maxmemory 0 means no limit";
  if (memory.isLessThan(LEAST_REDIS_MEMORY)) return `maxmemory ${megabytes(memory)} < ${megabytes(LEAST_REDIS_MEMORY)}`;
  const policy = redisTextIn(plan, "maxmemory-policy");
  if (!["allkeys-lru", "allkeys-lfu", "volatile-ttl"].includes(policy)) {
    return `maxmemory-policy ${policy} is none of allkeys-lru, allkeys-lfu, volatile-ttl`;
  }
  const needed = 2 * plan.synapse.processes.length + 20;
  const most = redisNumberIn(plan, "maxclients");
  return needed > most
    ? `2 × ${plan.synapse.processes.length} processes + 20 = ${needed} > maxclients ${most}`
    : undefined;
};
