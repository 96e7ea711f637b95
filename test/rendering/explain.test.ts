import { UserError } from "../../configs/user-error";
import { addressesOf } from "../../constructs/addresses";
import { nginxConf } from "../../constructs/nginx/conf";
import { type Explanation, explainerOf, explanationText } from "../../constructs/nginx/explain";
import { serversOf } from "../../constructs/nginx/upstreams";
import { everyRequest } from "../catalogue/routing-corpus";
import { readerOf } from "../support/nginx-conf";
import { environment, LAYOUT_NAMES, planFor } from "./fixture";

const env = environment();
const admin = environment({ nginx: { adminApiFrom: ["10.0.0.0/8", "192.168.1.7"] } });

const inSeventeen = explainerOf(env, planFor("seventeen", env));

const explain = (method: string, target: string, more: { user?: string; origin?: string } = {}): Explanation =>
  inSeventeen({ method, target, ...more });

describe.each(LAYOUT_NAMES)("in layout %s", (layout) => {
  test.each([
    ["closed", env],
    ["open", admin],
  ])("every known request is explained as nginx.conf routes it, the admin API %s", (_, one) => {
    const own = planFor(layout, one);
    const nginx = readerOf(nginxConf(one, own));
    const explainOwn = explainerOf(one, own);
    const servers = serversOf(own, addressesOf(one.docker.network, own));
    const wrong = everyRequest().filter(({ method, uri }) => {
      const { status, processes, process } = explainOwn({ method, target: uri });
      const answer = nginx({ method, uri });
      const said = processes.map((name) => servers.get(name)).join();
      const isRight = "status" in answer ? status === answer.status && said === "" : said === answer.servers.join();
      const isOneOfThem = process === null ? processes.length !== 1 : processes.includes(process);
      return !isRight || !isOneOfThem;
    });
    expect(wrong).toEqual([]);
  });
});

