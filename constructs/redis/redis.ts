import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { Duration } from "../../configs/units/duration";
import type { RedisPlan } from "../../sizing/plan";
import type { Platform } from "../platform/platform";
import { Service } from "../service/service";
import { redisFiles } from "./files";

/** `redis` and `valkey` in the official Debian images. */
const UID = 999;

export interface RedisProps {
  readonly platform: Platform;
  readonly plan: RedisPlan;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** The bus between the Synapse processes. Keeps nothing: everything on it can be lost at any moment. */
export class Redis extends Construct {
  readonly service: Service;

  constructor(scope: Construct, id: string, props: RedisProps) {
    super(scope, id);
    const { platform, plan } = props;
    const flavour = platform.environment.redis.flavour;
    this.service = new Service(this, "service", {
      platform,
      budget: plan.container,
      image: platform.images.redis,
      uid: UID,
      gid: UID,
      files: redisFiles(plan, platform.plan.monitoring !== undefined),
      entrypoint: [`${flavour}-server`, "/config/redis.conf"],
      healthcheck: ["sh", "/config/health.sh", `${flavour}-cli`],
      stopGrace: Duration.seconds(10),
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
