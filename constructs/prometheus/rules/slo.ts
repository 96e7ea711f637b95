import type { MonitoringModel } from "../../../configs/environment";
import { Duration } from "../../../configs/units/duration";
import { type Burn, burnsFor, burnThreshold, WINDOWS } from "./burn";
import { type Objective, objectivesOf } from "./objective";
import type { AlertRule, RecordingRule, RuleGroup } from "./rule";

/** Recorded for each objective, with its name in the label `slo`: all events and bad ones, a second. */
export const EVENTS = "slo:events:rate5m";
export const BAD = "slo:bad_events:rate5m";
/** The bad share over a window of `WINDOWS`. */
export const ratioOver = (window: string): string => `slo:bad_ratio:${window}`;

/** Fewer bad events in the long window say nothing: one slow message at night must wake nobody. `guess` */
const FEWEST_BAD = 10;
/** Days change slowly, and cost thousands of samples each time. Below the five minutes after which a series is stale. */
const SLOW_INTERVAL = Duration.minutes(2);
const SLOW_WINDOWS: ReadonlySet<string> = new Set(["1d", "3d"]);

const recordEvents = ({ slo, eventsExpr, badExpr }: Objective): RecordingRule[] => [
  { record: EVENTS, expr: eventsExpr, labels: { slo } },
  { record: BAD, expr: badExpr, labels: { slo } },
];

/**
 * Sums of rates, not means of ratios: an hour of the night weighs what was asked in it. The series are few and short, so
 * that three days of them cost little.
 */
const recordRatio = (window: string): RecordingRule => ({
  record: ratioOver(window),
  expr:
    window === "5m"
      ? `${BAD} / (${EVENTS} > 0)`
      : `sum_over_time(${BAD}[${window}]) / (sum_over_time(${EVENTS}[${window}]) > 0)`,
});

/** Every sample of a rate stands for the time until the next. */
const badEvents = (slo: string, window: string, interval: Duration): string =>
  `sum_over_time(${BAD}{slo="${slo}"}[${window}]) * ${interval.toSeconds()}`;

const burning = ({ slo, budget }: Objective, burn: Burn, interval: Duration): string => {
  const over = (window: string): string => `${ratioOver(window)}{slo="${slo}"} > ${burnThreshold(burn, budget)}`;
  // On a new box days would be made of minutes: there has to be something as old as the short window.
  const isOld = `${EVENTS}{slo="${slo}"} offset ${burn.short}`;
  const enough = `${badEvents(slo, burn.long, interval)} >= ${FEWEST_BAD}`;
  return `(${over(burn.long)} and ${over(burn.short)} and ${enough} and ${isOld})`;
};

const burnAlert = (objective: Objective, severity: Burn["severity"], interval: Duration): AlertRule[] => {
  const burns = burnsFor(objective.budget, severity);
  if (burns.length === 0) return [];
  const percent = Number((100 * (1 - objective.budget)).toFixed(6));
  return [
    {
      alert: objective.slo === "availability" ? "AvailabilityBudgetBurn" : "SendLatencyBudgetBurn",
      service: "objectives",
      expr: burns.map((burn) => burning(objective, burn, interval)).join(" or "),
      severity,
      labels: { slo: objective.slo },
      summary: `{{ $value | humanizePercentage }} of all ${objective.bad}`,
      description: `The objective is ${percent} % good over 30 days, and what may be bad is being used up ${burns.map(({ factor, long }) => `${factor} times too fast over ${long}`).join(", or ")}.`,
    },
  ];
};

/** Objectives: what is recorded for them, and the alerts on how fast their budgets burn. */
export const sloGroups = ({ objectives, scrapeInterval }: MonitoringModel): RuleGroup[] => {
  const all = objectivesOf(objectives);
  return [
    {
      name: "slo",
      rules: [...all.flatMap(recordEvents), ...WINDOWS.filter((window) => !SLOW_WINDOWS.has(window)).map(recordRatio)],
    },
    { name: "slo-slow", interval: SLOW_INTERVAL, rules: WINDOWS.filter((w) => SLOW_WINDOWS.has(w)).map(recordRatio) },
    {
      name: "slo-alerts",
      rules: all.flatMap((objective) => [
        ...burnAlert(objective, "page", scrapeInterval),
        ...burnAlert(objective, "ticket", scrapeInterval),
      ]),
    },
  ];
};
