import type { Plan } from "../../../sizing/plan";
import { PROCESS, PROCESS_LEGEND, SHARE_STEPS, SYNAPSE, sumBy, upTo } from "../expressions";
import { type Dashboard, type Row, stat, timeSeries, when } from "../model";

const FILE_SYSTEMS = 'fstype!~"tmpfs|ramfs|squashfs|overlay"';
/** A query in steps of ten minutes has no two before. */
const WATCHED = "it is watched for half an hour";
const TABLE_SIZE = "pg_stat_user_tables_table_size_bytes + pg_stat_user_tables_index_size_bytes";
const DAY = 86_400;

const load = ({ expected, postgres, synapse }: Plan): Row => ({
  title: "Load against the plan",
  panels: [
    timeSeries({
      title: "Events stored, against the plan",
      about: `In an hour's mean. The plan is for ${expected.eventsPerSecond.value} a second.`,
      unit: "ops",
      steps: upTo(expected.eventsPerSecond.value),
      queries: [
        {
          expr: "sum(rate(synapse_storage_events_persisted_events_total[1h]))",
          legend: "stored",
          onlyWhen: "messages were sent",
        },
      ],
    }),
    timeSeries({
      title: "Clients that wait for news, against the plan",
      about: `The plan is for ${expected.clients.value} at once.`,
      unit: "short",
      steps: upTo(expected.clients.value),
      queries: [{ expr: "sum(synapse_notifier_listeners)", legend: "clients" }],
    }),
    timeSeries({
      title: "Busiest hour of a process",
      about: `Share of one core. Above the line another layout than \`${synapse.layout.value}\` helps, or a larger machine.`,
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [
        {
          expr: `max_over_time(${sumBy(PROCESS, `rate(process_cpu_seconds_total{${SYNAPSE}}[5m])`)}[1h:5m])`,
          legend: PROCESS_LEGEND,
          onlyWhen: WATCHED,
        },
      ],
    }),
    timeSeries({
      title: "Database connections, most of an hour",
      about: `The plan gives ${postgres.maxConnections}.`,
      unit: "short",
      steps: upTo(postgres.maxConnections),
      queries: [{ expr: "max_over_time(sum(pg_stat_activity_count)[1h:1m])", legend: "in use" }],
    }),
    timeSeries({
      title: "Memory of the containers, most of an hour",
      about: "Of all limits together, without page cache that could go.",
      unit: "bytes",
      queries: [
        { expr: "max_over_time(sum(container_memory_working_set_bytes)[1h:1m])", legend: "used" },
        { expr: "sum(container_spec_memory_limit_bytes)", legend: "limits" },
      ],
    }),
    timeSeries({
      title: "CPU of the host, busiest of an hour",
      about: "Share of all cores.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [
        {
          expr: 'max_over_time((1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])))[1h:5m])',
          legend: "busy",
          onlyWhen: WATCHED,
        },
      ],
    }),
  ],
});

const disk: Row = {
  title: "Disk",
  panels: [
    stat({
      title: "Days until a disk is full",
      about: "If it goes on like the last day. Nothing where there is more free than then.",
      unit: "short",
      decimals: 0,
      base: "red",
      steps: [
        { from: 4, colour: "orange" },
        { from: 14, colour: "green" },
      ],
      queries: [
        {
          expr: `min(node_filesystem_avail_bytes{${FILE_SYSTEMS}} / (-deriv(node_filesystem_avail_bytes{${FILE_SYSTEMS}}[1d]) * ${DAY} > 0))`,
          legend: "days",
          onlyWhen: "a disk fills up",
        },
      ],
    }),
    stat({
      title: "Database, growth in a day",
      unit: "bytes",
      queries: [{ expr: `deriv(pg_database_size_bytes{datname="synapse"}[1d]) * ${DAY}`, legend: "a day" }],
    }),
    timeSeries({
      title: "Free space, and where it goes",
      about: "What is left in a week, if it goes on like the last day.",
      unit: "bytes",
      queries: [
        {
          expr: `max by (device) (node_filesystem_avail_bytes{${FILE_SYSTEMS}})`,
          legend: "{{device}}",
        },
        {
          expr: `max by (device) (predict_linear(node_filesystem_avail_bytes{${FILE_SYSTEMS}}[1d], 7 * ${DAY}))`,
          legend: "{{device}} in a week",
        },
      ],
    }),
    timeSeries({
      title: "Tables that grow most",
      about: "Bytes a day, with their indexes.",
      unit: "bytes",
      queries: [
        {
          expr: `topk(5, sum by (relname) (deriv((${TABLE_SIZE})[1d:10m])) * ${DAY})`,
          legend: "{{relname}}",
          onlyWhen: WATCHED,
        },
      ],
    }),
  ],
};

const watching = ({ monitoring }: Plan): Row => ({
  title: "The watching itself",
  panels: [
    timeSeries({
      title: "Series",
      about: `Prometheus' memory follows from them; the plan is for ${monitoring?.prometheus.series.value}.`,
      unit: "short",
      steps: upTo(monitoring?.prometheus.series.value ?? 0),
      queries: [{ expr: "prometheus_tsdb_head_series", legend: "alive" }],
    }),
    timeSeries({
      title: "Measurements on disk",
      about: `The oldest go at ${monitoring?.prometheus.retentionSize.value}.`,
      unit: "bytes",
      steps: upTo(monitoring?.prometheus.retentionSize.value.toBytes() ?? 0),
      queries: [
        {
          expr: "prometheus_tsdb_storage_blocks_bytes + prometheus_tsdb_wal_storage_size_bytes + prometheus_tsdb_head_chunks_storage_size_bytes",
          legend: "in use",
        },
      ],
    }),
    timeSeries({
      title: "Slowest to answer Prometheus",
      unit: "s",
      queries: [{ expr: "topk(5, max by (job) (scrape_duration_seconds))", legend: "{{job}}" }],
    }),
  ],
});

/** What is near its end, and when. */
export const capacity = (plan: Plan): Dashboard => ({
  name: "capacity",
  title: "Capacity",
  about: "Load against what the plan was made for, growth, and how long the disk lasts.",
  rows: [load(plan), disk, ...when(plan.monitoring, watching(plan))],
});
