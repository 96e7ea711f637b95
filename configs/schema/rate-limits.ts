import * as z from "zod";
import { expected, mapping } from "./values";

const figure = (what: string) => {
  const error = expected("a number, 0 or above");
  return z.number({ error }).min(0, { error }).describe(what);
};

const limit = () =>
  mapping({
    per_second: figure("Actions allowed in a second, in the long run"),
    burst_count: figure("Actions allowed at once"),
  }).optional();

/** Limits of one kind of action, each with what it counts by. */
const limits = <T extends Readonly<Record<string, string>>>(described: T) =>
  mapping(
    Object.fromEntries(Object.entries(described).map(([name, what]) => [name, limit().describe(what)])) as Record<
      keyof T & string,
      ReturnType<typeof limit>
    >,
  ).optional();

/** Limits of Synapse 1.163.2 (config/ratelimiting.py). `rc_federation` is of another shape: it goes under `settings`. */
export const rateLimits = mapping({
  rc_message: limit().describe("Sending, by user. Default: 0.2, 10"),
  rc_registration: limit().describe("Registering, by address. Default: 0.17, 3"),
  rc_registration_token_validity: limit().describe("Testing registration tokens, by address. Default: 0.1, 5"),
  rc_login: limits({
    address: "By address. Default: 0.003, 5",
    account: "By account. Default: 0.003, 5",
    failed_attempts: "Attempts that failed, by account. Default: 0.17, 3",
  }).describe("Logging in"),
  rc_admin_redaction: limit().describe("Redacting as an admin. Default: as `rc_message`"),
  rc_joins: limits({
    local: "Rooms that this server is in. Default: 0.1, 10",
    remote: "Rooms that only other servers are in. Default: 0.01, 10",
  }).describe("Joining rooms, by user"),
  rc_joins_per_room: limit().describe("Joining one room. Default: 1, 10"),
  rc_key_requests: limit().describe("Requests for device keys. Default: 20, 100"),
  rc_3pid_validation: limit().describe("Validating mail addresses and phone numbers. Default: 0.003, 5"),
  rc_invites: limits({
    per_room: "By room. Default: 0.3, 10",
    per_user: "By who is invited. Default: 0.003, 5",
    per_issuer: "By who invites. Default: 0.3, 10",
  }).describe("Inviting"),
  rc_third_party_invite: limit().describe("Inviting by mail. Default: 0.0025, 5"),
  rc_media_create: limit().describe("Uploads, by user. Default: 10, 50"),
  rc_presence: limits({ per_user: "By user. Default: 0.1, 1" }).describe("Setting one's presence"),
  rc_delayed_event_mgmt: limit().describe("Managing delayed events. Default: 1, 5"),
  rc_room_creation: limit().describe("Creating rooms, by user. Default: 0.016, 10"),
  rc_reports: limit().describe("Reporting users and rooms. Default: 1, 5"),
  rc_profile: limit().describe("Looking up profiles. Default: 1, 500"),
  rc_user_directory: limit().describe("Searching the user directory. Default: 0.016, 200"),
})
  .default({})
  .describe("Synapse's `rc_` limits: a mapping of `per_second` and `burst_count`, for every process by itself");
