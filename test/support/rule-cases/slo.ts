import type { Box } from "../programs-boxes";
import type { Check } from "./check";
import { type Firing, phases, type Scene, scene } from "./scene";

/** Minutes, and the speed at which budgets burn in them. */
type Phase = readonly [minutes: number, speed: number];

const HOUR = 60;
const DAY = 24 * HOUR;
const LABELS = 'job="synapse-client",index="1",instance="example.com",method="PUT",tag=""';
const SENDS = `${LABELS},servlet="RoomSendEventRestServlet",code="200"`;
const ERRORS = `${LABELS},servlet="RoomSendEventRestServlet",code="500"`;
/** Times the budget (docs/reference/alerts.md). */
const FAST = 14.4;
const SLOW = 6;

/** Nearly all: some messages are left whose time can be measured. */
const ALL = 0.95;

interface Promised {
  readonly slo: string;
  readonly alert: string;
  readonly budget: number;
}

const promisesOf = ({ environment }: Box): Promised[] => {
  const { sendWithin200ms, sendWithin500ms, sendWithin1s, availability } = environment.monitoring.objectives;
  const latency = (slo: string, percent: number): Promised => ({
    slo,
    alert: "SendLatencyBudgetBurn",
    budget: (100 - percent) / 100,
  });
  return [
    latency("send_200ms", sendWithin200ms),
    latency("send_500ms", sendWithin500ms),
    latency("send_1s", sendWithin1s),
    { slo: "availability", alert: "AvailabilityBudgetBurn", budget: (100 - availability) / 100 },
  ];
};

/** Messages by how long they took, and errors, so that every budget burns at the speed of each phase. */
const traffic = (promises: readonly Promised[], history: readonly Phase[], perSecond = 1): Scene => {
  const bad = (slo: string, speed: number): number =>
    Math.min(ALL, speed * (promises.find((promise) => promise.slo === slo)?.budget ?? 0));
  const sent = (speed: number): number => 1 - bad("availability", speed);
  const counter = (rateOf: (speed: number) => number): string =>
    phases(...history.map(([minutes, speed]) => [perSecond * rateOf(speed), minutes] as const));
  const bucket = (le: string, slo: string): [string, string] => [
    `synapse_http_server_response_time_seconds_bucket{${SENDS},le="${le}"}`,
    counter((speed) => sent(speed) * (1 - bad(slo, speed))),
  ];
  const minutes = history.reduce((sum, [length]) => sum + length, 0);
  return scene(minutes, {
    ...Object.fromEntries([
      // With as many up to 0.1 s as up to 0.25 s nothing is left between them to be split.
      bucket("0.1", "send_200ms"),
      bucket("0.25", "send_200ms"),
      bucket("0.5", "send_500ms"),
      bucket("1.0", "send_1s"),
    ]),
    [`synapse_http_server_response_time_seconds_count{${SENDS}}`]: counter(sent),
    [`synapse_http_server_response_time_seconds_count{${ERRORS}}`]: counter((speed) => bad("availability", speed)),
  });
};

const firing = (promises: readonly Promised[], severity: "page" | "ticket", speed: number): Firing[] =>
  promises.filter(({ budget }) => speed * budget < 1).map(({ alert, slo }) => ({ alert, severity, slo }));

/** Half of the messages between 0.1 and 0.25 s take longer than 0.175 s, and so a third of them longer than 0.2 s. */
const between = (share: number): Scene =>
  scene(2 * HOUR, {
    [`synapse_http_server_response_time_seconds_bucket{${SENDS},le="0.1"}`]: phases([1 - share, 2 * HOUR]),
    [`synapse_http_server_response_time_seconds_bucket{${SENDS},le="0.25"}`]: phases([1, 2 * HOUR]),
    [`synapse_http_server_response_time_seconds_bucket{${SENDS},le="0.5"}`]: phases([1, 2 * HOUR]),
    [`synapse_http_server_response_time_seconds_bucket{${SENDS},le="1.0"}`]: phases([1, 2 * HOUR]),
    [`synapse_http_server_response_time_seconds_count{${SENDS}}`]: phases([1, 2 * HOUR]),
  });

