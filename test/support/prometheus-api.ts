import { setTimeout as sleep } from "node:timers/promises";

/** One series of an answer, with its value now. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface LiveTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
}

/** A rule as Prometheus has it: recording rules have no state, no labels and no duration. */
export interface LiveRule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state?: "inactive" | "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds that it has to be so. */
  readonly duration?: number;
}

/** What a deployed environment's Prometheus answers. */
export class PrometheusApi {
  /** @param url - `prometheusUrl` */
  constructor(private readonly url: string) {}

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: T }).data;
  }

  async query(expr: string): Promise<Sample[]> {
    const { result } = await this.get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expr)}`,
    );
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async targets(): Promise<readonly LiveTarget[]> {
    return (await this.get<{ activeTargets: LiveTarget[] }>("targets?state=active")).activeTargets;
  }

  async rules(): Promise<LiveRule[]> {
    return (await this.get<{ groups: { rules: LiveRule[] }[] }>("rules")).groups.flatMap(({ rules }) => rules);
  }

  /** Alerts that fire now, the watchdog too, by severity and name. */
  async firing(): Promise<string[]> {
    const alerts = (await this.query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric);
    return [...new Set(alerts.map(({ alertname, severity }) => `${severity} ${alertname}`))].sort();
  }

  /** Those of the selectors that no series answers to. */
  async absent(selectors: readonly string[]): Promise<string[]> {
    const counted = await Promise.all(selectors.map((selector) => this.query(`count(${selector})`)));
    return selectors.filter((_, index) => counted[index]?.length === 0);
  }
}

/**
 * Asks again and again until there is nothing left to wait for.
 * @param left - what is still missing; the last of it is in the error
 */
export const untilNothingLeft = async (left: () => Promise<readonly string[]>, seconds: number): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; ; await sleep(1000)) {
    const missing = await left();
    if (missing.length === 0) return;
    if (Date.now() > end) throw new Error(`after ${seconds} s still:\n${missing.join("\n")}`);
  }
};
