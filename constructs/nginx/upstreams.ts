import type { BalancingKey } from "../../configs/catalogue/role";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { Plan } from "../../sizing/plan";
import type { Addresses } from "../addresses";
import { block, type Directive, line } from "./directive";
import type { Route } from "./routes";
import { ORIGIN, ROOM, USER } from "./variables";

const HASH: Readonly<Record<Exclude<BalancingKey, "none">, string>> = {
  user: USER,
  room: ROOM,
  origin: ORIGIN,
  // Path and arguments.
  uri: "$request_uri",
};

/** Idle connections to keep for each server and Nginx worker; twice the servers is the least (gixy). `guess` */
const KEPT_PER_SERVER = 8;
/** Less than the 60 s after which Twisted closes them: a request on a closing connection fails (twisted.web.http). */
const KEPT_FOR = Duration.seconds(45);

/** Where a process listens, by its name. */
export type Servers = ReadonlyMap<string, string>;

export const serversOf = (plan: Plan, addresses: ReadonlyMap<string, Addresses>): Servers =>
  new Map(
    plan.synapse.processes.map(({ name, container }) => [
      name,
      `${addresses.get(container.name)?.frontend}:${PORTS.synapse}`,
    ]),
  );

/** Every upstream that the table names, and main, each once. */
export const upstreams = (table: readonly Route[], servers: Servers): Directive[] =>
  [...new Map(table.map((route) => [route.upstream, route])).values()].map(({ upstream, processes, key }) =>
    block(
      "upstream",
      [upstream],
      [
        line("zone", upstream, "64k"),
        // In front of `keepalive`; consistent, so that a dead server moves its own keys alone.
        ...(key === "none" ? [] : [line("hash", HASH[key], "consistent")]),
        // A restart of two seconds must not become ten of refusal (synapse#19907).
        ...processes.map((name) => line("server", servers.get(name) as string, "max_fails=0")),
        line("keepalive", String(KEPT_PER_SERVER * processes.length)),
        line("keepalive_timeout", KEPT_FOR.toString()),
      ],
    ),
  );
