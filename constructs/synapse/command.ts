import type { ProcessPlan } from "../../sizing/plan";
import { CONFIG_DIR } from "../file";

/** File that holds what one process has for itself, beside the shared homeserver.yaml. */
export const ownFile = (process: ProcessPlan): string => (process.isMain ? "main.yaml" : "worker.yaml");

/**
 * What evicts caches looks at the memory that jemalloc gave out, and Python takes small objects from arenas of its own,
 * beside it: of 200 MB of them it saw 5, so that no ceiling was ever reached. With this, all come from jemalloc.
 */
export const SYNAPSE_ENVIRONMENT = { PYTHONMALLOC: "malloc" } as const;

/**
 * Arguments for the image's entrypoint, which preloads jemalloc: started as plain Python, Synapse would never evict a
 * cache. `--no-secrets-in-config` makes a secret in a rendered file an error at start.
 */
export const synapseCommand = (process: ProcessPlan): string[] => [
  "run",
  "-m",
  process.isMain ? "synapse.app.homeserver" : "synapse.app.generic_worker",
  `--config-path=${CONFIG_DIR}/homeserver.yaml`,
  `--config-path=${CONFIG_DIR}/${ownFile(process)}`,
  "--no-secrets-in-config",
];
