import { INHIBITIONS, inhibitRules } from "../../constructs/alertmanager/inhibitions";
import { WATCHDOG } from "../../constructs/alertmanager/route";
import { ruleGroups } from "../../constructs/prometheus/rules/files";
import { isAlert } from "../../constructs/prometheus/rules/rule";
import { corpus } from "../support/corpus";

/** Names of all alerts that some environment of the corpus has. */
const known = new Set(
  corpus().flatMap(({ environment, plan }) =>
    ruleGroups(environment, plan).flatMap(({ rules }) => rules.filter(isAlert).map(({ alert }) => alert)),
  ),
);

/** Alerts that a rule speaks of, whatever it looks for them in. */
const named = (rule: object): string[] =>
  [...JSON.stringify(rule).matchAll(/alertname!?=~?\\"([\w|]+)\\"/g)].flatMap(([, names]) => (names ?? "").split("|"));

test("speak of alerts that there are", () => {
  const names = inhibitRules().flatMap(named);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  expect(known.has(WATCHDOG)).toBe(true);
});

test("never silence a cause by what follows from it, in however many steps", () => {
  const follows = new Map<string, Set<string>>();
  for (const { causes, follows: names } of INHIBITIONS) {
    for (const cause of causes) follows.set(cause, new Set([...(follows.get(cause) ?? []), ...names]));
  }
  const after = (name: string, seen = new Set<string>()): Set<string> => {
    for (const next of follows.get(name) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      after(next, seen);
    }
    return seen;
  };
  expect([...follows.keys()].filter((cause) => after(cause).has(cause))).toEqual([]);
});

test("silence neither the heartbeat nor the alert of the whole box", () => {
  const targets = JSON.stringify(inhibitRules().map((rule) => (rule as { target_matchers: string[] }).target_matchers));
  expect(targets).toContain(`alertname!~\\"MostTargetsDown|${WATCHDOG}\\"`);
  expect(INHIBITIONS.flatMap(({ follows }) => follows)).not.toEqual(expect.arrayContaining([WATCHDOG]));
});
