import { Duration } from "../../../configs/units/duration";
import type { PrometheusPlan } from "../../../sizing/plan";
import type { AlertRule } from "./rule";

/** Of the series that the plan has memory for. `guess` */
const TOO_MANY = 1.5;

const service = "monitoring";

/**
 * What watches has to be watched as well.
 * @param targets - programs that Prometheus asks
 */
export const watchingAlerts = ({ series }: PrometheusPlan, targets: number): AlertRule[] => [
  {
    alert: "Watchdog",
    service,
    expr: "vector(1)",
    severity: "none",
    summary: "Alerting works",
    description: "Fires always. Whoever gets it regularly knows that the way is open, and has to cry when it stops.",
  },
  {
    // Silences all that follows from it (constructs/alertmanager/inhibitions.ts), so it waits no longer than any other page.
    alert: "MostTargetsDown",
    service: "host",
    expr: `count by (instance) (up == 0) > ${Math.floor(targets / 2)}`,
    for: Duration.minutes(1),
    severity: "page",
    summary: "{{ $value }} programs of the box do not answer",
    description:
      "The host, Docker or one of its networks is in trouble. What each program has to say is held back meanwhile.",
  },
  {
    alert: "MonitoringTargetDown",
    service,
    expr: 'up{job!~"synapse.*|nginx"} == 0',
    for: Duration.minutes(5),
    severity: "ticket",
    summary: "{{ $labels.job }} does not answer Prometheus",
    description:
      "An exporter, the compressor or a part of the watching is gone: its alerts cannot fire until it is back.",
  },
  {
    alert: "PrometheusRulesFailing",
    service,
    expr: "increase(prometheus_rule_evaluation_failures_total[15m]) > 0",
    severity: "ticket",
    summary: "Rules of {{ $labels.rule_group }} fail",
    description: "Prometheus cannot evaluate a rule, so that alert cannot fire.",
  },
  {
    alert: "PrometheusNotConnectedToAlertmanager",
    service,
    expr: "increase(prometheus_notifications_errors_total[5m]) > 0",
    for: Duration.minutes(5),
    severity: "ticket",
    summary: "Prometheus cannot hand its alerts on",
    description:
      "Alertmanager is down or cannot be reached. Nobody is told of anything; a dead-man switch outside cries.",
  },
  {
    alert: "AlertmanagerNotificationsFailing",
    service,
    expr: "rate(alertmanager_notifications_failed_total[5m]) > 0",
    for: Duration.minutes(10),
    severity: "ticket",
    summary: "Alerts do not get through by {{ $labels.integration }}",
    description: "The receiver refuses them or cannot be reached. Another receiver still tells, where there is one.",
  },
  {
    alert: "PrometheusSeriesHigh",
    service,
    expr: `prometheus_tsdb_head_series > ${Math.ceil(series.value * TOO_MANY)}`,
    for: Duration.hours(1),
    severity: "ticket",
    summary: "Prometheus holds {{ $value | humanize }} series",
    description: `Its memory was planned for ${series.value}. A metric has grown a label with many values.`,
  },
  {
    alert: "OpenFilesHigh",
    service,
    expr: "process_open_fds / process_max_fds > 0.8",
    for: Duration.minutes(15),
    severity: "ticket",
    summary: "{{ $labels.job }} {{ $labels.index }} has {{ $value | humanizePercentage }} of its files open",
    description:
      "At the limit it can neither accept connections nor open files. Connections are left over, or load is high.",
  },
];
