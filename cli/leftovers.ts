import { LABELS } from "../configs/labels";
import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";
import type { Changes } from "./changes";

const LIST = { container: ["ps", "--all"], network: ["network", "ls"] } as const;
const NAME = { container: "{{.Names}}", network: "{{.Name}}" } as const;

/** Environment that each container or network of the engine belongs to, by name; empty for what is not the kit's. */
const owners = async (docker: Docker, kind: keyof typeof LIST): Promise<ReadonlyMap<string, string>> => {
  const format = `${NAME[kind]}\t{{.Label "${LABELS.environment}"}}`;
  const lines = (await docker.output([...LIST[kind], "--format", format])).split("\n");
  return new Map(lines.map((line) => line.split("\t") as [string, string]));
};

/**
 * Removes what an interrupted run made and could not write down: containers and networks that the plan is about to
 * make and that exist already. They hold no data. What is not the environment's own is left alone, and named.
 * @returns whether anything was removed, so that the plan has to be made again
 */
export const removeLeftovers = async (docker: Docker, changes: Changes, environment: string): Promise<boolean> => {
  let removed = false;
  for (const kind of ["container", "network"] as const) {
    const wanted = changes.newNames[`${kind}s`];
    if (wanted.length === 0) continue;
    const existing = await owners(docker, kind);
    for (const name of wanted) {
      const owned = existing.get(name);
      if (owned === undefined) continue;
      if (owned !== environment) {
        throw new UserError(
          `a ${kind} called ${name} exists and is not this environment's: rename it or remove it; nothing was changed`,
        );
      }
      console.error(`removing ${kind} ${name}, left over from a run that broke off`);
      await docker.output(kind === "container" ? ["rm", "--force", "--volumes", name] : ["network", "rm", name]);
      removed = true;
    }
  }
  return removed;
};
