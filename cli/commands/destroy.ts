import { createInterface } from "node:readline/promises";
import { UserError } from "../../configs/user-error";
import { forgetState } from "../../host/detected";
import { changesOf } from "../changes";
import { explainFailure } from "../failure";
import { printProgress } from "../progress";
import { openSession } from "../project";
import { refuseEmptyTwin } from "../refusals";

/** The environment's name, typed: a flag would end up in a shell's history and be run again. */
const confirm = async (name: string, signal: AbortSignal): Promise<void> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await Promise.race([
      lines.question(
        `This removes the database, the media, the signing key and every secret of \`${name}\`.\nType ${name} to go on: `,
        { signal },
      ),
      new Promise<string>((resolve) => lines.once("close", () => resolve(""))),
    ]);
    if (answer.trim() !== name) throw new UserError("not confirmed: nothing was removed");
  } finally {
    lines.close();
  }
};

/**
 * Takes the containers down. What is stored (database, media, secrets) stays, and the next deploy brings all back;
 * with `data` it goes too, after a confirmation.
 */
export const destroy = async (name: string, options: { readonly data?: boolean }): Promise<void> => {
  const session = await openSession(name, { running: false, onMessage: printProgress });
  const { environment, terraform, resynthesize } = session;
  try {
    if ((await terraform.stateList()).length === 0) {
      console.log(`nothing to destroy: \`${environment.name}\` is not deployed`);
      return;
    }
    if (options.data) {
      await confirm(environment.name, terraform.signal);
      resynthesize({ running: false, disposable: true });
      await terraform.apply({ destroy: true });
      forgetState(environment, process.cwd());
      console.log(`${environment.name} is gone, with everything it stored`);
      return;
    }
    // Also what is taken down keeps its volumes: one that is gone would be made anew, empty.
    if (await terraform.plan()) {
      refuseEmptyTwin(session, changesOf(await terraform.showPlan()));
      await terraform.applyPlan();
    }
    console.log(
      `${environment.name} is down; database, media and secrets stay. \`npx synapse-kit deploy ${name}\` brings it back`,
    );
  } catch (error) {
    throw await explainFailure(error, session);
  } finally {
    // What is left on disk must not take anything down, whoever runs Terraform there.
    resynthesize({});
    terraform.forgetPlan();
  }
};
