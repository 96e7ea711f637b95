import { Bytes } from "../../configs/units/bytes";
import { CompressedBox } from "../support/compressed-box";
import { type CliOutcome, docker } from "../support/engine-project";
import type { MatrixClient } from "../support/matrix-client";
import { MemoryGauge, totalOf } from "../support/memory-gauge";
import { PersistentSender } from "../support/persistent-sender";
import { untilNothingLeft } from "../support/prometheus-api";

const DEPLOY_MS = 10 * 60_000;
/** Longer than Postgres takes to recover from a crash. */
const PATIENCE_MS = 2 * 60_000;
const PASSWORD = "correct horse battery staple";
const LEVELS_SUM = 100 + 50 + 25;
/** More than the lowest level has, so that a run takes the room. */
const CHANGES = 160;
const C = "/_matrix/client/v3";

const box = new CompressedBox();
/** Goes on in its room until the end: messages and changes of the state, which make state groups. */
let senders: PersistentSender[];
let admin: MatrixClient;
/** A room of the server's own that is purged. */
let doomed: string;
const inDoomed = async (table: string): Promise<number> =>
  (await box.numbers(`SELECT count(*) FROM ${table} WHERE room_id = '${doomed}'`))[0] as number;
let rows: number;
/** Rows of the history, without those of the server's own rooms. */
const historyRows = async (): Promise<number> =>
  (await box.numbers("SELECT count(*) FROM state_groups_state WHERE room_id LIKE '%:example.com'"))[0] as number;
/** That the compressor was at work, over its runs. */
let seconds = 0;

