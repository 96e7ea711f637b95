import type { Environment } from "../configs/environment";
import { MOST_RAM } from "../configs/machine-range";
import { placeOf } from "../configs/place";
import { Bytes } from "../configs/units/bytes";
import { UserError } from "../configs/user-error";
import { type Adjustment, adjustmentsOf } from "./adjustments";
import { attempt, DISK_INVARIANT, holds } from "./attempt";
import { MIB } from "./constants";
import type { HostFacts } from "./plan";
import { arithmeticText, type Violation, violationText } from "./violation";

/** Where the search for a disk that fits gives up. */
const LARGEST_DISK = Bytes.gib(4096);

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
    if (high.isMoreThan(MOST_RAM)) return undefined;
    high = high.times(2);
  }
  const test = (amount: number): boolean => holds(env, on(Bytes.of(amount)));
  return Bytes.of(lastThatHolds(high.toBytes(), host.ram.toBytes(), MIB.toBytes(), test));
};

/** Least disk on which the plan holds, where the disk is what is in the way. */
const leastDisk = (env: Environment, host: HostFacts): Bytes | undefined => {
  const { kind, size } = host.disk;
  const on = (disk: Bytes): HostFacts => ({ ...host, disk: { kind, size: disk } });
  if (!size || !holds(env, on(LARGEST_DISK))) return undefined;
  const test = (amount: number): boolean => holds(env, on(Bytes.of(amount)));
  return Bytes.of(lastThatHolds(LARGEST_DISK.toBytes(), size.floorTo(MIB).toBytes(), MIB.toBytes(), test));
};

const leastMachine = (env: Environment, host: HostFacts, violation: Violation): string => {
  const disk = violation.id === DISK_INVARIANT ? leastDisk(env, host) : undefined;
  if (disk) return `the least disk that holds is ${disk.toMiB()} MB`;
  const ram = leastRam(env, host);
  return ram ? `the least that holds with ${host.cpus} CPU is ${ram.toMiB()} MB of RAM` : "no amount of RAM holds it";
};

/**
 * The message for an environment that has no plan: the one override that is in the way with the nearest value that
 * holds, or else the least machine; below it the inequality with its numbers.
 */
export const refusal = (env: Environment, host: HostFacts, violation: Violation): UserError => {
  const adjustments = adjustmentsOf(env);
  const culprit = adjustments.find(({ without }) => holds(without, host));
  if (culprit) {
    const found = `${placeOf(env, culprit.key)}: ${culprit.key} = ${culprit.text}: ${violationText(violation)}`;
    return new UserError(`${found}; ${nearestText(culprit, host)}:\n${arithmeticText(violation)}`);
  }
  const set =
    adjustments.length > 0 ? ` with ${adjustments.map(({ key, text }) => `${key} = ${text}`).join(", ")}` : "";
  const found = `${placeOf(env, "hardware")}: ${violationText(violation)}; ${leastMachine(env, host, violation)}${set}`;
  return new UserError(`${found}:\n${arithmeticText(violation)}`);
};
