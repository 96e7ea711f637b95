import { hostAddress, subnetsOf } from "../configs/network";
import type { Plan } from "../sizing/plan";

/** Fixed addresses of one container; Nginx and the database stay off the network they have no business on. */
export interface Addresses {
  readonly frontend?: string;
  readonly backend?: string;
}

/** Host numbers in both /24s. Fixed, because Nginx resolves its upstreams once, when it starts. */
const HOST_NUMBERS = { nginx: 2, postgres: 3, pgbouncer: 4, redis: 5, firstProcess: 10 } as const;

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
  return addresses;
};
