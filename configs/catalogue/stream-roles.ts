import { type Endpoint, endpoint, type Role, SINGLE_WRITER_STREAMS, type Stream } from "./role";

interface StreamRole {
  readonly name: Stream;
  readonly summary: string;
  readonly since: string;
  readonly experimental?: string;
  /** Whether a process that is not the writer reads by itself: for reads main may stand in. */
  readonly readable: boolean;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Writers of one stream each. Where `readable` is false, every process but the writer, main included, answers 500 (seen
 * on 1.160.0): such a route has no fallback. Presence counts among them, since reading another user's status does the
 * same (seen on 1.163.2). Patterns are anchored on path segments, unlike those of Synapse's workers document: a state
 * key or a transaction id named `tags` or `receipt` must not come here.
 */
const WRITERS = [
  {
    name: "typing",
    summary: "who is typing",
    since: "1.47", // a list of writers
    readable: false,
    endpoints: [endpoint("PUT", "^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/[^/]+/typing/")],
  },
  {
    name: "to_device",
    summary: "messages between devices, keys above all",
    since: "1.26",
    readable: false,
    endpoints: [endpoint("PUT", "^/_matrix/client/(r0|v3|unstable)/sendToDevice/")],
  },
  {
    name: "receipts",
    summary: "read receipts and markers",
    since: "1.96", // several writers
    // The document says "any worker"; 500 it is (synapse#17243).
    readable: false,
    endpoints: [
      endpoint("POST", "^/_matrix/client/(r0|v3|unstable)/rooms/[^/]+/receipt/"),
      endpoint("POST", "^/_matrix/client/(r0|v3|unstable)/rooms/[^/]+/read_markers$"),
    ],
  },
  {
    name: "push_rules",
    summary: "push rules of each user",
    since: "1.105",
    // While the writer is there it is asked: it reads what was just written.
    readable: true,
    endpoints: [endpoint("GET PUT DELETE", "^/_matrix/client/(api/v1|r0|v3|unstable)/pushrules/")],
  },
  {
    name: "presence",
    summary: "who is online",
    since: "1.33",
    readable: false,
    endpoints: [endpoint("GET PUT", "^/_matrix/client/(api/v1|r0|v3|unstable)/presence/")],
  },
  {
    name: "account_data",
    summary: "account data and tags",
    since: "1.26",
    readable: true,
    endpoints: [
      endpoint("GET PUT", "^/_matrix/client/(r0|v3|unstable)/user/[^/]+/(rooms/[^/]+/)?account_data/"),
      endpoint("GET PUT DELETE", "^/_matrix/client/(r0|v3|unstable)/user/[^/]+/rooms/[^/]+/tags(/|$)"),
    ],
  },
  {
    name: "device_lists",
    summary: "devices and their keys",
    since: "1.135",
    readable: true,
    endpoints: [
      endpoint("POST", "^/_matrix/client/(r0|v3)/delete_devices$"),
      endpoint("GET PUT DELETE", "^/_matrix/client/(api/v1|r0|v3|unstable)/devices(/|$)"),
      endpoint("POST", "^/_matrix/client/(r0|v3|unstable)/keys/upload(/|$)"),
      endpoint("POST", "^/_matrix/client/(api/v1|r0|v3|unstable)/keys/device_signing/upload$"),
      endpoint("POST", "^/_matrix/client/(api/v1|r0|v3|unstable)/keys/signatures/upload$"),
    ],
  },
  {
    name: "thread_subscriptions",
    summary: "threads that a user follows",
    since: "1.135",
    // In no layout of the kit: Synapse has the endpoints only with the flag, and no document says how to route them.
    experimental: "msc4306_enabled",
    readable: false,
    endpoints: [
      endpoint(
        "GET PUT DELETE",
        "^/_matrix/client/unstable/io\\.element\\.msc4306/rooms/[^/]+/thread/[^/]+/subscription$",
      ),
    ],
  },
] as const satisfies readonly StreamRole[];

export type StreamRoleName = (typeof WRITERS)[number]["name"];

export const STREAM_ROLES = WRITERS.map(
  ({ name, summary, since, readable, endpoints, ...rest }): Role & { readonly name: StreamRoleName } => ({
    ...rest,
    name,
    summary,
    since,
    resources: ["client"],
    streams: [name],
    singleton: SINGLE_WRITER_STREAMS.includes(name) && "Synapse refuses two writers of this stream",
    // Several writers share the rooms or users among themselves (receipts, device_lists).
    balancing: "user",
    endpoints,
    fallsBackToMain: readable,
    ...(readable ? { writesTo: [name] } : {}),
  }),
);
