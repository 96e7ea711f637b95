import { Construct } from "constructs";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { ContainerBudget } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { CONFIG_DIR } from "../file";
import type { Platform } from "../platform/platform";
import { Service } from "../service/service";
import { matrixNotifierFiles } from "./files";

/** `synapse` in the image whose Python it runs in. */
const UID = 991;

export interface MatrixNotifierProps {
  readonly platform: Platform;
  readonly plan: ContainerBudget;
}

/** Takes what Alertmanager sends, from the backend network alone, and writes it into Matrix rooms. */
export class MatrixNotifier extends Construct {
  readonly service: Service;

  constructor(scope: Construct, id: string, props: MatrixNotifierProps) {
    super(scope, id);
    const { platform, plan } = props;
    const { network } = platform.environment.docker;
    const address = addressesOf(network, platform.plan).get(plan.name)?.backend as string;
    this.service = new Service(this, "service", {
      platform,
      budget: plan,
      image: platform.images.synapse,
      uid: UID,
      gid: UID,
      files: matrixNotifierFiles(platform.environment),
      entrypoint: ["python3"],
      command: [`${CONFIG_DIR}/matrix_notifier.py`, address, String(PORTS.matrixNotifier), `${CONFIG_DIR}/rooms.json`],
      healthcheck: ["curl", "-fsS", "-o", "/dev/null", `http://${address}:${PORTS.matrixNotifier}/healthz`],
      stopGrace: Duration.seconds(30),
    });
  }
}
