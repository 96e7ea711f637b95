import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../configs/environment";
import { UserError } from "../configs/user-error";
import { Docker } from "./docker";

const DEFAULT_ADDRESS = "unix:///var/run/docker.sock";
/** Docker's own name for having no context. */
const NO_CONTEXT = "default";

/** The Docker engine that an environment is deployed on. */
export interface Engine {
  /** `unix://…`, `ssh://…` or `tcp://…`. */
  readonly address: string;
  /** What named it, for messages. @default - nothing did: it is Docker's default */
  readonly namedBy?: string;
}

/** The context that Docker's client would take; undefined when it would take none. */
const currentContext = (): string | undefined => {
  const named = process.env.DOCKER_CONTEXT || configuredContext();
  return named === NO_CONTEXT ? undefined : named;
};

const configuredContext = (): string | undefined => {
  const folder = process.env.DOCKER_CONFIG || join(homedir(), ".docker");
  try {
    const { currentContext }: { currentContext?: string } = JSON.parse(
      readFileSync(join(folder, "config.json"), "utf8"),
    );
    return currentContext || undefined;
  } catch {
    return undefined;
  }
};

interface Context {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
  readonly TLSMaterial?: { readonly docker?: readonly string[] };
}

const ofContext = async (name: string): Promise<Engine> => {
  const namedBy = `the Docker context \`${name}\``;
  const { code, stdout, stderr } = await new Docker().run(["context", "inspect", name]);
  if (code !== 0) {
    throw new UserError(
      `${namedBy} cannot be used: ${stderr.trim()}; \`docker context ls\` shows those that there are`,
    );
  }
  const [context]: Context[] = JSON.parse(stdout);
  if (context?.TLSMaterial?.docker !== undefined) {
    throw new UserError(
      `${namedBy} cannot be used: it has TLS files; set DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH instead`,
    );
  }
  return { address: context?.Endpoints?.docker?.Host ?? DEFAULT_ADDRESS, namedBy };
};

/**
 * Where the engine of an environment answers: `docker.host` of the file, else DOCKER_HOST, else the context that
 * Docker's client would take. One answer for the client, the Terraform provider (which follows no current context) and
 * the look at the hardware. No client is started unless there is a context.
 * @throws UserError for a context that cannot be used
 */
export const engineOf = async ({ docker, file }: Environment): Promise<Engine> => {
  if (docker.host !== undefined) return { address: docker.host, namedBy: `\`docker.host\` in ${file}` };
  if (process.env.DOCKER_HOST) return { address: process.env.DOCKER_HOST, namedBy: "DOCKER_HOST" };
  const context = currentContext();
  return context === undefined ? { address: DEFAULT_ADDRESS } : ofContext(context);
};

/** The client of an engine. */
export const dockerOf = ({ address, namedBy }: Engine): Docker =>
  new Docker(namedBy === undefined ? undefined : address);
