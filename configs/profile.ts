import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import type { DiskRequest, ProfileName } from "./environment";
import { packageRoot } from "./package-root";
import { Bytes } from "./units/bytes";
import { Cpus } from "./units/cpus";

/** A machine of a usual size, to be named instead of measured. */
export interface Profile {
  readonly description: string;
  readonly ram: Bytes;
  readonly cpus: Cpus;
  readonly disk: DiskRequest;
}

/** Reads `configs/profiles/<name>.yaml`. */
export const loadProfile = (name: ProfileName): Profile => {
  const text = readFileSync(join(packageRoot(), "configs", "profiles", `${name}.yaml`), "utf8");
  const { description, ram, cpus, disk } = load(text) as {
    description: string;
    ram: string;
    cpus: number;
    disk: DiskRequest["kind"];
  };
  return { description, ram: Bytes.parse(ram), cpus: Cpus.of(cpus), disk: { kind: disk } };
};

/** Tiers of RAM that Synapse guides judge machines by; what none fits is `xxlarge`. */
const TIERS: readonly [name: ProfileName, fits: (ram: Bytes) => boolean][] = [
  ["small", (ram) => !ram.isMoreThan(Bytes.gib(2))],
  ["medium", (ram) => !ram.isMoreThan(Bytes.gib(8))],
  ["large", (ram) => ram.isLessThan(Bytes.gib(32))],
  ["xlarge", (ram) => ram.isLessThan(Bytes.gib(64))],
];

/** The profile that a machine is nearest to. RAM alone decides: it is what Synapse runs out of first. */
export const profileFor = (ram: Bytes): ProfileName => TIERS.find(([, fits]) => fits(ram))?.[0] ?? "xxlarge";
