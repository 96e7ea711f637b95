import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { PgbouncerPlan } from "../../sizing/plan";
import type { Platform } from "../platform/platform";
import { DATABASE, ROLE } from "../postgres/provision";
import { Service } from "../service/service";
import { pgbouncerFiles } from "./files";

/** `postgres` in the Alpine image that most people run. */
const UID = 70;

export interface PgbouncerProps {
  readonly platform: Platform;
  readonly plan: PgbouncerPlan;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** The pooler: a transaction pool for the workers, a session pool for main. */
export class Pgbouncer extends Construct {
  readonly service: Service;

  constructor(scope: Construct, id: string, props: PgbouncerProps) {
    super(scope, id);
    const { platform, plan } = props;
    this.service = new Service(this, "service", {
      platform,
      budget: plan.container,
      image: platform.images.pgbouncer,
      uid: UID,
      gid: UID,
      files: pgbouncerFiles(plan, platform.plan.monitoring !== undefined),
      entrypoint: ["pgbouncer", "/config/pgbouncer.ini"],
      healthcheck: [
        "pg_isready",
        "--quiet",
        "--timeout=2",
        "-h",
        "127.0.0.1",
        "-p",
        String(PORTS.pgbouncer),
        "-U",
        ROLE,
        "-d",
        DATABASE,
      ],
      // From 1.23 on SIGTERM waits for every client to leave, and Synapse never does.
      stopSignal: "SIGINT",
      stopGrace: Duration.seconds(10),
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
