/** While one of `causes` fires, `follows` go without saying. */
interface Inhibition {
  readonly causes: readonly string[];
  /** Only causes with such labels, in Alertmanager's notation. @default - all */
  readonly where?: string;
  readonly follows: readonly string[];
}

const OBJECTIVES = ["AvailabilityBudgetBurn", "SendLatencyBudgetBurn"];
const DOORS = ["FrontDoorDown", "PublicDoorDown"];
/** What a Synapse process suffers whose queries get no answer. */
const STARVED = [
  "SynapseDatabaseWait",
  "SynapseReactorSlow",
  "SynapseEventProcessingBehind",
  "SynapseReplicationBehind",
  "FederationSendingBehind",
  "FederationReceivingBehind",
];
const WAITS = ["PgbouncerPoolExhausted", "PgbouncerClientsWaiting", "PgbouncerConnectionsHigh"];

/**
 * Names of alerts, each from its cause to what follows from it. A cause never follows from what it causes, so that no two
 * silence each other.
 */
export const INHIBITIONS: readonly Inhibition[] = [
  {
    causes: ["PostgresDown"],
    follows: ["PgbouncerDown", ...WAITS, ...STARVED, ...DOORS, ...OBJECTIVES, "CompressorFailing"],
  },
  { causes: ["PgbouncerDown"], follows: [...WAITS, ...STARVED, ...DOORS, ...OBJECTIVES] },
  {
    causes: ["PgbouncerPoolExhausted"],
    follows: ["PgbouncerClientsWaiting", ...STARVED, ...DOORS, ...OBJECTIVES],
  },
  { causes: ["RedisDown"], follows: ["RedisConnectionsHigh", "SynapseReplicationBehind", ...OBJECTIVES] },
  { causes: ["SynapseProcessDown"], follows: ["SynapseReplicationBehind"] },
  // Other processes fall back to main: what still fails then is news.
  { causes: ["SynapseProcessDown"], where: 'job="synapse"', follows: [...DOORS, ...OBJECTIVES] },
  { causes: ["NginxDown"], follows: [...DOORS, ...OBJECTIVES] },
  { causes: ["FrontDoorDown"], follows: ["PublicDoorDown"] },
];

/** Labels that tell alerts of one name apart; one that both lack counts as equal. */
const IDENTITY = ["alertname", "job", "index", "name", "database", "device", "mountpoint", "probe", "slo"];

/** Silences what follows from the host itself, which is all but the heartbeat and the host's own. */
const BOX_DOWN = "MostTargetsDown";

/** Alerts that hold others back. */
export const CAUSES: ReadonlySet<string> = new Set([BOX_DOWN, ...INHIBITIONS.flatMap(({ causes }) => causes)]);

const oneOf = (names: readonly string[]): string => `alertname=~"${names.join("|")}"`;

/** The `inhibit_rules` of alertmanager.yml. */
export const inhibitRules = (): object[] => [
  {
    source_matchers: [`alertname="${BOX_DOWN}"`],
    target_matchers: [`alertname!~"${BOX_DOWN}|Watchdog"`, 'service!="host"'],
  },
  ...INHIBITIONS.map(({ causes, where, follows }) => ({
    source_matchers: [oneOf(causes), ...(where ? [where] : [])],
    target_matchers: [oneOf(follows)],
  })),
  // The same, and worse.
  { source_matchers: ['severity="page"'], target_matchers: ['severity="ticket"'], equal: IDENTITY },
];
