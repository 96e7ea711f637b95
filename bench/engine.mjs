// The Docker engine, as the benchmarks use it: through its client.
import { output, start } from "./lib.mjs";

export const docker = (...args) => output("docker", args).trim();

/** Lines of a `docker` listing that belong to the environment. */
export const listed = (environment, ...args) =>
  docker(...args)
    .split("\n")
    .filter((name) => name.startsWith(`${environment}-`));

/** Attempts at a pause. The kernel cannot freeze a container (cgroup v1) in which a health check is just starting. */
const PAUSE_ATTEMPTS = 20;

export const pause = async (containers) => {
  let left = containers;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const failures = [];
    for (const name of left) {
      await start("docker", ["pause", name]).catch((error) => failures.push({ name, error }));
    }
    if (failures.length > 0 && attempt === PAUSE_ATTEMPTS) throw failures[0].error;
    left = failures.map(({ name }) => name);
  }
};

/** Everything of a benchmark's own environment goes, whatever state it is in. */
export const removeEnvironment = (environment) => {
  const containers = listed(environment, "ps", "--all", "--format", "{{.Names}}");
  // Docker kills no paused container.
  const paused = listed(environment, "ps", "--filter", "status=paused", "--format", "{{.Names}}");
  if (paused.length > 0) docker("unpause", ...paused);
  if (containers.length > 0) docker("rm", "--force", "--volumes", ...containers);
  const volumes = listed(environment, "volume", "ls", "--format", "{{.Name}}");
  if (volumes.length > 0) docker("volume", "rm", ...volumes);
  const networks = listed(environment, "network", "ls", "--format", "{{.Name}}");
  if (networks.length > 0) docker("network", "rm", ...networks);
};
