import type { Environment } from "../configs/environment";
import { pgbouncerKnows } from "../configs/settings/pgbouncer-value";
import { Bytes } from "../configs/units/bytes";
import type { ConnectionPlan } from "./connections";
import { NGINX_BRIEF_READ_TIMEOUT_SECONDS } from "./constants";
import { budgetOf, limitFor } from "./container";
import { type Present, serviceCpu } from "./cpu";
import { nofileFor } from "./file-limits";
import { flatText, type Overrides } from "./overrides";
import type { HostFacts, PgbouncerPlan, Solved } from "./plan";
import { fromFile, GUESS, solved } from "./solved";

/**
 * Measured idle: 9 MB in the cgroup, in which Docker runs the health check as well (`pg_isready`, about 3 MB). Three times
 * that and a little, so that no limit is below 32 MB.
 */
const BASE = Bytes.mib(28);
/** A client's own 2 kB, and up to four packets of its buffers and prepared statements (pgbouncer: doc/config.md). */
const PER_CLIENT = Bytes.kib(2);
const PACKETS_PER_CLIENT = 4;
const PACKET = Bytes.kib(4);
/** Files beside clients and servers (I7). */
export const PGBOUNCER_OWN_FILES = 64;

/** Below Nginx' 180 s, so that a client sees Synapse's error and not Nginx' (I11). */
const QUERY_WAIT_SECONDS = 60;

const MANUAL = "pgbouncer: doc/config.md";

const settingsFor = (c: ConnectionPlan): Record<string, Solved<string>> => ({
  max_client_conn: solved(String(c.maxClientConn.value), c.maxClientConn.reason, c.maxClientConn.source),
  default_pool_size: solved(String(c.transactionPool.value), c.transactionPool.reason, c.transactionPool.source),
  reserve_pool_size: solved(String(c.reservePool), "for a burst, counted in max_connections", "docs/sizing.md"),
  reserve_pool_timeout: solved("3", "seconds that a client waits before the reserve is used", MANUAL),
  max_db_connections: solved(
    String(Math.max(c.transactionPool.value, c.sessionPool.value) + c.reservePool),
    `the larger of the two pools, ${c.transactionPool.value} and ${c.sessionPool.value}, and the reserve of ${c.reservePool}`,
    "docs/sizing.md, invariant I5",
  ),
  query_wait_timeout: solved(
    String(QUERY_WAIT_SECONDS),
    `below Nginx' shortest read timeout of ${NGINX_BRIEF_READ_TIMEOUT_SECONDS} s`,
    "docs/sizing.md, invariant I11",
  ),
  query_timeout: solved("0", "Synapse sets statement_timeout itself", "docs/sizing.md, invariant I11"),
  idle_transaction_timeout: solved(
    "0",
    "Postgres closes idle transactions itself (idle_in_transaction_session_timeout)",
    "synapse#20077",
  ),
  client_idle_timeout: solved("0", "Synapse keeps its connections for ever", "synapse#5728"),
  server_lifetime: solved("3600", "returns the memory that a warm backend has gathered", "matrix-org/synapse#9182"),
  server_idle_timeout: solved("600", "the default", MANUAL),
  server_connect_timeout: solved("15", "the default", MANUAL),
  server_login_retry: solved("2", "back within seconds when Postgres restarts", GUESS),
  max_prepared_statements: solved("200", "the default; Synapse prepares nothing", MANUAL),
  listen_backlog: solved("1024", "all pools may reconnect at once; the default is 128", `${MANUAL}; ${GUESS}`),
  tcp_keepalive: solved("1", "finds dead peers", MANUAL),
  tcp_keepidle: solved("30", "seconds of quiet before the first probe", GUESS),
  tcp_keepintvl: solved("10", "seconds between probes", GUESS),
  tcp_keepcnt: solved("3", "probes before the peer counts as dead", GUESS),
  log_connections: solved("0", "statistics are read from SHOW instead", MANUAL),
  log_disconnections: solved("0", "statistics are read from SHOW instead", MANUAL),
});

/** Prepared statements came with 1.21; a key that the version does not know would keep it from starting. */
const knownTo = (version: string, settings: Record<string, Solved<string>>): Record<string, Solved<string>> =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => pgbouncerKnows(version, name)));

const partsFor = (c: ConnectionPlan, overrides: Overrides): Record<string, Bytes> => ({
  base: BASE,
  clients: PER_CLIENT.plus((overrides.packet ?? PACKET).times(PACKETS_PER_CLIENT)).times(c.maxClientConn.value),
});

/** What the budget sets aside for PgBouncer; RAM is no input. */
export const pgbouncerClaim = (c: ConnectionPlan, overrides: Overrides): Bytes =>
  limitFor(Bytes.sum(Object.values(partsFor(c, overrides))));

/** PgBouncer between Synapse and Postgres. */
export const pgbouncerPlan = (
  env: Environment,
  host: HostFacts,
  connections: ConnectionPlan,
  overrides: Overrides,
  present: Present,
): PgbouncerPlan => {
  const parts = partsFor(connections, overrides);
  const files = {
    clients: connections.maxClientConn.value,
    servers: connections.servers,
    "its own": PGBOUNCER_OWN_FILES,
  };
  const passedOn = Object.entries(env.pgbouncer.settings).map(([name, value]) => [
    name,
    fromFile(typeof value === "boolean" ? (value ? "1" : "0") : flatText(value), `pgbouncer.settings.${name}`),
  ]);
  return {
    container: {
      name: "pgbouncer",
      service: "pgbouncer",
      ...budgetOf(parts, nofileFor(files), "docs/sizing.md"),
      ...serviceCpu("pgbouncer", present, host.cpus),
      connections: connections.maxClientConn,
    },
    settings: { ...knownTo(env.pgbouncer.version, settingsFor(connections)), ...Object.fromEntries(passedOn) },
    transactionPool: connections.transactionPool.value,
    sessionPool: connections.sessionPool.value,
    why: { transactionPool: connections.transactionPool, sessionPool: connections.sessionPool },
  };
};
