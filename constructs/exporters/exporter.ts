import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import type { ImageName } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { ContainerBudget, ExporterName } from "../../sizing/plan";
import { MONITORING_ROLE } from "../monitoring-role";
import type { Platform } from "../platform/platform";
import { askHttp } from "../service/ask-http";
import { type HostMount, Service } from "../service/service";
import { exporterFiles } from "./files";

/** `nobody` in the official images. */
const NOBODY = 65_534;
/** `synapse` in the image whose Python runs the kit's own exporter. */
const SYNAPSE = 991;

interface Program {
  readonly image: ImageName;
  readonly uid: number;
  readonly command: readonly [program: string, ...args: string[]];
  readonly environment?: Readonly<Record<string, string>>;
  readonly hostMounts?: readonly HostMount[];
  /** Answers without asking anybody. */
  readonly healthcheck: readonly string[];
}

const HOST = "/host";

/** Off by default, and some rule or panel needs it. */
const POSTGRES_COLLECTORS = [
  "database_wraparound",
  "long_running_transactions",
  "postmaster",
  "stat_activity_autovacuum",
  "stat_checkpointer",
];
/** All that a rule or a panel needs; the rest is for machines with hardware of their own to watch. */
const NODE_COLLECTORS = [
  "cpu",
  "diskstats",
  "filefd",
  "filesystem",
  "loadavg",
  "meminfo",
  "pressure",
  "stat",
  "time",
  "uname",
  "vmstat",
];

const PROGRAMS: Readonly<Record<ExporterName, Program>> = {
  "node-exporter": {
    image: "node_exporter",
    uid: NOBODY,
    command: [
      "node_exporter",
      `--path.procfs=${HOST}/proc`,
      `--path.sysfs=${HOST}/sys`,
      `--path.rootfs=${HOST}/root`,
      "--collector.disable-defaults",
      ...NODE_COLLECTORS.map((name) => `--collector.${name}`),
      `--web.listen-address=:${PORTS.nodeExporter}`,
    ],
    // Read-only, and as nobody: what only root may read stays hidden.
    hostMounts: [
      { hostPath: "/proc", path: `${HOST}/proc` },
      { hostPath: "/sys", path: `${HOST}/sys` },
      { hostPath: "/", path: `${HOST}/root` },
    ],
    healthcheck: askHttp(PORTS.nodeExporter, "/"),
  },
  "container-exporter": {
    image: "synapse",
    uid: SYNAPSE,
    command: ["python3", "/config/container_exporter.py", String(PORTS.containerExporter), `${HOST}/cgroup`],
    hostMounts: [{ hostPath: "/sys/fs/cgroup", path: `${HOST}/cgroup` }],
    healthcheck: ["curl", "-fsS", "-o", "/dev/null", `http://127.0.0.1:${PORTS.containerExporter}/healthz`],
  },
  "postgres-exporter": {
    image: "postgres_exporter",
    uid: NOBODY,
    command: [
      "postgres_exporter",
      "--disable-settings-metrics",
      ...POSTGRES_COLLECTORS.map((name) => `--collector.${name}`),
      `--web.listen-address=:${PORTS.postgresExporter}`,
    ],
    environment: {
      DATA_SOURCE_URI: `postgres:${PORTS.postgres}/synapse?sslmode=disable`,
      DATA_SOURCE_USER: MONITORING_ROLE,
      DATA_SOURCE_PASS_FILE: "/config/password",
    },
    healthcheck: askHttp(PORTS.postgresExporter, "/"),
  },
  "pgbouncer-exporter": {
    image: "pgbouncer_exporter",
    uid: NOBODY,
    command: [
      "pgbouncer_exporter",
      `--pgBouncer.connectionString=postgres://${MONITORING_ROLE}@pgbouncer:${PORTS.pgbouncer}/pgbouncer?sslmode=disable`,
      `--web.listen-address=:${PORTS.pgbouncerExporter}`,
    ],
    environment: { PGPASSFILE: "/config/pgpass" },
    healthcheck: askHttp(PORTS.pgbouncerExporter, "/"),
  },
  "redis-exporter": {
    image: "redis_exporter",
    uid: NOBODY,
    command: [
      "redis_exporter",
      `--redis.addr=redis://redis:${PORTS.redis}`,
      `--redis.user=${MONITORING_ROLE}`,
      "--redis.password-file=/config/passwords.json",
      `--web.listen-address=:${PORTS.redisExporter}`,
    ],
    healthcheck: askHttp(PORTS.redisExporter, "/health"),
  },
  "blackbox-exporter": {
    image: "blackbox_exporter",
    uid: NOBODY,
    command: [
      "blackbox_exporter",
      "--config.file=/config/blackbox.yml",
      `--web.listen-address=:${PORTS.blackboxExporter}`,
    ],
    healthcheck: askHttp(PORTS.blackboxExporter, "/-/healthy"),
  },
};

export interface ExporterProps {
  readonly platform: Platform;
  readonly plan: ContainerBudget & { readonly service: ExporterName };
  /** Containers that it tells about; those of the container exporter alone. @default [] */
  readonly watched?: readonly Service[];
}

/** Ids are known only once the containers are there: whoever is made anew is a new one here, too. Its own it finds out. */
const withContainers = (config: ContainerConfig, watched: readonly Service[], own: ExporterName): ContainerConfig => {
  const ids = [...watched.map(({ service, container }) => `${service}=${container.id}`), `${own}=self`];
  return { ...config, env: [...(config.env ?? []), `CONTAINERS=${ids.join(",")}`] };
};

/** A program that tells Prometheus about another one: it alone knows the way in, and only to look. */
export class Exporter extends Construct {
  readonly service: Service;

  constructor(scope: Construct, id: string, props: ExporterProps) {
    super(scope, id);
    const { platform, plan, watched = [] } = props;
    const { image, uid, command, environment, hostMounts, healthcheck } = PROGRAMS[plan.service];
    const [program, ...args] = command;
    this.service = new Service(this, "service", {
      platform,
      budget: plan,
      image: platform.images[image],
      uid,
      gid: uid,
      files: exporterFiles(platform.environment, plan.service),
      entrypoint: [program],
      command: args,
      ...(environment ? { environment } : {}),
      ...(hostMounts ? { hostMounts } : {}),
      healthcheck,
      stopGrace: Duration.seconds(10),
      ...(watched.length > 0
        ? { transform: (config: ContainerConfig) => withContainers(config, watched, plan.service) }
        : {}),
    });
  }
}
