import { relative } from "node:path";
import { listEnvironments } from "../../configs/load-environment";
import { prepare } from "../../host/prepare";
import { synthesize } from "../../stacks/synthesize";

/** Writes the Terraform configuration of the named environments, or of all. */
export const synth = async (names: readonly string[]): Promise<void> => {
  const projectDir = process.cwd();
  const wanted = names.length > 0 ? [...new Set(names)] : listEnvironments(projectDir);
  const prepared = [];
  for (const name of wanted) prepared.push(await prepare(name, projectDir));
  for (const folder of synthesize(prepared, { projectDir })) console.log(relative(projectDir, folder));
};
