import { defaultEnvironment } from "../../../configs/default-environment";
import { Bytes } from "../../../configs/units/bytes";
import { Cpus } from "../../../configs/units/cpus";
import { solve } from "../../../sizing/solve";
import { BURNS, burnThreshold } from "./burn";
import { alertGroups } from "./files";
import { objectivesOf } from "./objective";
import { type AlertRule, isAlert } from "./rule";
import { sloGroups } from "./slo";

export const ALERTS_REFERENCE_FILE = "docs/reference/alerts.md";

/** All defaults: workers, the open federation, a certificate. Only the numbers in the expressions are this machine's. */
const ENVIRONMENT = defaultEnvironment("alerts");
const MACHINE = { ram: Bytes.gib(8), cpus: Cpus.of(4) };

const HEADER = `# Alerts

What Prometheus tells Alertmanager. A \`page\` wakes somebody, a \`ticket\` waits for the morning. An alert for a service that
an environment does not have is not there. Thresholds follow from the plan; the expressions are for all defaults on
${MACHINE.ram} and ${MACHINE.cpus} cores, and \`npx synapse-kit render <env> --out DIR\` writes those of an environment to
\`DIR/prometheus/\`. Each has a case that fires and one that does not, run by \`promtool\` (test/programs/prometheus-rules.test.ts).

Labels of every alert: \`severity\`, \`service\` (what it is about), and those of the series. The annotation \`runbook\` names the
page that says what to run.

While a cause fires, what follows from it goes without saying (a stopped Postgres alone pages, not each that waits for it),
and it goes on firing for half a minute and two looks longer, so that its followers end before it does.

Written from the rules by \`node scripts/generate.mjs\`.
`;

const OBJECTIVES = `## Objectives

\`monitoring.objectives\` says what share of messages is answered within 0.2, 0.5 and 1 s, and what share of requests without
an error of the server's own. The rest is the budget of 30 days. Alerts look at how fast it is used up: over a long
window, so that it matters, and over a short one, so that it ends soon.

- Messages are \`RoomSendEventRestServlet\`, answered by 2xx, as Synapse itself measures them.
- No bucket of Synapse's histogram ends at 0.2 s. Between 0.1 and 0.25 s answers are taken to be spread evenly: a third of them
  is late.
- Errors are 500 and 503. 502 and 504 are other servers' errors, passed on.
- Ratios are of sums over the window, so quiet hours weigh little. What happens before a series' second sample is not counted.
- Fewer than ten bad events in the long window say nothing: one slow message at night wakes nobody. A server that nobody reaches
  has no requests at all, and is told by \`FrontDoorDown\` and the like.
- A loose objective has no fast windows. No more than all can be bad, so a budget of 10 % never burns 14.4 times too fast,
  and a rule that says so would never fire. The slower window tells then: 6 × 10 % is reached when everything is slow for 3.6
  of 6 hours. With 83.3 % or less nothing pages.

Share of bad events from which on an alert fires, with the default objectives:
`;

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const percent = (share: number): string => (share < 1 ? `${Number((100 * share).toFixed(4))} %` : "–");

const objectiveRows = (): string[] => {
  const objectives = objectivesOf(ENVIRONMENT.monitoring.objectives);
  return [
    row(["windows", "times too fast", "severity", ...objectives.map(({ slo }) => `\`${slo}\``)]),
    row(["---", "---:", "---", ...objectives.map(() => "---:")]),
    ...BURNS.map((burn) =>
      row([
        `${burn.long} and ${burn.short}`,
        String(burn.factor),
        burn.severity,
        ...objectives.map(({ budget }) => percent(burnThreshold(burn, budget))),
      ]),
    ),
  ];
};

const alertRow = (rule: AlertRule): string =>
  row([
    `[${rule.alert}](../runbooks/${rule.alert}.md)`,
    rule.severity,
    rule.for?.toString() ?? "at once",
    `\`${rule.expr.replaceAll("|", "\\|")}\``,
  ]);

/** The reference of every alert, in Markdown. */
export const alertsReferenceText = (): string => {
  const plan = solve(ENVIRONMENT, { ...MACHINE, disk: { kind: "ssd" }, source: "declared" });
  const names = [...new Set(sloGroups(ENVIRONMENT.monitoring).flatMap(({ rules }) => rules.filter(isAlert)))].map(
    ({ alert }) => alert,
  );
  return [
    HEADER,
    OBJECTIVES,
    ...objectiveRows(),
    "",
    `They are ${[...new Set(names)].map((alert) => `[${alert}](../runbooks/${alert}.md)`).join(" and ")}; the label \`slo\` says which objective.`,
    "",
    ...alertGroups(ENVIRONMENT, plan).flatMap(({ name, rules }) => [
      `## ${name}`,
      "",
      row(["alert", "severity", "after", "when"]),
      "|---|---|---|---|",
      ...rules.filter(isAlert).map(alertRow),
      "",
    ]),
  ].join("\n");
};
