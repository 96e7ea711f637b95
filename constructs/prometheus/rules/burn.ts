import type { Severity } from "./rule";

/** How fast what may be bad in 30 days is used up, seen over a long window, and over a short one so that it ends soon. */
export interface Burn {
  readonly severity: Exclude<Severity, "none">;
  readonly short: string;
  readonly long: string;
  /** Times the speed at which the budget lasts for just 30 days. */
  readonly factor: number;
}

/** Google's SRE workbook, "Alerting on SLOs", as sloth has it: 2 % in an hour, 5 % in six, 10 % in one day and in three. */
export const BURNS: readonly Burn[] = [
  { severity: "page", short: "5m", long: "1h", factor: 14.4 },
  { severity: "page", short: "30m", long: "6h", factor: 6 },
  { severity: "ticket", short: "2h", long: "1d", factor: 3 },
  { severity: "ticket", short: "6h", long: "3d", factor: 1 },
];

/** Windows of the ratios that the burns look at, shortest first. */
export const WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;

/** Share of bad events from which on it burns that fast. */
export const burnThreshold = ({ factor }: Burn, budget: number): number => Number((factor * budget).toFixed(8));

/**
 * Burns that a budget can suffer. A loose objective leaves out the fast ones: of what happens, no more than all can be
 * bad, so a budget of 10 % never burns 14.4 times as fast, and a rule that says so would never fire. The next slower one
 * then tells: where everything is bad, a window is over its threshold after that share of its length.
 */
export const burnsFor = (budget: number, severity: Burn["severity"]): Burn[] =>
  BURNS.filter((burn) => burn.severity === severity && burnThreshold(burn, budget) < 1);
