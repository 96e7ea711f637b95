import { createHash } from "node:crypto";
import type {
  AlertReceiver,
  AlertsModel,
  AlertWay,
  CompressorModel,
  Environment,
  HardwareRequest,
  Images,
  MonitoringModel,
  RateLimit,
  Settings,
} from "./environment";
import { hostAddress } from "./network";
import type { EnvironmentFile } from "./schema/environment-file";
import { Bytes } from "./units/bytes";
import { Cpus } from "./units/cpus";
import { Duration } from "./units/duration";
import { type VersionAnswer, type VersionedProgram, versionFor } from "./versions";
import { withoutUndefined } from "./without-undefined";

/** 10.64.0.0/10 holds 4096 networks of /22, away from the ranges that Docker and home routers take first. */
const POOL = "10.64.0.0/10";
const NETWORKS = 4096;
const ADDRESSES_PER_NETWORK = 1024;

/** The same name always gets the same network, on every machine. */
const networkFor = (name: string): string => {
  const index = createHash("sha256").update(name).digest().readUInt32BE(0) % NETWORKS;
  return `${hostAddress(POOL, index * ADDRESSES_PER_NETWORK)}/22`;
};

type DiskFile = Extract<EnvironmentFile["hardware"], object>["disk"];

const disk = (file: DiskFile): { kind: "nvme" | "ssd" | "hdd" | "network"; size?: Bytes } => {
  if (file === undefined) return { kind: "ssd" };
  if (typeof file === "string") return { kind: file };
  return { kind: file.kind, ...(file.size === undefined ? {} : { size: Bytes.parse(file.size) }) };
};

const hardware = (file: EnvironmentFile["hardware"]): HardwareRequest => {
  if (file === "auto") return { kind: "auto", disk: { kind: "ssd" } };
  if (typeof file === "string") return { kind: "profile", name: file };
  if (file.ram === undefined || file.cpus === undefined) return { kind: "auto", disk: disk(file.disk) };
  return { kind: "declared", ram: Bytes.parse(file.ram), cpus: Cpus.of(file.cpus), disk: disk(file.disk) };
};

const images = (file: EnvironmentFile["images"]): Images => {
  if (typeof file === "string") return { source: file, overrides: {} };
  const { source, ...references } = file;
  return { source, overrides: withoutUndefined(references) };
};

const bytes = (text: string | undefined): Bytes | undefined => (text === undefined ? undefined : Bytes.parse(text));

type LimitFile = NonNullable<EnvironmentFile["synapse"]["rate_limits"]["rc_message"]>;

/** `rc_login: {address: {…}}` becomes `rc_login.address`. */
const rateLimits = (file: EnvironmentFile["synapse"]["rate_limits"]): Record<string, RateLimit> => {
  const flat: Record<string, RateLimit> = {};
  const add = (name: string, value: LimitFile | Readonly<Record<string, LimitFile | undefined>>): void => {
    if (typeof value.per_second === "number") {
      flat[name] = { perSecond: value.per_second, burstCount: (value as LimitFile).burst_count };
      return;
    }
    for (const [inner, limit] of Object.entries(value)) if (limit) add(`${name}.${inner}`, limit as LimitFile);
  };
  for (const [name, value] of Object.entries(file)) if (value) add(name, value);
  return flat;
};

/** Version of each program whose files depend on it, with what is wrong about it. */
export const versionsOf = ({
  images: named,
  pgbouncer,
  redis,
  nginx,
}: EnvironmentFile): Record<VersionedProgram, VersionAnswer> => {
  const { source, overrides } = images(named);
  const answer = (program: VersionedProgram, declared: string | undefined): VersionAnswer =>
    versionFor({ program, flavour: redis.flavour, source, image: overrides[program], declared });
  return {
    pgbouncer: answer("pgbouncer", pgbouncer.version),
    redis: answer("redis", redis.version),
    nginx: answer("nginx", nginx.version),
  };
};

/** The schema has seen to it that there is one. */
const duration = (text: string): Duration => Duration.tryParse(text) as Duration;

type ReceiverFile = EnvironmentFile["monitoring"]["alerts"]["receivers"][string];

/** The checks have seen to it that there is one, and that a name comes with its password. */
const wayOf = ({ webhook, email, matrix }: ReceiverFile): AlertWay => {
  if (email) {
    const { to, from, smarthost, username, password, require_tls: requireTls } = email;
    const login = username !== undefined && password ? { login: { username, password } } : {};
    return { kind: "email", to, from, smarthost, requireTls, ...login };
  }
  if (matrix) {
    const { homeserver, room_id: roomId, access_token: accessToken } = matrix;
    return { kind: "matrix", homeserver, roomId, accessToken };
  }
  return { kind: "webhook", url: webhook as NonNullable<typeof webhook> };
};

