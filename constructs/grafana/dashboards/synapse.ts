import type { Plan } from "../../../sizing/plan";
import {
  ANY_STEPS,
  mean,
  PROCESS,
  PROCESS_LEGEND,
  quantile,
  rate,
  SEND,
  SHARE_STEPS,
  SYNAPSE,
  sumBy,
} from "../expressions";
import { type Dashboard, heatmap, type Row, table, timeSeries, when } from "../model";

/** They wait for something to happen, so their time says nothing. */
const LONG_POLLS = 'servlet!~".*Sync.*|EventStreamRestServlet|EventsRestServlet"';

const processes = (plan: Plan): Row => ({
  title: "Processes",
  panels: [
    timeSeries({
      title: "CPU",
      about: "Share of the one core that a process can use. At 0.9 for long it needs help: another worker of its kind.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [{ expr: rate(`process_cpu_seconds_total{${SYNAPSE}}`), legend: PROCESS_LEGEND }],
    }),
    timeSeries({
      title: "Memory",
      about: "Share of the container's limit that can never go.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [
        {
          expr: 'container_memory_rss{name=~"synapse-.*"} / container_spec_memory_limit_bytes{name=~"synapse-.*"}',
          legend: "{{name}}",
        },
      ],
    }),
    timeSeries({
      title: "Heap",
      about: "What Synapse itself counts. At the lines it lets go of caches.",
      unit: "bytes",
      steps: [...new Set(plan.synapse.processes.map(({ heapCeiling }) => heapCeiling.value.toBytes()))]
        .sort((a, b) => a - b)
        .map((from) => ({ from, colour: "orange" as const })),
      queries: [{ expr: `jemalloc_stats_app_memory_bytes{${SYNAPSE}, type="allocated"}`, legend: PROCESS_LEGEND }],
    }),
    timeSeries({
      title: "Event loop: slowest hundredth of ticks",
      about: "While a tick lasts the process does nothing else. More than a second is felt by everybody.",
      unit: "s",
      steps: [{ from: 1, colour: "red" }],
      queries: [{ expr: quantile(0.99, "python_twisted_reactor_tick_time", SYNAPSE, PROCESS), legend: PROCESS_LEGEND }],
    }),
    timeSeries({
      title: "Garbage collection",
      unit: "percentunit",
      queries: [{ expr: sumBy(PROCESS, rate(`python_gc_time_sum{${SYNAPSE}}`)), legend: PROCESS_LEGEND }],
    }),
    timeSeries({
      title: "Open files",
      about: "Share of those that the process may open.",
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [{ expr: `process_open_fds{${SYNAPSE}} / process_max_fds{${SYNAPSE}}`, legend: PROCESS_LEGEND }],
    }),
  ],
});

