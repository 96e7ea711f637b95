import { Duration } from "../../../configs/units/duration";
import type { Probe } from "../targets";
import type { AlertRule } from "./rule";

const DAY_SECONDS = 86_400;
/** A certificate for 90 days is renewed 30 days before its end, so two weeks of trying have failed by then. */
const RENEWAL_LATE_DAYS = 14;
const ENDS_DAYS = 2;
/** A box that cannot reach itself by its public name must not page for ever. */
const WORKED_WITHIN = "3d";

const service = "nginx";

const frontDoor: AlertRule = {
  alert: "FrontDoorDown",
  service,
  expr: 'probe_success{probe="front-door"} == 0',
  for: Duration.minutes(2),
  severity: "page",
  summary: "A client's first request fails",
  description: "Nginx, or the Synapse process behind it, does not answer /_matrix/client/versions as it should.",
};

const certificate = (severity: "page" | "ticket", days: number): AlertRule => ({
  alert: "CertificateEndsSoon",
  service,
  expr: `probe_ssl_earliest_cert_expiry - time() < ${days * DAY_SECONDS}`,
  for: Duration.minutes(5),
  severity,
  summary: "The certificate ends in {{ $value | humanizeDuration }}",
  description: "It was not renewed. At its end no client and no other server connects any more.",
});

const publicDoor: readonly AlertRule[] = [
  {
    alert: "PublicDoorDown",
    service,
    expr: `probe_success{probe="public"} == 0 and max_over_time(probe_success{probe="public"}[${WORKED_WITHIN}]) == 1`,
    for: Duration.minutes(5),
    severity: "page",
    summary: "The server cannot be reached by its public name",
    description: "It worked within the last three days: the name, the TLS proxy in front or the certificate is broken.",
  },
  certificate("ticket", RENEWAL_LATE_DAYS),
  certificate("page", ENDS_DAYS),
];

/** What clients see from outside. */
export const doorAlerts = (probes: readonly Probe[]): AlertRule[] => [
  frontDoor,
  ...(probes.some(({ name }) => name === "public") ? publicDoor : []),
];
