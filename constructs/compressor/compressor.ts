import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { Duration } from "../../configs/units/duration";
import type { CompressorPlan } from "../../sizing/plan";
import { CONFIG_DIR } from "../file";
import type { Platform } from "../platform/platform";
import { Service } from "../service/service";
import { compressorFiles } from "./files";

/** Synapse's, on whose image it is built. */
const UID = 991;
/** A chunk is taken back within a second or two; what was written before it stays. */
const STOP_GRACE = Duration.seconds(30);

const CONFIG = `${CONFIG_DIR}/compressor.json`;

export interface CompressorProps {
  readonly platform: Platform;
  readonly plan: CompressorPlan;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** Stores the state of rooms in fewer rows, on a schedule. Waits for nobody: it asks again until the database is there. */
export class Compressor extends Construct {
  readonly service: Service;

  constructor(scope: Construct, id: string, props: CompressorProps) {
    super(scope, id);
    const { platform, plan } = props;
    this.service = new Service(this, "service", {
      platform,
      budget: plan.container,
      image: platform.images.compressor,
      uid: UID,
      gid: UID,
      files: compressorFiles(platform.environment, plan),
      entrypoint: ["compressor"],
      command: ["--config", CONFIG, "schedule"],
      healthcheck: ["compressor", "--config", CONFIG, "health"],
      stopGrace: STOP_GRACE,
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
