import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { PrometheusPlan } from "../../sizing/plan";
import type { Platform } from "../platform/platform";
import { askHttp } from "../service/ask-http";
import { Service } from "../service/service";
import { prometheusFiles } from "./files";

/** `nobody` in the official image. */
const UID = 65_534;
const DATA_DIR = "/prometheus";
/** Writes what is in memory to its log, which is quick; a compaction under way is given up. */
const STOP_GRACE = Duration.seconds(30);
/** Of the limit, for Go's collector to aim at: the rest is what it cannot see. */
const GO_MEMORY_SHARE = 0.9;

export interface PrometheusProps {
  readonly platform: Platform;
  /** Absent leaves the volume and nothing else. */
  readonly plan?: PrometheusPlan | undefined;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** Asks every program how it is, keeps the answers, and follows the rules. Its volume stays when it is switched off. */
export class Prometheus extends Construct {
  readonly service?: Service;

  constructor(scope: Construct, id: string, props: PrometheusProps) {
    super(scope, id);
    const { platform, plan } = props;
    const volume = platform.dataVolume(this, "prometheus-data");
    if (!plan) return;
    const { environment } = platform;
    const { container, retentionSize } = plan;
    this.service = new Service(this, "service", {
      platform,
      budget: container,
      image: platform.images.prometheus,
      uid: UID,
      gid: UID,
      files: prometheusFiles(environment, platform.plan),
      entrypoint: ["prometheus"],
      command: [
        "--config.file=/config/prometheus.yml",
        `--storage.tsdb.path=${DATA_DIR}`,
        `--storage.tsdb.retention.time=${environment.monitoring.retentionTime.toString()}`,
        `--storage.tsdb.retention.size=${retentionSize.value.toMiB()}MB`,
        `--web.listen-address=:${PORTS.prometheus}`,
      ],
      environment: { GOMEMLIMIT: `${Math.floor(container.memory.value.toMiB() * GO_MEMORY_SHARE)}MiB` },
      healthcheck: askHttp(PORTS.prometheus, "/-/ready"),
      stopGrace: STOP_GRACE,
      data: [{ volumeName: volume.name, path: DATA_DIR }],
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
