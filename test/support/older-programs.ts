import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { imagesDir } from "../../host/images";

/** Debians that have programs as old as the kit writes files for, and the packages that hold them. */
const PACKAGES = {
  "base-bookworm": ["nginx-light", "pgbouncer", "postgresql-client", "redis-server"],
  "base-trixie": ["valkey-server"],
} as const;
export type OlderBase = keyof typeof PACKAGES;

/**
 * Builds an image with older programs; an unchanged one comes from the engine's cache.
 * @returns its name
 */
export const buildOlderPrograms = (base: OlderBase): string => {
  const built = spawnSync("bash", [join(imagesDir(), "base.sh"), base], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  const tag = `synapse-kit-test/${base}-programs`;
  const dockerfile = `FROM ${built.stdout.trim()}\nRUN image-install ${PACKAGES[base].join(" ")}\n`;
  const { status, stderr } = spawnSync(
    "docker",
    ["build", "--force-rm", "--network", "host", "--quiet", "--tag", tag, "-"],
    { input: dockerfile, encoding: "utf8", env: { ...process.env, DOCKER_BUILDKIT: "0" } },
  );
  if (status !== 0) throw new Error(stderr);
  return tag;
};
