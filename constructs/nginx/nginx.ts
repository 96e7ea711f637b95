import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import { NGINX_TEMP } from "../../sizing/nginx";
import type { Platform } from "../platform/platform";
import { Service } from "../service/service";
import { nginxFiles } from "./files";
import { REQUEST_LOG_FOLDER, requestLogMount } from "./request-counts";

/** `nginx` in the official image. */
const UID = 101;
/** SIGQUIT lets requests finish; a long poll of 30 s is the longest that clients ask for. */
const STOP_GRACE = Duration.seconds(35);

export interface NginxProps {
  readonly platform: Platform;
  /** Last word on the container. @default - unchanged */
  readonly transform?: (config: ContainerConfig) => ContainerConfig;
}

/** The one container that publishes a port: routes each endpoint to the process that serves it. */
export class Nginx extends Construct {
  readonly service: Service;

  constructor(scope: Construct, id: string, props: NginxProps) {
    super(scope, id);
    const { platform } = props;
    const { environment, plan } = platform;
    this.service = new Service(this, "service", {
      platform,
      budget: plan.nginx.container,
      image: platform.images.nginx,
      uid: UID,
      gid: UID,
      files: nginxFiles(environment, plan),
      entrypoint: ["nginx", "-c", "/config/nginx.conf", "-g", "daemon off;"],
      healthcheck: ["curl", "-fsS", "-o", "/dev/null", `http://127.0.0.1:${PORTS.nginxStatus}/healthz`],
      // Bodies of requests that may be passed on to main are kept here; what the file system holds counts as memory.
      tmpfs: {
        "/tmp": `rw,noexec,nosuid,nodev,size=${NGINX_TEMP.toNginx()}`,
        ...(plan.nginx.countsRequests ? { [REQUEST_LOG_FOLDER]: requestLogMount(UID) } : {}),
      },
      stopSignal: "SIGQUIT",
      stopGrace: STOP_GRACE,
      ports: [{ internal: PORTS.nginx, external: environment.listen.port, address: environment.listen.address }],
      ...(props.transform ? { transform: props.transform } : {}),
    });
  }
}
