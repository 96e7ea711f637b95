import { Container, type ContainerConfig } from "@cdktf/provider-docker/lib/container";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { LABELS } from "../../configs/labels";
import { Duration } from "../../configs/units/duration";
import type { ContainerBudget } from "../../sizing/plan";
import { CONFIG_DIR, type ConfigFile } from "../file";
import type { Platform } from "../platform/platform";
import { ConfigVolume } from "./config-volume";
import { escapeTemplate } from "./escape";
import { healthcheckOf } from "./healthcheck";
import { shortHash, specHash } from "./spec-hash";

/** A first start makes the database schema on a slow disk. */
const WAIT_TIMEOUT = Duration.minutes(4);
/** Ten files of 10 MB: a day or two of an ordinary server's log, bounded on disk. Guess. */
const LOG_OPTIONS = { "max-size": "10m", "max-file": "10" };

export interface DataMount {
  readonly volumeName: string;
  readonly path: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/** A folder of the host, always read-only. */
export interface HostMount {
  readonly hostPath: string;
  readonly path: string;
}

export interface PublishedPort {
  readonly internal: number;
  readonly external: number;
  /** Never empty: without an address the engine binds every interface, and the provider plans a change for ever. */
  readonly address: string;
}

export interface ServiceProps {
  readonly platform: Platform;
  readonly budget: ContainerBudget;
  readonly image: string;
  /** Numeric user and group that the process runs as. */
  readonly uid: number;
  readonly gid: number;
  readonly files: readonly ConfigFile[];
  /** Program and arguments that end with 0 once the service is ready; no shell. */
  readonly healthcheck: readonly string[];
  /** Time between the stop signal and the kill. */
  readonly stopGrace: Duration;
  /** @default - the image's own */
  readonly entrypoint?: readonly string[];
  /** @default - the image's own */
  readonly command?: readonly string[];
  /** Never secrets: `docker inspect` shows them. @default {} */
  readonly environment?: Readonly<Record<string, string>>;
  /** Path and mount options. @default - /tmp alone */
  readonly tmpfs?: Readonly<Record<string, string>>;
  /** @default [] */
  readonly data?: readonly DataMount[];
  /** @default [] */
  readonly hostMounts?: readonly HostMount[];
  /** @default [] */
  readonly ports?: readonly PublishedPort[];
  /** Names by which others on its networks find it. @default - the budget's name */
  readonly aliases?: readonly string[];
  /** Canonical `CAP_…` names; everything else is dropped. @default [] */
  readonly capabilities?: readonly string[];
  /** @default - the image's own */
  readonly stopSignal?: string;
  /** Containers that must be healthy before this one is made. @default [] */
  readonly dependsOn?: readonly ITerraformDependable[];
  /** Last word on the container, for what the props do not model. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/**
 * One hardened container: bounded memory without swap, a weight instead of a CPU quota, health check, restart policy,
 * time to stop, a user that is not root, a read-only root, no capabilities, no new privileges, rotated logs, an init,
 * fixed addresses on private networks, and its configuration in a hashed volume.
 */
export class Service extends Construct {
  readonly config: ConfigVolume;
  readonly container: Container;
  /** Docker name. */
  readonly containerName: string;
  /** Name within the environment. */
  readonly service: string;

  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id);
    const { platform, budget } = props;
    this.service = budget.name;
    this.containerName = platform.nameOf(budget.name);
    const identity = { [LABELS.environment]: platform.environment.name, [LABELS.service]: budget.name };

    this.config = new ConfigVolume(this, "config", {
      name: this.containerName,
      files: props.files,
      secrets: platform.secrets,
      uid: props.uid,
      gid: props.gid,
      seederImage: platform.images.seeder,
      labels: identity,
    });

    const hostMounts = (props.hostMounts ?? []).map(({ hostPath, path }) => ({
      hostPath,
      containerPath: path,
      readOnly: true,
    }));
    const memory = budget.memory.value.toMiB();
    const overrides = { memory_reservation: budget.reservation.toMiB() };
    const base: ContainerConfig = {
      name: this.containerName,
      image: props.image,
      user: `${props.uid}:${props.gid}`,
      readOnly: true,
      init: true,
      restart: "unless-stopped",
      memory,
      // Equal to the limit, so no swap: left out, the engine stores twice the memory and every plan differs.
      memorySwap: memory,
      cpuShares: budget.cpuShares.value,
      securityOpts: ["no-new-privileges:true"],
      capabilities: { drop: ["ALL"], ...(props.capabilities?.length ? { add: [...props.capabilities] } : {}) },
      ulimit: [{ name: "nofile", soft: budget.nofile, hard: budget.nofile }],
      logDriver: "json-file",
      logOpts: LOG_OPTIONS,
      tmpfs: { ...(props.tmpfs ?? { "/tmp": "rw,noexec,nosuid,nodev" }) },
      volumes: [
        { volumeName: this.config.volume.name, containerPath: CONFIG_DIR, readOnly: true },
        ...(props.data ?? []).map((mount) => ({
          volumeName: mount.volumeName,
          containerPath: mount.path,
          readOnly: mount.readOnly ?? false,
        })),
        ...hostMounts,
      ],
      networksAdvanced: platform.attachmentsOf(budget.name, props.aliases ?? [budget.name]),
      healthcheck: healthcheckOf(props.healthcheck),
      wait: true,
      waitTimeout: WAIT_TIMEOUT.toSeconds(),
      // From the first apply on: at a replacement the provider takes the value from its state.
      destroyGraceSeconds: props.stopGrace.toSeconds(),
      stopTimeout: props.stopGrace.toSeconds(),
      ...(budget.shm ? { shmSize: budget.shm.value.toMiB() } : {}),
      ...(props.entrypoint ? { entrypoint: props.entrypoint.map(escapeTemplate) } : {}),
      ...(props.command ? { command: props.command.map(escapeTemplate) } : {}),
      ...(props.environment
        ? { env: Object.entries(props.environment).map(([key, value]) => `${key}=${escapeTemplate(value)}`) }
        : {}),
      ...(props.ports?.length
        ? { ports: props.ports.map((p) => ({ internal: p.internal, external: p.external, ip: p.address })) }
        : {}),
      ...(props.stopSignal ? { stopSignal: props.stopSignal } : {}),
    };
    const config = props.transform?.(base) ?? base;
    // The configuration volume's address stands for its name, which holds secrets and is only known at the apply.
    const data = (props.data ?? []).map(({ volumeName, path, readOnly }) => ({
      volumeName,
      containerPath: path,
      readOnly: readOnly ?? false,
    }));
    const hash = shortHash([
      specHash(this, { ...config, volumes: [...data, ...hostMounts] }, overrides),
      this.config.volume.friendlyUniqueId,
    ]);
    this.container = new Container(this, "container", {
      ...config,
      labels: [...Object.entries({ ...identity, [LABELS.specHash]: hash }).map(([label, value]) => ({ label, value }))],
      dependsOn: [this.config.seeder, ...(props.dependsOn ?? [])],
    });
    this.container.overrideLogicalId(budget.name.replaceAll("-", "_"));
    for (const [key, value] of Object.entries(overrides)) this.container.addOverride(key, value);
  }
}
