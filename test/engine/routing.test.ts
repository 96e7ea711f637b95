import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerLayoutName } from "../../configs/environment";
import { MAIN, routes } from "../../constructs/nginx/routes";
import { prepareSize } from "../../host/prepare";
import { rowFor } from "../catalogue/request";
import { type NginxEntry, nginxEntries, type SynapseEntry, synapseEntries } from "../support/access-logs";
import { type Belongings, type EndpointCall, endpointCalls, inRounds } from "../support/endpoint-calls";
import { docker, EngineProject } from "../support/engine-project";
import { inParallel } from "../support/in-parallel";
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
const PORT = 18405;
const NETWORK = "10.126.200.0/22";
const AT_ONCE = 16;
/** The largest first: the others only take processes away. */
const LAYOUTS: readonly WorkerLayoutName[] = ["seventeen", "eight", "three", "two", "none"];

const project = new EngineProject("e2e-routing");
const url = `http://127.0.0.1:${PORT}`;
const guest = new MatrixClient(url);
const password = "correct horse battery staple";

const limit = "{ per_second: 1000, burst_count: 1000 }";
/** Each endpoint that a provider of single sign-on brings exists; nothing of them is ever asked. */
const environmentWith = (layout: WorkerLayoutName): string => `server_name: localhost
public_baseurl: ${url}
hardware: { ram: 16GB, cpus: 8 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: ${NETWORK} }
nginx: { admin_api_from: [${NETWORK}] }
expected: { federation: closed }
synapse:
  workers: ${layout}
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

const deploy = async (layout: WorkerLayoutName): Promise<void> => {
  writeFileSync(project.file, environmentWith(layout));
  const { code, stderr } = await project.kit(["deploy", project.name]);
  if (code !== 0) throw new Error(stderr);
};

const ok = async <T>(answer: Promise<Answer<T>>): Promise<T> => {
  const { status, body } = await answer;
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
};

beforeAll(async () => {
  await deploy(LAYOUTS[0] as WorkerLayoutName);
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
}, DEPLOY_MS);
afterAll(() => project.removeAll(), DEPLOY_MS);

/** Everything that some worker serves in some layout. */
const workerCapable = (): Registered[] => [
  ...endpoints.worker,
  ...endpoints.media,
  ...endpoints.main.filter(({ method, templates }) => templates.some((one) => WRITERS_OWN.test(`${method} ${one}`))),
];

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
  // Processes write their line once the answer is out.
  await sleep(1000);
  const byMark = new Map(synapseEntries(project.name, since).map((entry) => [entry.mark, entry]));
  const byId = new Map(nginxEntries(project.name, since).map((entry) => [entry.requestId, entry]));
  return answers.map(([call, { status, body, mark }]) => {
    const synapse = byMark.get(mark);
    return { call, status, errcode: body.errcode, synapse, nginx: synapse && byId.get(synapse.requestId) };
  });
};

describe.each(LAYOUTS)("layout %s", (layout) => {
  let outcomes: Outcome[];
  let table: ReturnType<typeof routes>;
  beforeAll(async () => {
    await deploy(layout);
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
    const meant = layout === "none" ? workerCapable().map(endpointKey) : Object.keys(STAYS_ON_MAIN);
    expect([...new Set(kept)].sort()).toEqual(meant.sort());
  });
});
