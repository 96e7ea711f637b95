import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../configs/user-error";
import { run } from "../host/docker";
import type { Engine } from "../host/engine";

/** Oldest release of either tool whose language and JSON output the kit was written for. */
const OLDEST: readonly [major: number, minor: number] = [1, 7];

/** Where scripts keep what they build: providers, tools. */
const cacheDir = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "synapse-kit");

/** CLI configuration that points at the mirror of locally built providers; there once the mirror is. */
export const mirrorConfig = (): string => join(cacheDir(), "mirror.tfrc");

/** The operator's own CLI configuration, where `TF_CLI_CONFIG_FILE` names a file that is there. */
const ownConfig = (): string | undefined => {
  const named = process.env.TF_CLI_CONFIG_FILE;
  return named !== undefined && existsSync(named) ? named : undefined;
};

/** Whether providers come from the local mirror: an operator's own configuration says itself where they come from. */
export const isMirrorUsed = (): boolean => ownConfig() === undefined && existsSync(mirrorConfig());

/**
 * The environment that Terraform and OpenTofu run in.
 * @param engine - address that the Docker provider takes unless the configuration has one. @default - Docker's default
 */
export const toolEnvironment = (engine?: Engine): NodeJS.ProcessEnv => {
  const env: NodeJS.ProcessEnv = { ...process.env, TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
  if (isMirrorUsed()) env.TF_CLI_CONFIG_FILE = mirrorConfig();
  // A name without a file behind it is a warning on every call.
  else if (env.TF_CLI_CONFIG_FILE !== undefined && ownConfig() === undefined) env.TF_CLI_CONFIG_FILE = "";
  if (engine?.namedBy !== undefined) env.DOCKER_HOST = engine.address;
  // To the provider it would come before any address.
  delete env.DOCKER_CONTEXT;
  return env;
};

/** Terraform or OpenTofu, whichever is there. */
export interface Tool {
  readonly program: string;
  readonly name: "Terraform" | "OpenTofu";
  readonly version: string;
}

/** @throws UserError when neither is installed, or the one that is there is too old */
export const findTool = async (): Promise<Tool> => {
  const candidates = [
    ["terraform", "Terraform"],
    ["tofu", "OpenTofu"],
    [join(cacheDir(), "bin", "tofu"), "OpenTofu"],
  ] as const;
  const tooOld: string[] = [];
  for (const [program, name] of candidates) {
    const outcome = await run(program, ["version", "-json"], { env: toolEnvironment() }).catch(() => undefined);
    if (outcome?.code !== 0) continue;
    const version: string = JSON.parse(outcome.stdout).terraform_version;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return { program, name, version };
    tooOld.push(`${name} ${version}`);
  }
  throw new UserError(
    tooOld.length > 0
      ? `${tooOld.join(" and ")} is too old: install Terraform or OpenTofu ${OLDEST.join(".")} or newer`
      : `neither \`terraform\` nor \`tofu\` is installed: install Terraform or OpenTofu ${OLDEST.join(".")} or newer, or run \`npm start\`, which builds OpenTofu where it can`,
  );
};
