import { Duration } from "../../../configs/units/duration";
import { USABLE_SHARE_OF_LIMIT } from "../../../sizing/constants";
import { containersOf, EXPORTER_NAMES, type Plan, type ServiceName } from "../../../sizing/plan";
import type { AlertRule } from "./rule";

/** Half of the margin between what the plan lets a service use and its limit. */
const NEAR_LIMIT = (1 + USABLE_SHARE_OF_LIMIT) / 2;
const RESTARTS = 2;

/** Without them the server goes on as before. */
const ASIDE: ReadonlySet<ServiceName> = new Set([
  ...EXPORTER_NAMES,
  "prometheus",
  "alertmanager",
  "matrix-notifier",
  "grafana",
  "compressor",
] as const);

const restarting = (severity: "page" | "ticket", names: readonly string[]): AlertRule => ({
  alert: "ContainerRestarting",
  service: "containers",
  expr: `changes(container_start_time_seconds{name=~"${names.join("|")}"}[15m]) > ${RESTARTS}`,
  severity,
  summary: "{{ $labels.name }} was started again {{ $value }} times in 15 minutes",
  description: "Its program ends soon after each start: a crash, want of memory, or a file that it cannot read.",
});

const OOM = "increase(container_oom_events_total[10m]) > 0";
// With its first process the container's own count is gone, and only the host's tells.
const DIED_OF_OOM =
  "changes(container_start_time_seconds[10m]) > 0 and on (instance) increase(node_vmstat_oom_kill[10m]) > 0";

/** What Docker runs. CPU has weights and no quotas, so nothing is ever throttled by the plan and no rule asks. */
export const containerAlerts = (plan: Plan): AlertRule[] => {
  const names = (aside: boolean): string[] =>
    containersOf(plan)
      .filter(({ service }) => ASIDE.has(service) === aside)
      .map(({ name }) => name);
  return [
    {
      alert: "ContainerMemoryHigh",
      service: "containers",
      // Page cache goes when room is needed, so it does not count.
      expr: `container_memory_rss / container_spec_memory_limit_bytes > ${NEAR_LIMIT}`,
      for: Duration.minutes(15),
      severity: "ticket",
      summary: "{{ $labels.name }} uses {{ $value | humanizePercentage }} of its memory limit",
      description: "More than the plan foresaw for it. At the limit the kernel kills a process of it.",
    },
    {
      alert: "ContainerOomKilled",
      service: "containers",
      expr: `${OOM} or ${DIED_OF_OOM}`,
      severity: "ticket",
      summary: "A process of {{ $labels.name }} was killed for want of memory",
      description:
        "The kernel killed it at the container's limit, or the host's memory ran out. Docker starts it again.",
    },
    restarting("page", names(false)),
    restarting("ticket", names(true)),
  ];
};
