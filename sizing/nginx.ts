import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB } from "./constants";
import { budgetOf, limitEnvelope } from "./container";
import { type Present, serviceCpu } from "./cpu";
import { LEAST_NOFILE, powerOfTwoFrom } from "./file-limits";
import type { HostFacts, NginxPlan, Plan, RequestLimits, Solved } from "./plan";
import { requestCountsMemory } from "./request-counts";
import { pollsFor } from "./request-limits";
import { solved } from "./solved";
import { tokenOwnersMemory } from "./token-owners";

/** Master process, shared zones and the health check (curl). Measured: 5.3 MB with an idle worker. */
const MASTER = Bytes.mib(8);
/** Measured: 1.5 MB, and 0.43 kB for each of its connections. */
const PER_WORKER = Bytes.mib(4);
/**
 * A request whose answer nobody reads, and which is compressed. Measured: 73 kB, of which the upstream's buffers take 24,
 * gzip's 8 and its window and hash 24 (`constructs/nginx/settings.ts`). A long poll that waits takes 15 kB.
 */
const PER_SLOW_REQUEST = Bytes.kib(76);
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

/** A request takes one connection and its upstream another; a quarter to spare, as workers do not fill evenly (I6). */
export const CONNECTIONS_PER_REQUEST = 2;
export const CONNECTION_MARGIN = 1.25;
const LEAST_CONNECTIONS = 1024;
/** Listening sockets, logs, clients that are refused. `guess` */
const EXTRA_CONNECTIONS = 64;
/** Idle connections that each Nginx worker keeps to each server of an upstream; two is the least (gixy). `guess` */
export const KEPT_PER_SERVER = 8;
/** One for the connection, one for a file or buffer on its behalf (I6). */
export const FILES_PER_CONNECTION = 2;

const mostWorkers = (cores: number): number =>
  Math.min(MOST_WORKERS, cores, Math.max(WORKERS_PER_CORE_UP_TO, Math.floor(cores / 4)));

const workersFor = (cores: number, clients: number): number =>
  Math.min(mostWorkers(cores), Math.ceil(clients / CLIENTS_PER_WORKER));

/** What Nginx is planned for. */
export interface NginxDemand {
  readonly expected: Plan["expected"];
  /** Worker processes of Synapse. */
  readonly synapseWorkers: number;
  /** Whether it asks Synapse whose opaque tokens are. */
  readonly asksForTokenOwners: boolean;
  /** Whether it counts requests for Prometheus. */
  readonly countsRequests: boolean;
  /** Whether it looks after the writer of presence. */
  readonly watchesPresence: boolean;
}

/** What else may be in flight while every long poll that Nginx lets in waits. `guess` */
const BESIDE_POLLS_SHARE = 0.25;
const BESIDE_POLLS_LEAST = 100;

/** Requests that Nginx lets in: an even function of the clients, as their memory is. */
const requestsFor = (polls: number): number =>
  polls + Math.max(BESIDE_POLLS_LEAST, Math.floor(polls * BESIDE_POLLS_SHARE));

const partsFor = (
  workers: number,
  { expected, synapseWorkers, asksForTokenOwners, countsRequests }: NginxDemand,
): Record<string, Bytes> => ({
  master: MASTER,
  workers: PER_WORKER.times(workers),
  requests: PER_SLOW_REQUEST.times(requestsFor(pollsFor(expected.clients.value).value)),
  "temp files": synapseWorkers > 0 ? NGINX_TEMP : Bytes.ZERO,
  "token owners": asksForTokenOwners ? tokenOwnersMemory(expected.clients.value).ceilTo(MIB) : Bytes.ZERO,
  "request counts": countsRequests ? requestCountsMemory() : Bytes.ZERO,
});

/** What the budget sets aside for Nginx: without the steps of whole workers, so that it grows evenly with RAM. */
export const nginxClaim = (host: HostFacts, demand: NginxDemand): Bytes => {
  const clients = demand.expected.clients.value;
  const workers = Math.min(mostWorkers(host.cpus.toWholeCores()), clients / CLIENTS_PER_WORKER + 1);
  const parts = partsFor(workers, { ...demand, asksForTokenOwners: false });
  const owners = demand.asksForTokenOwners ? tokenOwnersMemory(clients).plus(MIB) : Bytes.ZERO;
  return limitEnvelope(Bytes.sum([...Object.values(parts), owners]));
};

/** Connections of each Nginx worker that requests cannot have: idle ones to every server of an upstream, and a few more. */
const takenPerWorker = (servers: number): number => EXTRA_CONNECTIONS + KEPT_PER_SERVER * servers;

const PER_REQUEST = CONNECTION_MARGIN * CONNECTIONS_PER_REQUEST;

const connectionsPerWorker = (requests: number, workers: number, servers: number): Solved<number> => {
  const taken = takenPerWorker(servers);
  const needed = (PER_REQUEST * requests) / workers + taken;
  const reason = `${CONNECTION_MARGIN} × ${CONNECTIONS_PER_REQUEST} × ${requests} requests ÷ ${workers} workers + ${taken}, next power of two, at least ${LEAST_CONNECTIONS}`;
  return solved(Math.max(LEAST_CONNECTIONS, powerOfTwoFrom(needed)), reason, "docs/sizing.md");
};

/**
 * As if one worker had all: a second one, which comes with more RAM, must not lower it. Nothing on top, since there are
 * files and connections to spare in it.
 */
const nofileOf = (ofOneWorker: Solved<number>): Solved<number> =>
  solved(
    Math.max(LEAST_NOFILE, FILES_PER_CONNECTION * ofOneWorker.value),
    `${FILES_PER_CONNECTION} × ${ofOneWorker.value} connections that one worker would need for all, at least ${LEAST_NOFILE}`,
    "docs/sizing.md, invariant I7",
  );

const mostRequestsFor = (polls: number): Solved<number> =>
  solved(
    requestsFor(polls),
    `${polls} long polls, and a quarter of that or ${BESIDE_POLLS_LEAST} beside them`,
    "docs/workers.md; guess",
  );

/**
 * Nginx in front of everything.
 * @param servers - of all its upstreams together
 */
export const nginxPlan = (
  env: Environment,
  host: HostFacts,
  demand: NginxDemand,
  present: Present,
  limits: RequestLimits,
  servers: number,
): NginxPlan => {
  const clients = demand.expected.clients.value;
  const cores = host.cpus.toWholeCores();
  const workers = workersFor(cores, clients);
  const requests = mostRequestsFor(limits.polls.value);
  const connections = connectionsPerWorker(requests.value, workers, servers);
  const files = FILES_PER_CONNECTION * connections.value;
  const parts = partsFor(workers, demand);
  return {
    container: {
      name: "nginx",
      service: "nginx",
      ...budgetOf(parts, nofileOf(connectionsPerWorker(requests.value, 1, servers)), "docs/sizing.md"),
      ...serviceCpu("nginx", present, host.cpus),
      connections: solved(workers * connections.value, `${workers} workers × ${connections.value}`, connections.source),
    },
    ...(demand.asksForTokenOwners
      ? {
          tokenOwners: solved(
            parts["token owners"] as Bytes,
            `1 KB for each of ${clients} clients, in whole MB: three tokens in ten minutes`,
            "docs/sizing.md",
          ),
        }
      : {}),
    countsRequests: demand.countsRequests,
    watchesPresence: demand.watchesPresence,
    limits,
    mostRequests: requests,
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
