import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { Duration } from "../../configs/units/duration";
import type { Platform } from "../platform/platform";
import { Service } from "../service/service";
import { postgresFiles } from "./files";

/** `postgres` in the official Debian images. */
const UID = 999;
/** A fast shutdown still writes a checkpoint: all of shared_buffers, at worst. */
const STOP_GRACE = Duration.minutes(2);
/** Mounted here by every major: the data of each lies in a folder of its own below. */
const DATA_DIR = "/var/lib/postgresql";

export interface PostgresProps {
  readonly platform: Platform;
  /**
   * False leaves the data volume and nothing else: how an environment is taken down without losing anything.
   * @default true
   */
  readonly running?: boolean;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** The database, sized and provisioned, on a volume that outlives it. */
export class Postgres extends Construct {
  readonly service?: Service;

  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const { platform } = props;
    const { environment, plan } = platform;
    const volume = platform.dataVolume(this, "postgres-data");
    if (props.running === false) return;
    this.service = new Service(this, "service", {
      platform,
      budget: plan.postgres.container,
      image: platform.images.postgres,
      uid: UID,
      gid: UID,
      files: postgresFiles(environment, plan),
      entrypoint: ["/bin/sh", "/config/start.sh"],
      environment: {
        PGDATA: `${DATA_DIR}/${plan.postgres.version}/docker`,
        POSTGRES_PASSWORD_FILE: "/config/superuser_password",
        POSTGRES_INITDB_ARGS: "--encoding=UTF8 --locale=C --auth-host=scram-sha-256 --data-checksums",
      },
      healthcheck: ["sh", "/config/health.sh"],
      stopGrace: STOP_GRACE,
      stopSignal: "SIGINT",
      tmpfs: {
        "/tmp": "rw,noexec,nosuid,nodev",
        "/var/run/postgresql": `rw,noexec,nosuid,nodev,uid=${UID},gid=${UID},mode=0775`,
      },
      data: [{ volumeName: volume.name, path: DATA_DIR }],
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
