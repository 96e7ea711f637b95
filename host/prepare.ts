import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { Environment, ImageSource } from "../configs/environment";
import { loadEnvironment } from "../configs/load-environment";
import { UserError } from "../configs/user-error";
import type { Plan } from "../sizing/plan";
import { solve } from "../sizing/solve";
import { type Detected, readDetected, writeDetected } from "./detected";
import { hostFacts } from "./hardware";
import { type ResolvedImages, resolveImages } from "./images";
import { answers, IMAGE_REGISTRY } from "./registry";

/** An environment with everything found out that its deployment depends on. */
export interface Prepared {
  readonly environment: Environment;
  readonly plan: Plan;
  readonly images: ResolvedImages;
}

/** An environment and its budget, nothing recorded and no network asked. */
export const prepareSize = async (
  nameOrPath: string,
  projectDir: string,
): Promise<{ readonly environment: Environment; readonly plan: Plan }> => {
  const environment = loadEnvironment(nameOrPath, projectDir);
  const detected = readDetected(environment, projectDir);
  const { facts } = await hostFacts(environment, detected);
  const { source } = environment.images;
  const known = source === "auto" ? (detected.images ?? source) : source;
  return { environment, plan: solve(withSource(environment, known), facts) };
};

const imageSource = async (environment: Environment, before: Detected): Promise<"official" | "local"> => {
  const { source } = environment.images;
  if (source !== "auto") return source;
  return before.images ?? ((await answers(IMAGE_REGISTRY)) ? "official" : "local");
};

/** What can be had depends on where images come from, so the plan has to know what `auto` came to. */
const withSource = (environment: Environment, source: ImageSource): Environment => ({
  ...environment,
  images: { ...environment.images, source },
});

/**
 * Two files of one name would share one state and one database. One that was moved is no second file.
 * @throws UserError for a second file
 */
const refuseSecondFile = ({ name, file }: Environment, before: Detected, projectDir: string): void => {
  if (before.file === undefined || before.file === file) return;
  const [first, second] = [resolve(projectDir, before.file), resolve(projectDir, file)];
  if (!existsSync(first) || realpathSync(first) === realpathSync(second)) return;
  throw new UserError(
    `${file} is a second file called \`${name}\`, which is ${before.file} in this project: they would share one state ` +
      `and one database. Rename ${file}; or, if it takes the place of the other, move ${before.file} away. Nothing was changed`,
  );
};

/** Everything that synthesis needs. What was detected is recorded, so that the next run plans the same. */
export const prepare = async (nameOrPath: string, projectDir: string): Promise<Prepared> => {
  const environment = loadEnvironment(nameOrPath, projectDir);
  const before = readDetected(environment, projectDir);
  refuseSecondFile(environment, before, projectDir);
  const { facts, detected } = await hostFacts(environment, before);
  const source = await imageSource(environment, before);
  const plan = solve(withSource(environment, source), facts);
  const images = resolveImages(environment, plan, source);
  const now: Detected = {
    file: environment.file,
    ...detected,
    ...(environment.images.source === "auto" ? { images: source } : {}),
  };
  if (JSON.stringify(now) !== JSON.stringify(before)) writeDetected(environment, projectDir, now);
  return { environment, plan, images };
};
