import type { Environment } from "../configs/environment";
import { adjustmentsOf } from "./adjustments";
import { attempt } from "./attempt";
import type { HostFacts, Plan } from "./plan";
import { refusal } from "./refusal";
import { arithmeticText, violationText } from "./violation";

/**
 * Solves the whole box at once: memory, CPU and connections of every container from one budget. Pure and deterministic.
 * @throws UserError when the machine is too small or an override breaks an invariant; it names the invariant, shows
 * the arithmetic and gives the nearest value that holds.
 */
export const solve = (env: Environment, host: HostFacts): Plan => {
  const result = attempt(env, host);
  if ("plan" in result) return result.plan;
  const { violation, cause } = result;
  if (cause === "rule" && adjustmentsOf(env).length === 0) {
    throw new Error(
      `internal error, the solver broke its own rule: ${violationText(violation)}:\n${arithmeticText(violation)}`,
    );
  }
  throw refusal(env, host, violation);
};
