import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";

/**
 * @param environment - the environment's name, which the container's begins with
 * @param service - as `status` names it
 * @param name - of the environment as the user wrote it, for what to run next
 * @param absent - what to say where there is no such container
 * @returns the container's name
 * @throws UserError unless it runs
 */
export const requireRunning = async (
  docker: Docker,
  environment: string,
  service: string,
  name: string,
  absent = `\`${name}\` does not run; \`npx synapse-kit deploy ${name}\` starts it`,
): Promise<string> => {
  const container = `${environment}-${service}`;
  const { code, stdout } = await docker.run(["container", "inspect", "--format", "{{.State.Status}}", container]);
  const state = stdout.trim();
  if (code === 0 && state === "running") return container;
  throw new UserError(
    code === 0
      ? `${service} of \`${name}\` is ${state}; \`npx synapse-kit logs ${name} ${service}\` says why, \`npx synapse-kit deploy ${name}\` starts it`
      : absent,
  );
};
