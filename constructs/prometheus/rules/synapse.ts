import { Duration } from "../../../configs/units/duration";
import type { AlertRule } from "./rule";

/** Main and every worker (`targets.ts`). */
const PROCESSES = 'job=~"synapse.*"';
/** Its work is done by one core at a time. `guess` */
const BUSY_CORE = 0.9;
/** Seconds that a turn of the event loop may take: nothing else is answered meanwhile. `guess` */
const SLOW_TURN = 1;
/** Seconds that a query may wait for a connection of the process' own pool, on average. `guess` */
const SLOW_POOL = 0.05;
/** Events that something may be behind those that were stored. `guess` */
const EVENTS_BEHIND = 100;
/** Commands from other processes that may wait to be taken in. `guess` */
const COMMANDS_WAITING = 100;
/** Ends of a room's history from which on each new event costs Synapse dearly (synapse: docs, "forward extremities"). */
const EXTREMITIES = "10.0";
/** In half an hour; fewer are somebody's own gateway. `guess` */
const FAILED_PUSHES = 10;

const PUSHES = "synapse_http_httppusher_http_pushes";
const pushes = (outcome: "failed" | "processed"): string => `sum by (instance) (rate(${PUSHES}_${outcome}_total[30m]))`;

const service = "synapse";

/** A Synapse process that is gone, full or stuck. */
const processAlerts: readonly AlertRule[] = [
  {
    alert: "SynapseProcessDown",
    service,
    expr: `up{${PROCESSES}} == 0`,
    // A deployment replaces a process in less.
    for: Duration.minutes(2),
    severity: "page",
    summary: "{{ $labels.job }} {{ $labels.index }} does not answer",
    description:
      "A Synapse process is gone or hangs. Main stands in for most workers; what nobody stands in for fails or waits.",
  },
  {
    alert: "SynapseProcessSaturated",
    service,
    expr: `rate(process_cpu_seconds_total{${PROCESSES}}[5m]) > ${BUSY_CORE}`,
    for: Duration.minutes(10),
    severity: "ticket",
    summary: "{{ $labels.job }} {{ $labels.index }} uses {{ $value | humanizePercentage }} of a core",
    description:
      "A Synapse process uses one core and no more, so its requests queue. Another worker of its group helps.",
  },
  {
    alert: "SynapseReactorSlow",
    service,
    expr: `histogram_quantile(0.99, sum by (instance, job, index, le) (rate(python_twisted_reactor_tick_time_bucket{${PROCESSES}}[5m]))) > ${SLOW_TURN}`,
    for: Duration.minutes(10),
    severity: "ticket",
    summary: "{{ $labels.job }} {{ $labels.index }} hangs for {{ $value | humanizeDuration }} at a time",
    description:
      "One turn in a hundred of the event loop takes longer than a second, in which the process answers nobody: large rooms, large syncs, or a core shared with too much.",
  },
  {
    alert: "SynapseDatabaseWait",
    service,
    expr: `rate(synapse_storage_schedule_time_sum{${PROCESSES}}[5m]) / rate(synapse_storage_schedule_time_count{${PROCESSES}}[5m]) > ${SLOW_POOL}`,
    for: Duration.minutes(10),
    severity: "ticket",
    summary: "Queries of {{ $labels.job }} {{ $labels.index }} wait {{ $value | humanizeDuration }} for a connection",
    description: "The connections of the process' own pool are all in use: it is too small, or the queries are slow.",
  },
];

/** What Synapse does behind the requests. */
const backgroundAlerts: readonly AlertRule[] = [
  {
    alert: "SynapseEventProcessingBehind",
    service,
    expr: `max by (instance) (synapse_event_persisted_position) - on (instance) group_right () synapse_event_processing_positions > ${EVENTS_BEHIND}`,
    for: Duration.minutes(5),
    severity: "ticket",
    summary: "{{ $labels.name }} on {{ $labels.job }} {{ $labels.index }} is {{ $value }} events behind",
    description:
      "Messages are stored faster than they are passed on to other servers, bridges or the user directory, or the process that does so hangs.",
  },
  {
    alert: "SynapseBackgroundUpdatesStopped",
    service,
    // -1: ended by an error; 0: switched off (synapse: storage/background_updates.py).
    expr: 'synapse_background_update_status{job="synapse"} <= 0',
    for: Duration.hours(1),
    severity: "ticket",
    summary: "Background updates of the database stand still",
    description: "One failed, or somebody switched them off. Until they are done the next upgrade may refuse to start.",
  },
  {
    alert: "SynapseForwardExtremities",
    service,
    expr: `synapse_forward_extremities_bucket{le="+Inf"} - ignoring (le) synapse_forward_extremities_bucket{le="${EXTREMITIES}"} > 0`,
    // Counted once an hour.
    for: Duration.hours(3),
    severity: "ticket",
    summary: "{{ $value }} rooms have more than ten forward extremities",
    description: "Their history has many loose ends, so each new event there takes much time and memory.",
  },
  {
    alert: "SynapsePushesFailing",
    service,
    // Where no push ever arrived there is no series of those that did.
    expr: [
      `${pushes("failed")} > (${pushes("processed")} or 0 * ${pushes("failed")})`,
      `and sum by (instance) (increase(${PUSHES}_failed_total[30m])) > ${FAILED_PUSHES}`,
    ].join(" "),
    for: Duration.minutes(30),
    severity: "ticket",
    summary: "More pushes fail than arrive",
    description: "A push gateway refuses them or cannot be reached from here, so phones stay silent.",
  },
];

/** Only where processes talk through Redis. */
const replicationAlerts: readonly AlertRule[] = [
  {
    alert: "SynapseReplicationBehind",
    service,
    expr: `synapse_replication_tcp_command_queue > ${COMMANDS_WAITING}`,
    for: Duration.minutes(5),
    severity: "ticket",
    summary: "{{ $labels.job }} {{ $labels.index }} has {{ $value }} commands of other processes to take in",
    description: "The process gets more news from the others than it can take in, so its clients see old rooms.",
  },
];

/** @param hasWorkers - whether processes talk to each other */
export const synapseAlerts = (hasWorkers: boolean): AlertRule[] => [
  ...processAlerts,
  ...backgroundAlerts,
  ...(hasWorkers ? replicationAlerts : []),
];
