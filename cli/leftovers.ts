import { LABELS } from "../configs/labels";
import { UserError } from "../configs/user-error";
import type { Docker } from "../host/docker";
import type { Changes } from "./changes";

/**
 * Removes what an interrupted run made and could not write down: containers and networks that the plan is about to
 * make and that exist already. They hold no data. What is not the environment's own is left alone, and named.
 * @returns whether anything was removed, so that the plan has to be made again
 */
export const removeLeftovers = async (docker: Docker, changes: Changes, environment: string): Promise<boolean> => {
  let removed = false;
  const owner = async (kind: "container" | "network", name: string): Promise<string | undefined> => {
    const labels = kind === "container" ? ".Config.Labels" : ".Labels";
    const { code, stdout } = await docker.run([
      kind,
      "inspect",
      "--format",
      `{{index ${labels} "${LABELS.environment}"}}`,
      name,
    ]);
    return code === 0 ? stdout.trim() : undefined;
  };
  for (const kind of ["container", "network"] as const) {
    for (const name of changes.newNames[`${kind}s`]) {
      const owned = await owner(kind, name);
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
