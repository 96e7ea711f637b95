import type { Environment } from "../../../configs/environment";
import type { Plan } from "../../../sizing/plan";
import { objectivesOf } from "../../prometheus/rules/objective";
import { ratioOver } from "../../prometheus/rules/slo";
import {
  ANY_STEPS,
  goodShare,
  goodShareShown,
  PROCESS,
  PROCESS_LEGEND,
  rate,
  SHARE_STEPS,
  SYNAPSE,
  sendQuantile,
  sumBy,
} from "../expressions";
import { type Dashboard, type Row, type Step, stat, timeSeries } from "../model";

const ONLY_MESSAGES = "messages were sent";
const ONLY_ASKED = "the server was asked";
/** Factors of the alerts: what is used up in a month, in five days, in two. */
const BURN_STEPS: readonly Step[] = [
  { from: 1, colour: "yellow" },
  { from: 6, colour: "orange" },
  { from: 14.4, colour: "red" },
];
const RESPONSES = `synapse_http_server_responses_total{${SYNAPSE}`;

const now = (env: Environment): Row => {
  const { sendWithin1s, availability } = env.monitoring.objectives;
  return {
    title: "Now",
    panels: [
      stat({
        title: "Front door",
        about: "Whether Nginx and Synapse answer as a client would ask.",
        unit: "none",
        words: { "1": { text: "answers", colour: "green" }, "0": { text: "down", colour: "red" } },
        base: "red",
        steps: [{ from: 1, colour: "green" }],
        queries: [{ expr: 'probe_success{job="blackbox", probe="front-door"}', legend: "front door" }],
      }),
      stat({
        title: "Not answering",
        about: "Programs that Prometheus asks and that do not answer.",
        unit: "none",
        steps: ANY_STEPS,
        queries: [{ expr: "sum(up == bool 0)", legend: "down" }],
      }),
      stat({
        title: "Alerts",
        about: "Those that are for people; Alertmanager tells which.",
        unit: "none",
        steps: ANY_STEPS,
        queries: [
          { expr: 'count(ALERTS{alertstate="firing", severity=~"page|ticket"}) or vector(0)', legend: "firing" },
        ],
      }),
      stat({
        title: "Sent within 1 s",
        about: `Of the messages in the time shown; the objective is ${sendWithin1s} %.`,
        unit: "percentunit",
        decimals: 2,
        base: "red",
        steps: [{ from: sendWithin1s / 100, colour: "green" }],
        queries: [{ expr: goodShareShown("send_1s"), legend: "share", onlyWhen: ONLY_MESSAGES }],
      }),
      stat({
        title: "Answered without an error of ours",
        about: `Of all requests in the time shown; the objective is ${availability} %.`,
        unit: "percentunit",
        decimals: 2,
        base: "red",
        steps: [{ from: availability / 100, colour: "green" }],
        queries: [{ expr: goodShareShown("availability"), legend: "share", onlyWhen: ONLY_ASKED }],
      }),
      stat({
        title: "Fullest disk",
        about: "Share in use of the file system that has least left.",
        unit: "percentunit",
        decimals: 1,
        steps: [
          { from: 0.8, colour: "orange" },
          { from: 0.9, colour: "red" },
        ],
        queries: [
          {
            expr: 'max(1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay"} / (node_filesystem_size_bytes > 0))',
            legend: "used",
          },
        ],
      }),
    ],
  };
};

