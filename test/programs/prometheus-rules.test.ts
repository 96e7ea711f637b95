import { ruleGroups } from "../../constructs/prometheus/rules/files";
import { type AlertRule, isAlert } from "../../constructs/prometheus/rules/rule";
import type { Box } from "../support/programs-boxes";
import { type CaseFile, type CaseOutcome, filesOf, ProgramContainer } from "../support/programs-container";
import { checksFor, ruleBoxes } from "../support/rule-cases/boxes";
import { keyOf, LONG_MINUTES, promtoolFile } from "../support/rule-cases/check";
import type { Firing } from "../support/rule-cases/scene";

/** `nobody` in the image. */
const UID = 65_534;

const cases = ruleBoxes();
const named = cases.map((box) => [box.name, box] as const);

const alertsOf = ({ environment, plan }: Box): AlertRule[] =>
  ruleGroups(environment, plan).flatMap(({ rules }) => rules.filter(isAlert));

const firingOf = ({ alert, severity, labels }: AlertRule): Firing => ({
  alert,
  severity,
  ...(labels?.slo === undefined ? {} : { slo: labels.slo }),
});

const files = (box: Box): CaseFile[] => [
  ...filesOf(box, "prometheus"),
  ...checksFor(box).map(({ ruleFile, testFile, interval, checks }) => ({
    folder: box.name,
    path: testFile,
    content: promtoolFile(checks, ruleFile, interval),
  })),
];

let container: ProgramContainer;
const outcomes: Record<string, ReadonlyMap<string, CaseOutcome>> = {};
beforeAll(async () => {
  container = await ProgramContainer.start("prometheus", UID);
  container.add(cases.flatMap(files));
  const run = (command: string) =>
    container.each(
      cases.map((box) => box.name),
      `cd /config && ${command}`,
    );
  outcomes.config = run("promtool check config --lint=all --lint-fatal prometheus.yml");
  outcomes.rules = run("promtool check rules --lint=all --lint-fatal slo.yml alerts.yml");
  outcomes.tests = run("promtool test rules test-*.yml");
}, 600_000);
afterAll(() => container?.remove());

const outcomeOf = (what: string, box: string): CaseOutcome => outcomes[what]?.get(box) as CaseOutcome;

describe.each(named)("the rules of %s", (name, box) => {
  it("are clean, as is the whole configuration", () => {
    for (const what of ["config", "rules"]) {
      const { code, output } = outcomeOf(what, name);
      expect([what, code, code === 0 ? "" : output]).toEqual([what, 0, ""]);
      expect(output).toMatch(new RegExp(`SUCCESS: ${alertsOf(box).length > 0 ? "\\d+" : "0"} rules found`));
    }
  });

  it("fire when they should and not before, and nothing else does", () => {
    const { code, output } = outcomeOf("tests", name);
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  });

  it("have a case that fires and one that does not, each", () => {
    const checks = checksFor(box).flatMap((one) => one.checks);
    const isLong = box.environment.monitoring.scrapeInterval.toSeconds() <= 60;
    // Scenes longer than that are for the other boxes.
    const tooLong = (key: string) => isLong && /^(CompressorPutOff|CompressorStale|\w+BudgetBurn ticket)/.test(key);
    const all = alertsOf(box)
      .map((rule) => keyOf(firingOf(rule)))
      .filter((key) => key !== "Watchdog none" && !tooLong(key));
    const keys = (list: readonly (readonly Firing[])[]) => [...new Set(list.flat().map(keyOf))].sort();
    expect(keys(checks.map(({ firing }) => firing)).filter((key) => !tooLong(key))).toEqual([...new Set(all)].sort());
    expect(keys(checks.map(({ silent }) => silent)).filter((key) => !tooLong(key))).toEqual([...new Set(all)].sort());
  });
});

it("cover scenes of days in one box at least", () => {
  expect(
    cases.some((box) => checksFor(box).some(({ checks }) => checks.some(({ scene }) => scene.at > LONG_MINUTES))),
  ).toBe(true);
});
