import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { Environment } from "./environment";
import { parseEnvironment } from "./parse-environment";
import { fileProblem } from "./secret-file";
import { nearest } from "./settings/nearest";
import { UserError } from "./user-error";

/** Where a project keeps its environments. */
export const ENVIRONMENTS_DIR = join("configs", "environments");

/** Part of container, volume and network names. */
const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const ENDING = /\.ya?ml$/;

/** Names of the environments of a project, sorted. */
export const listEnvironments = (projectDir: string): string[] => {
  try {
    const files = readdirSync(join(projectDir, ENVIRONMENTS_DIR)).filter((file) => ENDING.test(file));
    return [...new Set(files.map((file) => file.replace(ENDING, "")))].sort();
  } catch {
    return [];
  }
};

const isPath = (nameOrPath: string): boolean => nameOrPath.includes("/") || ENDING.test(nameOrPath);

const fileOf = (nameOrPath: string, projectDir: string): string => {
  if (isPath(nameOrPath)) return resolve(projectDir, nameOrPath);
  const file = join(projectDir, ENVIRONMENTS_DIR, `${nameOrPath}.yaml`);
  const short = file.replace(/\.yaml$/, ".yml");
  return !existsSync(file) && existsSync(short) ? short : file;
};

const missing = (nameOrPath: string, projectDir: string): UserError => {
  if (isPath(nameOrPath)) return new UserError(`${nameOrPath}: there is no such file`);
  const known = listEnvironments(projectDir);
  const meant = nearest(nameOrPath, known);
  return new UserError(
    `no environment \`${nameOrPath}\`; ` +
      (known.length > 0
        ? `${meant === undefined ? "there" : `did you mean \`${meant}\`? There`} are: ${known.join(", ")}`
        : `there is none in ${ENVIRONMENTS_DIR}/ yet: write ${ENVIRONMENTS_DIR}/${nameOrPath}.yaml`),
  );
};

/** A name is one environment, with one state: which of two files it was would be a guess. */
const refuseBothEndings = (file: string, name: string, projectDir: string): void => {
  const both = [".yaml", ".yml"].map((ending) => file.replace(ENDING, ending));
  if (!both.every((one) => existsSync(join(projectDir, one)))) return;
  throw new UserError(`${both.join(" and ")} are both called \`${name}\`: rename or remove one`);
};

/**
 * The environment of a name under `configs/environments/`, or of a path to a YAML file.
 * @throws UserError naming file, line and column of each mistake
 */
export const loadEnvironment = (nameOrPath: string, projectDir: string): Environment => {
  const path = fileOf(nameOrPath, projectDir);
  const name = basename(path).replace(ENDING, "");
  const shown = relative(projectDir, path);
  refuseBothEndings(shown, name, projectDir);
  if (!NAME.test(name)) {
    throw new UserError(
      `\`${name}\` is no name for an environment: small letters, digits and dashes, a letter first, 31 at most`,
    );
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw missing(nameOrPath, projectDir);
    throw new UserError(`${shown}: cannot be read: ${(error as Error).message}`);
  }
  return parseEnvironment(text, name, shown, (secret, inline) => fileProblem(path, secret, inline));
};
