import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "../configs/environment";

/** Facts that were found out rather than declared, and stick, so that the next run plans the same. */
export interface Detected {
  /** YAML file that the state belongs to, relative to the project. */
  readonly file?: string;
  readonly ram_bytes?: number;
  readonly cpus?: number;
  readonly images?: "official" | "local";
}

/** Folder of everything that is kept between runs: Terraform's local state with its secrets, and detected facts. */
export const STATE_DIR = "state";

const fileOf = (environment: Environment, projectDir: string): string =>
  join(projectDir, STATE_DIR, `${environment.name}.detected.json`);

export const readDetected = (environment: Environment, projectDir: string): Detected => {
  try {
    return JSON.parse(readFileSync(fileOf(environment, projectDir), "utf8"));
  } catch {
    return {};
  }
};

export const writeDetected = (environment: Environment, projectDir: string, detected: Detected): void => {
  const file = fileOf(environment, projectDir);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(detected, null, 2)}\n`, { mode: 0o600 });
};

/** Removes what is left of a destroyed environment: Terraform's backup of the state still holds every secret. */
export const forgetState = ({ name }: Environment, projectDir: string): void => {
  for (const ending of ["tfstate", "tfstate.backup", "detected.json"]) {
    rmSync(join(projectDir, STATE_DIR, `${name}.${ending}`), { force: true });
  }
};
