import { BAD, EVENTS } from "../prometheus/rules/slo";
import type { Step } from "./model";

/** Every process of Synapse, and what tells one from another. */
export const SYNAPSE = 'job=~"synapse.*"';
export const PROCESS = "job, index";
export const PROCESS_LEGEND = "{{job}} {{index}}";

/** Per second, over what Grafana finds right for the width of the panel. */
export const rate = (series: string): string => `rate(${series}[$__rate_interval])`;

export const sumBy = (labels: string, expr: string): string => `sum by (${labels}) (${expr})`;

/** A quantile of a histogram. @param metric without `_bucket` */
export const quantile = (share: number, metric: string, labels: string, by?: string): string =>
  `histogram_quantile(${share}, ${sumBy(by ? `le, ${by}` : "le", rate(`${metric}_bucket{${labels}}`))})`;

/** One thing for each of another; nothing where there was none of the other. */
export const mean = (sum: string, count: string, by: string): string =>
  `${sumBy(by, rate(sum))} / (${sumBy(by, rate(count))} > 0)`;

const WARN_SHARE = 0.8;
const FULL_SHARE = 0.95;

/** Of what the plan gives: nearly all, and all but all. */
export const upTo = (limit: number): readonly Step[] => [
  { from: WARN_SHARE * limit, colour: "orange" },
  { from: FULL_SHARE * limit, colour: "red" },
];

/** Shares of a limit. */
export const SHARE_STEPS = upTo(1);

/** None is right, one is too many. */
export const ANY_STEPS: readonly Step[] = [{ from: 1, colour: "red" }];

const RESPONSE = "synapse_http_server_response_time_seconds";
/** What a client waits for after it sent a message. */
export const SEND = 'servlet="RoomSendEventRestServlet",code=~"2.."';

export const sendQuantile = (share: number): string => quantile(share, RESPONSE, SEND);

/** Good share of an objective in the last five minutes, as its alerts reckon it. */
export const goodShare = (slo: string): string => `1 - ${BAD}{slo="${slo}"} / (${EVENTS}{slo="${slo}"} > 0)`;

/** Good share over the time that is shown. */
export const goodShareShown = (slo: string): string =>
  `1 - sum_over_time(${BAD}{slo="${slo}"}[$__range]) / (sum_over_time(${EVENTS}{slo="${slo}"}[$__range]) > 0)`;
