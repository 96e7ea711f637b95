import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One method of one pattern that a Synapse registers. */
export interface Registered {
  readonly method: string;
  /** As Synapse writes it, with Python's named groups. */
  readonly pattern: string;
  /** Paths that fit, one for each way through the pattern; `{room_id}` stands for what is free. */
  readonly templates: readonly string[];
}

/** What the installed Synapse registers, by the process that would serve it. */
export interface RegisteredEndpoints {
  readonly main: readonly Registered[];
  readonly worker: readonly Registered[];
  /** Of a process with the media repository, the media part of the admin API included. */
  readonly media: readonly Registered[];
  /** Pages of single sign-on, exact paths. */
  readonly pages: readonly string[];
}

/** Python program that prints them, for a container of Synapse's image. */
export const ENDPOINTS_PROGRAM = readFileSync(join(__dirname, "synapse_endpoints.py"), "utf8");

/** `GET ^/_matrix/…$` */
export const endpointKey = ({ method, pattern }: Registered): string => `${method} ${pattern}`;

/** A path of a template. @param values - by name, as the path shall hold them; `x` for the others */
export const fillTemplate = (template: string, values: Readonly<Record<string, string>> = {}): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "x");

/** What a worker would serve and main gets all the same, at least one path of the pattern, and why. */
export const STAYS_ON_MAIN: Readonly<Record<string, string>> = {
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/events$": "only below /unstable, which the workers document leaves out",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/initialSync$": "only below /unstable, as /events",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/(?P<room_id>[^/]*)/initialSync$":
    "only below /unstable, as /events",
  "GET ^/_matrix/client/(r0|v3|unstable)/sync$": "only below /unstable, as /events",
  "GET ^/_matrix/client/(v1|unstable)/register/m.login.registration_token/validity$":
    "only below /unstable, as /events",
  "POST ^/_matrix/client/(r0|v3|unstable)/delete_devices$": "only below /unstable, as /events",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/events/(?P<event_id>[^/]*)$":
    "deprecated, rare, not in the workers document",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/login/(cas|sso)/redirect$":
    "only /login/cas/redirect, an old name that is not in the workers document",
  "GET ^/_matrix/client/unstable/im.nheko.summary/rooms/(?P<room_identifier>[^/]*)/summary$":
    "the older of two experimental names, not in the workers document",
  "PUT ^/_matrix/client/(api/v1|r0|v3|unstable)/createRoom/(?P<txn_id>[^/]*)$":
    "the form with a transaction is not in the specification",
  "PUT ^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/(?P<room_id>[^/]*)/(?P<membership_action>join|invite|leave|ban|unban|kick)/(?P<txn_id>[^/]*)$":
    "the form with a transaction is not in the specification",
  "POST ^/_matrix/client/(v1|unstable)/appservice/(?P<appservice_id>[^/]*)/ping$": "once a start of a bridge",
  "GET ^/_matrix/federation/unstable/rooms/(?P<room_id>[^/]*)/complexity$": "rare, not in the workers document",
  "GET ^/_matrix/federation/v1/openid/userinfo$": "rare, not in the workers document",
  "POST ^/_matrix/federation/v1/3pid/onbind$": "rare, not in the workers document",
  "POST ^/_matrix/federation/v1/user/keys/claim$": "not in the workers document",
  "POST ^/_matrix/federation/v1/user/keys/query$": "not in the workers document",
};

/** A generic worker refuses what the writer of the stream takes, so that it is listed for main alone. */
export const WRITERS_OWN = /^(PUT|DELETE) \S*\/pushrules\//;
