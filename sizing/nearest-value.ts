import type { Environment } from "../configs/environment";
import type { Adjustment } from "./adjustments";
import { attempt, holds } from "./attempt";
import type { HostFacts } from "./plan";

/** Steps from `good`, which holds, towards `bad`, which does not: the last that holds, by bisection. */
export const lastThatHolds = (good: number, bad: number, step: number, test: (amount: number) => boolean): number => {
  const direction = Math.sign(bad - good);
  let low = 0;
  let high = Math.ceil(Math.abs(bad - good) / step);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (test(good + direction * middle * step)) low = middle;
    else high = middle;
  }
  return good + direction * low * step;
};

/** What to do with a value that does not hold. */
interface Remedy {
  readonly text: string;
  readonly mend: (env: Environment) => Environment;
}

/** The nearest value that holds, in an environment that holds without it; without it where none does. */
export const remedyOf = ({ scale, leaveOut }: Adjustment, env: Environment, host: HostFacts): Remedy => {
  const instead = attempt(leaveOut(env), host);
  const good = scale && "plan" in instead ? scale.solved(instead.plan) : undefined;
  if (!scale || good === undefined || !holds(scale.put(env, good), host)) {
    return { text: "leave it out", mend: leaveOut };
  }
  const nearest = lastThatHolds(good, scale.amount, scale.step, (amount) => holds(scale.put(env, amount), host));
  return {
    text: `the nearest value that holds is ${scale.format(nearest)}`,
    mend: (other) => scale.put(other, nearest),
  };
};