const must = async (client: MatrixClient, method: string, path: string, body?: unknown) => {
  const answer = await client.request(method, path, body);
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const started = (service: string): string =>
  docker("inspect", "--format", "{{.State.StartedAt}}", box.container(service));

interface RunResult {
  readonly rows_before: number;
  readonly rows_after: number;
  readonly groups: number;
  readonly peak_memory_bytes: number;
  readonly longest_write_seconds: number;
}
const resultOf = ({ code, stdout, stderr }: CliOutcome): RunResult => {
  if (code !== 0) throw new Error(`code ${code}: ${stderr}`);
  return JSON.parse(stdout);
};

/** Of all groups that were there at the last look and are there still. */
const expectSameStates = async (gone = 0): Promise<Record<string, unknown>> => {
  const found = await box.history("check");
  expect(found).toMatchObject({ wrong: 0, gone });
  return found;
};

/** Refusals, not answers that a busy machine was late with. */
const refusals = (): string[] =>
  senders.flatMap(({ failures }) => failures).filter((failure) => /: \d+$/.test(failure));

beforeAll(async () => {
  await box.deploy();
  const { stdout } = await box.project.kit(["user", "add", box.project.name, "admin", "--admin"]);
  const login = await box.guest.login("admin", /^password: (\S+)/m.exec(stdout)?.[1] as string);
  admin = box.guest.withToken(login.body.access_token);
  const { body } = await box.guest.register("alice", PASSWORD);
  const alice = box.guest.withToken(body.access_token);
  doomed = (await must(alice, "POST", `${C}/createRoom`, {})).room_id;
  for (let i = 0; i < CHANGES; i++) {
    const key = `${C}/rooms/${encodeURIComponent(doomed)}/state/kit.state/key${i % 10}`;
    await must(alice, "PUT", key, { value: i });
  }
  const { room_id: live } = await must(alice, "POST", `${C}/createRoom`, {});
  await box.history("add", "million");
  rows = await historyRows();
  // One chain instead of Synapse's two, so that the purge meets what the compressor wrote.
  const { rows_before, rows_after } = resultOf(await box.compress("--room", doomed, "--levels", "250"));
  expect(rows_after).toBeLessThan(rows_before);
  senders = (["messages", "state"] as const).map((what) => new PersistentSender(alice, live, PATIENCE_MS, what));
  for (const sender of senders) sender.start();
}, DEPLOY_MS);
afterAll(() => box.remove(), DEPLOY_MS);

test("killed half-way, it leaves every state as it was", async () => {
  expect(rows).toBeGreaterThanOrEqual(1_000_000);
  const began = Date.now();
  const run = box.compress();
  await box.untilPassed(0.25, run);
  docker("kill", box.container("compressor"));
  seconds += (Date.now() - began) / 1000;
  expect((await run).code).toBe(137);
  docker("start", box.container("compressor"));
  await expectSameStates();
  expect(await historyRows()).toBeLessThan(rows);
  expect(refusals()).toEqual([]);
}, 120_000);

test("Postgres killed half-way: the run says so, Synapse recovers by itself, every state is as it was", async () => {
  const synapse = started("synapse-main");
  const [stood] = await box.passed();
  const began = Date.now();
  const run = box.compress();
  // It goes on where the killed one stood.
  expect(await box.untilPassed(0.5, run)).toBeGreaterThanOrEqual(stood);
  docker("kill", box.container("postgres"));
  seconds += (Date.now() - began) / 1000;
  expect(await run).toMatchObject({ code: 3, stderr: expect.stringContaining("Postgres is gone") });
  docker("start", box.container("postgres"));
  const taken = senders.map((sender) => sender.taken);
  const down = () =>
    Promise.resolve(senders.filter((one, i) => one.taken < (taken[i] as number) + 3).map(({ room }) => room));
  await untilNothingLeft(down, 120);
  await expectSameStates();
  expect(started("synapse-main")).toBe(synapse);
  expect(
    await box.numbers("SELECT count(*) FROM synapse_kit_compressor.state_compressor_runs WHERE code = 137"),
  ).toEqual([1]);
}, 240_000);

test("a room is purged between two runs", async () => {
  const groups = await inDoomed("state_groups");
  expect(groups).toBeGreaterThan(CHANGES);
  expect(await inDoomed("synapse_kit_compressor.state_compressor")).toBe(1);
  const path = "/_synapse/admin/v2/rooms";
  const { delete_id: id } = await must(admin, "DELETE", `${path}/${encodeURIComponent(doomed)}`, { purge: true });
  const status = async (): Promise<string> => (await must(admin, "GET", `${path}/delete_status/${id}`)).status;
  await untilNothingLeft(async () => [await status()].filter((one) => one !== "complete"), 60);
  expect([await inDoomed("state_groups"), await inDoomed("state_groups_state")]).toEqual([0, 0]);
  await expectSameStates(groups);
}, 120_000);

test("the next run goes on to the end: less than 15 % of the rows in a minute of work, within its memory, every state as it was", async () => {
  for (const sender of senders) await sender.stop();
  for (const sender of senders) sender.start();
  const waiting = await box.waiting();
  const [, all] = await box.passed();
  expect(waiting).toBeLessThan(0.51 * all);
  const gauge = new MemoryGauge(box.container("compressor"));
  const began = Date.now();
  const result = resultOf(await box.compress());
  seconds += (Date.now() - began) / 1000;
  gauge.stop();
  const [, later] = await box.passed();
  expect(result).toMatchObject({ left: {}, mismatches: 0 });
  expect(result.groups).toBeGreaterThanOrEqual(waiting);
  expect(result.groups).toBeLessThanOrEqual(waiting + later - all);
  const after = await historyRows();
  expect(after / rows).toBeLessThan(0.15);
  expect(seconds).toBeLessThan(60);
  const limit = box.plan.compressor?.container.memory.value ?? Bytes.mib(0);
  expect([totalOf(gauge.peak).isLessThan(limit), gauge.kills]).toEqual([true, 0]);
  expect(result.peak_memory_bytes).toBeLessThan(limit.toBytes());
  expect(result.longest_write_seconds).toBeLessThan(5);
  const { longest } = await expectSameStates();
  expect(longest).toBeLessThanOrEqual(LEVELS_SUM);
  expect(refusals()).toEqual([]);
  expect(await inDoomed("synapse_kit_compressor.state_compressor")).toBe(0);
  console.info(
    `${rows} rows became ${after} (${((100 * after) / rows).toFixed(1)} %) in ${seconds.toFixed(0)} s of three runs; ` +
      `memory ${totalOf(gauge.peak)} of ${limit}, the run's process ${Bytes.of(result.peak_memory_bytes)}; ` +
      `longest write ${result.longest_write_seconds.toFixed(2)} s`,
  );
}, 240_000);

test("nothing that was sent meanwhile is lost, doubled or out of order", async () => {
  for (const sender of senders) {
    await sender.stop();
    expect(sender.taken).toBeGreaterThan(50);
    expect(await sender.readBack()).toEqual(Array.from({ length: sender.taken }, (_, i) => String(i + 1)));
  }
}, 120_000);

test("another run has nothing to do, and `status` tells of all", async () => {
  // What came after the last one had left the room.
  const waiting = await box.waiting();
  expect(resultOf(await box.compress()).groups).toBe(waiting);
  expect(resultOf(await box.compress()).groups).toBe(0);
  const again = resultOf(await box.compress("--room", "!resolved:example.com"));
  expect(again.rows_after).toBe(again.rows_before);
  await expectSameStates();
  expect(box.status()).toMatchObject({
    running: null,
    last_run: { state: "done", code: 0, scheduled: false },
    // A run that lost its database could not write down how it ended.
    totals: { "runs.crashed": 2, mismatches: 0 },
  });
  const { stdout } = await box.project.kit(["status", box.project.name, "--json"]);
  expect(JSON.parse(stdout).services).toEqual(
    expect.arrayContaining([expect.objectContaining({ service: "compressor", health: "healthy" })]),
  );
}, 120_000);
