import type { BalancingKey } from "../../configs/catalogue/role";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import { KEPT_PER_SERVER } from "../../sizing/nginx";
import type { Plan } from "../../sizing/plan";
import type { Addresses } from "../addresses";
import { WEIGHT } from "./consistent-hash";
import { block, type Directive, line } from "./directive";
import { MAIN, type Route } from "./routes";
import { ORIGIN, ROOM, USER } from "./variables";

const HASH: Readonly<Record<Exclude<BalancingKey, "none">, string>> = {
  user: USER,
  room: ROOM,
  origin: ORIGIN,
  // Path and arguments.
  uri: "$request_uri",
};

/** What all Nginx workers know of a pool: 64k hold 50 servers and not 80, 256k hold 244 (tried with 1.30.6). */
const SERVERS_IN_64K = 32;
const zoneFor = (servers: number): string => (servers > SERVERS_IN_64K ? "256k" : "64k");
/** Less than the 60 s after which Twisted closes them: a request on a closing connection fails (twisted.web.http). */
const KEPT_FOR = Duration.seconds(45);

/** Main in the place of workers, counted apart from what it serves as itself. */
export const STAND_IN_UPSTREAM = "main_stand_in";
export const STAND_IN_POLLS_UPSTREAM = "main_stand_in_polls";

/** Where a process listens, by its name. */
export type Servers = ReadonlyMap<string, string>;

export const serversOf = (plan: Plan, addresses: ReadonlyMap<string, Addresses>): Servers =>
  new Map(
    plan.synapse.processes.map(({ name, container }) => [
      name,
      `${addresses.get(container.name)?.frontend}:${PORTS.synapse}`,
    ]),
  );

type Upstream = Pick<Route, "upstream" | "processes" | "key" | "limit">;

/** Processes that requests of one kind go to. */
export const upstreamOf = ({ upstream, processes, key, limit }: Upstream, servers: Servers): Directive =>
  block(
    "upstream",
    [upstream],
    [
      // Counts what is in flight for all Nginx workers together.
      line("zone", upstream, zoneFor(processes.length)),
      // In front of `keepalive`; consistent, so that a dead server moves its own keys alone, and a full one what it
      // cannot take.
      ...(key === "none" ? [] : [line("hash", HASH[key], "consistent")]),
      // A restart of two seconds must not become ten of refusal (synapse#19907).
      ...processes.map((name) =>
        line(
          "server",
          servers.get(name) as string,
          "max_fails=0",
          `max_conns=${limit}`,
          ...(key === "none" ? [] : [`weight=${WEIGHT}`]),
        ),
      ),
      line("keepalive", String(KEPT_PER_SERVER * processes.length)),
      line("keepalive_timeout", KEPT_FOR.toString()),
    ],
  );

/** Every upstream that the table names, each once, and main's for what falls back to it. */
export const upstreams = (plan: Plan, table: readonly Route[], servers: Servers): Directive[] => {
  const named = [...new Map(table.map((route) => [route.upstream, route])).values()];
  const main = { processes: [MAIN], key: "none" } as const;
  const { polls, standIn } = plan.nginx.limits;
  const standIns = table.some(({ fallback }) => fallback)
    ? [
        { ...main, upstream: STAND_IN_UPSTREAM, limit: standIn.value },
        { ...main, upstream: STAND_IN_POLLS_UPSTREAM, limit: polls.value },
      ]
    : [];
  return [...named, ...standIns].map((upstream) => upstreamOf(upstream, servers));
};
