import type { Environment } from "../configs/environment";
import { MOST_RAM } from "../configs/machine-range";
import { Bytes } from "../configs/units/bytes";
import { DISK_INVARIANT, holds } from "./attempt";
import { LEAST_RAM_FOR_COMPRESSOR } from "./compressor";
import { MIB } from "./constants";
import { LEAST_RAM_FOR_MONITORING } from "./monitoring";
import { lastThatHolds } from "./nearest-value";
import type { HostFacts } from "./plan";
import type { Violation } from "./violation";

/** Where the search for a disk that fits gives up. */
const LARGEST_DISK = Bytes.gib(4096);

/** The least that an environment holds on, with the cores that there are. */
interface LeastMachine {
  readonly host: HostFacts;
  readonly text: string;
}

const withRam = (host: HostFacts, ram: Bytes): HostFacts => ({ ...host, ram });
const withDisk = (host: HostFacts, size: Bytes): HostFacts => ({ ...host, disk: { ...host.disk, size } });

/** The most RAM that does without what comes by itself with more: it may hold where a MB more does not. */
const BELOW_WHAT_COMES = [LEAST_RAM_FOR_COMPRESSOR, LEAST_RAM_FOR_MONITORING].map((ram) => ram.minus(MIB));

/** Twice as much, or less where something comes before. */
const more = (ram: Bytes): Bytes =>
  Bytes.min(...BELOW_WHAT_COMES.filter((most) => most.isMoreThan(ram)), ram.times(2), MOST_RAM);

/** With the least RAM that holds; undefined when none that may be declared does. */
const leastRam = (env: Environment, host: HostFacts): HostFacts | undefined => {
  let high = host.ram.ceilTo(MIB);
  while (!holds(env, withRam(host, high))) {
    if (!high.isLessThan(MOST_RAM)) return undefined;
    high = more(high);
  }
  const test = (amount: number): boolean => holds(env, withRam(host, Bytes.of(amount)));
  return withRam(host, Bytes.of(lastThatHolds(high.toBytes(), host.ram.toBytes(), MIB.toBytes(), test)));
};

/** With the least disk that holds, where its size is known. */
const leastDisk = (env: Environment, host: HostFacts): HostFacts | undefined => {
  const { size } = host.disk;
  if (!size || !holds(env, withDisk(host, LARGEST_DISK))) return undefined;
  const test = (amount: number): boolean => holds(env, withDisk(host, Bytes.of(amount)));
  const least = lastThatHolds(LARGEST_DISK.toBytes(), size.floorTo(MIB).toBytes(), MIB.toBytes(), test);
  return withDisk(host, Bytes.of(least));
};

const leastOfBoth = (env: Environment, host: HostFacts): HostFacts | undefined => {
  const withMemory = host.disk.size && leastRam(env, withDisk(host, Bytes.max(host.disk.size, LARGEST_DISK)));
  return withMemory && leastDisk(env, withRam(host, withMemory.ram));
};

const megabytesOf = (size: Bytes | undefined): string => `${size?.toMiB()} MB`;

/** The least machine on which an environment holds that breaks an invariant on this one; undefined when none does. */
export const leastMachine = (env: Environment, host: HostFacts, { id }: Violation): LeastMachine | undefined => {
  const larger = id === DISK_INVARIANT ? leastDisk(env, host) : undefined;
  if (larger) return { host: larger, text: `the least disk that holds is ${megabytesOf(larger.disk.size)}` };
  const withMemory = leastRam(env, host);
  const least = withMemory ?? leastOfBoth(env, host);
  if (!least) return undefined;
  const disk = withMemory ? "" : ` and a disk of ${megabytesOf(least.disk.size)}`;
  return { host: least, text: `the least that holds with ${host.cpus} CPU is ${megabytesOf(least.ram)} of RAM${disk}` };
};
