import type { Environment } from "../../configs/environment";
import { type PanelQuery, panelQueries, withoutVariables } from "../../constructs/grafana/panel-queries";
import type { Plan } from "../../sizing/plan";

/** What a live Prometheus said to one query of one panel. */
export interface PanelAnswer extends PanelQuery {
  /** Series with a number in them. */
  readonly series: number;
  /** What is wrong with the query. */
  readonly error?: string;
}

interface Result {
  readonly status: "success" | "error";
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/**
 * Asks every query of every panel of an environment, as Grafana would for the last minutes.
 * @param url - of Prometheus (`prometheusUrl`)
 */
export const askPanels = async (url: string, env: Environment, plan: Plan): Promise<PanelAnswer[]> => {
  const window = `${4 * env.monitoring.scrapeInterval.toSeconds()}s`;
  const answers: PanelAnswer[] = [];
  for (const query of panelQueries(env, plan)) {
    const body = new URLSearchParams({ query: withoutVariables(query.expr, window, "5m") });
    const response = await fetch(`${url}/api/v1/query`, { method: "POST", body });
    const { error, data } = (await response.json()) as Result;
    const series = data?.result.filter(({ value }) => Number.isFinite(Number(value[1]))).length ?? 0;
    answers.push({ ...query, series, ...(error === undefined ? {} : { error }) });
  }
  return answers;
};

const said = ({ dashboard, panel, expr }: PanelAnswer): string => `${dashboard}, ${panel}: ${expr}`;

/** Queries that Prometheus cannot read. */
export const refused = (answers: readonly PanelAnswer[]): string[] =>
  answers.filter(({ error }) => error !== undefined).map((answer) => `${said(answer)}: ${answer.error}`);

/** Queries that have no answer although nothing says when they have none (`onlyWhen`). */
export const unanswered = (answers: readonly PanelAnswer[]): string[] =>
  answers.filter(({ series, error, onlyWhen }) => series === 0 && !error && onlyWhen === undefined).map(said);

/** Queries that have an answer only now and then, with the words for when. */
export const conditional = (answers: readonly PanelAnswer[]): string[] =>
  answers
    .filter(({ onlyWhen }) => onlyWhen !== undefined)
    .map((answer) => `${said(answer)}: only when ${answer.onlyWhen}`);
