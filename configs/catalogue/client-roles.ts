import { endpoint, type Role } from "./role";

const CLIENT = "^/_matrix/client";
const ALL = "(api/v1|r0|v3|unstable)";
const MODERN = "(r0|v3|unstable)";
/** No room id holds a slash; since room version 12 it holds no domain either (`!opaque`). */
const ROOM = "rooms/[^/]+";

/** What every role here has in common. */
const CLIENT_ROLE = { resources: ["client"], streams: [], singleton: false, fallsBackToMain: true } as const;

/**
 * Roles that answer clients: the endpoints of Synapse's workers document (1.160), compared with what a worker of 1.163.2
 * registers. Patterns are anchored on path segments, which the document's are not.
 */
export const CLIENT_ROLES = [
  {
    ...CLIENT_ROLE,
    name: "initial_sync",
    summary: "first syncs: rare, slow, heavy on memory",
    since: "1.4",
    balancing: "user",
    endpoints: [
      { ...endpoint("GET", `${CLIENT}/(r0|v3)/sync$`), firstSyncOnly: true },
      endpoint("GET", `${CLIENT}/(api/v1|r0|v3)/initialSync$`),
      endpoint("GET", `${CLIENT}/(api/v1|r0|v3)/${ROOM}/initialSync$`),
    ],
  },
  {
    ...CLIENT_ROLE,
    name: "sync",
    summary: "long polls of clients",
    since: "1.4",
    balancing: "user",
    endpoints: [endpoint("GET", `${CLIENT}/(r0|v3)/sync$`), endpoint("GET", `${CLIENT}/(api/v1|r0|v3)/events$`)],
  },
  {
    ...CLIENT_ROLE,
    name: "sliding_sync",
    summary: "long polls of Element X and its kin",
    since: "1.110", // its path
    balancing: "user",
    // Missing from the workers document; any worker with the client resource answers 200.
    endpoints: [endpoint("POST", `${CLIENT}/unstable/org\\.matrix\\.simplified_msc3575/sync$`)],
  },
  {
    ...CLIENT_ROLE,
    name: "pagination",
    summary: "scrolling back; one process per room",
    since: "1.4",
    balancing: "room",
    endpoints: [endpoint("GET", `${CLIENT}/${ALL}/${ROOM}/messages$`)],
  },
  {
    ...CLIENT_ROLE,
    name: "event_creator",
    summary: "sending, joining, state, profiles, new rooms",
    writesTo: ["events"],
    since: "1.79", // knocks
    balancing: "room",
    endpoints: [
      endpoint("POST PUT", `${CLIENT}/${ALL}/${ROOM}/redact/`),
      endpoint("POST PUT", `${CLIENT}/${ALL}/${ROOM}/send/`),
      endpoint("GET PUT", `${CLIENT}/${ALL}/${ROOM}/state/`),
      endpoint("POST", `${CLIENT}/${ALL}/${ROOM}/(join|invite|leave|ban|unban|kick)$`),
      endpoint("POST PUT", `${CLIENT}/${ALL}/join/`),
      endpoint("POST", `${CLIENT}/${ALL}/knock/`),
      endpoint("GET PUT DELETE", `${CLIENT}/${ALL}/profile/`),
      endpoint("POST", `${CLIENT}/${ALL}/createRoom$`),
    ],
  },
  {
    ...CLIENT_ROLE,
    name: "client_reader",
    summary: "everything else that only reads, and end-to-end keys",
    since: "1.144", // delayed events restarted
    // By room, so that what is known about a room is cached in one process only; by user where no room is named.
    balancing: "room",
    endpoints: [
      endpoint("GET POST", `${CLIENT}/${ALL}/publicRooms$`),
      endpoint("GET", `${CLIENT}/${ALL}/${ROOM}/(joined_members|members|state)$`),
      endpoint("GET", `${CLIENT}/${ALL}/${ROOM}/(context|event)/`),
      endpoint("GET", `${CLIENT}/v1/${ROOM}/(hierarchy|threads|timestamp_to_event)$`),
      endpoint("GET", `${CLIENT}/(v1|unstable)/${ROOM}/relations/`),
      endpoint("GET", `${CLIENT}/unstable/im\\.nheko\\.summary/summary/`),
      endpoint("GET", `${CLIENT}/v1/room_summary/`),
      endpoint("GET", `${CLIENT}/(r0|v3|unstable/[^/]+)/${ROOM}/aliases$`),
      endpoint("GET", `${CLIENT}/${ALL}/joined_rooms$`),
      endpoint("GET PUT DELETE", `${CLIENT}/${ALL}/directory/room/`),
      endpoint("POST", `${CLIENT}/${ALL}/search$`),
      endpoint("GET", `${CLIENT}/versions$`),
      endpoint("GET", `${CLIENT}/${ALL}/voip/turnServer$`),
      endpoint("GET POST", `${CLIENT}/${MODERN}/account/3pid$`),
      endpoint("GET", `${CLIENT}/${MODERN}/account/whoami$`),
      endpoint("POST", `${CLIENT}/${MODERN}/account/deactivate$`, ["device_lists", "events"]),
      endpoint("GET POST", `${CLIENT}/${MODERN}/user/[^/]+/filter(/|$)`),
      endpoint("GET", `${CLIENT}/${MODERN}/(capabilities|notifications|password_policy)$`),
      endpoint("POST", `${CLIENT}/${MODERN}/keys/(query|claim)$`),
      endpoint("GET", `${CLIENT}/${MODERN}/keys/changes$`),
      endpoint("GET POST PUT DELETE", `${CLIENT}/${MODERN}/room_keys/`),
      endpoint("GET", `${CLIENT}/unstable/org\\.matrix\\.msc4140/delayed_events$`),
      endpoint("POST", `${CLIENT}/unstable/org\\.matrix\\.msc4140/delayed_events/[^/]+/restart$`),
      // Registered by workers of 1.163.2, not of 1.160, and in no document; POST on the same path is main's.
      endpoint("GET", `${CLIENT}/unstable/org\\.matrix\\.msc4140/delayed_events/[^/]+$`),
    ],
  },
  {
    ...CLIENT_ROLE,
    name: "login",
    summary: "logins with a password, and registrations",
    writesTo: ["device_lists"], // each makes a device
    since: "1.80", // `register/available`
    balancing: "user",
    endpoints: [
      endpoint("GET POST", `${CLIENT}/${ALL}/login$`),
      endpoint("POST", `${CLIENT}/${MODERN}/register$`),
      endpoint("GET", `${CLIENT}/${MODERN}/register/available$`),
      endpoint("GET", `${CLIENT}/v1/register/m\\.login\\.registration_token/validity$`),
    ],
  },
  {
    ...CLIENT_ROLE,
    name: "sso",
    summary: "single sign-on",
    since: "1.27", // `pick_idp` and its kin
    singleton: "a login in progress lives in the memory of one process",
    balancing: "none",
    endpoints: [
      endpoint("GET", `${CLIENT}/${ALL}/login/(sso/redirect|cas/ticket)(/|$)`),
      endpoint("GET POST", "^/_synapse/client/(pick_idp|new_user_consent|sso_register)$"),
      endpoint("GET POST", "^/_synapse/client/pick_username(/|$)"),
      endpoint("GET POST", "^/_synapse/client/(oidc/callback|saml2/authn_response)$"),
    ],
    fallsBackToMain: false,
  },
  {
    ...CLIENT_ROLE,
    name: "user_directory",
    summary: "search for users, and the index behind it",
    since: "1.59", // `update_user_directory_from_worker`
    singleton: "Synapse names one process that keeps the index",
    balancing: "none",
    endpoints: [endpoint("POST", `${CLIENT}/${MODERN}/user_directory/search$`)],
    shared: "update_user_directory_from_worker",
  },
] as const satisfies readonly Role[];
