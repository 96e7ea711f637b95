import { dump } from "js-yaml";
import type { Severity } from "../../../constructs/prometheus/rules/rule";
import { type Firing, type RuleCase, type Scene, STEP_SECONDS } from "./scene";

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

/** A file for `promtool test rules`. @param interval - of the evaluation */
export const promtoolFile = (checks: readonly Check[], ruleFile: string, interval: string): string =>
  dump(
    {
      rule_files: [ruleFile],
      evaluation_interval: interval,
      tests: checks.map(({ title, scene, firing, among }) => ({
        name: title,
        interval: `${STEP_SECONDS}s`,
        input_series: Object.entries(scene.series).map(([series, values]) => ({ series, values })),
        promql_expr_test: [
          {
            expr: `count by (alertname, severity, slo) (ALERTS{alertstate="firing", severity${among ? `="${among}"` : '!="none"'}})`,
            eval_time: `${scene.at}m`,
            exp_samples: firing.map((alert) => ({ labels: labelsText(alert), value: 1 })),
          },
        ],
      })),
    },
    { lineWidth: -1, noRefs: true },
  );
