import { Container } from "@cdktf/provider-docker/lib/container";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { fillSecrets, secretsIn } from "../../configs/secrets";
import type { ConfigFile } from "../file";
import type { Secrets } from "../platform/secrets";
import { escapeTemplate } from "./escape";
import { shortHash } from "./spec-hash";

const DEFAULT_MODE = "0400";

export interface ConfigVolumeProps {
  /** Docker name of the service; the volume's and the seeder's names begin with it. */
  readonly name: string;
  readonly files: readonly ConfigFile[];
  readonly secrets: Secrets;
  readonly uid: number;
  readonly gid: number;
  /** Any image without a user of its own; nothing in it is ever run. */
  readonly seederImage: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Files of one service in a volume that a container fills which is created and never started. Uploading into the
 * service itself is impossible under a read-only root, and bind mounts would tie the kit to a local engine.
 *
 * Name and address both hold the hash of the content, so that a new version is made beside the old one, and a version
 * that cannot be made never stops the service.
 */
export class ConfigVolume extends Construct {
  readonly volume: Volume;
  readonly seeder: Container;
  /** Name with the hash of content and secrets: changes exactly when a file does. */
  readonly volumeName: string;

  constructor(scope: Construct, id: string, props: ConfigVolumeProps) {
    super(scope, id);
    const { name, files, secrets, uid, gid } = props;
    const names = [...new Set(files.flatMap((file) => secretsIn(file.content)))].sort();
    const hash = shortHash([props.seederImage, uid, gid, files]);
    const suffix =
      names.length === 0
        ? hash
        : `${hash}-${Fn.substr(
            Fn.nonsensitive(
              Fn.sha256(
                Fn.join(
                  "\n",
                  names.map((n) => secrets.reference(n)),
                ),
              ),
            ),
            0,
            8,
          )}`;
    const lifecycle = { createBeforeDestroy: true };
    const address = `${name.replaceAll("-", "_")}_${hash}`;
    const labels = Object.entries(props.labels).map(([label, value]) => ({ label, value }));

    this.volumeName = `${name}-config-${suffix}`;
    this.volume = new Volume(this, "volume", { name: this.volumeName, lifecycle });
    this.volume.overrideLogicalId(`config_${address}`);
    this.seeder = new Container(this, "seeder", {
      name: `${name}-seed-${suffix}`,
      image: props.seederImage,
      command: ["/bin/busybox", "true"],
      start: false,
      mustRun: false,
      networkMode: "none",
      lifecycle,
      labels,
      volumes: [{ volumeName: this.volume.name, containerPath: "/config" }],
      upload: files.map((file) => ({
        file: `/config/${file.path}`,
        content: fillSecrets(escapeTemplate(file.content), (secret) => secrets.reference(secret)),
        permissions: file.mode ?? DEFAULT_MODE,
      })),
    });
    this.seeder.overrideLogicalId(`seed_${address}`);
    files.forEach((_, index) => {
      this.seeder.addOverride(`upload.${index}.owner`, String(uid));
      this.seeder.addOverride(`upload.${index}.group`, String(gid));
    });
  }
}
