import { fillTemplate, type Registered } from "./registered-endpoints";

/** What a call needs of a running server. All of it belongs to the user that calls. */
export interface Belongings {
  readonly user: string;
  readonly password: string;
  /**
   * Users whose profiles the user may write, as an admin. One for each write: Synapse 1.163 answers 500 to a change
   * that comes before the one before has reached the user's rooms ("Expected at most one task to cancel").
   */
  readonly others: readonly string[];
  readonly device: string;
  readonly room: string;
  /** For whatever changes memberships. */
  readonly spareRoom: string;
  readonly event: string;
  readonly alias: string;
  /** Of this server, without its name. */
  readonly media: string;
  readonly serverName: string;
  /** Of the user's last sync. */
  readonly since: string;
}

/** A request that does no lasting harm, as real as its endpoint allows. */
export interface EndpointCall {
  readonly endpoint: Registered;
  readonly method: string;
  /** Encoded, as sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const MEMBERSHIP = /\/rooms\/.*\/(join|invite|leave|ban|unban|kick)(\/[^/]+)?$/;

const encode = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** Values of the names in Synapse's patterns; what is missing is `x`, which exists nowhere. */
const valuesFor = (
  template: string,
  mine: Belongings,
  number: number,
  profile: number,
): Readonly<Record<string, string>> => {
  const room = MEMBERSHIP.test(template) ? mine.spareRoom : mine.room;
  const values = {
    room_id: room,
    room_identifier: room,
    room_alias: mine.alias,
    user_id: template.includes("/profile/") ? (mine.others[profile % mine.others.length] as string) : mine.user,
    event_id: mine.event,
    parent_id: mine.event,
    txn_id: `kit${number}`,
    device_id: mine.device,
    server_name: mine.serverName,
    server: mine.serverName,
    media_id: mine.media,
    event_type: "org.example.kit",
    relation_type: "m.thread",
    receipt_type: "m.read",
    account_data_type: "org.example.kit",
    tag: "u.kit",
    field_name: "displayname",
    filter_id: "0",
    path: "global/override/kit",
    idp_id: "oidc-test",
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encode(value)]));
};

/** Without them the endpoint would refuse the call before it matters which process serves it. */
const BODIES: ReadonlyArray<readonly [pattern: RegExp, body: (mine: Belongings) => unknown]> = [
  [/\/typing\//, () => ({ typing: true, timeout: 1000 })],
  [/\/sendToDevice\//, () => ({ messages: {} })],
  [/\/read_markers$/, ({ event }) => ({ "m.fully_read": event, "m.read": event })],
  [/\/pushrules\//, () => ({ actions: [], conditions: [] })],
  [/\/presence\//, () => ({ presence: "online" })],
  [/\/profile\//, () => ({ displayname: "Kit", avatar_url: "" })],
  [/\/directory\/room\//, ({ room }) => ({ room_id: room })],
  [
    /\/login$/,
    ({ user, password }) => ({ type: "m.login.password", identifier: { type: "m.id.user", user }, password }),
  ],
  [/\/register$/, ({ password }) => ({ username: "somebody", password })],
  [/\/delete_devices$/, () => ({ devices: ["x"] })],
  [/\/keys\/query$/, () => ({ device_keys: {} })],
  [/\/keys\/claim$/, () => ({ one_time_keys: {} })],
  [/\/key\/v2\/query$/, () => ({ server_keys: {} })],
  [/\/room_keys\/version$/, () => ({ algorithm: "org.example.kit", auth_data: {} })],
  [/\/user_directory\/search$/, () => ({ search_term: "kit" })],
  [/\/search$/, () => ({ search_categories: { room_events: { search_term: "kit" } } })],
  [MEMBERSHIP, () => ({ user_id: "@nobody:localhost" })],
];

const QUERIES: ReadonlyArray<
  readonly [pattern: RegExp, query: (mine: Belongings) => Readonly<Record<string, string>>]
> = [
  [/\/keys\/changes$/, ({ since }) => ({ from: since, to: since })],
  [/\/timestamp_to_event$/, () => ({ ts: "0", dir: "f" })],
  [/\/register\/available$/, () => ({ username: "somebody" })],
  [/\/validity$/, () => ({ token: "x" })],
  [/\/(cas|sso)\/redirect/, () => ({ redirectUrl: "https://app.example.com" })],
  [/\/thumbnail\//, () => ({ width: "32", height: "32", method: "scale" })],
  [/\/purge_media_cache$|\/media\/delete$|\/delete$/, () => ({ before_ts: "1600000000000" })],
];

const of = <T>(table: ReadonlyArray<readonly [RegExp, (mine: Belongings) => T]>, path: string, mine: Belongings) =>
  table.find(([pattern]) => pattern.test(path))?.[1](mine);

let count = 0;

/** A call for each way through each pattern; a sync twice, as a first one and as a later one. */
export const endpointCalls = (endpoints: readonly Registered[], mine: Belongings): EndpointCall[] => {
  let profile = 0;
  return endpoints.flatMap((endpoint) =>
    endpoint.templates.flatMap((template) => {
      const { method } = endpoint;
      const queries = method === "GET" && template.endsWith("/sync") ? [{}, { since: mine.since }] : [{}];
      return queries.map((query) => {
        count += 1;
        if (method !== "GET" && template.includes("/profile/")) profile += 1;
        return {
          endpoint,
          method,
          path: fillTemplate(template, valuesFor(template, mine, count, profile)),
          query: { ...query, ...of(QUERIES, template, mine), timeout: "0" },
          ...(method === "GET" ? {} : { body: of(BODIES, template, mine) ?? {} }),
        };
      });
    }),
  );
};

const ROUNDS = [/^(PUT|POST) \/_matrix/, /^GET \/_matrix/, /^DELETE \/_matrix/, / \/_synapse\//];

/** Two writes of one thing at once may end in a conflict, which is no matter of routing. */
const laneOf = ({ method, path }: EndpointCall): string => {
  if (method === "GET") return path;
  const what = path.replace(/^\/_matrix\/[a-z]+\/(api\/v1|r0|v1|v3|unstable)\//, "");
  return what.startsWith("rooms/") ? what : (what.split("/")[0] as string);
};

/**
 * The calls in rounds, so that what is read was written before and is deleted after. The lanes of a round may go in
 * parallel, the calls of a lane one after another.
 */
export const inRounds = (calls: readonly EndpointCall[]): EndpointCall[][][] =>
  ROUNDS.map((round) => {
    const lanes = new Map<string, EndpointCall[]>();
    for (const call of calls.filter(({ method, path }) => round.test(`${method} ${path}`))) {
      lanes.set(laneOf(call), [...(lanes.get(laneOf(call)) ?? []), call]);
    }
    return [...lanes.values()];
  });
