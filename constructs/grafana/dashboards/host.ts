import type { Plan } from "../../../sizing/plan";
import { ANY_STEPS, rate, SHARE_STEPS, sumBy } from "../expressions";
import { type Dashboard, type Row, table, timeSeries } from "../model";

const FILE_SYSTEMS = 'fstype!~"tmpfs|ramfs|squashfs|overlay"';
/** Whole disks, and not what they are made of or what is made of them. */
const DISKS = 'device!~"loop.*|ram.*|zram.*|dm-.*|.*p[0-9]+$|sd[a-z]+[0-9]+|vd[a-z]+[0-9]+"';
const PRESSURE = "the kernel counts pressure";

const host = (plan: Plan): Row => ({
  title: "Host",
  panels: [
    timeSeries({
      title: "CPU",
      about: `Cores, of ${plan.host.cpus.toCores()}.`,
      unit: "short",
      decimals: 2,
      stacked: true,
      queries: [{ expr: sumBy("mode", rate('node_cpu_seconds_total{mode!="idle"}')), legend: "{{mode}}" }],
    }),
    timeSeries({
      title: "Memory",
      unit: "bytes",
      queries: [
        { expr: "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes", legend: "in use" },
        { expr: "node_memory_Cached_bytes", legend: "page cache" },
        { expr: "node_memory_MemTotal_bytes", legend: "there" },
      ],
    }),
    timeSeries({
      title: "Load",
      about: "Processes that run or wait for CPU or disk.",
      unit: "short",
      queries: [
        { expr: "node_load1", legend: "1 minute" },
        { expr: "node_load15", legend: "15 minutes" },
      ],
    }),
    timeSeries({
      title: "Pressure",
      about: "Share of time in which somebody waited for want of it.",
      unit: "percentunit",
      queries: ["cpu", "memory", "io"].map((what) => ({
        expr: rate(`node_pressure_${what}_waiting_seconds_total`),
        legend: what,
        onlyWhen: PRESSURE,
      })),
    }),
    timeSeries({
      title: "File systems",
      about: "Share in use.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [
        {
          expr: `max by (device) (1 - node_filesystem_avail_bytes{${FILE_SYSTEMS}} / (node_filesystem_size_bytes{${FILE_SYSTEMS}} > 0))`,
          legend: "{{device}}",
        },
      ],
    }),
    timeSeries({
      title: "Disks at work",
      about: "Share of time with a request under way; near 1 a spinning disk is at its end.",
      unit: "percentunit",
      queries: [{ expr: rate(`node_disk_io_time_seconds_total{${DISKS}}`), legend: "{{device}}" }],
    }),
  ],
});

const containers: Row = {
  title: "Containers",
  panels: [
    table({
      title: "Containers now",
      about: "What is used without page cache that could go, against the hard limit.",
      unit: "short",
      width: 24,
      columns: { name: "container" },
      queries: [
        {
          expr: "100 * container_memory_working_set_bytes / container_spec_memory_limit_bytes",
          legend: "of the limit, %",
        },
        { expr: "container_memory_working_set_bytes / 2 ^ 20", legend: "used, MiB" },
        { expr: "container_spec_memory_limit_bytes / 2 ^ 20", legend: "limit, MiB" },
        { expr: "rate(container_cpu_usage_seconds_total[5m])", legend: "cores" },
        { expr: "rate(container_cpu_cfs_throttled_seconds_total[5m])", legend: "throttled, s each s" },
        { expr: "container_oom_events_total", legend: "killed for memory" },
        { expr: "(time() - container_start_time_seconds) / 3600", legend: "hours up" },
      ],
    }),
    timeSeries({
      title: "Memory of each limit",
      about: "The ten that are fullest, without page cache that could go.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      width: 12,
      queries: [
        {
          expr: "topk(10, container_memory_working_set_bytes / container_spec_memory_limit_bytes)",
          legend: "{{name}}",
        },
      ],
    }),
    timeSeries({
      title: "CPU of each",
      about: "Cores; the ten that use most.",
      unit: "short",
      decimals: 2,
      width: 12,
      queries: [{ expr: `topk(10, ${rate("container_cpu_usage_seconds_total")})`, legend: "{{name}}" }],
    }),
    timeSeries({
      title: "Throttled",
      about: "Time that a quota kept it waiting. The kit sets none: anything here was set by somebody else.",
      unit: "percentunit",
      steps: [{ from: 0.05, colour: "orange" }],
      queries: [{ expr: `topk(10, ${rate("container_cpu_cfs_throttled_seconds_total")})`, legend: "{{name}}" }],
    }),
    timeSeries({
      title: "Killed for want of memory",
      unit: "short",
      steps: ANY_STEPS,
      queries: [{ expr: "topk(10, increase(container_oom_events_total[1h]))", legend: "{{name}}" }],
    }),
    timeSeries({
      title: "Does not run",
      unit: "short",
      steps: ANY_STEPS,
      queries: [{ expr: "1 - container_running", legend: "{{name}}" }],
    }),
  ],
};

/** The machine and what runs on it. */
export const hostAndContainers = (plan: Plan): Dashboard => ({
  name: "host",
  title: "Host and containers",
  about: "The machine, and each container: limit, used, throttled.",
  rows: [host(plan), containers],
});
