import type { LayoutName } from "../configs/catalogue/layouts";
import type { RoleName } from "../configs/catalogue/roles";
import type { DiskKind, FlatSettings, PostgresMajor, ProfileName } from "../configs/environment";
import type { Bytes } from "../configs/units/bytes";
import type { Cpus } from "../configs/units/cpus";

/** How a number came about. */
export interface Derivation {
  /** One sentence with the inputs, as in `4 % of 8192 MB between 256 MB and 2 GB`. */
  readonly reason: string;
  /** A page, an issue or a measurement; `guess` where there is none. */
  readonly source: string;
}

/** A number with the rule that gave it, so that every report can explain itself. */
export interface Solved<T> extends Derivation {
  readonly value: T;
}

/** Read from the machine, said by the environment (or by flags), or the kit's own. */
export type Origin = "detected" | "declared" | "default";

/** Something that the plan was made from. */
export interface Input {
  /** As an environment calls it: `hardware.ram`. */
  readonly name: string;
  /** As an environment writes it; of a switch on `auto` what it came to. */
  readonly value: string | number | boolean;
  readonly origin: Origin;
}

/** What the target machine has. */
export interface HostFacts {
  readonly ram: Bytes;
  readonly cpus: Cpus;
  readonly disk: { readonly kind: DiskKind; readonly size?: Bytes };
  /** `detected on unix:///var/run/docker.sock`, `declared`, `profile medium`. */
  readonly source: string;
}

export type ServiceName =
  | "postgres"
  | "pgbouncer"
  | "redis"
  | "synapse"
  | "nginx"
  | "prometheus"
  | "alertmanager"
  | "matrix-notifier"
  | "grafana"
  | ExporterName
  | "compressor";

/** Programs that tell Prometheus about another program or about the host; containers have the same names. */
export const EXPORTER_NAMES = [
  "node-exporter",
  "container-exporter",
  "postgres-exporter",
  "pgbouncer-exporter",
  "redis-exporter",
  "blackbox-exporter",
] as const;
export type ExporterName = (typeof EXPORTER_NAMES)[number];

/** What every container gets, whatever runs in it. */
export interface ContainerBudget {
  /** Container name within the environment: `postgres`, `synapse-main`, `synapse-sync1` … */
  readonly name: string;
  readonly service: ServiceName;
  /** The hard limit; the swap limit is the same. */
  readonly memory: Solved<Bytes>;
  /** What the limit is made of, for the report. The parts add up to `used`, which is below the limit. */
  readonly parts: Readonly<Record<string, Bytes>>;
  /** The soft limit: what it is expected to use. */
  readonly reservation: Bytes;
  /** Docker CPU shares: a weight, never a quota (I12). */
  readonly cpuShares: Solved<number>;
  /** Cores that the weight is worth when everything is busy. */
  readonly cpus: number;
  /** Database connections that it may open (clients) or accept (servers). */
  readonly connections: Solved<number>;
  /** Soft and hard `nofile`. */
  readonly nofile: number;
  /** Size of /dev/shm, where the default of 64 MB is not right. */
  readonly shm?: Solved<Bytes>;
  readonly why: { readonly reservation: Derivation; readonly nofile: Derivation };
}

export interface PostgresPlan {
  readonly version: PostgresMajor;
  readonly container: ContainerBudget;
  /** Complete, in postgresql.conf's own words and units; user overrides merged in. */
  readonly settings: Readonly<Record<string, Solved<string>>>;
  readonly sharedBuffers: Bytes;
  readonly workMem: Bytes;
  readonly maxConnections: number;
  /** Shared memory that Postgres itself will report as `shared_memory_size`. */
  readonly predictedSharedMemory: Bytes;
}

export interface PgbouncerPlan {
  readonly container: ContainerBudget;
  /** `[pgbouncer]` section, pool sizes included. */
  readonly settings: Readonly<Record<string, Solved<string>>>;
  /** Server connections of the transaction pool that the workers share. */
  readonly transactionPool: number;
  /** Server connections of the session pool: main, migrations, background updates. */
  readonly sessionPool: number;
  readonly why: { readonly transactionPool: Derivation; readonly sessionPool: Derivation };
}

export interface RedisPlan {
  readonly container: ContainerBudget;
  readonly settings: Readonly<Record<string, Solved<string>>>;
}

/**
 * How a Synapse process reaches the database: straight, or through one of PgBouncer's two databases. Main alone runs
 * migrations and background updates, whose session settings a transaction pool would lose, so it never uses that.
 */
export type DatabasePath = "direct" | "session" | "transaction";

export interface ProcessPlan {
  readonly container: ContainerBudget;
  /** `main` or the `worker_name`. */
  readonly name: string;
  readonly isMain: boolean;
  readonly roles: readonly RoleName[];
  /** jemalloc heap at which Synapse evicts caches (`max_cache_memory_usage`). */
  readonly heapCeiling: Solved<Bytes>;
  /** Where eviction stops (`target_cache_memory_usage`). */
  readonly heapTarget: Bytes;
  /** Database connections that stay open. */
  readonly cpMin: number;
  readonly cpMax: Solved<number>;
  readonly databasePath: DatabasePath;
  readonly why: { readonly heapTarget: Derivation; readonly cpMin: Derivation };
}

