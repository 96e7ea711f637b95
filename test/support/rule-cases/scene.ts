import type { Severity } from "../../../constructs/prometheus/rules/rule";
import type { Box } from "../programs-boxes";

/** Series by name and labels, in promtool's notation. */
export type Series = Readonly<Record<string, string>>;

/** What Prometheus saw, and when it is asked. */
export interface Scene {
  readonly series: Series;
  /** Minutes from the first sample on. */
  readonly at: number;
}

/** An alert: its name, its severity, and the objective where it has one. */
export interface Firing {
  readonly alert: string;
  readonly severity: Severity;
  readonly slo?: string;
}

/** An alert of a plan, with what lets it fire and what must not. */
export interface RuleCase extends Firing {
  readonly fires: Scene;
  /** What else fires then: the same trouble, seen by another rule. */
  readonly besides?: readonly Firing[];
  /** Just not yet, or all is well. */
  readonly quiet: readonly Scene[];
  /** What fires in the quiet scenes all the same, by their place. */
  readonly quietBesides?: Readonly<Record<number, readonly Firing[]>>;
}

export type RuleCases = (box: Box) => RuleCase[];

/** Samples come every half minute, however often rules are evaluated. */
export const STEP_SECONDS = 30;
export const STEPS_PER_MINUTE = 60 / STEP_SECONDS;
/** Number of samples that the scene is long; `scene` puts it in. */
const TO_THE_END = "END";

/** The same value for as long as the scene lasts. */
export const steady = (value: number): string => `${value}x${TO_THE_END}`;

/** A counter that grows by so much a second, for the rest of the scene. */
export const growing = (perSecond: number, from = 0): string =>
  `${from}${perSecond < 0 ? "" : "+"}${perSecond * STEP_SECONDS}x${TO_THE_END}`;

/** A counter or a gauge that stands still for so many minutes and then has another value for good. */
export const step = (before: number, minutes: number, after: number): string =>
  `${before}x${minutes * STEPS_PER_MINUTE} ${steady(after)}`;

/** One scene for the series given, by minutes. */
export const scene = (at: number, series: Series): Scene => ({
  at,
  series: Object.fromEntries(
    Object.entries(series).map(([name, values]) => [name, values.replace(TO_THE_END, String(at * STEPS_PER_MINUTE))]),
  ),
});

/** A counter by its growth a second, one phase of minutes after the other. */
export const phases = (...list: readonly (readonly [perSecond: number, minutes: number])[]): string => {
  const parts = ["0"];
  let value = 0;
  for (const [perSecond, minutes] of list) {
    const each = perSecond * STEP_SECONDS;
    const steps = minutes * STEPS_PER_MINUTE;
    parts.push(`${value + each}+${each}x${steps - 1}`);
    value += each * steps;
  }
  return parts.join(" ");
};
