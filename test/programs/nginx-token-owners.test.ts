import type { IncomingMessage } from "node:http";
import { environment, planFor } from "../rendering/fixture";
import { type Answer, loopbackNetwork, RunningNginx } from "../support/programs-nginx";

jest.setTimeout(60_000);

const WHOAMI = "/_matrix/client/v3/account/whoami";
/** How the rooms processes answer `whoami` in the present test: as Synapse does, with a status, or never. */
let whoami: "as Synapse" | number = "as Synapse";

/** `mat_<localpart>_<number>` is a token of `@localpart:example.org`. */
const answer = (_: string, { url, headers }: IncomingMessage): { status: number; body: string } | undefined => {
  if (url !== WHOAMI) return undefined;
  const user = /^Bearer m[acp]t_([^_]+)_/.exec(headers.authorization ?? "")?.[1];
  if (whoami !== "as Synapse" || user === undefined) {
    return { status: typeof whoami === "number" ? whoami : 401, body: '{"errcode":"M_UNKNOWN_TOKEN"}' };
  }
  return { status: 200, body: JSON.stringify({ user_id: `@${user}:example.org`, device_id: "A" }) };
};

let nginx: RunningNginx;
const env = environment({
  docker: { network: loopbackNetwork() },
  synapse: { settings: { matrix_authentication_service: { enabled: true, endpoint: "http://mas.example/" } } },
});

beforeAll(async () => {
  nginx = await RunningNginx.start(env, planFor("eight", env), answer);
}, 300_000);
afterAll(() => nginx?.stop());
afterEach(() => {
  whoami = "as Synapse";
  for (const process of nginx.processes.values()) process.release();
});

const bearer = (token: string, path = "/_matrix/client/v3/sync?since=s1") => ({
  path,
  headers: { authorization: `Bearer ${token}`, "user-agent": "Element X" },
});
const sync = (token: string): Promise<Answer> => nginx.ask(bearer(token));

/** Where these tokens of one user lead. */
const processesOf = async (tokens: readonly string[]): Promise<Set<string>> => {
  const answers = await Promise.all(tokens.map(sync));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  return new Set(answers.map(({ body }) => body));
};

const questions = () =>
  [...nginx.processes.values()].flatMap(({ requests }) => requests.filter(({ url }) => url === WHOAMI));

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const base64 = (text: string): string => Buffer.from(text).toString("base64").replace(/=+$/, "");

it("sends all tokens of a user to one process, and the users to all processes", async () => {
  const used = new Set<string>();
  for (const user of numbers(16).map((n) => `user${n}`)) {
    const tokens = numbers(6).map((n) => `mat_${user}_${n}abc`);
    const processes = await processesOf([...tokens, `mct_${user}_x`, `mpt_${user}_y`]);
    expect([user, processes.size]).toEqual([user, 1]);
    for (const process of processes) used.add(process);
  }
  expect([...used].sort()).toEqual(["sync1", "sync2"]);
});

it("knows the user whatever the sync and whoever made the token", async () => {
  for (const user of numbers(8).map((n) => `some.one=${n}`)) {
    const token = `mat_${user}_1`;
    const answers = await Promise.all([
      sync(token),
      sync(`syt_${base64(user)}_abcdefghijklmnopqrst_0AbcDe`),
      nginx.ask(bearer(token, "/_matrix/client/v3/sync")),
      nginx.ask({ ...bearer(token, "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"), method: "POST" }),
      nginx.ask({ path: `/_matrix/client/v3/sync?since=s1&access_token=${token}` }),
    ]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  }
});

it("asks once for each token, as the client would ask, and never for Synapse's own", async () => {
  const before = questions().length;
  for (const _ of numbers(5)) await sync("mat_once_1");
  await sync(`syt_${base64("once")}_abcdefghijklmnopqrst_0AbcDe`);
  await nginx.ask({ path: "/_matrix/client/v3/sync" });
  expect(questions().length).toBe(before + 1);
  expect(questions().find(({ headers }) => headers.authorization === "Bearer mat_once_1")).toMatchObject({
    method: "GET",
    headers: {
      host: "example.org",
      "user-agent": "Element X",
      "x-forwarded-for": "192.0.2.1",
    },
  });
});

it("asks nothing where the user does not choose the process", async () => {
  const before = questions().length;
  await nginx.ask(bearer("mat_rooms_1", "/_matrix/client/v3/rooms/!a/members"));
  await nginx.ask(bearer("mat_rooms_1", "/_matrix/client/v3/presence/@a:b/status"));
  expect(questions().length).toBe(before);
});

it.each([401, 429, 500])("goes by the token where the answer is %d, and asks again", async (status) => {
  whoami = status;
  const tokens = numbers(12).map((n) => `mat_failing${status}_${n}`);
  const first = await Promise.all(tokens.map(async (token) => (await sync(token)).body));
  expect(new Set(first)).toEqual(new Set(["sync1", "sync2"]));
  expect(await Promise.all(tokens.map(async (token) => (await sync(token)).body))).toEqual(first);
  whoami = "as Synapse";
  expect((await processesOf(tokens)).size).toBe(1);
});

it("goes by the token where nobody can be asked, or nobody answers", async () => {
  const rooms = ["rooms1", "rooms2"].map((name) => nginx.process(name));
  for (const process of rooms) process.hold(/whoami/);
  const started = Date.now();
  expect((await sync("mat_hanging_1")).status).toBe(200);
  expect(Date.now() - started).toBeLessThan(5000);
  for (const process of rooms) await process.stop();
  try {
    expect((await sync("mat_dead_1")).status).toBe(200);
  } finally {
    for (const process of rooms) await process.listen();
  }
});

it("survives answers that are none", async () => {
  whoami = 200;
  expect((await sync("mat_strange_1")).status).toBe(200);
});

it("keeps the question from outside, and the tokens from the log", async () => {
  for (const path of ["/.kit/whoami", "/.kit/token_owner"])
    expect((await nginx.ask(bearer("mat_a_1", path))).status).toBe(404);
  await sync("mat_secret_1");
  expect(nginx.log()).not.toMatch(/m[acp]t_/);
  expect(nginx.log()).toContain('"/_matrix/client/v3/sync"');
});