const pages = (promises: readonly Promised[]): Check[] => {
  const at = (speed: number) => firing(promises, "page", speed);
  const badHour = traffic(promises, [
    [6 * HOUR, 0],
    [65, FAST * 1.06],
    [12, 0],
  ]);
  return [
    {
      title: "an hour of burning fast pages, after a good night",
      scene: { ...badHour, at: 6 * HOUR + 65 },
      firing: at(FAST),
      silent: [],
      among: "page",
    },
    {
      title: "an hour of burning not so fast pages nobody, after a good night",
      scene: traffic(promises, [
        [6 * HOUR, 0],
        [65, FAST * 0.94],
      ]),
      firing: [],
      silent: at(SLOW),
      among: "page",
    },
    {
      title: "six hours of burning pages",
      scene: traffic(promises, [[6 * HOUR, SLOW * 1.06]]),
      firing: at(SLOW),
      silent: [],
      among: "page",
    },
    {
      title: "six hours of burning less page nobody",
      scene: traffic(promises, [[6 * HOUR, SLOW * 0.94]]),
      firing: [],
      silent: at(SLOW),
      among: "page",
    },
    {
      title: "it is over soon after it is well again",
      scene: badHour,
      firing: [],
      silent: at(SLOW),
      among: "page",
    },
    {
      title: "everything slow pages once the slower window has seen enough, however loose the objective",
      scene: traffic(promises, [[6 * HOUR, 1000]]),
      firing: at(SLOW),
      silent: [],
      among: "page",
    },
    {
      title: "a few slow messages at night page nobody",
      scene: traffic(promises, [[6 * HOUR, 1000]], 8 / (6 * 3600)),
      firing: [],
      silent: at(SLOW),
      among: "page",
    },
  ];
};

/** After three days within the budget half a day in which it burns so fast that the three days' is used up. */
const badNight = (promises: readonly Promised[]): Scene => {
  const [good, length] = [0.94, DAY / 2];
  return traffic(promises, [
    [3 * DAY, good],
    [length, good + ((1.06 - good) * 3 * DAY) / length],
  ]);
};

const tickets = (promises: readonly Promised[]): Check[] => {
  const days = badNight(promises);
  return [
    {
      title: "the first hours of a new box are no day",
      scene: traffic(promises, [[100, 5]]),
      firing: [],
      silent: firing(promises, "ticket", 3),
      among: "ticket",
    },
    {
      title: "a day of burning is a ticket",
      scene: traffic(promises, [[DAY, 3 * 1.06]]),
      firing: firing(promises, "ticket", 3),
      silent: [],
      among: "ticket",
    },
    {
      title: "three days within the budget are none",
      scene: { ...days, at: 3 * DAY },
      firing: [],
      silent: firing(promises, "ticket", 1),
      among: "ticket",
    },
    {
      title: "three days of burning slowly are a ticket",
      scene: days,
      firing: firing(promises, "ticket", 1),
      silent: [],
      among: "ticket",
    },
  ];
};

/** With 99 % within 0.2 s: a third of 16 % between the buckets is 5.3 % late. */
const interpolation = (promises: readonly Promised[]): Check[] => {
  const budget = promises.find(({ slo }) => slo === "send_200ms")?.budget ?? 0;
  const share = 3 * FAST * budget;
  if (share >= 1) return [];
  const only: Firing[] = [{ alert: "SendLatencyBudgetBurn", severity: "page", slo: "send_200ms" }];
  return [
    { title: "0.2 s lies between two buckets", scene: between(share * 1.06), firing: only, silent: [], among: "page" },
    { title: "0.2 s, just in time", scene: between(share * 0.3), firing: [], silent: only, among: "page" },
  ];
};

export const sloChecks = (box: Box): Check[] => {
  const promises = promisesOf(box);
  return [...pages(promises), ...tickets(promises), ...interpolation(promises)];
};
