import type { Environment } from "../configs/environment";
import { loadEnvironment } from "../configs/load-environment";
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
  const { facts } = await hostFacts(environment, readDetected(environment, projectDir));
  return { environment, plan: solve(environment, facts) };
};

const imageSource = async (environment: Environment, before: Detected): Promise<"official" | "local"> => {
  const { source } = environment.images;
  if (source !== "auto") return source;
  return before.images ?? ((await answers(IMAGE_REGISTRY)) ? "official" : "local");
};

/** Everything that synthesis needs. What was detected is recorded, so that the next run plans the same. */
export const prepare = async (nameOrPath: string, projectDir: string): Promise<Prepared> => {
  const environment = loadEnvironment(nameOrPath, projectDir);
  const before = readDetected(environment, projectDir);
  const { facts, detected } = await hostFacts(environment, before);
  const plan = solve(environment, facts);
  const source = await imageSource(environment, before);
  const images = resolveImages(environment, source);
  const now: Detected = {
    ...detected,
    ...(environment.images.source === "auto" ? { images: source } : {}),
    ...(before.server_name === undefined ? {} : { server_name: before.server_name }),
  };
  if (JSON.stringify(now) !== JSON.stringify(before)) writeDetected(environment, projectDir, now);
  return { environment, plan, images };
};
