import type { NginxPlan } from "../../../sizing/plan";
import { rate, sumBy, upTo } from "../expressions";
import { type Dashboard, type Row, stat, timeSeries, when } from "../model";

const USED = "the server was asked";
const REQUESTS = "nginx_http_requests_total";
const DURATION = "nginx_http_request_duration_seconds";

const connections = ({ workerConnections, workerProcesses }: NginxPlan): Row => ({
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
});

const requests: Row = {
  title: "Requests",
  panels: [
    timeSeries({
      title: "Answers by status",
      about: "429: a limit held, and the client comes back. 502 and 504: a process was down or too slow.",
      unit: "reqps",
      stacked: true,
      queries: [{ expr: sumBy("status", rate(REQUESTS)), legend: "{{status}}", onlyWhen: USED }],
    }),
    timeSeries({
      title: "Answers by who gave them",
      about: "`nginx` is what it answered itself: refusals, redirects, errors.",
      unit: "reqps",
      stacked: true,
      queries: [{ expr: sumBy("served_by", rate(REQUESTS)), legend: "{{served_by}}", onlyWhen: USED }],
    }),
    timeSeries({
      title: "Answered within, 19 of 20 by kind",
      about: "From the first byte of the request to the last of the answer, without long polls.",
      unit: "s",
      queries: [
        {
          expr: `histogram_quantile(0.95, ${sumBy("le, kind", rate(`${DURATION}_bucket`))})`,
          legend: "{{kind}}",
          onlyWhen: USED,
        },
      ],
    }),
  ],
};

const outside: Row = {
  title: "As a client sees it",
  panels: [
    timeSeries({
      title: "Answers to the probe",
      about: "`/_matrix/client/versions` through the front door, and by the public name where that has a certificate.",
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
};

/** The front door. */
export const nginx = (plan: NginxPlan): Dashboard => ({
  name: "nginx",
  title: "Nginx",
  about: "The front door: who is connected, what is answered, and how long that takes.",
  rows: [...when(plan.countsRequests, requests), connections(plan), outside],
});
