import { UserError } from "../configs/user-error";
import { REQUEST_LOG_FOLDER } from "../constructs/nginx/request-counts";
import type { Outcome } from "../host/docker";
import { inParallel } from "../host/in-parallel";
import type { ServiceChange } from "./changes";
import type { Session } from "./project";

/** What a program says of a configuration without starting on it. */
const checkOf = (service: string): string[] | undefined => {
  if (service === "nginx") return ["nginx", "-t", "-q", "-c", "/config/nginx.conf"];
  if (!service.startsWith("synapse-")) return undefined;
  const own = service === "synapse-main" ? "main.yaml" : "worker.yaml";
  return ["python3", "-m", "synapse.config", "-c", "/config/homeserver.yaml", "-c", `/config/${own}`];
};

/** A second and more of CPU each; any machine with workers has that many cores. */
const AT_ONCE = 2;

/** Programs say what is wrong shortly before they say that something is. */
const LINES = 3;

const lastWords = ({ stdout, stderr }: Outcome): string =>
  (stderr.trim() || stdout.trim())
    .split("\n")
    .slice(-LINES)
    .map((line) => `    ${line}`)
    .join("\n");

/**
 * Lets the real programs read the new configuration volumes before a service is touched. Runs beside the old
 * containers, without a network, and leaves nothing behind.
 * @throws UserError with the program's own words
 */
export const checkConfigs = async (session: Session, changes: readonly ServiceChange[]): Promise<void> => {
  const { docker, environment, prepared, terraform } = session;
  const volumes = await terraform.configVolumes();
  await inParallel(changes, AT_ONCE, async ({ service }) => {
    const command = checkOf(service);
    const volume = volumes.get(`${environment.name}-${service}`);
    if (!command || volume === undefined) return;
    const [program, ...args] = command as [string, ...string[]];
    const { references } = prepared.images;
    const outcome = await docker.run([
      "run",
      "--rm",
      `--name=${environment.name}-check-${service}`,
      "--network=none",
      "--read-only",
      "--tmpfs=/tmp",
      "--tmpfs=/data:uid=991,gid=991,mode=0700",
      // It opens its logs even for a look at its files.
      `--tmpfs=${REQUEST_LOG_FOLDER}:uid=101,gid=101,mode=0755`,
      `--user=${service === "nginx" ? "101:101" : "991:991"}`,
      `--volume=${volume}:/config:ro`,
      `--entrypoint=${program}`,
      service === "nginx" ? references.nginx : references.synapse,
      ...args,
    ]);
    if (outcome.code !== 0) {
      throw new UserError(
        `the new configuration of ${service} is refused by ${service === "nginx" ? "Nginx" : "Synapse"} itself, so nothing that runs was touched:\n${lastWords(outcome)}`,
      );
    }
  });
};
