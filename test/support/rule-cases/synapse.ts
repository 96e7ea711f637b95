import { growing, type RuleCase, type RuleCases, scene, steady, step } from "./scene";

const WORKER = 'job="synapse-client",index="1",instance="example.com"';
const MAIN = 'job="synapse",index="1",instance="example.com"';

const extremities = (few: number, all: number) => ({
  [`synapse_forward_extremities_bucket{${MAIN},le="10.0"}`]: steady(few),
  [`synapse_forward_extremities_bucket{${MAIN},le="+Inf"}`]: steady(all),
});

const pushes = (failed: number, processed: number) => ({
  [`synapse_http_httppusher_http_pushes_failed_total{${MAIN}}`]: growing(failed),
  [`synapse_http_httppusher_http_pushes_processed_total{${MAIN}}`]: growing(processed),
});

/** Turns of the event loop in a second, and how many of them take less than a second. */
const turns = (quick: number, all: number) => ({
  [`python_twisted_reactor_tick_time_bucket{${WORKER},le="0.5"}`]: growing(quick),
  [`python_twisted_reactor_tick_time_bucket{${WORKER},le="1.0"}`]: growing(quick),
  [`python_twisted_reactor_tick_time_bucket{${WORKER},le="2.0"}`]: growing(all),
  [`python_twisted_reactor_tick_time_bucket{${WORKER},le="+Inf"}`]: growing(all),
});

const waits = (secondsEach: number) => ({
  [`synapse_storage_schedule_time_sum{${WORKER}}`]: growing(20 * secondsEach),
  [`synapse_storage_schedule_time_count{${WORKER}}`]: growing(20),
});

const positions = (persisted: number, processed: number) => ({
  [`synapse_event_persisted_position{${WORKER}}`]: steady(persisted),
  [`synapse_event_processing_positions{${MAIN},name="federation_sender"}`]: steady(processed),
});

const processes: readonly RuleCase[] = [
  {
    alert: "SynapseProcessDown",
    severity: "page",
    fires: scene(4, { [`up{${WORKER}}`]: step(1, 1, 0), [`up{${MAIN}}`]: steady(1) }),
    quiet: [scene(2, { [`up{${WORKER}}`]: step(1, 1, 0) }), scene(10, { [`up{${WORKER}}`]: steady(1) })],
  },
  {
    alert: "SynapseProcessSaturated",
    severity: "ticket",
    fires: scene(20, { [`process_cpu_seconds_total{${WORKER}}`]: growing(0.95) }),
    quiet: [
      scene(30, { [`process_cpu_seconds_total{${WORKER}}`]: growing(0.85) }),
      scene(30, { 'process_cpu_seconds_total{job="node",instance="example.com"}': growing(0.95) }),
    ],
  },
  {
    alert: "SynapseReactorSlow",
    severity: "ticket",
    fires: scene(20, turns(95, 100)),
    quiet: [scene(30, turns(99.5, 100))],
  },
  {
    alert: "SynapseDatabaseWait",
    severity: "ticket",
    fires: scene(20, waits(0.06)),
    quiet: [scene(30, waits(0.04)), scene(30, { [`synapse_storage_schedule_time_sum{${WORKER}}`]: steady(5) })],
  },
  {
    alert: "SynapseEventProcessingBehind",
    severity: "ticket",
    fires: scene(10, positions(1150, 1000)),
    quiet: [scene(10, positions(1100, 1000)), scene(4, positions(1150, 1000))],
  },
  {
    alert: "SynapseBackgroundUpdatesStopped",
    severity: "ticket",
    fires: scene(70, { [`synapse_background_update_status{${MAIN}}`]: steady(-1) }),
    quiet: [
      scene(70, { [`synapse_background_update_status{${MAIN}}`]: steady(2) }),
      scene(50, { [`synapse_background_update_status{${MAIN}}`]: steady(0) }),
    ],
  },
  {
    alert: "SynapseForwardExtremities",
    severity: "ticket",
    fires: scene(190, extremities(40, 41)),
    quiet: [scene(190, extremities(40, 40)), scene(170, extremities(40, 41))],
  },
  {
    alert: "SynapsePushesFailing",
    severity: "ticket",
    fires: scene(70, pushes(0.1, 0.05)),
    quiet: [scene(70, pushes(0.05, 0.1)), scene(70, pushes(0.003, 0.001))],
  },
  {
    alert: "SynapsePushesFailing",
    severity: "ticket",
    fires: scene(70, { [`synapse_http_httppusher_http_pushes_failed_total{${MAIN}}`]: growing(0.1) }),
    quiet: [scene(70, { [`synapse_http_httppusher_http_pushes_failed_total{${MAIN}}`]: steady(500) })],
  },
];

const replication: RuleCase = {
  alert: "SynapseReplicationBehind",
  severity: "ticket",
  fires: scene(10, { [`synapse_replication_tcp_command_queue{${WORKER},name="master"}`]: steady(101) }),
  quiet: [scene(10, { [`synapse_replication_tcp_command_queue{${WORKER},name="master"}`]: steady(100) })],
};

const federation: readonly RuleCase[] = [
  {
    alert: "FederationSendingBehind",
    severity: "ticket",
    fires: scene(40, {
      [`synapse_federation_transaction_queue_pending_pdus{${WORKER}}`]: steady(600),
      [`synapse_federation_transaction_queue_pending_pdus{${MAIN}}`]: steady(401),
    }),
    quiet: [scene(40, { [`synapse_federation_transaction_queue_pending_pdus{${WORKER}}`]: steady(1000) })],
  },
  {
    alert: "FederationReceivingBehind",
    severity: "ticket",
    fires: scene(20, { [`synapse_federation_server_oldest_inbound_pdu_in_staging{${MAIN}}`]: steady(600_001) }),
    quiet: [scene(20, { [`synapse_federation_server_oldest_inbound_pdu_in_staging{${MAIN}}`]: steady(599_999) })],
  },
];

export const synapseCases: RuleCases = ({ environment, plan }) => [
  ...processes,
  ...(plan.redis ? [replication] : []),
  ...(environment.expected.federation === "closed" ? [] : federation),
];
