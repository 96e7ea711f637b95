import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import { dashboardsOf } from "./dashboards/dashboards";
import type { Query } from "./model";

/** One query of one panel. */
export interface PanelQuery extends Query {
  readonly dashboard: string;
  readonly panel: string;
}

/** Every query of every dashboard of an environment, with Grafana's own variables still in it. */
export const panelQueries = (env: Environment, plan: Plan): PanelQuery[] =>
  dashboardsOf(env, plan).flatMap(({ name, rows }) =>
    rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries }) => queries.map((query) => ({ dashboard: name, panel: title, ...query }))),
    ),
  );

/**
 * A query as Prometheus reads it: what Grafana puts in for its variables.
 * @param window - of every rate: at least four times the scrape interval
 * @param range - the time that a dashboard shows
 */
export const withoutVariables = (expr: string, window: string, range: string): string =>
  expr.replaceAll("$__rate_interval", window).replaceAll("$__range", range);
