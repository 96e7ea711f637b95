import type { Environment } from "../../configs/environment";
import { hostAddress, subnetsOf } from "../../configs/network";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { choices } from "./choices";
import { block, type Directive, line, print } from "./directive";
import { forwardedHeaders } from "./headers";
import { jsModule } from "./js-module";
import { locations } from "./locations";
import { overloadSettings, overloadVariables } from "./overload";
import { presenceWatchSettings } from "./presence-watch";
import { requestCountSettings } from "./request-counts";
import { routes } from "./routes";
import { httpSettings } from "./settings";
import { statusServer } from "./status";
import { tokenOwnerSettings } from "./token-owners";
import { serversOf, upstreams } from "./upstreams";
import { DISGUISED, variables } from "./variables";

/** Less than the container's grace, so that it is Nginx that ends long polls, not the engine. */
const SHUTDOWN_TIMEOUT = Duration.seconds(30);
/** The engine gives the first address of a network to its own end of it. */
const GATEWAY_NUMBER = 1;

const isLoopback = (address: string): boolean => address.startsWith("127.");

/**
 * Where only programs of the host can connect, whoever does is the TLS proxy, and comes in by the network's gateway: the
 * last address in its X-Forwarded-For is the client's. Elsewhere that header would be hearsay.
 */
const clientAddress = (env: Environment): Directive[] =>
  isLoopback(env.listen.address)
    ? [
        line("set_real_ip_from", hostAddress(subnetsOf(env.docker.network).frontend, GATEWAY_NUMBER)),
        line("real_ip_header", "X-Forwarded-For"),
      ]
    : [];

const publicServer = (env: Environment, content: readonly Directive[]): Directive =>
  block(
    "server",
    [],
    [
      line("listen", String(PORTS.nginx), "default_server"),
      line("server_name", "_"),
      ...clientAddress(env),
      block("if", [`(${DISGUISED})`], [line("return", "404")]),
      ...content,
    ],
  );

/** The whole nginx.conf, for a process without root on a read-only root file system. */
export const nginxConf = (env: Environment, plan: Plan): string => {
  const servers = serversOf(plan, addressesOf(env.docker.network, plan));
  const table = routes(env, plan);
  const { workerProcesses, workerConnections, workerRlimitNofile } = plan.nginx;
  return `# Rendered by synapse-kit.\n${print([
    ...jsModule(plan),
    line("worker_processes", String(workerProcesses.value)),
    line("worker_rlimit_nofile", String(workerRlimitNofile.value)),
    line("worker_shutdown_timeout", SHUTDOWN_TIMEOUT.toString()),
    line("pid", "/tmp/nginx.pid"),
    line("error_log", "/dev/stderr", "warn"),
    block("events", [], [line("worker_connections", String(workerConnections.value))]),
    block(
      "http",
      [],
      [
        ...Object.entries(httpSettings(env)).map(([name, value]) => line(name, value)),
        ...forwardedHeaders(env),
        ...variables(env, plan, servers),
        ...tokenOwnerSettings(plan, servers),
        ...requestCountSettings(plan),
        ...presenceWatchSettings(plan, servers),
        ...choices(table),
        ...overloadVariables(),
        ...upstreams(plan, table, servers),
        publicServer(env, [...overloadSettings(plan), ...locations(env, plan, table)]),
        statusServer(env, plan),
      ],
    ),
  ])}`;
};
