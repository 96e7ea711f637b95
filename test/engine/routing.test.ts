import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { WorkerLayoutName } from "../../configs/environment";
import { MAIN, type Route, routes } from "../../constructs/nginx/routes";
import { inParallel } from "../../host/in-parallel";
import { prepareSize } from "../../host/prepare";
import { rowFor } from "../catalogue/request";
import { type NginxEntry, nginxEntries, type SynapseEntry, synapseEntriesWith } from "../support/access-logs";
import { type Belongings, type EndpointCall, endpointCalls, inRounds } from "../support/endpoint-calls";
import { containerIds, docker, EngineProject } from "../support/engine-project";
import { type Answer, MatrixClient } from "../support/matrix-client";
import {
  ENDPOINTS_PROGRAM,
  endpointKey,
  type Registered,
  type RegisteredEndpoints,
  STAYS_ON_MAIN,
  WRITERS_OWN,
} from "../support/registered-endpoints";

const DEPLOY_MS = 10 * 60_000;
const PORT = 18015;
const NETWORK = "10.123.148.0/22";
const AT_ONCE = 8;

/** A user's own, with merges that no layout of the kit has; what it leaves out stays on main. */
const BY_HAND = `
    sync: {roles: [initial_sync, sync, sliding_sync], count: 2}
    readers: {roles: [account_data, client_reader, pagination]}
    events: {roles: [event_creator, event_persister], count: 2}
    little: {roles: [receipts, typing, presence]}
    outward: {roles: [federation_sender, pusher]}
    inward: {roles: [federation_inbound, federation_reader], count: 3}
    logins: {roles: [login, to_device]}
    media: {roles: [media_repository]}`;
/** Paths of the roles that it leaves out: sso, push_rules, device_lists, user_directory. */
const LEFT_OUT_BY_HAND =
  /^\/_matrix\/client\/.*\/(login\/(sso|cas)\/|pushrules\/|delete_devices$|devices(\/|$)|keys\/(upload|device_signing|signatures)(\/|$)|user_directory\/)/;

/** The largest first: the others only take processes away. */
const LAYOUTS: readonly (WorkerLayoutName | "by hand")[] = ["seventeen", "by hand", "eight", "three", "two", "none"];
type LayoutUnderTest = (typeof LAYOUTS)[number];

const project = new EngineProject("e2e-routes");
const url = `http://127.0.0.1:${PORT}`;
const guest = new MatrixClient(url);
const password = "correct horse battery staple";

const limit = "{ per_second: 1000, burst_count: 1000 }";
/** Each endpoint that a provider of single sign-on brings exists; nothing of them is ever asked. */
const environmentWith = (layout: LayoutUnderTest): string => `server_name: localhost
public_baseurl: ${url}
hardware: { ram: 16GB, cpus: 8 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: ${NETWORK} }
nginx: { admin_api_from: [${NETWORK}] }
monitoring: { enabled: false }
compressor: { enabled: false }
expected: { federation: closed, users: 100 }
synapse:
  workers: ${layout === "by hand" ? BY_HAND : layout}
  registration: open
  url_previews: true
  rate_limits:
    rc_message: ${limit}
    rc_registration: ${limit}
    rc_login: { address: ${limit}, account: ${limit} }
    rc_joins: { local: ${limit} }
    rc_invites: { per_room: ${limit}, per_user: ${limit}, per_issuer: ${limit} }
    rc_presence: { per_user: ${limit} }
    rc_room_creation: ${limit}
  settings:
    cas_config: { enabled: true, server_url: "https://cas.example.com" }
    oidc_providers:
      - idp_id: test
        idp_name: test
        issuer: https://idp.example.com
        discover: false
        client_id: kit
        client_auth_method: none
        scopes: [profile]
        authorization_endpoint: https://idp.example.com/authorize
        token_endpoint: https://idp.example.com/token
        userinfo_endpoint: https://idp.example.com/userinfo
`;