const alerts = (file: EnvironmentFile["monitoring"]["alerts"]): AlertsModel => ({
  enabled: file.enabled,
  receivers: Object.entries(file.receivers).map(
    ([name, receiver]): AlertReceiver => ({ name, severity: receiver.severity, way: wayOf(receiver) }),
  ),
  ...withoutUndefined({ deadMan: file.dead_man?.webhook }),
});

const monitoring = ({ monitoring: file }: EnvironmentFile): MonitoringModel => ({
  enabled: file.enabled,
  scrapeInterval: duration(file.scrape_interval),
  retentionTime: duration(file.retention.time),
  ...withoutUndefined({ retentionSize: bytes(file.retention.size) }),
  objectives: {
    sendWithin200ms: file.objectives.send_within_200ms,
    sendWithin500ms: file.objectives.send_within_500ms,
    sendWithin1s: file.objectives.send_within_1s,
    availability: file.objectives.availability,
  },
  alerts: alerts(file.alerts),
  grafana: file.grafana,
});

const compressor = ({ compressor: file }: EnvironmentFile): CompressorModel => ({
  enabled: file.enabled,
  schedule: file.schedule.trim().split(/\s+/).join(" "),
  chunkSize: file.chunk_size,
  chunks: file.chunks_to_compress,
  levels: file.levels,
  ...withoutUndefined({ memory: bytes(file.memory) }),
});

/** The model of a checked file. */
export const resolveEnvironment = (
  name: string,
  path: string,
  file: EnvironmentFile,
  positions: Environment["positions"] = {},
): Environment => {
  const { postgres, synapse } = file;
  const versions = versionsOf(file);
  return {
    name,
    file: path,
    positions,
    serverName: file.server_name,
    publicBaseurl: file.public_baseurl ?? `https://${file.server_name}`,
    hardware: hardware(file.hardware),
    expected: {
      federation: file.expected.federation,
      ...withoutUndefined({
        users: file.expected.users,
        eventsPerSecond: file.expected.events_per_second,
        fanOut: file.expected.fan_out,
      }),
    },
    docker: { network: file.docker.network ?? networkFor(name), ...withoutUndefined({ host: file.docker.host }) },
    listen: file.listen,
    images: images(file.images),
    state: file.state,
    postgres: {
      version: postgres.version,
      jit: postgres.jit,
      hugePages: postgres.huge_pages,
      synchronousCommit: postgres.synchronous_commit,
      tableParameters: postgres.table_parameters,
      settings: postgres.settings,
      ...withoutUndefined({
        memory: bytes(postgres.memory),
        sharedBuffers: bytes(postgres.shared_buffers),
        workMem: bytes(postgres.work_mem),
        maintenanceWorkMem: bytes(postgres.maintenance_work_mem),
        maxConnections: postgres.max_connections,
        maxWalSize: bytes(postgres.max_wal_size),
      }),
    },
    pgbouncer: {
      version: versions.pgbouncer.version,
      enabled: file.pgbouncer.enabled,
      settings: file.pgbouncer.settings,
      ...withoutUndefined({ poolSize: file.pgbouncer.pool_size }),
    },
    redis: {
      version: versions.redis.version,
      flavour: file.redis.flavour,
      settings: file.redis.settings,
      ...withoutUndefined({ maxmemory: bytes(file.redis.maxmemory) }),
    },
    synapse: {
      workers: synapse.workers,
      registration: synapse.registration,
      presence: synapse.presence,
      reportStats: synapse.report_stats,
      maxUploadSize: Bytes.parse(synapse.max_upload_size),
      urlPreviews: synapse.url_previews,
      logLevel: synapse.log_level,
      rateLimits: rateLimits(synapse.rate_limits),
      settings: synapse.settings as Settings,
      ...withoutUndefined({
        workerCounts: synapse.worker_counts,
        globalCacheFactor: synapse.global_cache_factor,
        cpMax: synapse.cp_max,
        sentryDsn: synapse.sentry_dsn,
        federationDomainWhitelist: synapse.federation_domain_whitelist,
      }),
    },
    nginx: { version: versions.nginx.version, adminApiFrom: file.nginx.admin_api_from, settings: file.nginx.settings },
    monitoring: monitoring(file),
    compressor: compressor(file),
  };
};
