import type { Environment } from "../../../configs/environment";
import { PROCESS, PROCESS_LEGEND, quantile, rate, SYNAPSE, sumBy } from "../expressions";
import { type Dashboard, heatmap, type Row, timeSeries, when } from "../model";

const SENT = "messages were sent";
const RECEIVED = "another server sent something";
const SENT_AWAY = "something was sent to another server";

const rooms: Row = {
  title: "Rooms",
  panels: [
    timeSeries({
      title: "Events stored",
      unit: "ops",
      stacked: true,
      queries: [
        {
          expr: `topk(10, ${sumBy("type, origin_type", rate("synapse_storage_events_persisted_events_sep_total"))})`,
          legend: "{{type}}, {{origin_type}}",
          onlyWhen: SENT,
        },
      ],
    }),
    timeSeries({
      title: "Events not yet worked on",
      about:
        "By what follows every event: pushes, application services, federation. Above 100 for long it lags behind.",
      unit: "short",
      steps: [{ from: 100, colour: "red" }],
      queries: [
        {
          expr: "max(synapse_event_persisted_position) - on () group_right () max by (name) (synapse_event_processing_positions)",
          legend: "{{name}}",
          onlyWhen: SENT,
        },
      ],
    }),
    timeSeries({
      title: "Time until an event is worked on",
      about: "99 of 100, by what follows every event.",
      unit: "s",
      queries: [
        {
          expr: quantile(0.99, "synapse_event_processing_lag_by_event", SYNAPSE, "name"),
          legend: "{{name}}",
          onlyWhen: SENT,
        },
      ],
    }),
    heatmap({
      title: "Forward extremities of rooms",
      about: "Rooms by how many; counted once an hour. Rooms above 10 cost much at every event.",
      unit: "short",
      queries: [
        { expr: "sum by (le) (synapse_forward_extremities_bucket)", legend: "{{le}}", onlyWhen: "an hour is over" },
      ],
    }),
    timeSeries({
      title: "Resolving the state of rooms",
      about: "Busy cores; the worst room alone shows how much one room costs.",
      unit: "percentunit",
      queries: [
        {
          expr: `sum(${rate("synapse_state_res_cpu_for_all_rooms_seconds_sum")})`,
          legend: "all rooms",
          onlyWhen: "a state was resolved",
        },
        {
          expr: `sum(${rate("synapse_state_res_cpu_for_biggest_room_seconds_total")})`,
          legend: "the worst room of each while",
          onlyWhen: "a state was resolved",
        },
      ],
    }),
  ],
};

const people: Row = {
  title: "People",
  panels: [
    timeSeries({
      title: "Clients that wait for news",
      about: "Long polls under way.",
      unit: "short",
      queries: [{ expr: sumBy(PROCESS, "synapse_notifier_listeners"), legend: PROCESS_LEGEND }],
    }),
    timeSeries({
      title: "Logins and registrations",
      unit: "ops",
      queries: [
        { expr: `sum(${rate("synapse_user_logins_total")})`, legend: "logins", onlyWhen: "somebody logged in" },
        {
          expr: `sum(${rate("synapse_user_registrations_total")})`,
          legend: "registrations",
          onlyWhen: "somebody registered",
        },
      ],
    }),
    timeSeries({
      title: "Pushes to telephones",
      unit: "ops",
      queries: [
        {
          expr: `sum(${rate("synapse_http_httppusher_http_pushes_processed_total")})`,
          legend: "sent",
          onlyWhen: "a push was sent",
        },
        {
          expr: `sum(${rate("synapse_http_httppusher_http_pushes_failed_total")})`,
          legend: "failed",
          onlyWhen: "a push failed",
        },
      ],
    }),
  ],
};

const incoming: Row = {
  title: "Federation: from other servers",
  panels: [
    timeSeries({
      title: "Received",
      unit: "ops",
      width: 6,
      queries: [
        { expr: `sum(${rate("synapse_federation_server_received_pdus_total")})`, legend: "events", onlyWhen: RECEIVED },
        {
          expr: `sum(${rate("synapse_federation_server_received_edus_total")})`,
          legend: "typing, receipts, presence",
          onlyWhen: RECEIVED,
        },
      ],
    }),
    timeSeries({
      title: "Waiting to be taken in",
      unit: "short",
      width: 6,
      queries: [{ expr: "max(synapse_federation_server_number_inbound_pdu_in_staging)", legend: "events" }],
    }),
    timeSeries({
      title: "Oldest that waits",
      about: "The metric is in milliseconds, whatever its own help says.",
      unit: "ms",
      width: 6,
      queries: [{ expr: "max(synapse_federation_server_oldest_inbound_pdu_in_staging)", legend: "age" }],
    }),
    timeSeries({
      title: "Servers that are slowed down or refused",
      unit: "short",
      width: 6,
      queries: [
        { expr: "sum(synapse_rate_limit_sleep_affected_hosts)", legend: "slowed down" },
        { expr: "sum(synapse_rate_limit_reject_affected_hosts)", legend: "refused" },
      ],
    }),
  ],
};

const outgoing: Row = {
  title: "Federation: to other servers",
  panels: [
    timeSeries({
      title: "Sent",
      unit: "ops",
      width: 12,
      queries: [
        {
          expr: `sum(${rate("synapse_federation_client_sent_transactions_total")})`,
          legend: "transactions",
          onlyWhen: SENT_AWAY,
        },
        {
          expr: `sum(${rate("synapse_federation_client_sent_pdu_destinations_count_total")})`,
          legend: "events",
          onlyWhen: SENT_AWAY,
        },
      ],
    }),
    timeSeries({
      title: "Waiting to be sent",
      about: "Growing for hours: other servers are down, or the sender cannot keep up.",
      unit: "short",
      width: 12,
      queries: [
        { expr: "sum(synapse_federation_transaction_queue_pending_pdus)", legend: "events" },
        { expr: "sum(synapse_federation_transaction_queue_pending_edus)", legend: "typing, receipts, presence" },
        { expr: "sum(synapse_federation_transaction_queue_pending_destinations)", legend: "servers" },
      ],
    }),
  ],
};

/** What happens in rooms, and between this server and others. */
export const roomsAndFederation = (env: Environment): Dashboard => ({
  name: "rooms",
  title: "Rooms and federation",
  about: "Events, what follows them, and other servers.",
  rows: [rooms, people, ...when(env.expected.federation !== "closed", incoming, outgoing)],
});
