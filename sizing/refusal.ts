import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { UserError } from "../configs/user-error";
import { type Adjustment, adjustmentsOf } from "./adjustments";
import { attempt, holds } from "./attempt";
import { MIB } from "./constants";
import type { HostFacts } from "./plan";
import { type Violation, violationText } from "./violation";

/** Where the search for a machine that fits gives up. */
const LARGEST_RAM = Bytes.gib(4096);

/** Steps from `good`, which holds, towards `bad`, which does not: the last that holds, by bisection. */
const lastThatHolds = (good: number, bad: number, step: number, test: (amount: number) => boolean): number => {
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

const nearestText = ({ scale, without }: Adjustment, host: HostFacts): string => {
  const instead = attempt(without, host);
  const good = scale && "plan" in instead ? scale.solved(instead.plan) : undefined;
  if (!scale || good === undefined || !holds(scale.put(good), host)) return "leave it out";
  const nearest = lastThatHolds(good, scale.amount, scale.step, (amount) => holds(scale.put(amount), host));
  return `the nearest value that holds is ${scale.format(nearest)}`;
};

/** Least RAM on which the overrides of the file hold with these cores; undefined when none does. */
const leastRam = (env: Environment, host: HostFacts): Bytes | undefined => {
  const on = (ram: Bytes): HostFacts => ({ ...host, ram });
  let high = host.ram.ceilTo(MIB);
  while (!holds(env, on(high))) {
    if (high.isMoreThan(LARGEST_RAM)) return undefined;
    high = high.times(2);
  }
  const test = (amount: number): boolean => holds(env, on(Bytes.of(amount)));
  return Bytes.of(lastThatHolds(high.toBytes(), host.ram.toBytes(), MIB.toBytes(), test));
};

/**
 * The message for an environment that has no plan: the inequality with its numbers, then the one override that is in
 * the way with the nearest value that holds, or else the least machine.
 */
export const refusal = (env: Environment, host: HostFacts, violation: Violation): UserError => {
  const adjustments = adjustmentsOf(env);
  const culprit = adjustments.find(({ without }) => holds(without, host));
  if (culprit) {
    const found = `${env.file}: ${culprit.key} = ${culprit.text}: ${violationText(violation)}`;
    return new UserError(`${found}; ${nearestText(culprit, host)}`);
  }
  const least = leastRam(env, host);
  const set =
    adjustments.length > 0 ? ` with ${adjustments.map(({ key, text }) => `${key} = ${text}`).join(", ")}` : "";
  const fits = least
    ? `the least that holds with ${host.cpus} CPU is ${least.toMiB()} MB of RAM${set}`
    : `no machine holds it${set}`;
  return new UserError(`${env.file}: ${violationText(violation)}; ${fits}`);
};
