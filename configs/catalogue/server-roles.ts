import { endpoint, type Role } from "./role";

const FEDERATION = "^/_matrix/federation";
const ADMIN = "^/_synapse/admin/v1";

/** What roles have in common that nothing is routed to. */
const SILENT_ROLE = {
  resources: [],
  streams: [],
  singleton: false,
  balancing: "none",
  endpoints: [],
  fallsBackToMain: false,
} as const;

/**
 * Uploads, downloads, previews. The process with the repository must also write `quarantined_media_changes`: quarantines
 * fail everywhere else (Synapse 1.152). Of the admin API it gets the media part alone.
 */
export const MEDIA_ROLE = {
  name: "media_repository",
  summary: "uploads, downloads, previews",
  since: "1.159", // the stream of quarantines is sent from workers
  resources: ["media", "client", "federation"],
  streams: ["quarantined_media_changes"],
  singleton: "every process with the repository would clean up the same files",
  balancing: "none",
  endpoints: [
    // Quarantines first: the document's general patterns below overlap with them.
    endpoint("POST", `${ADMIN}/quarantine_media/`),
    endpoint("POST", `${ADMIN}/(room|user)/[^/]+/media/quarantine$`),
    endpoint("POST", `${ADMIN}/media/(quarantine|unquarantine)/`),
    endpoint("POST", `${ADMIN}/purge_media_cache$`),
    endpoint("GET POST", `${ADMIN}/room/[^/]+/media`),
    endpoint("GET DELETE", `${ADMIN}/users/[^/]+/media$`),
    endpoint("GET POST DELETE", `${ADMIN}/media/`),
    endpoint("GET POST PUT", "^/_matrix/media/"),
    endpoint("GET", "^/_matrix/client/v1/media/"),
    // In front of every other federation route.
    endpoint("GET", `${FEDERATION}/v1/media/`),
  ],
  fallsBackToMain: false,
  shared: "media_instance_running_background_jobs",
} as const satisfies Role;

/** Roles that deal with other servers, or with nobody at all. */
export const SERVER_ROLES = [
  {
    name: "federation_inbound",
    summary: "transactions of other servers",
    writesTo: ["events"],
    since: "1.4",
    resources: ["federation"],
    streams: [],
    singleton: false,
    balancing: "origin",
    endpoints: [endpoint("PUT", `${FEDERATION}/v1/send/`)],
    fallsBackToMain: true,
  },
  {
    name: "federation_reader",
    summary: "questions of other servers",
    since: "1.130", // `version`
    resources: ["federation"],
    streams: [],
    singleton: false,
    // Path and arguments: by room alone, one worker gets all questions about a large room (ESS).
    balancing: "uri",
    endpoints: [
      endpoint("GET", `${FEDERATION}/v1/version$`),
      endpoint("GET", `${FEDERATION}/v1/(event|state|state_ids|backfill|event_auth|timestamp_to_event|hierarchy)/`),
      endpoint("POST", `${FEDERATION}/v1/get_missing_events/`),
      endpoint("GET POST", `${FEDERATION}/v1/publicRooms$`),
      endpoint("GET", `${FEDERATION}/v1/query/`),
      endpoint("GET", `${FEDERATION}/v1/(make_join|make_leave|make_knock)/`),
      endpoint("PUT", `${FEDERATION}/v1/(send_knock|exchange_third_party_invite)/`, ["events"]),
      endpoint("PUT", `${FEDERATION}/(v1|v2)/(send_join|send_leave|invite)/`, ["events"]),
      endpoint("GET", `${FEDERATION}/v1/user/devices/`),
      endpoint("GET POST", "^/_matrix/key/v2/query(/|$)"),
    ],
    fallsBackToMain: true,
  },
  {
    ...SILENT_ROLE,
    name: "federation_sender",
    summary: "sends to other servers",
    since: "1.18", // `federation_sender_instances`
    shared: "federation_sender_instances",
  },
  {
    ...SILENT_ROLE,
    name: "event_persister",
    summary: "writes events, sharded by room",
    since: "1.21",
    streams: ["events"],
  },
  { ...SILENT_ROLE, name: "pusher", summary: "push notifications", since: "1.28", shared: "pusher_instances" },
  {
    ...SILENT_ROLE,
    name: "appservice",
    summary: "bridges and other application services",
    since: "1.59", // `notify_appservices_from_worker`
    singleton: "two would send everything twice",
    shared: "notify_appservices_from_worker",
  },
  {
    ...SILENT_ROLE,
    name: "background_tasks",
    summary: "clean-ups and statistics",
    since: "1.22", // `run_background_tasks_on`
    singleton: "two would run every job twice",
    shared: "run_background_tasks_on",
  },
] as const satisfies readonly Role[];
