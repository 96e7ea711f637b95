import type { Stream } from "../../configs/catalogue/role";
import { ROLES } from "../../configs/catalogue/roles";
import type { Environment, Settings } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { CONFIG_DIR } from "../file";
import { toYaml } from "../yaml";
import { withOwnSecrets } from "./own-secrets";
import { hasMediaWorker, holdersOf, mainOf, replicatesOverHttp, streamsOf, workersOf } from "./topology";

/** Synapse's example for the previews' blacklist: nothing inside the machine or its network may be fetched. */
const PRIVATE_RANGES = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "192.0.0.0/24",
  "169.254.0.0/16",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "192.0.2.0/24",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "::1/128",
  "fe80::/10",
  "fc00::/7",
  "2001:db8::/32",
  "ff00::/8",
  "fec0::/10",
];

/** Below this many cores a join into a huge room takes the whole server down with it. */
const CORES_FOR_HUGE_ROOMS = 2;

const registration = (env: Environment): Settings => {
  switch (env.synapse.registration) {
    case "closed":
      return { enable_registration: false };
    case "token":
      return { enable_registration: true, registration_requires_token: true };
    case "open":
      return { enable_registration: true, enable_registration_without_verification: true };
  }
};

const federation = (env: Environment): Settings => {
  // An empty list is Synapse's documented way to switch federation off.
  const allowed = env.expected.federation === "closed" ? [] : env.synapse.federationDomainWhitelist;
  if (!allowed) return { trusted_key_servers: [{ server_name: "matrix.org" }] };
  // Keys come from the servers themselves: a key server off the list could not be asked.
  return { federation_domain_whitelist: [...allowed], trusted_key_servers: [] };
};

/** The environment's own keys; `caches` goes to each process's file, which would replace the block as a whole. */
const userSettings = ({ caches: _, ...settings }: Settings): Settings => withOwnSecrets(settings);

/** `rc_login.address` becomes `rc_login: {address: …}`. */
const rateLimits = (env: Environment): Settings => {
  const nested: Record<string, unknown> = {};
  for (const [path, { perSecond, burstCount }] of Object.entries(env.synapse.rateLimits)) {
    const [key, inner] = path.split(".") as [string, string?];
    const limit = { per_second: perSecond, burst_count: burstCount };
    nested[key] = inner === undefined ? limit : { ...(nested[key] as object), [inner]: limit };
  }
  return nested as Settings;
};

/** Who writes each stream; `master` is main's name here, and `main` would be refused by the workers. */
const streamWriters = (plan: Plan): Record<string, string[]> => {
  const writers: Partial<Record<Stream, string[]>> = {};
  for (const process of workersOf(plan)) {
    for (const stream of streamsOf(process)) {
      const names = writers[stream] ?? [];
      writers[stream] = [...names, process.name];
    }
  }
  return writers;
};

/** Replication addresses; `main` is main's name here. */
const instanceMap = (env: Environment, plan: Plan): Settings => {
  const addresses = addressesOf(env.docker.network, plan);
  return Object.fromEntries(
    plan.synapse.processes
      .filter(replicatesOverHttp)
      .map((process) => [
        process.isMain ? "main" : process.name,
        { host: addresses.get(process.container.name)?.backend as string, port: PORTS.synapseReplication },
      ]),
  );
};

/** Jobs that shared keys hand to workers by name: one name, or a list whose order shards the work. */
const workerJobs = (plan: Plan): Settings => {
  const jobs: Record<string, string | string[]> = {};
  for (const role of ROLES) {
    if (role.shared === undefined) continue;
    const names = holdersOf(plan, role.name).map((process) => process.name);
    if (names.length === 0) continue;
    jobs[role.shared] = role.shared.endsWith("_instances") ? names : (names[0] as string);
  }
  return jobs;
};

const workers = (env: Environment, plan: Plan): Settings => {
  if (workersOf(plan).length === 0) return {};
  return {
    redis: { enabled: true, host: "redis", port: PORTS.redis, password_path: `${CONFIG_DIR}/redis_password` },
    worker_replication_secret_path: `${CONFIG_DIR}/worker_replication_secret`,
    instance_map: instanceMap(env, plan),
    stream_writers: streamWriters(plan),
    ...workerJobs(plan),
    ...(hasMediaWorker(plan) ? { enable_media_repo: false } : {}),
  };
};

/**
 * The homeserver.yaml that all processes share, to the letter. What differs by process stands in its own file, whole
 * top-level blocks each: Synapse merges files at the top level only.
 */
export const homeserverYaml = (env: Environment, plan: Plan): string => {
  const { synapse } = env;
  const settings: Settings = {
    server_name: env.serverName,
    public_baseurl: env.publicBaseurl,
    report_stats: synapse.reportStats,
    serve_server_wellknown: false,
    soft_file_limit: 0,
    signing_key_path: `${CONFIG_DIR}/signing.key`,
    registration_shared_secret_path: `${CONFIG_DIR}/registration_shared_secret`,
    macaroon_secret_key_path: `${CONFIG_DIR}/macaroon_secret_key`,
    form_secret_path: `${CONFIG_DIR}/form_secret`,
    ...registration(env),
    ...federation(env),
    suppress_key_server_warning: true,
    presence: { enabled: synapse.presence },
    media_store_path: "/data/media_store",
    max_upload_size: synapse.maxUploadSize.toSynapse(),
    url_preview_enabled: synapse.urlPreviews,
    ...(synapse.urlPreviews ? { url_preview_ip_range_blacklist: PRIVATE_RANGES } : {}),
    ...(plan.host.cpus.toWholeCores() < CORES_FOR_HUGE_ROOMS ? { limit_remote_rooms: { enabled: true } } : {}),
    enable_metrics: true,
    event_cache_size: plan.synapse.eventCacheSize.value,
    ...rateLimits(env),
    ...(synapse.sentryDsn === undefined ? {} : { sentry: { dsn: synapse.sentryDsn, environment: env.name } }),
    ...workers(env, plan),
    ...userSettings(synapse.settings),
  };
  return `# Rendered by synapse-kit. Shared by ${mainOf(plan).name} and ${workersOf(plan).length} workers.\n${toYaml(settings)}`;
};
