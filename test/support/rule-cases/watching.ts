import { jobsOf } from "../../../constructs/prometheus/targets";
import { growing, type RuleCase, type RuleCases, scene, steady, step } from "./scene";

const PROMETHEUS = 'job="prometheus",instance="example.com"';
const COMPRESSOR = 'job="compressor",instance="example.com"';
const files = (open: number) => ({
  [`process_open_fds{${PROMETHEUS}}`]: steady(open),
  [`process_max_fds{${PROMETHEUS}}`]: steady(1000),
});

const watching: RuleCases = ({ environment, plan }) => {
  const series = 1.5 * (plan.monitoring?.prometheus.series.value ?? 0);
  const head = `prometheus_tsdb_head_series{${PROMETHEUS}}`;
  const failures = `prometheus_rule_evaluation_failures_total{${PROMETHEUS},rule_group="/config/slo.yml;slo"}`;
  const refused = `prometheus_notifications_errors_total{${PROMETHEUS},alertmanager="http://10.0.0.1:9093"}`;
  const failed =
    'alertmanager_notifications_failed_total{job="alertmanager",instance="example.com",integration="webhook"}';
  const half = Math.floor(jobsOf(environment, plan).reduce((sum, { targets }) => sum + targets.length, 0) / 2);
  const down = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`up{job="some${index}",instance="example.com"}`, step(1, 1, 0)]),
    );
  return [
    {
      alert: "MostTargetsDown",
      severity: "page",
      fires: scene(5, down(half + 1)),
      quiet: [scene(2, down(half + 1)), scene(5, down(half))],
    },
    {
      alert: "MonitoringTargetDown",
      severity: "ticket",
      fires: scene(10, { 'up{job="postgres",instance="example.com"}': step(1, 1, 0) }),
      quiet: [
        scene(4, { 'up{job="postgres",instance="example.com"}': steady(0) }),
        scene(10, { 'up{job="postgres",instance="example.com"}': steady(1) }),
      ],
    },
    {
      alert: "PrometheusRulesFailing",
      severity: "ticket",
      fires: scene(10, { [failures]: step(0, 5, 1) }),
      quiet: [scene(30, { [failures]: step(0, 5, 1) })],
    },
    {
      alert: "PrometheusNotConnectedToAlertmanager",
      severity: "ticket",
      fires: scene(15, { [refused]: growing(0.1) }),
      quiet: [scene(15, { [refused]: steady(12) })],
    },
    {
      alert: "AlertmanagerNotificationsFailing",
      severity: "ticket",
      fires: scene(20, { [failed]: growing(0.1) }),
      quiet: [scene(20, { [failed]: steady(12) })],
    },
    {
      alert: "PrometheusSeriesHigh",
      severity: "ticket",
      fires: scene(70, { [head]: steady(Math.ceil(series) + 1) }),
      quiet: [scene(70, { [head]: steady(Math.floor(series)) })],
    },
    {
      alert: "OpenFilesHigh",
      severity: "ticket",
      fires: scene(20, files(801)),
      quiet: [scene(20, files(800))],
    },
  ];
};

const metric = (name: string): string => `synapse_kit_compressor_${name}{${COMPRESSOR}}`;
const lastRun = (success: number, code: number) => ({
  [metric("last_run_success")]: steady(success),
  [metric("last_run_exit_code")]: steady(code),
});

const lastGood = (at: number) => ({ [metric("last_success_timestamp_seconds")]: steady(at) });

const putOff = scene(73 * 60, lastRun(0, 5));

const compressor: readonly RuleCase[] = [
  {
    alert: "CompressorFailing",
    severity: "ticket",
    fires: scene(10, lastRun(0, 137)),
    quiet: [scene(10, lastRun(1, 0)), scene(10, lastRun(0, 5)), scene(10, lastRun(0, 143))],
  },
  {
    alert: "CompressorPutOff",
    severity: "ticket",
    fires: putOff,
    quiet: [{ ...putOff, at: 71 * 60 }],
  },
  {
    alert: "CompressorStale",
    severity: "ticket",
    fires: scene(50 * 60, { ...lastRun(1, 0), ...lastGood(0) }),
    quiet: [
      scene(48 * 60, { ...lastRun(1, 0), ...lastGood(0) }),
      // Told as put off, after three days.
      scene(50 * 60, { ...lastRun(0, 5), ...lastGood(0) }),
      // Another came.
      scene(50 * 60, { ...lastRun(1, 0), [metric("last_success_timestamp_seconds")]: step(0, 24 * 60, 86_400) }),
      // None ever ended, and the first is a day away.
      scene(50 * 60, { [metric("next_run_timestamp_seconds")]: steady(74 * 3600) }),
    ],
  },
  {
    // The first run never ended.
    alert: "CompressorStale",
    severity: "ticket",
    fires: scene(50 * 60, { [metric("next_run_timestamp_seconds")]: steady(0) }),
    quiet: [],
  },
  {
    alert: "CompressorMismatch",
    severity: "ticket",
    fires: scene(10, { [metric("mismatches_total")]: step(2, 5, 3) }),
    quiet: [scene(10, { [metric("mismatches_total")]: steady(2) })],
  },
];

export const watchingCases: RuleCases = (box) => [...watching(box), ...(box.plan.compressor ? compressor : [])];
