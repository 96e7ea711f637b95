import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";
import { lastWords } from "./last-words";
import type { Message } from "./terraform";

/** A container that was started again this often before it was healthy once will not become so by itself. Guess. */
const RESTARTS = 3;

const NO_SERVICE = /^docker_container\.(seed_|synapse_media_owner)/;

/**
 * Looks after the containers that Terraform waits for: it would wait its full time for one that crashes at once.
 * Terraform says every ten seconds that it still waits, which is when the engine is asked; a container that becomes
 * healthy before that costs nothing.
 */
export class CrashWatch {
  /** @param onCrash - gets what to tell the operator, once the container's log is read */
  constructor(
    private readonly docker: Docker,
    private readonly environment: string,
    private readonly onCrash: (reason: UserError) => void,
  ) {}

  /** Takes each message of Terraform. */
  async look({ type, hook }: Message): Promise<void> {
    const address = hook?.resource?.addr ?? "";
    if (type !== "apply_progress" || hook?.action !== "create") return;
    if (!address.startsWith("docker_container.") || NO_SERVICE.test(address)) return;
    const service = address.slice(address.indexOf(".") + 1).replaceAll("_", "-");
    const container = `${this.environment}-${service}`;
    const { code, stdout } = await this.docker.run([
      "container",
      "inspect",
      "--format",
      "{{.RestartCount}} {{.State.Health.Status}}",
      container,
    ]);
    const [restarts, health] = stdout.trim().split(" ");
    if (code !== 0 || Number(restarts) < RESTARTS || health === "healthy") return;
    this.onCrash(
      new UserError(
        `${service} keeps crashing: ${restarts} restarts in ${hook.elapsed_seconds} s; its last words:\n` +
          `${await lastWords(this.docker, container)}\nOnce the cause is mended, run the same command again: it goes on where it stopped`,
      ),
    );
  }
}
