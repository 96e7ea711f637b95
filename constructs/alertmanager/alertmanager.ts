import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { ContainerBudget } from "../../sizing/plan";
import type { Platform } from "../platform/platform";
import { askHttp } from "../service/ask-http";
import { Service } from "../service/service";
import { alertmanagerFiles } from "./files";

/** `nobody` in the official image. */
const UID = 65_534;
const DATA_DIR = "/alertmanager";

export interface AlertmanagerProps {
  readonly platform: Platform;
  /** Absent leaves the volume and nothing else. */
  readonly plan?: ContainerBudget | undefined;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** Tells people what Prometheus found, once and together. Its volume holds silences, and stays when it is switched off. */
export class Alertmanager extends Construct {
  readonly service?: Service;

  constructor(scope: Construct, id: string, props: AlertmanagerProps) {
    super(scope, id);
    const { platform, plan } = props;
    const volume = platform.dataVolume(this, "alertmanager-data");
    if (!plan) return;
    this.service = new Service(this, "service", {
      platform,
      budget: plan,
      image: platform.images.alertmanager,
      uid: UID,
      gid: UID,
      files: alertmanagerFiles(platform.environment, platform.plan),
      entrypoint: ["alertmanager"],
      command: [
        "--config.file=/config/alertmanager.yml",
        `--storage.path=${DATA_DIR}`,
        `--web.listen-address=:${PORTS.alertmanager}`,
        // Alone: without this it looks for others on a port of its own.
        "--cluster.listen-address=",
      ],
      healthcheck: askHttp(PORTS.alertmanager, "/-/ready"),
      stopGrace: Duration.seconds(10),
      data: [{ volumeName: volume.name, path: DATA_DIR }],
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
