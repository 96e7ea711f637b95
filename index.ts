/** The kit as a library: model, sizing, constructs and the stack, for cdktf apps of one's own. */
export type { Environment } from "./configs/environment";
export { loadEnvironment } from "./configs/load-environment";
export { Bytes } from "./configs/units/bytes";
export { Cpus } from "./configs/units/cpus";
export { Duration } from "./configs/units/duration";
export { UserError } from "./configs/user-error";
export { Grafana, type GrafanaProps } from "./constructs/grafana/grafana";
export { Nginx, type NginxProps } from "./constructs/nginx/nginx";
export { Pgbouncer, type PgbouncerProps } from "./constructs/pgbouncer/pgbouncer";
export { Platform, type PlatformProps } from "./constructs/platform/platform";
export { Postgres, type PostgresProps } from "./constructs/postgres/postgres";
export { Redis, type RedisProps } from "./constructs/redis/redis";
export { Service, type ServiceProps } from "./constructs/service/service";
export { Synapse, type SynapseProps } from "./constructs/synapse/synapse";
export type { HostFacts, Plan } from "./sizing/plan";
export { solve } from "./sizing/solve";
export { HomeserverStack, type HomeserverStackProps } from "./stacks/homeserver-stack";
