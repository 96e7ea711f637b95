import type { Environment } from "../../../configs/environment";
import { Duration } from "../../../configs/units/duration";
import type { AlertRule } from "./rule";

/** Events that may wait for other servers, all of them together. `guess` */
const WAITING_OUT = 1000;
/** `guess` */
const OLDEST_IN = Duration.minutes(10);

const service = "synapse";

const alerts: readonly AlertRule[] = [
  {
    alert: "FederationSendingBehind",
    service,
    expr: `sum by (instance) (synapse_federation_transaction_queue_pending_pdus) > ${WAITING_OUT}`,
    for: Duration.minutes(30),
    severity: "ticket",
    summary: "{{ $value }} events wait to be sent to other servers",
    description:
      "Sending is slower than writing: the sender is saturated, or the way out is slow. A server that is down does not count, since nothing is kept in the queue for it.",
  },
  {
    alert: "FederationReceivingBehind",
    service,
    // Milliseconds, whatever its help text says.
    expr: `max by (instance) (synapse_federation_server_oldest_inbound_pdu_in_staging) > ${OLDEST_IN.toMillis()}`,
    for: Duration.minutes(15),
    severity: "ticket",
    summary: "Events of other servers wait for more than ten minutes",
    description: "What came in is worked off slower than it comes: a busy or a broken room, or a saturated process.",
  },
];

/** Alerts about other servers; none for a server that knows none. */
export const federationAlerts = (env: Environment): readonly AlertRule[] =>
  env.expected.federation === "closed" ? [] : alerts;