const requests: Row = {
  title: "Requests",
  panels: [
    timeSeries({
      title: "Requests",
      unit: "reqps",
      queries: [
        {
          expr: sumBy(PROCESS, rate(`synapse_http_server_requests_received_total{${SYNAPSE}}`)),
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: "Answered within, 19 of 20",
      about: "Without long polls, which wait for something to happen.",
      unit: "s",
      queries: [
        {
          expr: quantile(0.95, "synapse_http_server_response_time_seconds", `${SYNAPSE}, ${LONG_POLLS}`, PROCESS),
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: "Errors",
      about: "Answers with 5xx.",
      unit: "reqps",
      queries: [
        {
          expr: sumBy("job, index, code", rate(`synapse_http_server_responses_total{${SYNAPSE}, code=~"5.."}`)),
          legend: `${PROCESS_LEGEND}: {{code}}`,
          onlyWhen: "a request failed",
        },
      ],
    }),
    heatmap({
      title: "Sending a message",
      unit: "s",
      queries: [
        {
          expr: sumBy("le", rate(`synapse_http_server_response_time_seconds_bucket{${SEND}}`)),
          legend: "{{le}}",
          onlyWhen: "messages were sent",
        },
      ],
    }),
    table({
      title: "Where time goes",
      about: "Seconds of answers for each second of time, by what was asked for.",
      unit: "s",
      columns: { servlet: "servlet", job: "process" },
      queries: [
        {
          expr: `topk(20, ${sumBy("servlet, job", rate(`synapse_http_server_response_time_seconds_sum{${SYNAPSE}, ${LONG_POLLS}}`))})`,
          legend: "seconds",
        },
      ],
    }),
  ],
};

const database = (plan: Plan): Row => ({
  title: "Database, as Synapse sees it",
  panels: [
    timeSeries({
      title: "Wait for a connection",
      about: "Mean. More than 50 ms: its pool (`cp_max`) or PgBouncer's is too small, or the database is slow.",
      unit: "s",
      steps: [{ from: 0.05, colour: "red" }],
      queries: [
        {
          expr: mean(
            `synapse_storage_schedule_time_sum{${SYNAPSE}}`,
            `synapse_storage_schedule_time_count{${SYNAPSE}}`,
            PROCESS,
          ),
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: "Database threads at work",
      about: `Each holds a connection. There are ${[...new Set(plan.synapse.processes.map(({ cpMax }) => cpMax.value))].join(" or ")} to a process.`,
      unit: "percentunit",
      steps: SHARE_STEPS,
      queries: [
        {
          expr: `synapse_threadpool_working_threads{${SYNAPSE}, name=~"database.*"} / synapse_threadpool_max_threads{${SYNAPSE}, name=~"database.*"}`,
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    timeSeries({
      title: "Time in transactions",
      about: "Connections that are busy on average.",
      unit: "short",
      queries: [
        {
          expr: sumBy(PROCESS, rate(`synapse_storage_transaction_time_sum_total{${SYNAPSE}}`)),
          legend: PROCESS_LEGEND,
        },
      ],
    }),
    table({
      title: "Transactions that take most",
      unit: "s",
      columns: { desc: "transaction" },
      queries: [
        {
          expr: `topk(20, ${sumBy("desc", rate(`synapse_storage_transaction_time_sum_total{${SYNAPSE}}`))})`,
          legend: "seconds each second",
        },
        {
          expr: `${mean(`synapse_storage_transaction_time_sum_total{${SYNAPSE}}`, `synapse_storage_transaction_time_count_total{${SYNAPSE}}`, "desc")} and on (desc) topk(20, ${sumBy("desc", rate(`synapse_storage_transaction_time_sum_total{${SYNAPSE}}`))})`,
          legend: "seconds each",
        },
      ],
    }),
    table({
      title: "Background updates",
      about:
        "3: done, 2: at work, 1: not begun, 0: switched off, -1: given up after an error, which stands in the log of main. Only main works on them.",
      unit: "none",
      columns: { database_name: "database", job: "process", index: "number" },
      queries: [{ expr: `synapse_background_update_status{${SYNAPSE}}`, legend: "state" }],
    }),
  ],
});

const caches: Row = {
  title: "Caches",
  panels: [
    timeSeries({
      title: "Found in a cache",
      about: "Share of all looks into all caches.",
      unit: "percentunit",
      max: 1,
      queries: [
        {
          expr: mean(`synapse_util_caches_cache_hits{${SYNAPSE}}`, `synapse_util_caches_cache{${SYNAPSE}}`, PROCESS),
          legend: PROCESS_LEGEND,
          onlyWhen: "somebody used the server",
        },
      ],
    }),
    timeSeries({
      title: "Let go",
      about: "Entries, by reason: `size` means that a cache is full, `time` that an entry was old.",
      unit: "ops",
      queries: [
        {
          expr: sumBy("job, reason", rate(`synapse_util_caches_cache_evicted_size{${SYNAPSE}}`)),
          legend: "{{job}}: {{reason}}",
        },
      ],
    }),
    table({
      title: "Caches that are full",
      unit: "percentunit",
      steps: [{ from: 0.98, colour: "orange" }],
      columns: { name: "cache", job: "process", index: "number" },
      width: 8,
      queries: [
        {
          expr: `topk(20, synapse_util_caches_cache_size{${SYNAPSE}} / (synapse_util_caches_cache_max_size{${SYNAPSE}} > 0))`,
          legend: "full",
        },
      ],
    }),
  ],
};

const replication: Row = {
  title: "Between the processes",
  panels: [
    timeSeries({
      title: "Replication: waiting commands",
      about: "Above 100 for long: the process cannot keep up with what the others tell it.",
      unit: "short",
      steps: [{ from: 100, colour: "red" }],
      queries: [{ expr: sumBy(PROCESS, `synapse_replication_tcp_command_queue{${SYNAPSE}}`), legend: PROCESS_LEGEND }],
    }),
    timeSeries({
      title: "Replication: rows received",
      unit: "rowsps",
      queries: [
        {
          expr: sumBy(PROCESS, rate(`synapse_replication_tcp_protocol_inbound_rdata_count_total{${SYNAPSE}}`)),
          legend: PROCESS_LEGEND,
          onlyWhen: "somebody used the server",
        },
      ],
    }),
    timeSeries({
      title: "Requests to each other that failed",
      unit: "reqps",
      steps: ANY_STEPS,
      queries: [
        {
          expr: sumBy(
            "job, index, name",
            rate(`synapse_outgoing_replication_requests_total{${SYNAPSE}, code!~"2..|4.."}`),
          ),
          legend: `${PROCESS_LEGEND}: {{name}}`,
          onlyWhen: "one failed",
        },
      ],
    }),
  ],
};

/** What each process of Synapse does. */
export const synapse = (plan: Plan): Dashboard => ({
  name: "synapse",
  title: "Synapse by worker",
  about: "Each process: what it uses, what it answers, what it waits for.",
  rows: [processes(plan), requests, database(plan), caches, ...when(plan.synapse.processes.length > 1, replication)],
});
