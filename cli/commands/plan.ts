import { capacityNote } from "../../sizing/capacity/report";
import { changesOf, describeChanges } from "../changes";
import { explainFailure } from "../failure";
import { openSession } from "../project";

export interface PlanOptions {
  readonly json?: boolean;
  readonly detailedExitcode?: boolean;
}

/** Prints what a deployment would do. Exit code 2 for changes, with `--detailed-exitcode`, as Terraform's own. */
export const plan = async (name: string, options: PlanOptions): Promise<void> => {
  const session = await openSession(name);
  const { terraform, prepared } = session;
  try {
    await terraform.plan();
    const changes = changesOf(await terraform.showPlan());
    console.log(options.json ? JSON.stringify(changes, null, 2) : describeChanges(changes).join("\n"));
    const note = capacityNote(prepared.plan);
    if (note !== undefined) console.error(note);
    if (options.detailedExitcode && !changes.isEmpty) process.exitCode = 2;
  } catch (error) {
    throw await explainFailure(error, session);
  } finally {
    terraform.forgetPlan();
  }
};
