import { Duration } from "../../../configs/units/duration";
import type { Plan } from "../../../sizing/plan";
import type { AlertRule } from "./rule";

/** Those that hold something: the rest is memory, or a view of another. */
export const FILE_SYSTEMS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|erofs"';

const LOW = 0.15;
const ALMOST_FULL = 0.05;
/** Above it a forecast is no news: there is time. `guess` */
const PLENTY = 0.25;
const BUSY = 0.95;

const service = "host";

const free = (kind: "bytes" | "files"): string =>
  kind === "bytes"
    ? `node_filesystem_avail_bytes{${FILE_SYSTEMS}} / (node_filesystem_size_bytes{${FILE_SYSTEMS}} > 0)`
    : `node_filesystem_files_free{${FILE_SYSTEMS}} / (node_filesystem_files{${FILE_SYSTEMS}} > 0)`;

const low = (severity: "page" | "ticket", share: number): AlertRule => ({
  alert: "DiskLow",
  service,
  expr: `${free("bytes")} < ${share} or ${free("files")} < ${share}`,
  for: Duration.minutes(10),
  severity,
  summary: "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} is free",
  description: "Room or inodes run out. Postgres stops when it cannot write its log, and uploads fail.",
});

const filling = (severity: "page" | "ticket", seen: string, ahead: Duration, held: Duration): AlertRule => ({
  alert: "DiskFilling",
  service,
  expr: `predict_linear(node_filesystem_avail_bytes{${FILE_SYSTEMS}}[${seen}], ${ahead.toSeconds()}) < 0 and ${free("bytes")} < ${PLENTY}`,
  for: held,
  severity,
  summary: `At this rate {{ $labels.mountpoint }} is full within ${ahead}`,
  description: "Something writes fast: media, the write-ahead log, logs, or a table that grows.",
});

/** The machine itself. */
export const hostAlerts = ({ reserves }: Plan): AlertRule[] => [
  low("ticket", LOW),
  low("page", ALMOST_FULL),
  filling("ticket", "6h", Duration.hours(24), Duration.hours(1)),
  filling("page", "1h", Duration.hours(4), Duration.minutes(15)),
  {
    alert: "HostMemoryLow",
    service,
    expr: `node_memory_MemAvailable_bytes < ${reserves.slack.value.dividedBy(2).toBytes()}`,
    for: Duration.minutes(10),
    severity: "ticket",
    summary: "{{ $value | humanize1024 }}B of the host's memory can be had",
    description: `Less than half of the slack that the plan leaves (${reserves.slack.value}): something beside the kit's containers takes memory. The kernel kills next.`,
  },
  {
    alert: "HostCpuSaturated",
    service,
    expr: `avg by (instance) (sum by (instance, cpu) (rate(node_cpu_seconds_total{mode!~"idle|iowait"}[5m]))) > ${BUSY}`,
    for: Duration.minutes(30),
    severity: "ticket",
    summary: "All cores of the host are {{ $value | humanizePercentage }} busy",
    description: "For half an hour there was more to do than cores to do it. CPU goes by the plan's weights meanwhile.",
  },
];
