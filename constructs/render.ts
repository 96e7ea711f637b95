import type { Environment } from "../configs/environment";
import type { Plan } from "../sizing/plan";
import type { ConfigFile } from "./file";
import { nginxFiles } from "./nginx/files";
import { pgbouncerFiles } from "./pgbouncer/files";
import { postgresFiles } from "./postgres/files";
import { redisFiles } from "./redis/files";
import { synapseFiles } from "./synapse/files";

/** Files of one container, by its name within the environment. */
export interface RenderedService {
  readonly service: string;
  readonly files: readonly ConfigFile[];
}

/** Every file of every container, in start order. Pure, and without cdktf: what the constructs upload, to the letter. */
export const render = (environment: Environment, plan: Plan): RenderedService[] => [
  { service: plan.postgres.container.name, files: postgresFiles(environment, plan) },
  ...(plan.pgbouncer ? [{ service: plan.pgbouncer.container.name, files: pgbouncerFiles(plan.pgbouncer) }] : []),
  ...(plan.redis ? [{ service: plan.redis.container.name, files: redisFiles(plan.redis) }] : []),
  ...plan.synapse.processes.map((process) => ({
    service: process.container.name,
    files: synapseFiles(environment, plan, process),
  })),
  { service: plan.nginx.container.name, files: nginxFiles(environment, plan) },
];
