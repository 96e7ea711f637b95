import type { Environment } from "../configs/environment";
import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";
import { dockerOf, engineOf } from "../host/engine";
import { type Prepared, prepare } from "../host/prepare";
import { CrashWatch } from "./crash-watch";
import { explainFailure } from "./failure";
import { lockEnvironment } from "./lock";
import { type Message, Terraform } from "./terraform";
import { findTool, toolEnvironment } from "./tool";

/** Everything a command needs that talks to Terraform and the engine. */
export interface Session {
  readonly environment: Environment;
  readonly prepared: Prepared;
  readonly docker: Docker;
  readonly terraform: Terraform;
  /** Writes the configuration again, in another form. */
  readonly resynthesize: (form: Form) => void;
}

/** What a configuration is for: to run, to be down, to be gone. */
export interface Form {
  /** @default true */
  readonly running?: boolean;
  /** @default false */
  readonly disposable?: boolean;
}

/** @throws UserError when the engine does not answer */
export const requireEngine = async (docker: Docker): Promise<void> => {
  const why = await docker.whyUnreachable();
  if (why !== undefined) {
    throw new UserError(
      `no Docker engine answers on ${docker.host ?? "this machine"}: ${why}\nStart it, or let \`npm start\` install one; nothing was changed`,
    );
  }
};

export interface OpenOptions extends Form {
  readonly onMessage?: (message: Message) => void;
  /** What has to be there before Terraform runs. */
  readonly beforeSynthesis?: (prepared: Prepared, docker: Docker) => Promise<void>;
}

/** Synthesizes one environment and sets Terraform up in its folder. */
export const openSession = async (nameOrPath: string, options: OpenOptions = {}): Promise<Session> => {
  const projectDir = process.cwd();
  const prepared = await prepare(nameOrPath, projectDir);
  const { environment } = prepared;
  lockEnvironment(environment, projectDir);
  const tool = await findTool();
  const engine = await engineOf(environment);
  const docker = dockerOf(engine);
  await requireEngine(docker);
  await options.beforeSynthesis?.(prepared, docker);
  // cdktf takes 0.1 s to load; commands that never synthesize do without.
  const { synthesize } = require("../stacks/synthesize") as typeof import("../stacks/synthesize");
  const write = ({ running = true, disposable = false }: Form): string =>
    (synthesize([prepared], { projectDir, running, disposable }) as [string])[0];
  const folder = write(options);
  const terraform = new Terraform(tool, folder, toolEnvironment(engine), (message) => {
    options.onMessage?.(message);
    // What the watch cannot see, Terraform's own wait ends.
    watch.look(message).catch(() => {});
  });
  const watch = new CrashWatch(docker, environment.name, (reason) => terraform.stop(reason));
  try {
    await terraform.init();
  } catch (error) {
    throw await explainFailure(error, { environment, docker, terraform });
  }
  return { environment, prepared, docker, terraform, resynthesize: write };
};
