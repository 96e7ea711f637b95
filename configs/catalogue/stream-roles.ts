import { type Endpoint, endpoint, type Role, SINGLE_WRITER_STREAMS, type Stream } from "./role";

interface StreamRole {
  readonly name: Stream;
  readonly summary: string;
  /** Whether a process that is not the writer passes the request on, so that main may stand in. */
  readonly proxied: boolean;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Writers of one stream each. Where `proxied` is false, every process but the writer, main included, answers 500 (seen
 * on 1.160.0): such a route has no fallback. Presence counts among them, since reading another user's status does the
 * same (seen on 1.163.2). Patterns are anchored on path segments, unlike those of Synapse's workers document: a state
 * key or a transaction id named `tags` or `receipt` must not come here.
 */
const WRITERS = [
  {
    name: "typing",
    summary: "who is typing",
    proxied: false,
    endpoints: [endpoint("PUT", "^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/[^/]+/typing/")],
  },
  {
    name: "to_device",
    summary: "messages between devices, keys above all",
    proxied: false,
    endpoints: [endpoint("PUT", "^/_matrix/client/(r0|v3|unstable)/sendToDevice/")],
  },
  {
    name: "receipts",
    summary: "read receipts and markers",
    // The document says "any worker"; 500 it is (synapse#17243).
    proxied: false,
    endpoints: [
      endpoint("POST", "^/_matrix/client/(r0|v3|unstable)/rooms/[^/]+/receipt/"),
      endpoint("POST", "^/_matrix/client/(r0|v3|unstable)/rooms/[^/]+/read_markers$"),
    ],
  },
  {
    name: "push_rules",
    summary: "push rules of each user",
    proxied: false,
    // Any worker could answer GET; the writer reads what was just written.
    endpoints: [endpoint("GET PUT DELETE", "^/_matrix/client/(api/v1|r0|v3|unstable)/pushrules/")],
  },
  {
    name: "presence",
    summary: "who is online",
    proxied: false,
    endpoints: [endpoint("GET PUT", "^/_matrix/client/(api/v1|r0|v3|unstable)/presence/")],
  },
  {
    name: "account_data",
    summary: "account data and tags",
    proxied: true,
    endpoints: [
      endpoint("GET PUT", "^/_matrix/client/(r0|v3|unstable)/user/[^/]+/(rooms/[^/]+/)?account_data/"),
      endpoint("GET PUT DELETE", "^/_matrix/client/(r0|v3|unstable)/user/[^/]+/rooms/[^/]+/tags(/|$)"),
    ],
  },
  {
    name: "device_lists",
    summary: "devices and their keys",
    proxied: true,
    endpoints: [
      endpoint("POST", "^/_matrix/client/(r0|v3)/delete_devices$"),
      endpoint("GET PUT DELETE", "^/_matrix/client/(api/v1|r0|v3|unstable)/devices(/|$)"),
      endpoint("POST", "^/_matrix/client/(r0|v3|unstable)/keys/upload(/|$)"),
      endpoint("POST", "^/_matrix/client/(api/v1|r0|v3|unstable)/keys/device_signing/upload$"),
      endpoint("POST", "^/_matrix/client/(api/v1|r0|v3|unstable)/keys/signatures/upload$"),
    ],
  },
] as const satisfies readonly StreamRole[];

export type StreamRoleName = (typeof WRITERS)[number]["name"];

/**
 * `thread_subscriptions` is no role: it stays on main, since it needs an experimental flag (msc4306) that the kit does
 * not set, and since no document says how to route it.
 */
export const STREAM_ROLES = WRITERS.map(
  ({ name, summary, proxied, endpoints }): Role & { readonly name: StreamRoleName } => ({
    name,
    summary,
    resources: ["client"],
    streams: [name],
    singleton: SINGLE_WRITER_STREAMS.includes(name) && "Synapse refuses two writers of this stream",
    // Several writers share the rooms or users among themselves (receipts, device_lists).
    balancing: "user",
    endpoints,
    fallsBackToMain: proxied,
  }),
);
