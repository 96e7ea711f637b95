import type { Environment, ProfileName } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import type { HostFacts } from "./plan";

/**
 * RAM from which a machine counts as a profile, largest first. The guides' tiers (up to 2 GB, 4 to 8 GB, above 8 GB)
 * and two larger ones; a machine sold as 4, 32 or 64 GB reports some per cent less.
 */
const LEAST_RAM: readonly (readonly [ProfileName, Bytes])[] = [
  ["xxlarge", Bytes.gib(57)],
  ["xlarge", Bytes.gib(28)],
  ["large", Bytes.gib(8.5)],
  ["medium", Bytes.gib(3.5)],
];

/** The profile that the file names, else the largest whose RAM the machine has. */
export const profileOf = (env: Environment, host: HostFacts): ProfileName =>
  env.hardware.kind === "profile"
    ? env.hardware.name
    : (LEAST_RAM.find(([, least]) => !host.ram.isLessThan(least))?.[0] ?? "small");
