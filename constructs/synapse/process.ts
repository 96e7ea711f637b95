import type { Environment, Settings } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { Plan, ProcessPlan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { CONFIG_DIR } from "../file";
import { SESSION_DATABASE } from "../pgbouncer/files";
import { DATABASE, ROLE, SESSION_DEFAULTS } from "../postgres/provision";
import { toYaml } from "../yaml";
import { hasMediaWorker, needsMediaStore, replicatesOverHttp, resourcesOf } from "./topology";

/** A backend grows with every table that it has touched (10 MB warm); Synapse's document shows this limit. */
const TRANSACTIONS_PER_CONNECTION = 10_000;
/** Synapse's document recommends 10/10/3 for connections that cross a network. */
const KEEPALIVES = { keepalives_idle: 10, keepalives_interval: 10, keepalives_count: 3 };
/**
 * How long a fresh cache entry is spared. Eviction stops at the first younger one (lrucache.py), so that five minutes,
 * as in Synapse's manual, would let a burst grow over the ceiling; half a minute is MDAD's and tcpipuk's.
 */
const MIN_CACHE_TTL = Duration.seconds(30);

const listeners = (env: Environment, plan: Plan, process: ProcessPlan): Settings[] => {
  const { frontend, backend } = addressesOf(env.docker.network, plan).get(process.container.name) ?? {};
  const resources = resourcesOf(plan, process);
  return [
    {
      type: "http",
      port: PORTS.synapseHealth,
      bind_addresses: ["127.0.0.1"],
      resources: [{ names: ["health"] }],
    },
    ...(resources.length > 0
      ? [
          {
            type: "http",
            port: PORTS.synapse,
            bind_addresses: [frontend as string],
            x_forwarded: true,
            // Nginx' own, so that its log and Synapse's speak of one request (an option of the listener alone).
            request_id_header: "X-Request-ID",
            resources: [{ names: resources }],
          },
        ]
      : []),
    ...(replicatesOverHttp(process) && plan.redis
      ? [
          {
            type: "http",
            port: PORTS.synapseReplication,
            bind_addresses: [backend as string],
            resources: [{ names: ["replication"] }],
          },
        ]
      : []),
    { type: "metrics", port: PORTS.synapseMetrics, bind_addresses: [backend as string] },
  ];
};

const target = (process: ProcessPlan): { host: string; port: number; dbname: string } => {
  switch (process.databasePath) {
    case "direct":
      return { host: "postgres", port: PORTS.postgres, dbname: DATABASE };
    case "session":
      return { host: "pgbouncer", port: PORTS.pgbouncer, dbname: SESSION_DATABASE };
    case "transaction":
      return { host: "pgbouncer", port: PORTS.pgbouncer, dbname: DATABASE };
  }
};

/** Postgres' spelling of a time in milliseconds: Synapse hands the number on. */
const millis = (time: string): number => {
  const duration = Duration.tryParse(time.replace(/min$/, "m"));
  if (!duration) throw new Error(`internal error: ${time} is no time`);
  return duration.toMillis();
};

/** One name for all that share a transaction pool: PgBouncer would send a SET whenever a connection changes hands. */
const applicationName = (process: ProcessPlan): string =>
  process.databasePath === "transaction" ? "synapse-workers" : process.container.name;

const database = (env: Environment, process: ProcessPlan): Settings => ({
  name: "psycopg2",
  txn_limit: TRANSACTIONS_PER_CONNECTION,
  synchronous_commit: env.postgres.synchronousCommit,
  // As on the role, so that it never matters which server connection a pool hands out. Never null: Synapse's index
  // builder would send it as it stands.
  statement_timeout: millis(SESSION_DEFAULTS.statement_timeout),
  idle_in_transaction_session_timeout: millis(SESSION_DEFAULTS.idle_in_transaction_session_timeout),
  args: {
    ...target(process),
    application_name: applicationName(process),
    user: ROLE,
    passfile: `${CONFIG_DIR}/pgpass`,
    cp_min: process.cpMin,
    cp_max: process.cpMax.value,
    ...KEEPALIVES,
  },
});

const caches = (env: Environment, plan: Plan, process: ProcessPlan): Settings => ({
  global_factor: plan.synapse.globalCacheFactor.value,
  expire_caches: true,
  cache_autotuning: {
    max_cache_memory_usage: process.heapCeiling.value.toSynapse(),
    target_cache_memory_usage: process.heapTarget.toSynapse(),
    min_cache_ttl: MIN_CACHE_TTL.toString(),
  },
  // Synapse takes the whole block from one file, so the environment's additions belong into this one.
  ...(env.synapse.settings.caches as Settings | undefined),
});

/**
 * Which worker loads the media repository. The shared file says no where another worker does; where main does, the
 * default is yes for all, and a worker would keep avatars of single sign-on in a file system that is gone with it.
 */
const mediaFlag = (plan: Plan, worker: ProcessPlan): Settings => {
  const loads = needsMediaStore(plan, worker);
  return loads === !hasMediaWorker(plan) ? {} : { enable_media_repo: loads };
};

/** What one process has for itself: name, listeners, its pool and its share of the cache memory. */
export const processYaml = (env: Environment, plan: Plan, process: ProcessPlan): string => {
  const log = `${CONFIG_DIR}/log.yaml`;
  const settings: Settings = process.isMain
    ? { listeners: listeners(env, plan, process), log_config: log }
    : {
        worker_app: "synapse.app.generic_worker",
        worker_name: process.name,
        worker_listeners: listeners(env, plan, process),
        worker_log_config: log,
        ...mediaFlag(plan, process),
      };
  return `# Rendered by synapse-kit for ${process.name}.\n${toYaml({
    ...settings,
    database: database(env, process),
    caches: caches(env, plan, process),
  })}`;
};
