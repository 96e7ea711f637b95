import { Container, type ContainerConfig } from "@cdktf/provider-docker/lib/container";
import type { Volume } from "@cdktf/provider-docker/lib/volume";
import { Construct } from "constructs";
import { LABELS } from "../../configs/labels";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { ProcessPlan } from "../../sizing/plan";
import type { Platform } from "../platform/platform";
import { Service } from "../service/service";
import { SYNAPSE_ENVIRONMENT, synapseCommand } from "./command";
import { synapseFiles } from "./files";
import { needsMediaStore } from "./topology";

/** `synapse` in the official image. */
const UID = 991;
/** A worker finishes the requests at hand; a long poll of 30 s is the longest that clients ask for. */
const STOP_GRACE = Duration.seconds(35);
const DATA_DIR = "/data";

export interface SynapseProps {
  readonly platform: Platform;
  /** What main waits for: the database, the pooler, Redis. */
  readonly dependsOn: readonly Service[];
  /** False leaves the media volume and nothing else. @default true */
  readonly running?: boolean;
  /** Last word on each container. @default - unchanged */
  readonly transform?: (config: ContainerConfig, process: ProcessPlan) => ContainerConfig;
}

/** The homeserver: main first, which alone migrates the schema, then the workers. */
export class Synapse extends Construct {
  /** Main first; empty when not running. */
  readonly processes: readonly Service[];

  constructor(scope: Construct, id: string, props: SynapseProps) {
    super(scope, id);
    const { platform } = props;
    const media = platform.dataVolume(this, "synapse-media");
    if (props.running === false) {
      this.processes = [];
      return;
    }
    const owner = this.mediaOwner(platform, media);
    const [main, ...workers] = platform.plan.synapse.processes as [ProcessPlan, ...ProcessPlan[]];
    const mainService = this.process(props, main, media, owner, props.dependsOn);
    this.processes = [
      mainService,
      ...workers.map((worker) => this.process(props, worker, media, owner, [mainService])),
    ];
  }

  private process(
    props: SynapseProps,
    process: ProcessPlan,
    media: Volume,
    owner: Container,
    dependsOn: readonly Service[],
  ): Service {
    const { platform, transform } = props;
    const { environment, plan } = platform;
    const storesMedia = needsMediaStore(plan, process);
    return new Service(this, process.name, {
      platform,
      budget: process.container,
      image: platform.images.synapse,
      uid: UID,
      gid: UID,
      files: synapseFiles(environment, plan, process),
      command: synapseCommand(process),
      environment: SYNAPSE_ENVIRONMENT,
      healthcheck: ["curl", "-fsS", "-o", "/dev/null", `http://127.0.0.1:${PORTS.synapseHealth}/health`],
      stopGrace: STOP_GRACE,
      tmpfs: {
        "/tmp": "rw,noexec,nosuid,nodev",
        ...(storesMedia ? {} : { [DATA_DIR]: `rw,noexec,nosuid,nodev,uid=${UID},gid=${UID},mode=0700` }),
      },
      data: storesMedia ? [{ volumeName: media.name, path: DATA_DIR }] : [],
      dependsOn: [...dependsOn.map((other) => other.container), ...(storesMedia ? [owner] : [])],
      ...(transform ? { transform: (config: ContainerConfig) => transform(config, process) } : {}),
    });
  }

  /**
   * Gives the media volume to Synapse's user: the official image leaves a fresh volume to root. Runs once; after a
   * `docker container prune` once more, which changes nothing.
   */
  private mediaOwner(platform: Platform, media: Volume): Container {
    const container = new Container(this, "media-owner", {
      name: platform.nameOf("synapse-media-owner"),
      image: platform.images.seeder,
      user: "0:0",
      command: ["/bin/busybox", "chown", `${UID}:${UID}`, DATA_DIR],
      labels: [{ label: LABELS.environment, value: platform.environment.name }],
      networkMode: "none",
      readOnly: true,
      capabilities: { drop: ["ALL"], add: ["CAP_CHOWN"] },
      securityOpts: ["no-new-privileges:true"],
      mustRun: false,
      attach: true,
      volumes: [{ volumeName: media.name, containerPath: DATA_DIR }],
      lifecycle: {
        postcondition: [
          {
            condition: `\${self.exit_code == 0}`,
            errorMessage: "the media volume could not be given to Synapse's user",
          },
        ],
      },
    });
    container.overrideLogicalId("synapse_media_owner");
    return container;
  }
}
