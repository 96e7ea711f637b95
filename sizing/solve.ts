import type { Environment } from "../configs/environment";
import { adjustmentsOf } from "./adjustments";
import { attempt } from "./attempt";
import type { HostFacts, Plan } from "./plan";
import { refusal } from "./refusal";
import { violationText } from "./violation";

/** RAM below which nothing fits, so that a broken invariant above it can only be the fault of an override or of this code. */
const isShortage = (id: string): boolean => id === "I1" || id === "I2";

/**
 * Solves the whole box at once: memory, CPU and connections of every container from one budget. Pure and deterministic.
 * @throws UserError when the machine is too small or an override breaks an invariant; it names the invariant, shows
 * the arithmetic and gives the nearest value that holds.
 */
export const solve = (env: Environment, host: HostFacts): Plan => {
  const result = attempt(env, host);
  if ("plan" in result) return result.plan;
  const { violation } = result;
  if (adjustmentsOf(env).length === 0 && !isShortage(violation.id) && violation.id !== "I9") {
    throw new Error(`internal error, the solver broke its own rule: ${violationText(violation)}`);
  }
  throw refusal(env, host, violation);
};
