import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { block, type Directive, line } from "./directive";
import { presenceWatchLocations } from "./presence-watch";
import { requestCountLocation } from "./request-counts";
import { CONNECTION_GAUGES, gauge } from "./request-counts-script";

/** Prometheus' text form needs no exporter: Nginx knows these as variables. */
const gauges = (): string =>
  [
    gauge("nginx_up", "Whether Nginx answers.", "1"),
    ...CONNECTION_GAUGES.map(([state, help]) => gauge(`nginx_connections_${state}`, help, `$connections_${state}`)),
  ]
    .join("")
    .replaceAll("\n", "\\n");

const metrics = (plan: Plan): Directive =>
  block(
    "location",
    ["=", "/metrics"],
    plan.nginx.countsRequests
      ? requestCountLocation()
      : [line("default_type", '"text/plain; version=0.0.4"'), line("return", "200", `"${gauges()}"`)],
  );

/** For the health check, and for Prometheus where that is there. */
export const statusServer = (env: Environment, plan: Plan): Directive => {
  const prometheus = plan.monitoring && addressesOf(env.docker.network, plan).get("prometheus")?.frontend;
  return block(
    "server",
    [],
    [
      line("listen", prometheus ? String(PORTS.nginxStatus) : `127.0.0.1:${PORTS.nginxStatus}`),
      ...(prometheus
        ? [line("allow", "127.0.0.1"), line("allow", prometheus), line("deny", "all"), metrics(plan)]
        : []),
      line("access_log", "off"),
      block("location", ["=", "/healthz"], [line("return", "200", '"ok\\n"')]),
      block("location", ["=", "/nginx_status"], [line("stub_status")]),
      ...presenceWatchLocations(plan),
      block("location", ["/"], [line("return", "404")]),
    ],
  );
};
