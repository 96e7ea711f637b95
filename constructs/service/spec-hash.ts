import { createHash } from "node:crypto";
import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { DefaultTokenResolver, StringConcat, Tokenization } from "cdktf";
import type { Construct } from "constructs";

/** Ten hex digits: enough to tell apart the handful of versions of one container or file set. */
export const shortHash = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 10);

/** Updated in place by the provider, or only read at create or delete: the hash holds that they are set, not the value. */
const IN_PLACE = new Set([
  "restart",
  "maxRetryCount",
  "memory",
  "memorySwap",
  "memory_reservation",
  "cpuShares",
  "cpuSet",
  "mustRun",
  "start",
  "attach",
  "logs",
  "wait",
  "waitTimeout",
  "destroyGraceSeconds",
  "removeVolumes",
]);

/**
 * Hash of everything that makes a container what it is. In a label it turns edits that the provider accepts and
 * silently ignores (health checks, tmpfs, init, CPU quota, removals) into honest replacements.
 *
 * Tokens are resolved first: unresolved, they hold a running number that shifts when any other resource is added.
 */
export const specHash = (scope: Construct, config: ContainerConfig, overrides: Record<string, unknown>): string => {
  const { dependsOn: _dependsOn, lifecycle: _lifecycle, provider: _provider, ...sent } = config;
  const plain: Record<string, unknown> = Tokenization.resolve(
    { ...sent, ...overrides },
    { scope, preparing: false, resolver: new DefaultTokenResolver(new StringConcat()) },
  );
  return shortHash(
    Object.keys(plain)
      .filter((key) => plain[key] !== undefined)
      .sort()
      .map((key) => (IN_PLACE.has(key) ? [key] : [key, plain[key]])),
  );
};
