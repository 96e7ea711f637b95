import type { Layout } from "../configs/catalogue/layouts";
import type { Environment } from "../configs/environment";
import { UserError } from "../configs/user-error";
import { draft } from "./draft";
import { firstViolation } from "./invariants";
import { withoutOverrides } from "./overrides";
import type { HostFacts, Plan, Solved } from "./plan";
import { layoutCandidates, withFileCounts } from "./topology";
import type { Violation } from "./violation";

/** A plan that keeps every invariant, or the first one that cannot be kept: for want of memory, or by its own rules. */
export type Attempt = { readonly plan: Plan } | { readonly violation: Violation; readonly cause: "shortage" | "rule" };

/** Only this rule can fail on a machine with memory enough: its disk is too small for any WAL. */
export const DISK_INVARIANT = "I9";

/**
 * Of the shared_buffers that the next smaller layout leaves: a layout whose floors barely fit takes most of Postgres'
 * cache for processes that then wait for it. `guess`
 */
const KEPT_SHARED_BUFFERS = 0.5;

type Optional = Plan["leftOut"][number];
const OPTIONAL: readonly Optional[] = ["monitoring", "compressor"];

/** Whether the machine has room for a layout, and for caches beside it. */
const carries = (env: Environment, host: HostFacts, layout: Solved<Layout>, smaller: Solved<Layout>): boolean => {
  const [found, other] = [draft(env, host, layout), draft(env, host, smaller)];
  if ("shortage" in found) return false;
  if ("shortage" in other) return true;
  const least = other.plan.postgres.sharedBuffers.times(KEPT_SHARED_BUFFERS);
  return !found.plan.postgres.sharedBuffers.isLessThan(least);
};

/** As if the file had not said `auto`: that it is off is the kit's doing. */
const without = (env: Environment, name: Optional): Environment => {
  const { [`${name}.enabled`]: _auto, ...positions } = env.positions;
  return { ...env, positions, [name]: { ...env[name], enabled: false } };
};

/** What is left to the kit yields where it does not fit: monitoring first, which takes more. Overrides have no say in it. */
const leftOutFor = (env: Environment, host: HostFacts, layout: Solved<Layout>): readonly Optional[] => {
  const there = OPTIONAL.filter((name) => env[name].enabled === "auto");
  const tries = [[], ...there.map((_, index) => there.slice(0, index + 1))];
  const fits = (names: readonly Optional[]): boolean =>
    "plan" in draft(withoutOverrides(names.reduce(without, env)), host, layout);
  return tries.find(fits) ?? there;
};

/**
 * Solves with the best layout that the machine carries. Overrides have no say in that choice: one that takes too much
 * is refused, rather than paid for with workers.
 * @throws UserError when an override cannot be read, or a count set for a group that the layout does not have.
 */
export const attempt = (env: Environment, host: HostFacts): Attempt => {
  const candidates = layoutCandidates(env, host);
  const bare = withoutOverrides(env);
  const chosen = candidates.find((one, place) => {
    const smaller = candidates[place + 1];
    return smaller === undefined || carries(bare, host, one, smaller);
  });
  if (!chosen) throw new Error("the catalogue has no layout to try");
  const layout = withFileCounts(env, chosen);
  const leftOut = leftOutFor(env, host, chosen);
  const found = draft(leftOut.reduce(without, env), host, layout);
  if ("shortage" in found) return { violation: found.shortage, cause: "shortage" };
  const broken = firstViolation(found.plan);
  if (!broken) return { plan: { ...found.plan, leftOut } };
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
