import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prepared } from "../../host/prepare";
import { synthesize } from "../../stacks/synthesize";

export interface Upload {
  readonly file: string;
  readonly content: string;
  readonly permissions: string;
  readonly owner: string;
  readonly group: string;
}

/** A `docker_container` as Terraform reads it: what the laws look at. */
export interface TerraformContainer {
  readonly name: string;
  readonly image: string;
  readonly user?: string;
  readonly memory?: number;
  readonly memory_swap?: number;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly restart?: string;
  readonly wait?: boolean;
  readonly start?: boolean;
  readonly must_run?: boolean;
  readonly network_mode?: string;
  readonly destroy_grace_seconds?: number;
  readonly security_opts?: readonly string[];
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly log_driver?: string;
  readonly log_opts?: Readonly<Record<string, string>>;
  readonly labels?: readonly { readonly label: string; readonly value: string }[];
  readonly healthcheck?: {
    readonly test: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly start_period: string;
    readonly retries: number;
  };
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly env?: readonly string[];
  readonly upload?: readonly Upload[];
  readonly depends_on?: readonly string[];
  readonly volumes?: readonly {
    readonly volume_name: string;
    readonly container_path: string;
    readonly read_only?: boolean;
  }[];
  readonly networks_advanced?: readonly { readonly name: string; readonly ipv4_address: string }[];
  readonly ports?: readonly { readonly internal: number; readonly external: number; readonly ip: string }[];
}

interface Named {
  readonly name?: string;
  readonly lifecycle?: { readonly prevent_destroy?: boolean; readonly create_before_destroy?: boolean };
}

interface Synthesized {
  readonly resource: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly terraform: { readonly backend: object; readonly required_providers: Readonly<Record<string, object>> };
  readonly output?: object;
}

const SERVICE = "synapse-kit.service";
const SPEC_HASH = "synapse-kit.spec-hash";

export const labelOf = (container: TerraformContainer, label: string): string | undefined =>
  container.labels?.find((l) => l.label === label)?.value;

/** One synthesized environment, by what its resources are for. */
export class Stack {
  readonly json: Synthesized;

  constructor(
    readonly environment: string,
    readonly text: string,
    readonly prepared: Prepared,
  ) {
    this.json = JSON.parse(text);
  }

  of<T = Named>(type: string): Readonly<Record<string, T>> {
    return (this.json.resource[type] ?? {}) as Record<string, T>;
  }

  private containers(): [id: string, container: TerraformContainer][] {
    return Object.entries(this.of<TerraformContainer>("docker_container"));
  }

  /** Containers that run, by service. */
  services(): ReadonlyMap<string, TerraformContainer> {
    return new Map(
      this.containers()
        .filter(([, c]) => labelOf(c, SPEC_HASH) !== undefined)
        .map(([, c]) => [labelOf(c, SERVICE) as string, c]),
    );
  }

  /** Containers that are made and never started, by the service whose files they take. */
  seeders(): ReadonlyMap<string, TerraformContainer> {
    return new Map(
      this.containers()
        .filter(([, c]) => c.start === false)
        .map(([, c]) => [labelOf(c, SERVICE) as string, c]),
    );
  }

  /** Neither one nor the other: what runs once. */
  oneShots(): ReadonlyMap<string, TerraformContainer> {
    return new Map(this.containers().filter(([, c]) => labelOf(c, SPEC_HASH) === undefined && c.start !== false));
  }

  specHashes(): Record<string, string> {
    return Object.fromEntries([...this.services()].map(([name, c]) => [name, labelOf(c, SPEC_HASH) as string]));
  }

  /** Name of each service's configuration volume, which holds the hash of its files. */
  configVolumes(): Record<string, string> {
    return Object.fromEntries(
      [...this.services()].map(([name, c]) => [
        name,
        c.volumes?.find((v) => v.container_path === "/config")?.volume_name ?? "",
      ]),
    );
  }

  /** Files of a service, as its program will read them but for the secrets. */
  filesOf(service: string): ReadonlyMap<string, string> {
    const uploads = this.seeders().get(service)?.upload ?? [];
    return new Map(
      uploads.map(({ file, content }) => [file, content.replaceAll("$${", () => "${").replaceAll("%%{", () => "%{")]),
    );
  }
}

export interface SynthOptions {
  readonly running?: boolean;
  readonly disposable?: boolean;
  /** @default a fresh one, removed again */
  readonly projectDir?: string;
}

/** Synthesizes into a temporary folder, and reads it all back. */
export const synth = (all: readonly Prepared[], options: SynthOptions = {}): Stack[] => {
  const temporary = options.projectDir === undefined;
  const projectDir = options.projectDir ?? mkdtempSync(join(tmpdir(), "synapse-kit-synth-"));
  try {
    const folders = synthesize(all, { ...options, projectDir });
    return all.map((prepared, index) => {
      const text = readFileSync(join(folders[index] as string, "cdk.tf.json"), "utf8");
      return new Stack(prepared.environment.name, text, prepared);
    });
  } finally {
    if (temporary) rmSync(projectDir, { recursive: true });
  }
};

export const synthOne = (prepared: Prepared, options: SynthOptions = {}): Stack =>
  synth([prepared], options)[0] as Stack;