/** Every other process answers 500. */
const WRITERS_ALONE = /^(PUT|POST) .*\/(typing|sendToDevice|receipt|read_markers|pushrules|presence)(\/|$)/;

let endpoints: RegisteredEndpoints;
let alice: MatrixClient;
let mine: Omit<Belongings, "since" | "media">;

/**
 * What ran before is taken away first: changing one layout into another takes twice as long, and is tried elsewhere
 * (rolling.test.ts, failures.test.ts).
 */
const deploy = async (layout: LayoutUnderTest): Promise<void> => {
  const before = Object.values(containerIds(project.name));
  if (before.length > 0) docker("rm", "--force", ...before);
  writeFileSync(project.file, environmentWith(layout));
  const { code, stderr } = await project.kit(["deploy", project.name]);
  if (code !== 0) throw new Error(stderr);
};

const ok = async <T>(answer: Promise<Answer<T>>): Promise<T> => {
  const { status, body } = await answer;
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
};

let furnished: Promise<void> | undefined;
/** Once, by whichever layout is up first: users and rooms outlive all changes of layout. */
const furnish = async (): Promise<void> => {
  const container = `${project.name}-synapse-main`;
  endpoints = JSON.parse(docker("exec", container, "python3", "-c", ENDPOINTS_PROGRAM));
  // Media of the admin API need an admin.
  const added = await project.kit(["user", "add", project.name, "alice", "--admin", "--password-stdin"], {
    input: `${password}\n`,
  });
  expect(added).toMatchObject({ code: 0 });
  const { body: login } = await guest.login("alice", password);
  alice = guest.withToken(login.access_token);
  const newRoom = async (body: object) =>
    (await ok(alice.request("POST", "/_matrix/client/v3/createRoom", body))).room_id as string;
  const room = await newRoom({ preset: "public_chat", room_alias_name: "kit" });
  const spareRoom = await newRoom({ preset: "private_chat" });
  const sent = await ok(
    alice.request("PUT", `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/first`, {
      msgtype: "m.text",
      body: "first",
    }),
  );
  const others = Array.from({ length: 20 }, (_, i) => `@other${i}:localhost`);
  for (const other of others) {
    const { status } = await alice.request("PUT", `/_synapse/admin/v2/users/${encodeURIComponent(other)}`, {});
    expect(status).toBe(201);
  }
  mine = {
    others,
    user: "@alice:localhost",
    password,
    device: (login as unknown as { device_id: string }).device_id,
    room,
    spareRoom,
    event: sent.event_id,
    alias: "#kit:localhost",
    serverName: "localhost",
  };
};
afterAll(() => project.removeAll(), DEPLOY_MS);

/** Everything that some worker serves in some layout. */
const workerCapable = (): Registered[] => [
  ...endpoints.worker,
  ...endpoints.media,
  ...endpoints.main.filter(({ method, templates }) => templates.some((one) => WRITERS_OWN.test(`${method} ${one}`))),
];

/** Of those, what nobody but main serves in a layout. */
const meantForMain = (layout: LayoutUnderTest): string[] => {
  if (layout === "none") return workerCapable().map(endpointKey);
  const leftOut = workerCapable().filter(({ templates }) => templates.some((one) => LEFT_OUT_BY_HAND.test(one)));
  return [...Object.keys(STAYS_ON_MAIN), ...(layout === "by hand" ? leftOut.map(endpointKey) : [])];
};

interface Outcome {
  readonly call: EndpointCall;
  readonly status: number;
  readonly errcode: string | undefined;
  readonly nginx: NginxEntry | undefined;
  readonly synapse: SynapseEntry | undefined;
}

