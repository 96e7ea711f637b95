import type { Environment } from "../../configs/environment";
import { type PanelQuery, panelQueries, withoutVariables } from "../../constructs/grafana/panel-queries";
import type { Plan } from "../../sizing/plan";
import type { PrometheusApi } from "./prometheus-api";

/** What a live Prometheus said to one query of one panel. */
export interface PanelAnswer extends PanelQuery {
  /** Series with a number in them. */
  readonly series: number;
}

/**
 * Asks queries of panels, as Grafana would for the last minutes.
 * @param queries - without them all
 * @throws where Prometheus cannot read one
 */
export const askPanels = (
  api: PrometheusApi,
  env: Environment,
  plan: Plan,
  queries: readonly PanelQuery[] = panelQueries(env, plan),
): Promise<PanelAnswer[]> => {
  const window = `${4 * env.monitoring.scrapeInterval.toSeconds()}s`;
  return Promise.all(
    queries.map(async (query) => {
      const samples = await api.query(withoutVariables(query.expr, window, "5m"));
      return { ...query, series: samples.filter(({ value }) => Number.isFinite(value)).length };
    }),
  );
};

/**
 * Those without an answer.
 * @param unmet - the conditions (`onlyWhen`) that were not brought about
 */
export const unanswered = (answers: readonly PanelAnswer[], unmet: readonly string[]): PanelAnswer[] =>
  answers.filter(({ series, onlyWhen }) => series === 0 && !(onlyWhen !== undefined && unmet.includes(onlyWhen)));
