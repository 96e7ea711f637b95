import { dump } from "js-yaml";
import type { Severity } from "../../../constructs/prometheus/rules/rule";
import { type Firing, type RuleCase, type Scene, type Series, STEP_SECONDS } from "./scene";

/** One scene, and everything that fires in it. */
export interface Check {
  readonly title: string;
  readonly scene: Scene;
  readonly firing: readonly Firing[];
  /** Alerts whose quiet case this is: they have what they look at, and no reason. */
  readonly silent: readonly Firing[];
  /** Only alerts of this severity are looked at. @default - all but the watchdog */
  readonly among?: Severity;
}

/** Evaluating rules twice a minute for days takes long, so those scenes are for boxes that look less often. */
export const LONG_MINUTES = 12 * 60;
/** Of an alert that takes an hour and more, it is enough to look at the rules so often. */
export const SELDOM_MINUTES = 10;
/** Whole looks alone, so that the last of them is when it is asked what fires. */
export const isSlow = ({ scene }: Check): boolean => scene.at > 60 && scene.at % SELDOM_MINUTES === 0;

export const keyOf = ({ alert, severity, slo }: Firing): string =>
  [alert, severity, ...(slo === undefined ? [] : [slo])].join(" ");

/** A case as checks: one in which it fires, and one for each scene in which it must not. */
export const checksOf = (one: RuleCase): Check[] => {
  const { alert, severity, slo } = one;
  const firing: Firing = { alert, severity, ...(slo === undefined ? {} : { slo }) };
  return [
    { title: `${keyOf(firing)} fires`, scene: one.fires, firing: [firing, ...(one.besides ?? [])], silent: [] },
    ...one.quiet.map(
      (scene, index): Check => ({
        title: `${keyOf(firing)} is quiet (${index + 1})`,
        scene,
        // A page that is not due yet may have its ticket already.
        firing: one.quietBesides?.[index] ?? [],
        silent: [firing],
      }),
    ),
  ];
};

const labelsText = ({ alert, severity, slo }: Firing): string =>
  `{alertname="${alert}", severity="${severity}"${slo === undefined ? "" : `, slo="${slo}"`}}`;

/** Checks by what Prometheus sees: moments of one scene cost no more than its last. */
const byScene = (checks: readonly Check[]): Check[][] => {
  const found = new Map<Series, Check[]>();
  for (const check of checks) found.set(check.scene.series, [...(found.get(check.scene.series) ?? []), check]);
  return [...found.values()];
};

/** A file for `promtool test rules`. @param interval - of the evaluation */
export const promtoolFile = (checks: readonly Check[], ruleFile: string, interval: string): string =>
  dump(
    {
      rule_files: [ruleFile],
      evaluation_interval: interval,
      tests: byScene(checks).map((moments) => ({
        name: moments.map(({ title }) => title).join("; "),
        interval: `${STEP_SECONDS}s`,
        input_series: Object.entries(moments[0]?.scene.series ?? {}).map(([series, values]) => ({ series, values })),
        promql_expr_test: moments.map(({ scene, firing, among }) => ({
          expr: `count by (alertname, severity, slo) (ALERTS{alertstate="firing", severity${among ? `="${among}"` : '!="none"'}})`,
          eval_time: `${scene.at}m`,
          exp_samples: firing.map((alert) => ({ labels: labelsText(alert), value: 1 })),
        })),
      })),
    },
    { lineWidth: -1, noRefs: true },
  );