/** Sends all and finds each in the log of Nginx and of the process that served it. */
const send = async (calls: readonly EndpointCall[]): Promise<Outcome[]> => {
  const since = new Date(Date.now() - 1000).toISOString();
  const answers: (readonly [EndpointCall, Answer<{ errcode?: string }>])[] = [];
  for (const lanes of inRounds(calls)) {
    await inParallel(lanes, AT_ONCE, async (lane) => {
      for (const call of lane) {
        const { method, path, query, body } = call;
        answers.push([call, await alice.request(method, path, body, { query })]);
      }
    });
  }
  const marks = answers.map(([, { mark }]) => mark);
  const byMark = new Map((await synapseEntriesWith(project.name, since, marks)).map((entry) => [entry.mark, entry]));
  const byId = new Map(nginxEntries(project.name, since).map((entry) => [entry.requestId, entry]));
  return answers.map(([call, { status, body, mark }]) => {
    const synapse = byMark.get(mark);
    return { call, status, errcode: body.errcode, synapse, nginx: synapse && byId.get(synapse.requestId) };
  });
};

const KEYS = 1000;
/** Looks random, and is the same in every run. */
const opaqueKey = (n: number): string => createHash("sha256").update(String(n)).digest("base64url");
/** Of an even part, more or less. */
const TOLERANCE = 0.2;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

