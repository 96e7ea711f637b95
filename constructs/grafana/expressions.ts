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

const sendsWithin = (bucket: string): string => `sum(${rate(`${RESPONSE}_bucket{${SEND},le="${bucket}"}`)})`;
const sends = `(sum(${rate(`${RESPONSE}_count{${SEND}}`)}) > 0)`;

/** Share of messages answered within a bucket's bound, written as Synapse writes it: `0.5`, `1.0`. */
export const sentWithin = (bucket: string): string => `${sendsWithin(bucket)} / ${sends}`;

/**
 * Within 0.2 s. There is no such bucket: two thirds of the way from 0.1 to 0.25, as `histogram_quantile` would go.
 */
export const sentWithin200ms = `(${sendsWithin("0.1")} / 3 + ${sendsWithin("0.25")} * 2 / 3) / ${sends}`;
