import type { AlertReceiver, Environment } from "../../configs/environment";
import { DEAD_MAN, NOBODY } from "./receivers";

/** Name of the alert that always fires, so that its silence says that nothing watches any more. */
export const WATCHDOG = "Watchdog";

/**
 * What is told together and how often again. A page waits only for what breaks in the same moment; a ticket, which is
 * read in the morning, waits for its like. `guess`, all of them.
 */
const PAGE = { group_wait: "10s", group_interval: "1m", repeat_interval: "1h" };
const TICKET = { group_wait: "1m", group_interval: "15m", repeat_interval: "24h" };
/** Sent again at each flush, so once a minute: a repeat_interval of the same minute would come up just short of it. */
const HEARTBEAT = { group_wait: "0s", group_interval: "1m", repeat_interval: "30s" };

const gets = ({ severity }: AlertReceiver, wanted: "page" | "ticket"): boolean =>
  severity === "all" || severity === wanted;

/** Everybody who gets it, each with `continue`, so that none hides the next. */
const toEach = (receivers: readonly AlertReceiver[], severity: "page" | "ticket"): object =>
  receivers.some((one) => gets(one, severity))
    ? { routes: receivers.filter((one) => gets(one, severity)).map(({ name }) => ({ receiver: name, continue: true })) }
    : {};

/** The `route` of alertmanager.yml. Groups by alert: ten silent workers are one message. */
export const routeOf = ({ monitoring: { alerts } }: Environment): object => ({
  receiver: NOBODY,
  group_by: ["alertname"],
  routes: [
    {
      matchers: [`alertname="${WATCHDOG}"`],
      receiver: alerts.deadMan === undefined ? NOBODY : DEAD_MAN,
      ...HEARTBEAT,
    },
    { matchers: ['severity="page"'], receiver: NOBODY, ...PAGE, ...toEach(alerts.receivers, "page") },
    // Whatever is no page.
    { receiver: NOBODY, ...TICKET, ...toEach(alerts.receivers, "ticket") },
  ],
});
