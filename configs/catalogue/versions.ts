import { type RoleName, roleOf } from "./roles";

/** Synapse versions that roles and endpoints were compared with: what a worker registers, and the workers document. */
export const CHECKED_VERSIONS = ["1.160.0", "1.163.2"] as const;

/**
 * Version in the tag of an image, as upstream and the kit write it: `v1.163.2`, `1.163.2-<hash>`, `v1.163.0rc1`.
 * @returns undefined for a digest and for any other tag: it could be anything
 */
export const versionIn = (reference: string): string | undefined =>
  /:v?(\d+\.\d+)(?:\.\d+)?(?:rc\d+)?(?:[-_][^:/@]*)?(?:@|$)/.exec(reference)?.[1];

const isOlder = (version: string, than: string): boolean => {
  const [major, minor] = version.split(".").map(Number) as [number, number];
  const [otherMajor, otherMinor] = than.split(".").map(Number) as [number, number];
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
};

/**
 * What is wrong with the Synapse image of an environment for the roles that its workers hold.
 * @returns undefined when nothing is, or when the image does not tell its version
 */
export const versionMistake = (reference: string, roles: readonly RoleName[]): string | undefined => {
  const version = versionIn(reference);
  const late = [...new Set(roles)].map(roleOf).filter(({ since }) => version !== undefined && isOlder(version, since));
  if (version === undefined || late.length === 0) return undefined;
  const needed = late.map(({ name, since }) => `${name} ${since}`).join(", ");
  return `Synapse ${version} is too old for what the workers do, which needs: ${needed}. Name a newer image, or a layout without them in \`synapse.workers\``;
};