export interface SynapsePlan {
  readonly layout: Solved<LayoutName>;
  /** Main first. */
  readonly processes: readonly ProcessPlan[];
  readonly globalCacheFactor: Solved<number>;
  readonly eventCacheSize: Solved<string>;
}

/** Requests that Nginx lets in at once; one more is answered with 429. */
export interface RequestLimits {
  /** For each process that holds the role; main counts as one where no worker does. */
  readonly byRole: Readonly<Partial<Record<RoleName, Solved<number>>>>;
  /** What main serves as itself. */
  readonly main: Solved<number>;
  /** Long polls of all processes together, and so what main lets in when it stands in for those that hold them. */
  readonly polls: Solved<number>;
  /** What else main lets in while it stands in for a worker. */
  readonly standIn: Solved<number>;
}

export interface NginxPlan {
  readonly container: ContainerBudget;
  readonly limits: RequestLimits;
  /** Shared memory for whose opaque tokens are; absent where nothing asks. */
  readonly tokenOwners?: Solved<Bytes>;
  /** Whether it counts requests for Prometheus: where that is there, and Nginx is not too old. */
  readonly countsRequests: boolean;
  /** Whether it looks after the writer of presence, for which syncs elsewhere wait. */
  readonly watchesPresence: boolean;
  /** All requests that Nginx itself has room for, of all roles together. */
  readonly mostRequests: Solved<number>;
  readonly workerProcesses: Solved<number>;
  readonly workerConnections: Solved<number>;
  readonly workerRlimitNofile: Solved<number>;
  readonly settings: FlatSettings;
}

export interface PrometheusPlan {
  readonly container: ContainerBudget;
  /** Time series that are expected to be alive at once. */
  readonly series: Solved<number>;
  /** Disk that measurements may take. */
  readonly retentionSize: Solved<Bytes>;
}

/** What watches the box. */
export interface MonitoringPlan {
  readonly prometheus: PrometheusPlan;
  /** Absent where alerts are off. */
  readonly alertmanager?: ContainerBudget;
  /** Absent where nobody is told in a Matrix room. */
  readonly matrixNotifier?: ContainerBudget;
  readonly exporters: readonly (ContainerBudget & { readonly service: ExporterName })[];
  /** Absent where its image cannot be had, or nobody wants it. */
  readonly grafana?: ContainerBudget;
  /** Why it is left out, where nobody switched it off. */
  readonly withoutGrafana?: string;
}

/** The state compressor. */
export interface CompressorPlan {
  readonly container: ContainerBudget;
  /** What it may use by itself: its limit without the margin. */
  readonly usable: Bytes;
}

/** One joint budget for the whole box. */
export interface Plan {
  readonly profile: ProfileName;
  readonly host: HostFacts;
  readonly inputs: readonly Input[];
  readonly expected: {
    readonly users: Solved<number>;
    readonly eventsPerSecond: Solved<number>;
    readonly clients: Solved<number>;
    /** Devices that a message is delivered to. */
    readonly fanOut: Solved<number>;
    /** All events ÷ those of the own users: above 1 is what other servers send. */
    readonly federationFactor: Solved<number>;
  };
  readonly reserves: { readonly operatingSystem: Solved<Bytes>; readonly slack: Solved<Bytes> };
  readonly postgres: PostgresPlan;
  /** Absent without workers: one process needs no pooler. */
  readonly pgbouncer?: PgbouncerPlan;
  /** Absent without workers. */
  readonly redis?: RedisPlan;
  readonly synapse: SynapsePlan;
  readonly nginx: NginxPlan;
  /** Absent on machines too small to watch themselves, and where it is off. */
  readonly monitoring?: MonitoringPlan;
  readonly compressor?: CompressorPlan;
  /** What comes by itself on a machine of this size, and the workers leave no room for. */
  readonly leftOut: readonly ("monitoring" | "compressor")[];
  /** RAM that nothing claims. */
  readonly leftOver: Bytes;
}

/** Every container of the plan, in start order. */
export const containersOf = (plan: Plan): ContainerBudget[] => [
  plan.postgres.container,
  ...(plan.pgbouncer ? [plan.pgbouncer.container] : []),
  ...(plan.redis ? [plan.redis.container] : []),
  ...plan.synapse.processes.map((p) => p.container),
  plan.nginx.container,
  ...(plan.compressor ? [plan.compressor.container] : []),
  ...watchersOf(plan),
];

/** Containers that watch: the exporters first, since Prometheus asks them. */
const watchersOf = ({ monitoring }: Plan): ContainerBudget[] =>
  monitoring
    ? [
        ...monitoring.exporters,
        ...(monitoring.matrixNotifier ? [monitoring.matrixNotifier] : []),
        ...(monitoring.alertmanager ? [monitoring.alertmanager] : []),
        monitoring.prometheus.container,
        ...(monitoring.grafana ? [monitoring.grafana] : []),
      ]
    : [];
