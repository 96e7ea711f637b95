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
