// Events as servers give them to each other, in rooms of version 11 and later: the Matrix specification's server-server
// API, "Signing events", and its room versions, "Redactions" and "Event IDs".
import { hashOf, hashText } from "./signing.mjs";

const KEPT = [
  "type",
  "room_id",
  "sender",
  "state_key",
  "content",
  "hashes",
  "depth",
  "prev_events",
  "auth_events",
  "origin_server_ts",
];
/** Of the content, by the event's type; the peer makes no others. */
const KEPT_CONTENT = { "m.room.member": ["membership"] };

const only = (value, keys) => Object.fromEntries(keys.filter((key) => key in value).map((key) => [key, value[key]]));

const redacted = (event) => {
  const kept = only(event, KEPT);
  return { ...kept, content: only(event.content, KEPT_CONTENT[event.type] ?? []) };
};

/** With the hash of its content and the server's signature. */
export const signedEvent = (signer, { signatures: _, unsigned: __, hashes: ___, ...event }) => {
  const hashed = { ...event, hashes: { sha256: hashText(event) } };
  return { ...hashed, signatures: signer.signaturesOf(redacted(hashed)) };
};

/** The event's ID is a hash of it. */
export const eventIdOf = (event) => `$${hashOf(redacted(event)).toString("base64url")}`;