interface KeyedRequest {
  readonly key: string;
  readonly client: MatrixClient;
  /** @default "GET" */
  readonly method?: "PUT";
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Sends all, mixed, and gives the processes that each key met. Synapse refuses them, which is an answer as well. */
const servedKeys = async (requests: readonly KeyedRequest[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const since = new Date(Date.now() - 1000).toISOString();
  // The same disorder each time: a prime that divides no count of requests.
  const mixed = requests.map((_, i) => requests[(i * 7919) % requests.length] as KeyedRequest);
  const marks = await inParallel(mixed, AT_ONCE, async ({ key, client, method, path, query }) => {
    const body = method === "PUT" ? {} : undefined;
    const { status, mark } = await client.request(method ?? "GET", path, body, { query });
    expect([401, 403]).toContain(status);
    return [mark, key] as const;
  });
  const keys = new Map(marks);
  const served = new Map<string, Set<string>>();
  for (const { mark, process } of await synapseEntriesWith(project.name, since, [...keys.keys()])) {
    const key = keys.get(mark);
    if (key === undefined) continue;
    keys.delete(mark);
    served.set(key, (served.get(key) ?? new Set()).add(process));
  }
  expect([...keys.values()]).toEqual([]);
  return served;
};

const expectShared = (served: ReadonlyMap<string, ReadonlySet<string>>, pool: readonly string[]): void => {
  expect(pool.length).toBeGreaterThan(2);
  expect(served.size).toBe(KEYS);
  expect([...served].filter(([, processes]) => processes.size > 1)).toEqual([]);
  const count = (name: string) => [...served.values()].filter((processes) => processes.has(name)).length;
  for (const name of pool) {
    const share = count(name) * (pool.length / KEYS);
    expect([name, Math.abs(share - 1) < TOLERANCE, share]).toEqual([name, true, share]);
  }
};

describe.each(LAYOUTS)("layout %s", (layout) => {
  let outcomes: Outcome[];
  let table: readonly Route[];
  beforeAll(async () => {
    await deploy(layout);
    furnished ??= furnish();
    await furnished;
    const { environment, plan } = await prepareSize(project.name, project.dir);
    table = routes(environment, plan);
    const synced = await ok(alice.request("GET", "/_matrix/client/v3/sync", undefined, { query: { timeout: "0" } }));
    const uploaded = await ok(alice.request("POST", "/_matrix/media/v3/upload", { some: "content" }));
    const media = uploaded.content_uri.split("/").at(-1);
    outcomes = await send(endpointCalls(workerCapable(), { ...mine, media, since: synced.next_batch }));
  }, DEPLOY_MS);

  const said = ({ call, status, errcode }: Outcome) => `${call.method} ${call.path} ${status} ${errcode ?? ""}`;

  test("knows every endpoint at the process that gets it", () => {
    expect(outcomes.length).toBeGreaterThan(500);
    const failed = outcomes.filter(({ status, errcode }) => status >= 500 || errcode === "M_UNRECOGNIZED");
    expect(failed.map(said)).toEqual([]);
  });

  test("takes what only the writer of a stream can take", () => {
    const writes = outcomes.filter(({ call }) => WRITERS_ALONE.test(`${call.method} ${call.path}`));
    expect(writes.length).toBeGreaterThan(20);
    expect(writes.filter(({ status }) => status !== 200).map(said)).toEqual([]);
  });

  test("sends each to the process that the table says", () => {
    const wrong = outcomes.flatMap((outcome) => {
      const { call, nginx, synapse } = outcome;
      const row = rowFor(table, { method: call.method, uri: `${call.path}?${new URLSearchParams(call.query)}` });
      const seen = [synapse?.process, nginx?.process, nginx?.upstream];
      const isRight =
        row !== undefined &&
        synapse !== undefined &&
        row.processes.includes(synapse.process) &&
        nginx?.process === synapse.process &&
        nginx.upstream === row.upstream;
      return isRight ? [] : [`${said(outcome)}: ${seen.join(", ")}; the table says ${row?.upstream}`];
    });
    expect(wrong).toEqual([]);
  });

  test("keeps on main only what is meant to stay there", () => {
    const kept = outcomes
      .filter(({ synapse }) => synapse?.process === MAIN)
      .map(({ call }) => endpointKey(call.endpoint));
    expect([...new Set(kept)].sort()).toEqual([...new Set(meantForMain(layout))].sort());
  });

  if (layout === "by hand") {
    test("shares out other servers' transactions, each server's to one process", async () => {
      const pool = table.find(({ role }) => role === "federation_inbound") as Route;
      const requests = numbers(KEYS).flatMap((n) => {
        const origin = n % 2 === 0 ? `matrix${n}.example.org` : `server${n}.example.net:8448`;
        return numbers(2).map((transaction) => ({
          key: origin,
          client: guest.asServer(origin),
          method: "PUT" as const,
          path: `/_matrix/federation/v1/send/${n}-${transaction}`,
          query: {},
        }));
      });
      expectShared(await servedKeys(requests), pool.processes);
    }, 300_000);
  }

  // Of the shipped layouts the one with the largest pools.
  if (layout !== "seventeen") return;

  describe("shares out, and sends each key to one process", () => {
    test("of users, whatever their device, and of tokens that name no user", async () => {
      const pool = table.find(({ role }) => role === "sync") as Route;
      const requests = numbers(KEYS).flatMap((n) => {
        const opaque = `mct_${opaqueKey(n)}`;
        const user = Buffer.from(`user${n}`).toString("base64url");
        return numbers(2).map((device) => ({
          key: n % 2 === 0 ? opaque : user,
          client: guest.withToken(n % 2 === 0 ? opaque : `syt_${user}_device${device}_x`),
          path: "/_matrix/client/v3/sync",
          query: { since: "s1", timeout: "0" },
        }));
      });
      expectShared(await servedKeys(requests), pool.processes);
    }, 300_000);

    test("of rooms, with a domain and without, whatever is asked about them", async () => {
      const pools = table.filter(({ key }) => key === "room").map(({ processes }) => processes.join());
      expect([...new Set(pools)]).toHaveLength(1);
      const requests = numbers(KEYS).flatMap((n) => {
        const opaque = opaqueKey(n);
        const room = n % 2 === 0 ? `!${opaque}` : `!${opaque.slice(0, 18)}:example.org`;
        const base = "/_matrix/client/v3/rooms";
        return [
          `${base}/${room}/messages`,
          `${base}/${encodeURIComponent(room)}/joined_members`,
          `${base}/${encodeURIComponent(room)}/state/m.room.create/`,
        ].map((path) => ({ key: room, client: alice, path, query: {} }));
      });
      const [pool] = table.filter(({ key }) => key === "room");
      expectShared(await servedKeys(requests), pool?.processes ?? []);
    }, 300_000);
  });
});
