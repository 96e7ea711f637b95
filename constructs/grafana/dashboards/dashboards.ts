import type { Environment } from "../../../configs/environment";
import type { Plan } from "../../../sizing/plan";
import type { Dashboard } from "../model";
import { capacity } from "./capacity";
import { compressor } from "./compressor";
import { hostAndContainers } from "./host";
import { nginx } from "./nginx";
import { overview } from "./overview";
import { pgbouncer } from "./pgbouncer";
import { postgres } from "./postgres";
import { redis } from "./redis";
import { roomsAndFederation } from "./rooms";
import { synapse } from "./synapse";

/** Every dashboard of an environment; those of services that it lacks are left out. */
export const dashboardsOf = (env: Environment, plan: Plan): readonly Dashboard[] => [
  overview(env, plan),
  synapse(plan),
  roomsAndFederation(env),
  postgres(plan),
  ...(plan.pgbouncer ? [pgbouncer(plan.pgbouncer)] : []),
  ...(plan.redis ? [redis()] : []),
  nginx(plan.nginx),
  hostAndContainers(plan),
  ...(plan.compressor ? [compressor(env, plan.compressor)] : []),
  capacity(plan),
];
