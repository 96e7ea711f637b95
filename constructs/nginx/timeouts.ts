import type { RoleName } from "../../configs/catalogue/roles";
import { Duration } from "../../configs/units/duration";
import { NGINX_BRIEF_READ_TIMEOUT_SECONDS, NGINX_READ_TIMEOUT_SECONDS } from "../../sizing/constants";
import { MAIN } from "./routes";

/** An address that nobody has answers with silence; a full backlog to the second or third try, after 1 s or 3 s. */
export const CONNECT_TIMEOUT = Duration.seconds(3);
/**
 * The same where main stands in, for all of the requests or some: every one pays for the silence of a stopped container until it is back (seen: 3.0 s
 * each, 0.5 s with this). Nothing else takes as long on one host but a full backlog, which drops the first try and gets the
 * next one after a second.
 */
export const SHORT_CONNECT_TIMEOUT = Duration.millis(500);
/** Enough for each process of a pool to be silent, and less than any answer that is merely slow. */
export const NEXT_TIMEOUT = Duration.seconds(10);
/** Six times what clients and Synapse agree on for a long poll, with room for slow answers (ESS: 180 s). */
export const READ_TIMEOUT = Duration.seconds(NGINX_READ_TIMEOUT_SECONDS);
/** What is ever so small, after the 60 s that it may wait for a database connection (I11): a hung process is let go. */
const BRIEF_READ_TIMEOUT = Duration.seconds(NGINX_BRIEF_READ_TIMEOUT_SECONDS);
/** Joins into large rooms, first syncs and large files take minutes; other servers wait ten for a room's state (synapse: federation/transport/client.py). */
const SLOW_READ_TIMEOUT = Duration.minutes(10);

/** How long Nginx waits for an answer, where that is not `READ_TIMEOUT`. Main serves what no worker does, in small layouts all of it. */
const BY_ROLE: Readonly<Partial<Record<RoleName | typeof MAIN, Duration>>> = {
  [MAIN]: SLOW_READ_TIMEOUT,
  initial_sync: SLOW_READ_TIMEOUT,
  // A client that was away for weeks.
  sync: SLOW_READ_TIMEOUT,
  event_creator: SLOW_READ_TIMEOUT,
  media_repository: SLOW_READ_TIMEOUT,
  federation_reader: SLOW_READ_TIMEOUT,
  federation_inbound: SLOW_READ_TIMEOUT,
  typing: BRIEF_READ_TIMEOUT,
  to_device: BRIEF_READ_TIMEOUT,
  receipts: BRIEF_READ_TIMEOUT,
  presence: BRIEF_READ_TIMEOUT,
  push_rules: BRIEF_READ_TIMEOUT,
};

/** The longest of several roles. */
export const readTimeoutOf = (roles: readonly (RoleName | typeof MAIN)[]): Duration =>
  roles
    .map((role) => BY_ROLE[role] ?? READ_TIMEOUT)
    .reduce((longest, next) => (longest.isLessThan(next) ? next : longest));
