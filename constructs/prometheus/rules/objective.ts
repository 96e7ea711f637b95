import type { Objectives } from "../../../configs/environment";

/** Of every process and path; what processes ask of each other is not a client's request. */
const RESPONSES = "synapse_http_server_response_time_seconds";
const SENDS = 'servlet="RoomSendEventRestServlet",code=~"2.."';
const REQUESTS = 'servlet!~".*Replication.*"';
/** 502 and 504 are other servers' errors, passed on. */
const OWN_ERRORS = "500|503";
/** As long as the shortest window. At scrape intervals of two minutes there are two samples in it. */
const RATE_WINDOW = "5m";

/** Something promised to users, as a share of what happens. */
export interface Objective {
  /** Value of the label `slo`. */
  readonly slo: string;
  /** Share that may be bad: 0.01 for 99 %. */
  readonly budget: number;
  /** For summaries: `messages were answered after more than 1 s`. */
  readonly bad: string;
  /** All events a second. */
  readonly eventsExpr: string;
  /** Bad ones a second. */
  readonly badExpr: string;
}

const rate = (series: string): string => `sum by (instance) (rate(${series}[${RATE_WINDOW}]))`;
const requests = rate(`${RESPONSES}_count{${REQUESTS}}`);
const sends = rate(`${RESPONSES}_count{${SENDS}}`);
/** @param le - as Python writes it: `1.0`, not `1` */
const within = (le: string): string => rate(`${RESPONSES}_bucket{${SENDS},le="${le}"}`);

/** No bucket ends at 0.2 s: between 0.1 and 0.25 answers are taken to be spread evenly, so two thirds of them are in time. */
const within200ms = `(${within("0.1")} / 3 + ${within("0.25")} * 2 / 3)`;

/** Percent to a share, without the noise of binary fractions. */
const budgetOf = (percent: number): number => Number(((100 - percent) / 100).toFixed(8));

const latency = (slo: string, percent: number, limit: string, good: string): Objective => ({
  slo,
  budget: budgetOf(percent),
  bad: `messages were answered after more than ${limit}`,
  eventsExpr: sends,
  // Two roundings of the same number may differ in the last digit; less than none is slow never.
  badExpr: `clamp_min(${sends} - ${good}, 0)`,
});

/** What the environment promises. */
export const objectivesOf = (objectives: Objectives): Objective[] => [
  latency("send_200ms", objectives.sendWithin200ms, "0.2 s", within200ms),
  latency("send_500ms", objectives.sendWithin500ms, "0.5 s", within("0.5")),
  latency("send_1s", objectives.sendWithin1s, "1 s", within("1.0")),
  {
    // A code has no series before its first answer; none is none, not unknown.
    slo: "availability",
    budget: budgetOf(objectives.availability),
    bad: "requests were answered with an error of the server's own",
    eventsExpr: requests,
    badExpr: `${rate(`${RESPONSES}_count{${REQUESTS},code=~"${OWN_ERRORS}"}`)} or 0 * ${requests}`,
  },
];
