import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { ContainerBudget } from "../../sizing/plan";
import { CONFIG_DIR } from "../file";
import type { Platform } from "../platform/platform";
import { askHttp } from "../service/ask-http";
import { Service } from "../service/service";
import { grafanaFiles } from "./files";
import { PROVISIONING_FOLDER } from "./ini";

/** `grafana` in the official image. Its own group there is root's, which nothing in it needs. */
const UID = 472;
const DATA_DIR = "/var/lib/grafana";

export interface GrafanaProps {
  readonly platform: Platform;
  /** Absent leaves the volume and nothing else. */
  readonly plan?: ContainerBudget | undefined;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** Shows what Prometheus holds. Its volume has users and what they starred, and stays when it is switched off. */
export class Grafana extends Construct {
  readonly service?: Service;

  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    const { platform, plan } = props;
    const { environment } = platform;
    const volume = platform.dataVolume(this, "grafana-data");
    if (!plan) return;
    const { address, port } = environment.monitoring.grafana;
    this.service = new Service(this, "service", {
      platform,
      budget: plan,
      image: platform.images.grafana,
      uid: UID,
      gid: UID,
      files: grafanaFiles(environment, platform.plan),
      // The image sets these, and what is set so wins over grafana.ini.
      environment: {
        GF_PATHS_CONFIG: `${CONFIG_DIR}/grafana.ini`,
        GF_PATHS_PROVISIONING: `${CONFIG_DIR}/${PROVISIONING_FOLDER}`,
      },
      healthcheck: askHttp(PORTS.grafana, "/api/health"),
      stopGrace: Duration.seconds(10),
      ports: [{ internal: PORTS.grafana, external: port, address }],
      data: [{ volumeName: volume.name, path: DATA_DIR }],
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
