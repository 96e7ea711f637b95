import { type Box, boxOf, yamlOf } from "../programs-boxes";
import { boxCases } from "./box";
import { type Check, checksOf, isSlow, LONG_MINUTES, SELDOM_MINUTES } from "./check";
import { databaseCases } from "./databases";
import { sloChecks } from "./slo";
import { synapseCases } from "./synapse";
import { watchingCases } from "./watching";

const watched = (interval: string, objectives = ""): string =>
  `monitoring: {enabled: true, scrape_interval: ${interval}${objectives === "" ? "" : `, objectives: {${objectives}}`}}\n`;

/** Boxes that differ in what there is to watch, and in how. */
export const ruleBoxes = (): Box[] => [
  boxOf(
    "alone",
    yamlOf(
      4,
      2,
      `public_baseurl: http://127.0.0.1:8008\nexpected: {federation: closed}\npostgres: {version: 16}\nsynapse: {workers: none}\ncompressor: {enabled: false}\n${watched("1m", "send_within_200ms: 99, send_within_500ms: 99.5, send_within_1s: 99.9, availability: 99.95")}`,
    ),
  ),
  boxOf("two", yamlOf(8, 4, `synapse: {workers: two}\n${watched("2m")}`)),
  boxOf(
    "seventeen",
    yamlOf(
      64,
      16,
      `synapse: {workers: seventeen}\npostgres: {version: 17}\n${watched("1m", "send_within_200ms: 50, send_within_500ms: 80, send_within_1s: 90, availability: 95")}`,
    ),
  ),
];

/** Scenes of days are left to boxes that look every two minutes. */
const fits =
  ({ environment }: Box) =>
  ({ scene }: Check): boolean =>
    scene.at <= LONG_MINUTES || environment.monitoring.scrapeInterval.toSeconds() > 60;

/** Checks of one rule file, as one file of tests. */
export interface RuleFileChecks {
  readonly ruleFile: string;
  readonly testFile: string;
  /** Of the evaluation. */
  readonly interval: string;
  readonly checks: readonly Check[];
}

/** All checks of a box. */
export const checksFor = (box: Box): RuleFileChecks[] => {
  const interval = box.environment.monitoring.scrapeInterval.toString();
  const alerts = [...synapseCases(box), ...databaseCases(box), ...boxCases(box), ...watchingCases(box)]
    .flatMap(checksOf)
    .filter(fits(box));
  return [
    // What is recorded is summed up by the look: those rules are never looked at less often.
    { ruleFile: "slo.yml", testFile: "test-slo.yml", interval, checks: sloChecks(box).filter(fits(box)) },
    {
      ruleFile: "alerts.yml",
      testFile: "test-alerts.yml",
      interval,
      checks: alerts.filter((check) => !isSlow(check)),
    },
    {
      ruleFile: "alerts.yml",
      testFile: "test-slow-alerts.yml",
      interval: `${SELDOM_MINUTES}m`,
      checks: alerts.filter(isSlow),
    },
  ];
};
