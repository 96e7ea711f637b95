import type { Duration } from "../../../configs/units/duration";
import { toYaml } from "../../yaml";

/** `page` wakes a person, `ticket` waits for the morning, `none` tells only that alerting works. */
export type Severity = "page" | "ticket" | "none";

export type RuleLabels = Readonly<Record<string, string>>;

/** An expression whose value is kept as a series of its own. */
export interface RecordingRule {
  /** `level:metric:operation`. */
  readonly record: string;
  readonly expr: string;
  readonly labels?: RuleLabels;
}

/** An expression that must give nothing while all is well. */
export interface AlertRule {
  /** Stands for the runbook of the same name. Rules of one name differ in their severity or in `labels`. */
  readonly alert: string;
  readonly expr: string;
  /** How long the expression has to hold. @default - one look is enough */
  readonly for?: Duration;
  /** How long it goes on once the expression no longer holds. @default - not at all */
  readonly keepFiringFor?: Duration;
  readonly severity: Severity;
  /** What it is about: a service of the plan, `host`, `objectives` or `monitoring`. */
  readonly service: string;
  readonly labels?: RuleLabels;
  /** One line, with the labels that tell one from another. May hold Go templates. */
  readonly summary: string;
  /** What it means and what causes it, in two sentences. May hold Go templates. */
  readonly description: string;
}

/** Rules that are evaluated one after another. */
export interface RuleGroup {
  readonly name: string;
  /** @default - Prometheus' evaluation interval */
  readonly interval?: Duration;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** Where it stands what to do, from the kit's folder. */
export const runbookOf = (alert: string): string => `docs/runbooks/${alert}.md`;

export const isAlert = (rule: RecordingRule | AlertRule): rule is AlertRule => "alert" in rule;

const yamlOf = (rule: RecordingRule | AlertRule): object => {
  if (!isAlert(rule)) return { ...rule };
  const { alert, expr, severity, service, labels, summary, description } = rule;
  return {
    alert,
    expr,
    ...(rule.for ? { for: rule.for.toString() } : {}),
    ...(rule.keepFiringFor ? { keep_firing_for: rule.keepFiringFor.toString() } : {}),
    labels: { severity, service, ...labels },
    annotations: { summary, description, runbook: runbookOf(alert) },
  };
};

/** A rule file. */
export const rulesYaml = (groups: readonly RuleGroup[]): string =>
  `# Rendered by synapse-kit.\n${toYaml({
    groups: groups.map(({ name, interval, rules }) => ({
      name,
      ...(interval ? { interval: interval.toString() } : {}),
      rules: rules.map(yamlOf),
    })),
  })}`;
