import type { Endpoint, Role } from "./role";

interface StreamRole {
  readonly name: string;
  readonly summary: string;
  readonly stream: Role["streams"][number];
  /** Whether a process that is not the writer passes the request on, so that main may stand in. */
  readonly proxied: boolean;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Writers of one stream each. Where `proxied` is false, every process but the writer, main included, answers 500 (seen
 * on 1.160.0): such a route has no fallback. Presence counts among them, since reading another user's status does the
 * same (seen on 1.163.2).
 */
const WRITERS = [
  {
    name: "typing",
    summary: "who is typing",
    stream: "typing",
    proxied: false,
    endpoints: [{ pattern: "^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/.*/typing" }],
  },
  {
    name: "to_device",
    summary: "messages between devices, keys above all",
    stream: "to_device",
    proxied: false,
    endpoints: [{ pattern: "^/_matrix/client/(r0|v3|unstable)/sendToDevice/" }],
  },
  {
    name: "receipts",
    summary: "read receipts and markers",
    stream: "receipts",
    proxied: false,
    endpoints: [
      { pattern: "^/_matrix/client/(r0|v3|unstable)/rooms/.*/receipt" },
      { pattern: "^/_matrix/client/(r0|v3|unstable)/rooms/.*/read_markers" },
    ],
  },
  {
    name: "push_rules",
    summary: "push rules of each user",
    stream: "push_rules",
    proxied: false,
    endpoints: [{ pattern: "^/_matrix/client/(api/v1|r0|v3|unstable)/pushrules/" }],
  },
  {
    name: "presence",
    summary: "who is online",
    stream: "presence",
    proxied: false,
    endpoints: [{ pattern: "^/_matrix/client/(api/v1|r0|v3|unstable)/presence/" }],
  },
  {
    name: "account_data",
    summary: "account data and tags",
    stream: "account_data",
    proxied: true,
    // Anchored on path segments, unlike the document's: a state key named `tags` must not come here.
    endpoints: [
      { pattern: "^/_matrix/client/(r0|v3|unstable)/user/[^/]+/(rooms/[^/]+/)?account_data/" },
      { pattern: "^/_matrix/client/(r0|v3|unstable)/user/[^/]+/rooms/[^/]+/tags" },
    ],
  },
  {
    name: "device_lists",
    summary: "devices and their keys",
    stream: "device_lists",
    proxied: true,
    endpoints: [
      { pattern: "^/_matrix/client/(r0|v3)/delete_devices$" },
      { pattern: "^/_matrix/client/(api/v1|r0|v3|unstable)/devices(/|$)" },
      { pattern: "^/_matrix/client/(r0|v3|unstable)/keys/upload" },
      { pattern: "^/_matrix/client/(api/v1|r0|v3|unstable)/keys/device_signing/upload$" },
      { pattern: "^/_matrix/client/(api/v1|r0|v3|unstable)/keys/signatures/upload$" },
    ],
  },
] as const satisfies readonly StreamRole[];

/** `thread_subscriptions` stays on main: it needs an experimental flag that the kit does not set. */
export const STREAM_ROLES = WRITERS.map(
  ({ name, summary, stream, proxied, endpoints }) =>
    ({
      name,
      summary,
      resources: ["client"],
      streams: [stream],
      singleton: true,
      balancing: "none",
      endpoints,
      fallsBackToMain: proxied,
    }) as const satisfies Role,
);
export type StreamRoleName = (typeof WRITERS)[number]["name"];
