import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { limitEnvelope, limitFor, limitReason } from "./container";
import { serviceCpu } from "./cpu";
import { nofileFor, powerOfTwoFrom } from "./file-limits";
import type { HostFacts, NginxPlan, Plan, Solved } from "./plan";
import { solved } from "./solved";

/** Master process and shared zones, each worker, each client (docs/sizing.md; not measured). */
const MASTER = Bytes.mib(16);
const PER_WORKER = Bytes.mib(4);
const PER_CLIENT = Bytes.kib(41);
/**
 * Bodies of requests on routes with a fallback are buffered as files in /tmp, a tmpfs whose pages count as memory of the
 * container. `constructs/nginx/nginx.ts` gives the tmpfs the same size, so that the limit covers a full one. Main alone has
 * no fallback: every body streams through, and /tmp stays empty.
 */
export const NGINX_TEMP = Bytes.mib(16);

/** One worker per core up to this; beyond it a quarter of the cores. */
const WORKERS_PER_CORE_UP_TO = 4;
const MOST_WORKERS = 16;
/** Fewer clients than this keep no further worker busy. `guess` */
const CLIENTS_PER_WORKER = 250;

/** A client takes one connection and its upstream another; a quarter to spare (I6). */
export const CONNECTIONS_PER_CLIENT = 2;
export const CONNECTION_MARGIN = 1.25;
const LEAST_CONNECTIONS = 1024;
/** Listening sockets, keep-alive upstreams, logs. `guess` */
const EXTRA_CONNECTIONS = 64;
/** One for the connection, one for a file or buffer on its behalf (I6). */
export const FILES_PER_CONNECTION = 2;

const mostWorkers = (cores: number): number =>
  Math.min(MOST_WORKERS, cores, Math.max(WORKERS_PER_CORE_UP_TO, Math.floor(cores / 4)));

const workersFor = (cores: number, clients: number): number =>
  Math.min(mostWorkers(cores), Math.ceil(clients / CLIENTS_PER_WORKER));

const partsFor = (workers: number, clients: number, hasFallback: boolean): Record<string, Bytes> => ({
  master: MASTER,
  workers: PER_WORKER.times(workers),
  clients: PER_CLIENT.times(clients),
  "temp files": hasFallback ? NGINX_TEMP : Bytes.ZERO,
});

/** What the budget sets aside for Nginx: without the steps of whole workers, so that it grows evenly with RAM. */
export const nginxClaim = (host: HostFacts, expected: Plan["expected"], synapseWorkers: number): Bytes => {
  const clients = expected.clients.value;
  const workers = Math.min(mostWorkers(host.cpus.toWholeCores()), clients / CLIENTS_PER_WORKER + 1);
  return limitEnvelope(Bytes.sum(Object.values(partsFor(workers, clients, synapseWorkers > 0))));
};

const connectionsPerWorker = (clients: number, workers: number): Solved<number> => {
  const needed = (CONNECTION_MARGIN * CONNECTIONS_PER_CLIENT * clients) / workers + EXTRA_CONNECTIONS;
  const reason = `${CONNECTION_MARGIN} × ${CONNECTIONS_PER_CLIENT} × ${clients} clients ÷ ${workers} workers + ${EXTRA_CONNECTIONS}, next power of two, at least ${LEAST_CONNECTIONS}`;
  return solved(Math.max(LEAST_CONNECTIONS, powerOfTwoFrom(needed)), reason, "docs/sizing.md");
};

/** Nginx in front of everything. */
export const nginxPlan = (
  env: Environment,
  host: HostFacts,
  expected: Plan["expected"],
  synapseWorkers: number,
  present: { readonly pgbouncer: boolean; readonly redis: boolean },
): NginxPlan => {
  const clients = expected.clients.value;
  const cores = host.cpus.toWholeCores();
  const workers = workersFor(cores, clients);
  const connections = connectionsPerWorker(clients, workers);
  const files = FILES_PER_CONNECTION * connections.value;
  const parts = partsFor(workers, clients, synapseWorkers > 0);
  const used = Bytes.sum(Object.values(parts));
  return {
    container: {
      name: "nginx",
      service: "nginx",
      memory: solved(limitFor(used), limitReason(parts, used), "docs/sizing.md"),
      parts,
      reservation: used,
      ...serviceCpu("nginx", present, host.cpus),
      connections: solved(workers * connections.value, `${workers} workers × ${connections.value}`, connections.source),
      nofile: nofileFor(files),
    },
    workerProcesses: solved(
      workers,
      `${cores} cores: one each up to ${WORKERS_PER_CORE_UP_TO}, then a quarter, at most ${MOST_WORKERS}; and one for each ${CLIENTS_PER_WORKER} of ${clients} clients`,
      "docs/sizing.md",
    ),
    workerConnections: connections,
    workerRlimitNofile: solved(files, `${FILES_PER_CONNECTION} × ${connections.value} connections`, "docs/sizing.md"),
    settings: env.nginx.settings,
  };
};
