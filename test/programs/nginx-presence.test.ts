import { setTimeout as sleep } from "node:timers/promises";
import { environment, planFor } from "../rendering/fixture";
import { loopbackNetwork, RunningNginx } from "../support/programs-nginx";

jest.setTimeout(60_000);

const WRITER = "streams1";
/** What it may take until syncs no longer wait for a writer that is away, or until it is told again. */
const NOTICED_MS = 1000;
const env = environment({ docker: { network: loopbackNetwork() } });
let nginx: RunningNginx;

beforeAll(async () => {
  nginx = await RunningNginx.start(env, planFor("eight", env));
}, 300_000);
afterAll(() => nginx?.stop());
afterEach(async () => {
  const writer = nginx.process(WRITER);
  writer.release();
  await writer.stop();
  await writer.listen();
  await sleep(NOTICED_MS);
});

/** The query that a process gets of a request. */
const queryAt = async (path: string): Promise<string | undefined> => {
  const { status, body } = await nginx.ask({ path });
  expect(status).toBe(200);
  return nginx.process(body).requests.at(-1)?.url.split("?")[1];
};

const LATER = "since=s1_2%7C3&set_presence=online&filter=%7B%22a%22%3A1%7D";

const sync = (query: string): Promise<string | undefined> => queryAt(`/_matrix/client/v3/sync?${query}`);

it("passes syncs on as they come while the writer of presence is there", async () => {
  expect(await sync(LATER)).toBe(LATER);
  expect(await sync("")).toBe("");
});

it("leaves presence alone in every sync from a second after the writer went, and tells it again once it is back", async () => {
  await nginx.process(WRITER).stop();
  await sleep(NOTICED_MS);
  expect(await sync(LATER)).toBe(`set_presence=offline&${LATER}`);
  expect(await sync("full_state=true")).toBe("set_presence=offline&full_state=true");
  expect(await sync("")).toBe("set_presence=offline&");
  await nginx.process(WRITER).listen();
  await sleep(NOTICED_MS);
  expect(await sync(LATER)).toBe(LATER);
});

it("changes nothing else, neither query nor path", async () => {
  await nginx.process(WRITER).stop();
  await sleep(NOTICED_MS);
  for (const path of ["/_matrix/client/v3/rooms/%21a%3Ab/messages", "/_matrix/client/v3/rooms/!a/members"]) {
    expect(await queryAt(`${path}?a=%7C`)).toBe("a=%7C");
  }
  const { body } = await nginx.ask({ path: "/_matrix/client/v3/sync?since=s1" });
  expect(nginx.process(body).requests.at(-1)?.url.split("?")[0]).toBe("/_matrix/client/v3/sync");
});

it("takes a writer that is slow for one that is there", async () => {
  nginx.process(WRITER).hold(/health/);
  await sleep(2 * NOTICED_MS);
  expect(await sync(LATER)).toBe(LATER);
});

it("says in its log when the writer went and came, once each, and nothing else", () => {
  const lines = nginx.log().split("\n");
  const words = lines
    .filter((line) => line.includes("writer of presence"))
    .map((line) => /presence: (\w+)/.exec(line)?.[1]);
  expect(words.length).toBeGreaterThanOrEqual(4);
  expect(words).toEqual(words.map((_, index) => (index % 2 === 0 ? "gone" : "back")));
  expect(lines.filter((line) => line.includes("/health"))).toEqual([]);
});

it.each(["reload", "restart"] as const)("knows it after a %s", async (how) => {
  await nginx.process(WRITER).stop();
  await sleep(NOTICED_MS);
  await nginx.renew(how);
  await sleep(NOTICED_MS);
  expect(await sync(LATER)).toBe(`set_presence=offline&${LATER}`);
  await nginx.process(WRITER).listen();
  await sleep(NOTICED_MS);
  expect(await sync(LATER)).toBe(LATER);
});
