import { hostAddress, subnetsOf } from "../configs/network";
import { containersOf, type Plan } from "../sizing/plan";

/** Fixed addresses of one container; Nginx and the database stay off the network they have no business on. */
export interface Addresses {
  readonly frontend?: string;
  readonly backend?: string;
}

/** Host numbers in both /24s. Fixed, because Nginx resolves its upstreams once, when it starts. */
const HOST_NUMBERS = { nginx: 2, postgres: 3, pgbouncer: 4, redis: 5, firstProcess: 10 } as const;
/** Above every process that a layout can have. */
const WATCHER_NUMBERS: Readonly<Record<string, number>> = {
  compressor: 230,
  prometheus: 231,
  alertmanager: 232,
  grafana: 233,
  "node-exporter": 234,
  "container-exporter": 235,
  "postgres-exporter": 236,
  "pgbouncer-exporter": 237,
  "redis-exporter": 238,
  "blackbox-exporter": 239,
  "matrix-notifier": 240,
};
/** Who needs the way out, or a port of the host: the rest stays where no other server can be reached. */
const ON_FRONTEND_TOO = new Set(["prometheus", "alertmanager", "matrix-notifier", "grafana", "blackbox-exporter"]);

/**
 * Address of every container, by container name. A process keeps its address as long as the processes before it in the
 * layout stay.
 */
export const addressesOf = (network: string, plan: Plan): ReadonlyMap<string, Addresses> => {
  const { frontend, backend } = subnetsOf(network);
  const addresses = new Map<string, Addresses>([
    [plan.nginx.container.name, { frontend: hostAddress(frontend, HOST_NUMBERS.nginx) }],
    [plan.postgres.container.name, { backend: hostAddress(backend, HOST_NUMBERS.postgres) }],
  ]);
  for (const service of [plan.pgbouncer, plan.redis]) {
    if (!service) continue;
    const number = HOST_NUMBERS[service.container.service as "pgbouncer" | "redis"];
    addresses.set(service.container.name, { backend: hostAddress(backend, number) });
  }
  plan.synapse.processes.forEach((process, index) => {
    const number = HOST_NUMBERS.firstProcess + index;
    addresses.set(process.container.name, {
      frontend: hostAddress(frontend, number),
      backend: hostAddress(backend, number),
    });
  });
  for (const { name } of containersOf(plan)) {
    const number = WATCHER_NUMBERS[name];
    if (number === undefined) continue;
    addresses.set(name, {
      ...(ON_FRONTEND_TOO.has(name) ? { frontend: hostAddress(frontend, number) } : {}),
      backend: hostAddress(backend, number),
    });
  }
  return addresses;
};
