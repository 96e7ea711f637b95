import { versionMistake } from "../configs/catalogue/versions";
import type { Environment } from "../configs/environment";
import { placeOf } from "../configs/place";
import { UserError } from "../configs/user-error";
import { adjustmentsOf } from "./adjustments";
import { attempt } from "./attempt";
import type { HostFacts, Plan } from "./plan";
import { refusal } from "./refusal";
import { arithmeticText, violationText } from "./violation";

/** @throws UserError when the file names a Synapse image that is too old for the workers that it came to */
const requireSynapseFor = (env: Environment, plan: Plan): void => {
  const { synapse } = env.images.overrides;
  const roles = plan.synapse.processes.flatMap((process) => process.roles);
  const mistake = synapse === undefined ? undefined : versionMistake(synapse, roles);
  if (mistake !== undefined) throw new UserError(`${placeOf(env, "images.synapse")}: \`images.synapse\`: ${mistake}`);
};

/**
 * Solves the whole box at once: memory, CPU and connections of every container from one budget. Pure and deterministic.
 * @throws UserError when the machine is too small or an override breaks an invariant: it names the invariant, shows the
 * arithmetic and gives the nearest value that holds. Also when the Synapse image is too old for its workers.
 */
export const solve = (env: Environment, host: HostFacts): Plan => {
  const result = attempt(env, host);
  if ("plan" in result) {
    requireSynapseFor(env, result.plan);
    return result.plan;
  }
  const { violation, cause } = result;
  if (cause === "rule" && adjustmentsOf(env).length === 0) {
    throw new Error(
      `internal error, the solver broke its own rule: ${violationText(violation)}:\n${arithmeticText(violation)}`,
    );
  }
  throw refusal(env, host, violation);
};