describe("the process of a pool", () => {
  const messages = "/_matrix/client/v3/rooms/!abc:example.org/messages";

  it("follows from the room in the path, however it is encoded", () => {
    const found = explain("GET", messages);
    expect(found).toMatchObject({
      role: "pagination",
      processes: ["rooms1", "rooms2", "rooms3", "rooms4"],
      key: { by: "room", value: "!abc:example.org", from: "the room in the path" },
      fallback: "main",
    });
    expect(found.processes).toContain(found.process);
    expect(explain("GET", "/_matrix/client/v3/rooms/%21abc%3Aexample.org/messages").process).toBe(found.process);
  });

  it("is the same for every endpoint of a room", () => {
    const { process } = explain("GET", messages);
    expect(explain("GET", "/_matrix/client/v3/rooms/!abc:example.org/state").process).toBe(process);
  });

  it("spreads over the pool", () => {
    const used = new Set(
      Array.from({ length: 100 }, (_, i) => explain("GET", `/_matrix/client/v3/rooms/!r${i}:x/messages`).process),
    );
    expect([...used].sort()).toEqual(["rooms1", "rooms2", "rooms3", "rooms4"]);
  });

  it("is not known without the user, where the user decides, and says what it depends on", () => {
    const { process, processes, key } = explain("GET", "/_matrix/client/v3/sync?since=s1");
    expect([process, processes]).toEqual([null, ["sync1", "sync2", "sync3"]]);
    expect(key).toEqual({ by: "user", value: null, from: expect.stringMatching(/access token.*client's address/) });
  });

  it("is one for a user, by localpart, by id or by an access token in the query", () => {
    const path = "/_matrix/client/v3/sync?since=s1";
    const { process, key } = explain("GET", path, { user: "alice" });
    expect(["sync1", "sync2", "sync3"]).toContain(process);
    expect(key).toEqual({ by: "user", value: "alice", from: "the user in the access token" });
    expect(explain("GET", path, { user: "@alice:example.org" }).process).toBe(process);
    const token = `syt_${Buffer.from("alice").toString("base64").replaceAll("=", "")}_abc_1`;
    expect(explain("GET", `${path}&access_token=${token}`)).toMatchObject({ process, key: { value: "alice" } });
  });

  it("follows from a token that names no user, and the token is not shown", () => {
    const { process, key } = explain("GET", "/_matrix/client/v3/sync?since=s1&access_token=mct_secret");
    expect(["sync1", "sync2", "sync3"]).toContain(process);
    expect(JSON.stringify(key)).not.toContain("mct_secret");
  });

  it("falls back to the user where no room is named", () => {
    expect(explain("POST", "/_matrix/client/v3/createRoom").key).toMatchObject({ by: "room", value: null });
    const { process } = explain("POST", "/_matrix/client/v3/createRoom", { user: "alice" });
    expect(process).toMatch(/^rooms\d$/);
  });
});

describe("first syncs", () => {
  it.each(["", "?timeout=0", "?since=", "?since=s1&full_state=true", "?Since="])(
    "are told by the query: %s",
    (query) => {
      expect(explain("GET", `/_matrix/client/v3/sync${query}`).process).toBe("initial1");
    },
  );

  it.each(["?since=s1", "?since=s1&full_state=false", "?SINCE=s1", "?since=s1&since="])(
    "are no others: %s",
    (query) => {
      expect(explain("GET", `/_matrix/client/v3/sync${query}`).role).toBe("sync");
    },
  );
});

describe("what Nginx answers itself", () => {
  it.each([
    ["GET", "/", 404, /no public path/],
    ["GET", "/_synapse/metrics", 404, /no public path/],
    ["GET", "/_matrix/../_synapse/metrics", 404, /no public path/],
    ["GET", "/_matrix/..%2f_synapse/client/pick_idp", 404, /begins otherwise/],
    ["GET", "/_synapse/client/%2e%2e/admin/v1/x", 404, /begins otherwise/],
    ["GET", "/%5Fmatrix/client/versions", 404, /begins otherwise/],
    ["GET", "/.well-known/matrix/client", 200, /document of Nginx's own/],
    ["GET", "/.well-known/matrix/server", 200, /document of Nginx's own/],
    ["GET", "/.well-known/matrix/support", 404, /no row/],
    ["GET", "/_synapse/admin/v1/users", 403, /admin_api_from/],
    ["GET", "/_matrix/%zz", 400, /cannot decode/],
    ["GET", "/_matrix/%00", 400, /cannot decode/],
    ["GET", "/../_matrix/x", 400, /above its root/],
    ["TRACE", "/_matrix/client/versions", 405, /never passes TRACE on/],
  ])("%s %s: %i", (method, target, status, reason) => {
    const found = explain(method, target);
    expect(found).toMatchObject({ status, process: null, processes: [], role: null });
    expect(found.reason).toMatch(reason);
  });

  it("is 404 for other servers' document while federation is closed", () => {
    const closed = environment({ expected: { federation: "closed" } });
    const request = { method: "GET", target: "/.well-known/matrix/server" };
    expect(explainerOf(closed, planFor("two", closed))(request).status).toBe(404);
  });
});

it("reads paths as Nginx does: dots, doubled slashes and escapes are gone before a pattern is tried", () => {
  for (const [target, path] of [
    ["/_matrix//client/./versions", "/_matrix/client/versions"],
    ["/_matrix/x/../client/versions", "/_matrix/client/versions"],
    ["/_matrix/client%2Fversions", "/_matrix/client/versions"],
    ["/_matrix/client/versions#x", "/_matrix/client/versions"],
    ["/_matrix/client/versions%0A", "/_matrix/client/versions\n"],
  ] as const) {
    expect(explain("GET", target)).toMatchObject({ path, role: "client_reader" });
  }
  expect(explain("GET", "/_matrix/client/versions%3Fx").role).toBe("main");
});

it("gives main the methods that the workers of a pattern do not take, and says so", () => {
  expect(explain("DELETE", "/_matrix/client/v3/sync")).toMatchObject({
    process: "main",
    role: "main",
    pattern: "^/_matrix/client/(r0|v3)/sync$",
    reason: expect.stringContaining("do not take DELETE"),
  });
  expect(explain("HEAD", "/_matrix/client/v3/sync").role).toBe("initial_sync");
  expect(explain("PROPFIND", "/_matrix/client/v3/sync").process).toBe("main");
});

it("says to whom alone the admin API is open", () => {
  const request = { method: "POST", target: "/_synapse/admin/v1/purge_media_cache" };
  const found = explainerOf(admin, planFor("eight", admin))(request);
  expect(found.process).toBe("media1");
  expect(found.reason).toMatch(/only from 10\.0\.0\.0\/8, 192\.168\.1\.7, 403 for others/);
});

it.each([
  ["get", "/_matrix/x", /expected a method in capitals such as GET, got "get"/],
  ["", "/_matrix/x", /expected a method/],
  ["GET", "_matrix/x", /expected a path as a client sends it, such as .*, got "_matrix\/x"/],
  ["GET", "https://example.org/_matrix/x", /expected a path/],
  ["GET", "/_matrix/a b", /expected a path/],
])("fails for a request that no client could send, as wrong usage: %s %s", (method, target, message) => {
  expect.assertions(2);
  try {
    explain(method, target);
  } catch (error) {
    expect((error as Error).message).toMatch(message);
    expect(UserError.is(error) && error.options.usage).toBe(true);
  }
});

it("is told in lines, one a fact", () => {
  const text = explanationText(explain("GET", "/_matrix/client/v3/rooms/!a:x/messages"));
  expect(text).toMatch(
    /^request {3}GET \/_matrix\/client\/v3\/rooms\/!a:x\/messages\nprocess {3}rooms\d\nof {8}rooms1, /,
  );
  expect(text).toMatch(/^key {7}room: !a:x, the room in the path$/m);
  expect(text).toMatch(/^fallback {2}main, /m);
  expect(explanationText(explain("GET", "/_matrix/client/v3/sync?since=s"))).toMatch(
    /^process {3}one of sync1, sync2, sync3$\nkey {7}user: not known, it is /m,
  );
  expect(explanationText(explain("GET", "/x"))).toMatch(/^request {3}GET \/x\nanswer {4}404, by Nginx itself\nwhy /);
});

it("says that Synapse is asked for the user of the authentication service's tokens, where the user decides", () => {
  const settings = { matrix_authentication_service: { enabled: true, endpoint: "http://mas.example/" } };
  const withService = environment({ synapse: { settings } });
  const explainHere = explainerOf(withService, planFor("seventeen", withService));
  const { process, key } = explainHere({
    method: "GET",
    target: "/_matrix/client/v3/sync?since=s1&access_token=mat_abc",
  });
  expect([process, key?.value]).toEqual([null, null]);
  expect(key?.from).toContain("Synapse names");
  const token = `syt_${Buffer.from("alice").toString("base64url")}_abc_1`;
  const own = explainHere({ method: "GET", target: `/_matrix/client/v3/sync?since=s1&access_token=${token}` });
  expect(own.key?.value).toBe("alice");
  const room = explainHere({ method: "POST", target: "/_matrix/client/v3/createRoom?access_token=mat_abc" });
  expect(room.key?.value).toBe("the whole token");
});
