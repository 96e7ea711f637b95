import { LABELS } from "../configs/labels";
import { Duration } from "../configs/units/duration";
import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";
import { lastWords } from "./last-words";

/** As long as Terraform waits for a container that it makes (constructs/service/service.ts). */
const WAIT = Duration.minutes(4);
const ASK_EVERY = Duration.millis(250);

/** Services that run and are not healthy, or do not run; seeders never did. */
const ailing = async (docker: Docker, environment: string): Promise<string[]> => {
  const format = `{{.Label "${LABELS.service}"}}\t{{.State}}\t{{.Status}}`;
  const filter = `label=${LABELS.environment}=${environment}`;
  const lines = (await docker.output(["ps", "--all", "--filter", filter, "--format", format])).split("\n");
  return lines
    .map((line) => line.split("\t") as [string, string, string])
    .filter(([service, state]) => service && state !== "created")
    .filter(([, , status]) => !status.includes("(healthy)"))
    .map(([service]) => service);
};

/**
 * Waits until every service is healthy: Terraform waits for what it makes, and not for what it starts again.
 * @throws UserError with the last words of those that do not become healthy
 */
export const untilHealthy = async (docker: Docker, environment: string): Promise<void> => {
  const last = Date.now() + WAIT.toMillis();
  let services = await ailing(docker, environment);
  while (services.length > 0 && Date.now() < last) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY.toMillis()));
    services = await ailing(docker, environment);
  }
  const messages = services.map(
    async (service) =>
      `${service} did not become healthy; its last words:\n${await lastWords(docker, `${environment}-${service}`)}`,
  );
  if (messages.length > 0) throw new UserError((await Promise.all(messages)).join("\n"));
};
