import type { Environment } from "../configs/environment";
import { placeOf } from "../configs/place";
import { UserError } from "../configs/user-error";
import { type Adjustment, adjustmentsOf } from "./adjustments";
import { attempt, holds } from "./attempt";
import { leastMachine } from "./least-machine";
import { remedyOf } from "./nearest-value";
import type { HostFacts } from "./plan";
import { arithmeticText, indented, type Violation, violationText } from "./violation";

const without = (env: Environment, left: readonly Adjustment[]): Environment =>
  left.reduce((from, { leaveOut }) => leaveOut(from), env);

/**
 * The overrides that are in the way: the one without which the plan holds, else a set of which none can stay.
 * @returns undefined when the plan does not hold without any of them either
 */
const culpritsOf = (
  env: Environment,
  host: HostFacts,
  adjustments: readonly Adjustment[],
): readonly Adjustment[] | undefined => {
  const one = adjustments.find(({ leaveOut }) => holds(leaveOut(env), host));
  if (one) return [one];
  if (!holds(without(env, adjustments), host)) return undefined;
  // From the end, so that a layout is tried before the counts in it.
  return adjustments.reduceRight<readonly Adjustment[]>((left, adjustment) => {
    const fewer = left.filter((other) => other !== adjustment);
    return holds(without(env, fewer), host) ? fewer : left;
  }, adjustments);
};

const violationOf = (env: Environment, host: HostFacts, known: Violation): Violation => {
  try {
    const found = attempt(env, host);
    return "violation" in found ? found.violation : known;
  } catch (error) {
    // Counts that do not fit the layout which `auto` comes to beside the one override alone.
    if (UserError.is(error)) return known;
    throw error;
  }
};

/**
 * Each with what it breaks while the others are left out, and the value to give it once those before it have theirs: the
 * plan holds with all that the lines name.
 */
const culpritLines = (
  env: Environment,
  host: HostFacts,
  culprits: readonly Adjustment[],
  violation: Violation,
): string[] => {
  let mended = env;
  return culprits.flatMap((culprit, index) => {
    const alone = without(mended, culprits.slice(index + 1));
    // The value of one before it can be all that it lacked.
    if (holds(alone, host)) return [];
    const others = culprits.filter((other) => other !== culprit);
    const own = violationOf(without(env, others), host, violation);
    const { text, mend } = remedyOf(culprit, alone, host);
    mended = mend(mended);
    const found = `${placeOf(env, culprit.key)}: ${culprit.key} = ${culprit.text}: ${violationText(own)}`;
    return [`${found}; ${text}:`, arithmeticText(own)];
  });
};

const machineLines = (env: Environment, violation: Violation, text: string): string[] => [
  `${placeOf(env, "hardware")}: ${violationText(violation)}; ${text}:`,
  arithmeticText(violation),
];

const listOf = (adjustments: readonly Adjustment[]): string =>
  adjustments.map(({ key, text }) => `${key} = ${text}`).join(", ");

/** The least machine for the file as it is; where there is none, the one without overrides, and which of them it lacks. */
const tooSmall = (
  env: Environment,
  host: HostFacts,
  adjustments: readonly Adjustment[],
  violation: Violation,
): string[] => {
  const least = leastMachine(env, host, violation);
  const set = adjustments.length > 0 ? ` with ${listOf(adjustments)}` : "";
  if (least) return machineLines(env, violation, `${least.text}${set}`);
  const bare = without(env, adjustments);
  const own = violationOf(bare, host, violation);
  const larger = leastMachine(bare, host, own);
  if (!larger) return machineLines(env, violation, `no machine holds it${set}`);
  const culprits = culpritsOf(env, larger.host, adjustments) ?? [];
  return [
    ...machineLines(env, own, `${larger.text} without ${listOf(culprits)}`),
    ...culpritLines(env, larger.host, culprits, violation),
  ];
};

/** What comes by itself may be what leaves no room for what the file asks for. */
const unwatchedLines = (env: Environment, host: HostFacts): string[] => {
  const unwatched: Environment = { ...env, monitoring: { ...env.monitoring, enabled: false } };
  const isOptional = env.monitoring.enabled === "auto" && holds(unwatched, host);
  return isOptional ? [indented("it holds as it is with `monitoring.enabled: false`")] : [];
};

/**
 * The message for an environment that has no plan: the overrides that are in the way, each with the nearest value that
 * holds, or else the least machine; below each the inequality with its numbers.
 */
export const refusal = (env: Environment, host: HostFacts, violation: Violation): UserError => {
  const adjustments = adjustmentsOf(env);
  const culprits = culpritsOf(env, host, adjustments);
  const lines = culprits ? culpritLines(env, host, culprits, violation) : tooSmall(env, host, adjustments, violation);
  return new UserError([...lines, ...unwatchedLines(env, host)].join("\n"));
};
