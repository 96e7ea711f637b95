import type { Environment } from "../../configs/environment";
import { hostAddress, subnetsOf } from "../../configs/network";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { choices } from "./choices";
import { block, type Directive, line, print } from "./directive";
import { locations } from "./locations";
import { overloadSettings, overloadVariables } from "./overload";
import { routes } from "./routes";
import { httpSettings } from "./settings";
import { serversOf, upstreams } from "./upstreams";
import { DISGUISED, HOST, variables } from "./variables";

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

const headers = (env: Environment): Directive[] => [
  // Overwritten, not appended to: what a client sends in them is hearsay.
  line("proxy_set_header", "X-Forwarded-For", "$remote_addr"),
  line("proxy_set_header", "X-Forwarded-Proto", new URL(env.publicBaseurl).protocol.replace(":", "")),
  line("proxy_set_header", "Host", HOST),
  line("proxy_set_header", "X-Request-ID", "$request_id"),
  // For connections to upstreams that stay open.
  line("proxy_set_header", "Connection", '""'),
];

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

const statusServer = (): Directive =>
  block(
    "server",
    [],
    [
      line("listen", `127.0.0.1:${PORTS.nginxStatus}`),
      line("access_log", "off"),
      block("location", ["=", "/healthz"], [line("return", "200", '"ok\\n"')]),
      block("location", ["=", "/nginx_status"], [line("stub_status")]),
      block("location", ["/"], [line("return", "404")]),
    ],
  );

/** The whole nginx.conf, for a process without root on a read-only root file system. */
export const nginxConf = (env: Environment, plan: Plan): string => {
  const servers = serversOf(plan, addressesOf(env.docker.network, plan));
  const table = routes(env, plan);
  const { workerProcesses, workerConnections, workerRlimitNofile } = plan.nginx;
  return `# Rendered by synapse-kit.\n${print([
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
        ...headers(env),
        ...variables(env, servers),
        ...choices(table),
        ...overloadVariables(),
        ...upstreams(plan, table, servers),
        publicServer(env, [...overloadSettings(plan), ...locations(env, plan, table)]),
        statusServer(),
      ],
    ),
  ])}`;
};
