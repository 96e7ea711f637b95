import { type Environment, PROFILE_NAMES, type ProfileName } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import type { HostFacts } from "./plan";

/** RAM from which a box counts as this profile. `guess` */
const FLOORS: Readonly<Record<ProfileName, Bytes>> = {
  small: Bytes.ZERO,
  medium: Bytes.gib(4),
  large: Bytes.gib(8),
  xlarge: Bytes.gib(16),
  xxlarge: Bytes.gib(64),
};

/** A machine sold as 4 GB reports a few per cent less. `guess` */
const TOLERANCE = 0.9;

/** The profile that the file names, else the largest whose RAM the machine has. */
export const profileOf = (env: Environment, host: HostFacts): ProfileName => {
  if (env.hardware.kind === "profile") return env.hardware.name;
  const fitting = PROFILE_NAMES.filter((name) => !host.ram.isLessThan(FLOORS[name].times(TOLERANCE)));
  return fitting.at(-1) ?? "small";
};
