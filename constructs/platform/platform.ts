import type { ContainerNetworksAdvanced } from "@cdktf/provider-docker/lib/container";
import { Network } from "@cdktf/provider-docker/lib/network";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { TerraformResource, type TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { Environment, ImageName } from "../../configs/environment";
import { LABELS } from "../../configs/labels";
import { subnetsOf } from "../../configs/network";
import type { Plan } from "../../sizing/plan";
import { type Addresses, addressesOf } from "../addresses";
import { Secrets } from "./secrets";

/** 4.6.0 is the first with `upload.owner`, which the configuration volumes need; the bindings' own pin is older. */
const DOCKER_PROVIDER_VERSION = ">= 4.6.0, < 5.0.0";
const RANDOM_PROVIDER_VERSION = ">= 3.7.0, < 4.0.0";

export interface PlatformProps {
  readonly environment: Environment;
  readonly plan: Plan;
  /** Complete reference of each image. */
  readonly images: Readonly<Record<ImageName, string>>;
  /**
   * Lets Terraform destroy data volumes and secrets; only for `destroy --data`.
   * @default false
   */
  readonly disposable?: boolean;
  /**
   * Folder that paths of secret files start from, relative to the one that Terraform runs in.
   * @default "."
   */
  readonly secretFilesFrom?: string;
}

/** What the services of one environment share: providers, networks, secrets, data volumes, names and addresses. */
export class Platform extends Construct {
  readonly environment: Environment;
  readonly plan: Plan;
  readonly images: Readonly<Record<ImageName, string>>;
  readonly secrets: Secrets;
  private readonly networks: Readonly<Record<keyof Addresses, Network>>;
  private readonly addresses: ReadonlyMap<string, Addresses>;
  private readonly disposable: boolean;
  private readonly serverName: TerraformResource;

  constructor(stack: TerraformStack, id: string, props: PlatformProps) {
    super(stack, id);
    this.environment = props.environment;
    this.plan = props.plan;
    this.images = props.images;
    this.disposable = props.disposable ?? false;
    const { host, network } = props.environment.docker;
    new DockerProvider(this, "docker", host === undefined ? {} : { host });
    stack.addOverride("terraform.required_providers.docker.version", DOCKER_PROVIDER_VERSION);
    stack.addOverride("terraform.required_providers.random.version", RANDOM_PROVIDER_VERSION);

    this.serverName = this.serverNameNote();
    this.secrets = new Secrets(stack, "secrets", {
      disposable: this.disposable,
      filesFrom: props.secretFilesFrom ?? ".",
    });
    const subnets = subnetsOf(network);
    this.networks = {
      frontend: this.network("frontend", subnets.frontend, false),
      backend: this.network("backend", subnets.backend, true),
    };
    this.addresses = addressesOf(network, props.plan);
  }

  /** Docker name of a container, volume or network of this environment. */
  nameOf(name: string): string {
    return `${this.environment.name}-${name}`;
  }

  /** Networks and fixed addresses of a container of the plan. */
  attachmentsOf(container: string, aliases: readonly string[]): ContainerNetworksAdvanced[] {
    const addresses = this.addresses.get(container) ?? {};
    return (["frontend", "backend"] as const).flatMap((network) => {
      const ipv4Address = addresses[network];
      return ipv4Address === undefined
        ? []
        : [{ name: this.networks[network].name, ipv4Address, aliases: [...aliases] }];
    });
  }

  /**
   * A named volume that nothing but `destroy --data` removes. It has a name and nothing else: every other attribute,
   * labels included, would replace it when edited.
   */
  dataVolume(scope: Construct, name: string): Volume {
    const volume = new Volume(scope, name, {
      name: this.nameOf(name),
      lifecycle: { preventDestroy: !this.disposable },
      dependsOn: [this.serverName],
    });
    volume.overrideLogicalId(name.replaceAll("-", "_"));
    return volume;
  }

  /**
   * The server name as the state remembers it, noted before anything is stored under it. Another one would have to
   * replace the note, which nothing may: so a plan fails, whoever makes it, wherever the state lies.
   */
  private serverNameNote(): TerraformResource {
    // Not cdktf's DataResource, which takes maps alone and starts `terraform version` at every synthesis.
    const note = new TerraformResource(this, "server-name", {
      terraformResourceType: "terraform_data",
      lifecycle: { preventDestroy: !this.disposable },
    });
    note.overrideLogicalId("server_name");
    for (const key of ["input", "triggers_replace"]) note.addOverride(key, this.environment.serverName);
    return note;
  }

  private network(name: string, subnet: string, internal: boolean): Network {
    const network = new Network(this, name, {
      name: this.nameOf(name),
      internal,
      ipamConfig: [{ subnet }],
      labels: [{ label: LABELS.environment, value: this.environment.name }],
    });
    network.overrideLogicalId(name);
    return network;
  }
}
