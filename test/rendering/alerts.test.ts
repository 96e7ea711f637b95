import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { burnsFor, burnThreshold } from "../../constructs/prometheus/rules/burn";
import { ruleGroups } from "../../constructs/prometheus/rules/files";
import { type AlertRule, isAlert, runbookOf } from "../../constructs/prometheus/rules/rule";
import { explainable } from "../../sizing/report";
import { ROOT } from "../support/corpus";
import { boxWithLayout } from "../support/programs-boxes";
import { selectorsOf } from "../support/promql";
import { ruleBoxes } from "../support/rule-cases/boxes";

const boxes = ruleBoxes();
const alertsOf = ({ environment, plan }: (typeof boxes)[number]): AlertRule[] =>
  ruleGroups(environment, plan).flatMap(({ rules }) => rules.filter(isAlert));
const rules = boxes.flatMap(alertsOf);
const names = [...new Set(rules.map(({ alert }) => alert))].sort();
const RUNBOOKS = "docs/runbooks";

describe("runbooks", () => {
  it("stand behind every alert, and every one has an alert", () => {
    const found = readdirSync(join(ROOT, RUNBOOKS)).map((file) => `${RUNBOOKS}/${file}`);
    expect(found.sort()).toEqual(names.map(runbookOf));
  });

  it.each(names)("of %s says what it means, what to run and when it ends", (alert) => {
    const text = readFileSync(join(ROOT, runbookOf(alert)), "utf8");
    expect(text.match(/^#.*$/gm)).toEqual([`# ${alert}`, "## What to run", "## When it ends"]);
    expect(text).toMatch(/^```\n(?:npx synapse-kit|docker|curl|df) /m);
  });

  it("name figures that the plan knows, and pages that are there", () => {
    const known = new Set(explainable(boxWithLayout("two").plan));
    for (const file of names.map(runbookOf)) {
      const text = readFileSync(join(ROOT, file), "utf8");
      for (const [, name = ""] of text.matchAll(/--explain (\S+)/g)) {
        expect([file, name, known.has(name)]).toEqual([file, name, true]);
      }
      for (const [, link = ""] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        expect(() => readFileSync(join(ROOT, RUNBOOKS, link))).not.toThrow();
      }
    }
  });
});

describe("alerts", () => {
  it.each(boxes.map((box) => [box.name, box] as const))(
    "of %s are each of a name, a severity and a label once",
    (_name, box) => {
      const keys = alertsOf(box).map(({ alert, severity, labels }) => JSON.stringify([alert, severity, labels]));
      expect(new Set(keys).size).toBe(keys.length);
    },
  );

  it("are not there for what a box does not have", () => {
    const about = (name: string): string[] => [
      ...new Set(
        boxes
          .filter((box) => box.name === name)
          .flatMap(alertsOf)
          .map(({ alert }) => alert),
      ),
    ];
    const absent = /^(Redis|Pgbouncer|Federation|Compressor|SynapseReplication|PublicDoor|Certificate)/;
    expect(about("alone").filter((alert) => absent.test(alert))).toEqual([]);
    expect(about("seventeen").filter((alert) => absent.test(alert)).length).toBeGreaterThan(10);
  });

  it("ask for no label that only Kubernetes gives, and no bucket that Python writes otherwise", () => {
    for (const { expr } of rules) expect(expr).not.toMatch(/\b(?:(?:pod|container|namespace)\s*[=!]|le="\d+")/);
  });
});

describe("burns", () => {
  it.each([
    [0.005, [14.4, 6]],
    [0.05, [14.4, 6]],
    [0.1, [6]],
    [0.5, []],
  ])("of a budget of %p page at %p times its speed", (budget, factors) => {
    expect(burnsFor(budget, "page").map(({ factor }) => factor)).toEqual(factors);
  });

  it("can all be reached", () => {
    for (let percent = 50; percent < 100; percent += 0.1) {
      const budget = (100 - percent) / 100;
      const burns = [...burnsFor(budget, "page"), ...burnsFor(budget, "ticket")];
      expect(burns.length).toBeGreaterThan(0);
      for (const burn of burns) expect(burnThreshold(burn, budget)).toBeLessThan(1);
    }
  });
});

describe("the reading of expressions", () => {
  it.each([
    ["up == 0", ["up"]],
    ['sum by (job, le) (rate(a_bucket{x="}",y=~"b|c"}[5m])) > 1e9', ['a_bucket{x="}",y=~"b|c"}']],
    ["max by (i) (a) - on (i) group_right () b > 100", ["a", "b"]],
    ['a / (b > 0) and c offset 5m unless d:e:f5m{z="1"}', ["a", "b", "c", 'd:e:f5m{z="1"}']],
    ["vector(1)", []],
    ["30 * deriv(x[1d]) > on (instance) group_left () min by (instance) (y)", ["x", "y"]],
  ])("finds the selectors of %s", (expr, selectors) => {
    expect(selectorsOf(expr)).toEqual(selectors);
  });
});
