import type { NginxPlan } from "../../../sizing/plan";
import { upTo } from "../expressions";
import { type Dashboard, stat, timeSeries } from "../model";

/** The front door. */
export const nginx = ({ workerConnections, workerProcesses }: NginxPlan): Dashboard => ({
  name: "nginx",
  title: "Nginx",
  about: "The front door: who is connected, and how long an answer takes through it.",
  rows: [
    {
      title: "Connections",
      panels: [
        stat({
          title: "Open connections",
          about: `Nginx has room for ${workerProcesses.value * workerConnections.value}, those to Synapse among them.`,
          unit: "short",
          steps: upTo(workerProcesses.value * workerConnections.value),
          queries: [{ expr: "nginx_connections_active", legend: "open" }],
        }),
        timeSeries({
          title: "Connections by what they do",
          about: "Those that wait are kept open for the client's next request.",
          unit: "short",
          width: 20,
          stacked: true,
          queries: [
            { expr: "nginx_connections_reading", legend: "reading a request" },
            { expr: "nginx_connections_writing", legend: "at an answer" },
            { expr: "nginx_connections_waiting", legend: "waiting" },
          ],
        }),
      ],
    },
    {
      title: "As a client sees it",
      panels: [
        timeSeries({
          title: "Answers to the probe",
          about:
            "`/_matrix/client/versions` through the front door, and by the public name where that has a certificate.",
          unit: "none",
          max: 1,
          queries: [{ expr: 'probe_success{job="blackbox"}', legend: "{{probe}}" }],
        }),
        timeSeries({
          title: "Time of the probe",
          unit: "s",
          queries: [{ expr: 'probe_duration_seconds{job="blackbox"}', legend: "{{probe}}" }],
        }),
        timeSeries({
          title: "Days until the certificate ends",
          unit: "short",
          base: "red",
          steps: [{ from: 14, colour: "green" }],
          queries: [
            {
              expr: '(probe_ssl_earliest_cert_expiry{job="blackbox"} - time()) / 86400',
              legend: "{{probe}}",
              onlyWhen: "the public address begins with https",
            },
          ],
        }),
      ],
    },
  ],
});