const signals = (env: Environment): Row => {
  const { sendWithin200ms, sendWithin500ms, sendWithin1s } = env.monitoring.objectives;
  return {
    title: "Golden signals",
    panels: [
      timeSeries({
        title: "Latency: sending a message",
        about: "What clients wait for. The lines are the bounds of the objectives: 0.2, 0.5 and 1 s.",
        unit: "s",
        width: 12,
        steps: [
          { from: 0.2, colour: "yellow" },
          { from: 0.5, colour: "orange" },
          { from: 1, colour: "red" },
        ],
        queries: [0.5, 0.95, 0.99].map((share) => ({
          expr: sendQuantile(share),
          legend: `p${share * 100}`,
          onlyWhen: ONLY_MESSAGES,
        })),
      }),
      timeSeries({
        title: "Latency: share within the objectives",
        about: `Objectives: ${sendWithin200ms} % within 0.2 s, ${sendWithin500ms} % within 0.5 s, ${sendWithin1s} % within 1 s.`,
        unit: "percentunit",
        width: 12,
        max: 1,
        base: "red",
        steps: [
          { from: sendWithin200ms / 100, colour: "yellow" },
          { from: sendWithin500ms / 100, colour: "orange" },
          { from: sendWithin1s / 100, colour: "green" },
        ],
        queries: [
          { expr: goodShare("send_200ms"), legend: "within 0.2 s", onlyWhen: ONLY_MESSAGES },
          { expr: goodShare("send_500ms"), legend: "within 0.5 s", onlyWhen: ONLY_MESSAGES },
          { expr: goodShare("send_1s"), legend: "within 1 s", onlyWhen: ONLY_MESSAGES },
        ],
      }),
      timeSeries({
        title: "Budget: how fast it is used up",
        about: "At 1 what may be bad in 30 days lasts for just these. Alerts begin at the lines.",
        unit: "short",
        steps: BURN_STEPS,
        queries: objectivesOf(env.monitoring.objectives).map(({ slo, budget }) => ({
          expr: `${ratioOver("1h")}{slo="${slo}"} / ${budget}`,
          legend: slo,
          onlyWhen: slo === "availability" ? ONLY_ASKED : ONLY_MESSAGES,
        })),
      }),
      timeSeries({
        title: "Traffic: requests",
        unit: "reqps",
        stacked: true,
        queries: [
          {
            expr: sumBy("job", rate(`synapse_http_server_requests_received_total{${SYNAPSE}}`)),
            legend: "{{job}}",
          },
        ],
      }),
      timeSeries({
        title: "Errors: answers that are ours to blame",
        about: "5xx means that a process or its database failed, 429 that a limit held.",
        unit: "reqps",
        queries: [
          { expr: `sum(${rate(`${RESPONSES}, code=~"5.."}`)}) or vector(0)`, legend: "5xx" },
          { expr: `sum(${rate(`${RESPONSES}, code="429"}`)}) or vector(0)`, legend: "429" },
        ],
      }),
      timeSeries({
        title: "Saturation: busiest processes",
        about: "Share of the one core that a Synapse process can use.",
        unit: "percentunit",
        steps: SHARE_STEPS,
        queries: [
          {
            expr: `topk(5, ${sumBy(PROCESS, rate(`process_cpu_seconds_total{${SYNAPSE}}`))})`,
            legend: PROCESS_LEGEND,
          },
        ],
      }),
    ],
  };
};

const box = (plan: Plan): Row => ({
  title: "The box",
  panels: [
    timeSeries({
      title: "CPU of the host",
      about: `Cores in use of ${plan.host.cpus.toCores()}.`,
      unit: "short",
      decimals: 2,
      queries: [
        { expr: `sum(${rate('node_cpu_seconds_total{mode!~"idle|iowait|steal"}')})`, legend: "in use" },
        { expr: `sum(${rate('node_cpu_seconds_total{mode="iowait"}')})`, legend: "waiting for the disk" },
      ],
    }),
    timeSeries({
      title: "Memory of the host",
      unit: "bytes",
      queries: [
        { expr: "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes", legend: "in use" },
        { expr: "node_memory_MemTotal_bytes", legend: "there" },
      ],
    }),
    timeSeries({
      title: "Waiting for a database connection",
      about: "Mean time that a transaction waits for one. More than 50 ms: the pools are too small or the database is.",
      unit: "s",
      steps: [{ from: 0.05, colour: "red" }],
      queries: [
        {
          expr: `sum(${rate(`synapse_storage_schedule_time_sum{${SYNAPSE}}`)}) / sum(${rate(`synapse_storage_schedule_time_count{${SYNAPSE}}`)})`,
          legend: "wait",
        },
      ],
    }),
  ],
});

/** Whether the box is well, at a glance. */
export const overview = (env: Environment, plan: Plan): Dashboard => ({
  name: "overview",
  title: "Overview",
  about: "Latency, traffic, errors and saturation against the objectives.",
  rows: [now(env), signals(env), box(plan)],
});
