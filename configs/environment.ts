import type { RoleName } from "./catalogue/roles";
import type { SecretFile } from "./secret-file";
import type { Bytes } from "./units/bytes";
import type { Cpus } from "./units/cpus";
import type { Duration } from "./units/duration";

/** How much of the open federation the server takes part in. */
export type Federation = "closed" | "small" | "open";

export type DiskKind = "nvme" | "ssd" | "hdd" | "network";

/** Postgres majors that the kit renders (Synapse needs 14 or newer since 1.143). */
export const POSTGRES_MAJORS = [16, 17, 18] as const;
export type PostgresMajor = (typeof POSTGRES_MAJORS)[number];

export type RedisFlavour = "redis" | "valkey";

/** Worker layouts, by the number of worker processes beside main. */
export const WORKER_LAYOUTS = ["none", "two", "three", "eight", "seventeen"] as const;
export type WorkerLayoutName = (typeof WORKER_LAYOUTS)[number];

/** Workers with the same roles, `<group>1` to `<group><count>`. */
export interface WorkerGroup {
  readonly roles: readonly RoleName[];
  readonly count: number;
}

/** A worker layout by hand: groups by name, in the order of the file. */
export type WorkerGroups = Readonly<Record<string, WorkerGroup>>;

export const PROFILE_NAMES = ["small", "medium", "large", "xlarge", "xxlarge"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** A value of a pass-through map: what the program's own configuration file can hold. */
export type SettingValue =
  | string
  | number
  | boolean
  | null
  | readonly SettingValue[]
  | { readonly [key: string]: SettingValue };
export type Settings = Readonly<Record<string, SettingValue>>;

/** One value of a flat configuration file (Postgres, PgBouncer, Redis). */
export type FlatValue = string | number | boolean;
export type FlatSettings = Readonly<Record<string, FlatValue>>;

/** Where the numbers of the host come from. */
export type HardwareRequest =
  | { readonly kind: "auto"; readonly disk: DiskRequest }
  | { readonly kind: "profile"; readonly name: ProfileName }
  | { readonly kind: "declared"; readonly ram: Bytes; readonly cpus: Cpus; readonly disk: DiskRequest };

export interface DiskRequest {
  readonly kind: DiskKind;
  readonly size?: Bytes;
}

export interface Expected {
  /** Accounts that are active on an ordinary day. */
  readonly users?: number;
  readonly eventsPerSecond?: number;
  /** Devices that a message is delivered to. */
  readonly fanOut?: number;
  readonly federation: Federation;
}

/** `official` pulls, `local` builds from `images/`, `auto` builds when no registry answers. */
export type ImageSource = "official" | "local" | "auto";

export const IMAGE_NAMES = [
  "postgres",
  "pgbouncer",
  "redis",
  "synapse",
  "nginx",
  "seeder",
  "prometheus",
  "alertmanager",
  "grafana",
  "node_exporter",
  "postgres_exporter",
  "pgbouncer_exporter",
  "redis_exporter",
  "blackbox_exporter",
  "compressor",
] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

export interface Images {
  readonly source: ImageSource;
  /** Complete references (registry, tag or digest) that win over `source`. */
  readonly overrides: Readonly<Partial<Record<ImageName, string>>>;
}

/** Terraform state: a local file by default, or one of the backends that cdktf models. */
export interface StateBackend {
  readonly backend: "local" | "s3" | "http" | "pg";
  readonly config: FlatSettings;
}

export interface PostgresModel {
  readonly version: PostgresMajor;
  readonly jit: boolean;
  /** Typed overrides of solved values; absent means solved. */
  readonly memory?: Bytes;
  readonly sharedBuffers?: Bytes;
  readonly workMem?: Bytes;
  readonly maintenanceWorkMem?: Bytes;
  readonly maxConnections?: number;
  readonly maxWalSize?: Bytes;
  readonly hugePages: "try" | "on" | "off";
  /** Off loses the last moments of acknowledged messages in a crash, never consistency. */
  readonly synchronousCommit: boolean;
  /** Storage parameters for Synapse's busiest tables; off takes back what was set. */
  readonly tableParameters: boolean;
  /** Pass-through into postgresql.conf. */
  readonly settings: FlatSettings;
}

export interface PgbouncerModel {
  /** In its image: from the tag, from `pgbouncer.version`, or the kit's own. */
  readonly version: string;
  /** `auto`: on as soon as there are workers. */
  readonly enabled: boolean | "auto";
  readonly poolSize?: number;
  readonly settings: FlatSettings;
}

export interface RedisModel {
  /** Of the flavour, as PgBouncer's. */
  readonly version: string;
  readonly flavour: RedisFlavour;
  readonly maxmemory?: Bytes;
  readonly settings: FlatSettings;
}

export type Registration = "closed" | "token" | "open";

export interface RateLimit {
  readonly perSecond: number;
  readonly burstCount: number;
}

export interface SynapseModel {
  readonly workers: WorkerLayoutName | "auto" | WorkerGroups;
  /** Other counts for groups of the layout that `workers` names or chooses. */
  readonly workerCounts?: Readonly<Record<string, number>>;
  readonly registration: Registration;
  readonly presence: boolean;
  readonly reportStats: boolean;
  readonly maxUploadSize: Bytes;
  readonly urlPreviews: boolean;
  readonly logLevel: "DEBUG" | "INFO" | "WARNING" | "ERROR";
  readonly globalCacheFactor?: number;
  /** Largest database pool of one process (`cp_max`). */
  readonly cpMax?: number;
  /** Keys are Synapse's own (`rc_message`, `rc_login.address`, `rc_joins.local` …). */
  readonly rateLimits: Readonly<Record<string, RateLimit>>;
  readonly sentryDsn?: string;
  /** Homeserver names that may federate; only with federation `small`. */
  readonly federationDomainWhitelist?: readonly string[];
  /** Merged into homeserver.yaml at the top level; keys that the kit controls are refused. */
  readonly settings: Settings;
}

export interface NginxModel {
  /** As PgBouncer's. */
  readonly version: string;
  /** Networks that may reach `/_synapse/admin`; none by default. */
  readonly adminApiFrom: readonly string[];
  /** Pass-through directives of the `http` block. */
  readonly settings: FlatSettings;
}

/** Share of requests in percent that has to be good, over 30 days. */
export interface Objectives {
  /** Messages sent within so long. */
  readonly sendWithin200ms: number;
  readonly sendWithin500ms: number;
  readonly sendWithin1s: number;
  /** Requests that are not answered with an error of the server's own. */
  readonly availability: number;
}

/** An address, or the file that holds it. */
export type WebhookAddress = string | SecretFile;

/** How a receiver is told. */
export type AlertWay =
  | { readonly kind: "webhook"; readonly url: WebhookAddress }
  | {
      readonly kind: "email";
      readonly to: string;
      readonly from: string;
      /** `host:port`. */
      readonly smarthost: string;
      readonly login?: { readonly username: string; readonly password: SecretFile };
      readonly requireTls: boolean;
    }
  | {
      readonly kind: "matrix";
      /** Without a path. */
      readonly homeserver: string;
      readonly roomId: string;
      readonly accessToken: SecretFile;
    };

/** Somebody who is told of alerts. */
export interface AlertReceiver {
  readonly name: string;
  readonly severity: "page" | "ticket" | "all";
  readonly way: AlertWay;
}

export interface AlertsModel {
  readonly enabled: boolean;
  readonly receivers: readonly AlertReceiver[];
  /** Called while all is well. */
  readonly deadMan?: WebhookAddress;
}

export interface MonitoringModel {
  /** `auto`: on as soon as the machine is large enough to be watched from within. */
  readonly enabled: boolean | "auto";
  readonly scrapeInterval: Duration;
  readonly retentionTime: Duration;
  /** Absent means solved. */
  readonly retentionSize?: Bytes;
  readonly objectives: Objectives;
  readonly alerts: AlertsModel;
  readonly grafana: {
    /** `auto`: on where its image can be had. */
    readonly enabled: boolean | "auto";
    readonly address: string;
    readonly port: number;
  };
}

/** The state compressor: rewrites how Synapse stores the state of rooms, so that it takes less room. */
export interface CompressorModel {
  /** `auto`: on as soon as the machine has memory to spare for it. */
  readonly enabled: boolean | "auto";
  /** Five fields of cron, in UTC. */
  readonly schedule: string;
  /** State groups that are worked on at a time. */
  readonly chunkSize: number;
  /** Chunks of one run. */
  readonly chunks: number;
  /** Longest chain of differences on each level. */
  readonly levels: readonly number[];
  /** Typed override of the container's limit; absent means solved. */
  readonly memory?: Bytes;
}

/**
 * The typed model of one environment: what a `configs/environments/<name>.yaml` says, defaults filled in. Nothing in
 * it is solved yet.
 */
export interface Environment {
  readonly name: string;
  /** The YAML file, for messages. */
  readonly file: string;
  /** `line:column` of the keys in it, for messages (`place.ts`). */
  readonly positions: Readonly<Record<string, string>>;
  readonly serverName: string;
  /** Where clients reach the server. */
  readonly publicBaseurl: string;
  readonly hardware: HardwareRequest;
  readonly expected: Expected;
  readonly docker: {
    /** `unix://…`, `ssh://user@host` or `tcp://…`; absent: what Docker's client would take. */
    readonly host?: string;
    /** A /22 that no other network on the host uses. */
    readonly network: string;
  };
  readonly listen: {
    readonly address: string;
    readonly port: number;
  };
  readonly images: Images;
  readonly state: StateBackend;
  readonly postgres: PostgresModel;
  readonly pgbouncer: PgbouncerModel;
  readonly redis: RedisModel;
  readonly synapse: SynapseModel;
  readonly nginx: NginxModel;
  readonly monitoring: MonitoringModel;
  readonly compressor: CompressorModel;
}
