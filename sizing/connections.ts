import type { Environment } from "../configs/environment";
import type { Overrides } from "./overrides";
import type { HostFacts, Solved } from "./plan";
import { fromFile, solved } from "./solved";

/** Synapse's manual and ESS use 10 for a process that does everything. */
const MOST_CP_MAX_ALONE = 10;
const LEAST_CP_MAX_ALONE = 6;
/** Beside workers (docs/sizing.md: tcpipuk uses 6 with many workers). */
const CP_MAX_MAIN = 8;
const CP_MAX_WORKER = 5;

/** Two connections per core and two more for what waits on the disk (HikariCP, "About Pool Sizing": 2C + spindles). */
export const activeBackends = (pool: number, cores: number): number => Math.min(pool, 2 * cores + 2);

/** Twice the active backends, because Synapse holds a transaction open across Python (docs/sizing.md). `guess` */
const POOL_PER_CORE = 4;
const LEAST_POOL = 8;
const MOST_POOL = 100;
const RESERVE_POOL = 2;
/** PgBouncer's databases: one in transaction, one in session mode; the reserve counts for each. */
const POOLS = 2;

/** Backup, exporter, migration, psql and two to spare (docs/sizing.md). */
export const DIRECT_CLIENTS = 6;
/** PostgreSQL's default, for the superuser's way in. */
const SUPERUSER_RESERVED = 3;
/** For roles with `pg_use_reserved_connections`, such as the backup. */
const RESERVED = 2;
/** Console, exporter and restarting workers at PgBouncer. `guess` */
const CLIENT_HEADROOM = 20;

const SOURCE = "docs/sizing.md";

/** Who may open how many database connections, from Synapse's pools to `max_connections`. */
export interface ConnectionPlan {
  readonly cpMaxMain: Solved<number>;
  readonly cpMaxWorker: Solved<number>;
  readonly workers: number;
  readonly pooled: boolean;
  /** Sum of `cp_max` over all processes. */
  readonly clients: number;
  readonly transactionPool: Solved<number>;
  readonly sessionPool: Solved<number>;
  readonly reservePool: number;
  /** Server connections that Synapse can hold, reserves included. */
  readonly servers: number;
  /** `servers`, the direct clients and what else `max_connections` lets in: every backend that memory is planned for. */
  readonly backends: number;
  /** Backends that work at the same moment on an ordinary busy day. */
  readonly active: number;
  readonly superuserReserved: number;
  readonly reserved: number;
  readonly maxConnections: Solved<number>;
  readonly maxClientConn: Solved<number>;
}

const cpMaxOf = (env: Environment, workers: number, cores: number): [main: Solved<number>, worker: Solved<number>] => {
  if (env.synapse.cpMax !== undefined) {
    const set = fromFile(env.synapse.cpMax, "synapse.cp_max");
    return [set, set];
  }
  const worker = solved(CP_MAX_WORKER, `${CP_MAX_WORKER} for a worker`, "docs/sizing.md");
  if (workers > 0) return [solved(CP_MAX_MAIN, `${CP_MAX_MAIN} for main beside workers`, "docs/sizing.md"), worker];
  const alone = Math.min(MOST_CP_MAX_ALONE, Math.max(LEAST_CP_MAX_ALONE, 2 * cores + 4));
  const reason = `2 × ${cores} cores + 4, between ${LEAST_CP_MAX_ALONE} and ${MOST_CP_MAX_ALONE}, for main alone`;
  return [solved(alone, reason, "docs/sizing.md; the slope is a guess"), worker];
};

const transactionPoolOf = (overrides: Overrides, workerClients: number, cores: number): Solved<number> => {
  if (overrides.poolSize !== undefined) return fromFile(overrides.poolSize, "pgbouncer.pool_size");
  const wanted = Math.min(MOST_POOL, Math.max(LEAST_POOL, POOL_PER_CORE * cores + POOL_PER_CORE));
  const reason = `4 × ${cores} cores + 4 between ${LEAST_POOL} and ${MOST_POOL}, at most the workers' ${workerClients} connections`;
  // A pool of 0 would be one without a limit (PgBouncer ≥ 1.24).
  return solved(Math.max(1, Math.min(wanted, workerClients)), reason, SOURCE);
};

/** Backends that anyone can open, but for the reserved ones: Synapse's, the direct clients' and what the file adds. */
export const backendsFor = (servers: number, maxConnections: number, reserved: number): number =>
  Math.max(servers + DIRECT_CLIENTS, maxConnections - reserved);

/** Connections of a layout with this many workers; RAM is no input, so that nothing here moves when RAM grows. */
export const connectionsFor = (
  env: Environment,
  overrides: Overrides,
  host: HostFacts,
  workers: number,
): ConnectionPlan => {
  const cores = host.cpus.toWholeCores();
  const pooled = env.pgbouncer.enabled === "auto" ? workers > 0 : env.pgbouncer.enabled;
  const [cpMaxMain, cpMaxWorker] = cpMaxOf(env, workers, cores);
  const workerClients = workers * cpMaxWorker.value;
  const clients = cpMaxMain.value + workerClients;
  const transactionPool = transactionPoolOf(overrides, workerClients, cores);
  const sessionPool = solved(cpMaxMain.value, "as many as main's cp_max: a session keeps its server", "docs/sizing.md");
  const reservePool = overrides.reservePoolSize ?? RESERVE_POOL;
  const pooledServers = transactionPool.value + sessionPool.value + POOLS * reservePool;
  const servers = pooled ? pooledServers : clients;
  const superuserReserved = overrides.superuserReserved ?? SUPERUSER_RESERVED;
  const reserved = overrides.reserved ?? RESERVED;
  const needed = servers + DIRECT_CLIENTS + superuserReserved + reserved;
  const serverText = pooled
    ? `pools ${transactionPool.value} + ${sessionPool.value} + reserve ${POOLS} × ${reservePool}`
    : `Synapse's pools ${clients}`;
  const maxConnections =
    overrides.maxConnections !== undefined
      ? fromFile(overrides.maxConnections, "postgres.max_connections")
      : solved(
          needed,
          `${serverText} + direct ${DIRECT_CLIENTS} + superuser ${superuserReserved} + reserved ${reserved}`,
          SOURCE,
        );
  return {
    cpMaxMain,
    cpMaxWorker,
    workers,
    pooled,
    clients,
    transactionPool,
    sessionPool,
    reservePool,
    servers,
    backends: backendsFor(servers, maxConnections.value, superuserReserved + reserved),
    active: activeBackends(servers, cores),
    superuserReserved,
    reserved,
    maxConnections,
    maxClientConn:
      overrides.maxClientConn !== undefined
        ? fromFile(overrides.maxClientConn, "pgbouncer.settings.max_client_conn")
        : solved(clients + CLIENT_HEADROOM, `Synapse's pools ${clients} + ${CLIENT_HEADROOM} to spare`, SOURCE),
  };
};
