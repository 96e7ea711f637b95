import { Duration } from "../../../configs/units/duration";
import type { NginxPlan } from "../../../sizing/plan";
import type { AlertRule } from "./rule";
import { shareOf } from "./thresholds";

const service = "nginx";

export const nginxAlerts = ({ workerProcesses, workerConnections }: NginxPlan): AlertRule[] => {
  const most = workerProcesses.value * workerConnections.value;
  return [
    {
      alert: "NginxDown",
      service,
      expr: 'up{job="nginx"} == 0',
      for: Duration.minutes(1),
      severity: "page",
      summary: "Nginx does not answer",
      description: "Nobody gets in: neither clients nor other servers.",
    },
    {
      alert: "NginxConnectionsHigh",
      service,
      // A client that is being served has a second connection, to Synapse; one that waits for the next request has not.
      expr: `2 * nginx_connections_active - nginx_connections_waiting > ${shareOf(most)}`,
      for: Duration.minutes(10),
      severity: "ticket",
      summary: "Nginx holds {{ $value }} connections",
      description: `More than 80 % of the ${most} that it has room for. At the limit it turns clients away.`,
    },
  ];
};
