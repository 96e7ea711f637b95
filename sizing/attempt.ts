import type { Environment } from "../configs/environment";
import { UserError } from "../configs/user-error";
import { draft } from "./draft";
import { firstViolation } from "./invariants";
import { withoutOverrides } from "./overrides";
import type { HostFacts, Plan } from "./plan";
import { layoutCandidates, withFileCounts } from "./topology";
import type { Violation } from "./violation";

/** A plan that keeps every invariant, or the first one that cannot be kept: for want of memory, or by its own rules. */
export type Attempt = { readonly plan: Plan } | { readonly violation: Violation; readonly cause: "shortage" | "rule" };

/** Only this rule can fail on a machine with memory enough: its disk is too small for any WAL. */
export const DISK_INVARIANT = "I9";

/**
 * Solves with the best layout that the machine carries. Overrides have no say in that choice: one that takes too much
 * is refused, rather than paid for with workers.
 * @throws UserError when an override cannot be read, or a count set for a group that the layout does not have.
 */
export const attempt = (env: Environment, host: HostFacts): Attempt => {
  const candidates = layoutCandidates(env, host);
  const bare = withoutOverrides(env);
  const last = candidates.at(-1);
  const chosen = candidates.find((one) => one === last || "plan" in draft(bare, host, one));
  if (!chosen) throw new Error("the catalogue has no layout to try");
  const layout = withFileCounts(env, chosen);
  const found = draft(env, host, layout);
  if ("shortage" in found) return { violation: found.shortage, cause: "shortage" };
  const broken = firstViolation(found.plan);
  if (!broken) return { plan: found.plan };
  return { violation: broken, cause: broken.id === DISK_INVARIANT ? "shortage" : "rule" };
};

/**
 * Whether these overrides on this machine give a plan. On another machine `auto` may come to a layout that the counts
 * of the file do not fit: that is none.
 */
export const holds = (env: Environment, host: HostFacts): boolean => {
  try {
    return "plan" in attempt(env, host);
  } catch (error) {
    if (UserError.is(error)) return false;
    throw error;
  }
};
