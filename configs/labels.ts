/** Labels that the kit finds its containers and networks by. */
export const LABELS = {
  environment: "synapse-kit.environment",
  service: "synapse-kit.service",
  specHash: "synapse-kit.spec-hash",
} as const;
