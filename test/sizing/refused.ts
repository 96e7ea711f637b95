import { Bytes } from "../../configs/units/bytes";
import type { HostFacts } from "../../sizing/plan";

const BROKEN = /[IC]\d+b? \([^()]+\) does not hold/.source;
const RAM = /the least that holds with \S+ CPU is (?<ram>\d+) MB of RAM(?: and a disk of (?<both>\d+) MB)?/.source;
const LEAST = `(?:${RAM}|the least disk that holds is (?<disk>\\d+) MB)`;
const OVERRIDE = new RegExp(
  `^test\\.yaml: (?<key>\\S+) = .+: ${BROKEN}; (?:the nearest value that holds is (?<nearest>\\S+)|leave it out):$`,
);
const MACHINE = new RegExp(`^test\\.yaml: ${BROKEN}; ${LEAST}(?: with(?:out)? .+)?:$`);
const ARITHMETIC = /^ {4}\S/;

const headsOf = (message: string): string[] => message.split("\n").filter((line) => !ARITHMETIC.test(line));

/** Whether each line says what is in the way and what would hold, with its arithmetic below. */
export const isWellFormed = (message: string): boolean =>
  headsOf(message).every((line) => OVERRIDE.test(line) || MACHINE.test(line)) &&
  message.split("\n").every((line, index, all) => ARITHMETIC.test(line) || ARITHMETIC.test(all[index + 1] ?? ""));

/** An override in the way, and the value that the message gives; undefined where it is to be left out. */
interface Named {
  readonly key: string;
  readonly nearest: string | undefined;
}

export const namedIn = (message: string): Named[] =>
  headsOf(message).flatMap((line) => {
    const groups = OVERRIDE.exec(line)?.groups;
    return groups?.key === undefined ? [] : [{ key: groups.key, nearest: groups.nearest }];
  });

/** The machine that a message names as the least, and one that has a MB less of RAM, or of disk where that is short. */
export const leastIn = (message: string, on: HostFacts): { least: HostFacts; less: HostFacts } | undefined => {
  const [groups] = headsOf(message).flatMap((line) => {
    const found = MACHINE.exec(line)?.groups;
    return found ? [found] : [];
  });
  if (groups === undefined) return undefined;
  const disk = groups.disk ?? groups.both;
  const ram = groups.ram === undefined ? on.ram : Bytes.mib(Number(groups.ram));
  const size = disk === undefined ? on.disk.size : Bytes.mib(Number(disk));
  const like = (memory: Bytes, space: Bytes | undefined): HostFacts => ({
    ...on,
    ram: memory,
    disk: space ? { ...on.disk, size: space } : on.disk,
  });
  const one = Bytes.mib(1);
  return {
    least: like(ram, size),
    less: groups.disk === undefined ? like(ram.minus(one), size) : like(ram, size?.minus(one)),
  };
};
