import { CompressorRig, type Ended, type RunningContainer } from "../support/compressor-rig";

const MIB = 1024 ** 2;

let rig: CompressorRig;
/** Waits for its minute while the other tests run. */
let scheduled: RunningContainer;
beforeAll(async () => {
  rig = await CompressorRig.start();
  for (const database of ["seeds", "races", "faults", "idle"]) await rig.createDatabase(database);
  scheduled = rig.begin("idle", ["schedule"], { config: { schedule: "* * * * *", metrics: { port: 18_481 } } });
}, 300_000);
afterAll(() => rig?.remove());

interface RunResult {
  readonly rows_before: number;
  readonly rows_after: number;
  readonly chunks: number;
  readonly groups: number;
  readonly peak_memory_bytes: number;
  readonly vacuum: string;
  readonly left: Readonly<Record<string, number>>;
}

const resultOf = ({ code, out, err }: Ended): RunResult => {
  if (code !== 0) throw new Error(`code ${code}: ${err}`);
  return JSON.parse(out);
};

const rowsOf = (database: string): number =>
  Number(rig.psql(database, "SELECT count(*) FROM state_groups_state")[0]?.[0]);

describe("every state group resolves as before", () => {
  test("in 25 random histories, applied in steps or as SQL", async () => {
    const found = await rig.python("seeds", "properties.py", "0", "25");
    expect(found).toMatchObject({ seeds: 25 });
    expect(found.after as number).toBeLessThan(found.before as number);
  }, 240_000);

  test("whatever Synapse does to the same groups meanwhile", async () => {
    const outcomes = await rig.python("races", "races.py");
    expect(Object.keys(outcomes)).toHaveLength(10);
    expect(new Set(Object.values(outcomes))).toEqual(new Set(["ok"]));
  }, 240_000);
});

describe("faults half-way", () => {
  const made = async (): Promise<number> => (await rig.python("faults", "large.py", "make", "medium")).rows as number;
  /** Small chunks, so that there is a half-way. */
  const begin = (): RunningContainer => rig.begin("faults", ["run", "--json", "--chunk-size", "5", "--chunks", "9999"]);
  const checked = async (gone = 0): Promise<Record<string, unknown>> => {
    const found = await rig.python("faults", "large.py", "check");
    expect(found).toMatchObject({ wrong: 0, gone });
    return found;
  };
  const lastState = (): unknown =>
    rig.psql(
      "faults",
      "SELECT state FROM synapse_kit_compressor.state_compressor_runs ORDER BY id DESC LIMIT 1",
    )[0]?.[0];
  /** Some chunks are through. */
  const halfWay = async (): Promise<void> => {
    const deadline = Date.now() + 30_000;
    const sql = `SELECT count(*) FROM pg_tables WHERE schemaname = 'synapse_kit_compressor'`;
    const rooms = "SELECT coalesce(sum(last_group), 0) FROM synapse_kit_compressor.state_compressor";
    const first = new Set<unknown>();
    while (first.size < 4) {
      if (Date.now() > deadline) throw new Error("the run does not begin");
      if (Number(rig.psql("faults", sql)[0]?.[0]) === 2) first.add(rig.psql("faults", rooms)[0]?.[0]);
    }
  };
  const finishes = async (gone = 0): Promise<void> => {
    const result = resultOf(await rig.run("faults", ["run", "--json"], { config: { chunks_to_compress: 10_000 } }));
    expect(result.left).toEqual({});
    await checked(gone);
    expect(lastState()).toBe("done");
  };

  let rows: number;
  beforeEach(async () => {
    rows = await made();
  }, 60_000);

  test("SIGTERM: it ends in time, and the next run goes on", async () => {
    const run = begin();
    await halfWay();
    const asked = Date.now();
    run.kill("TERM");
    const { code, err } = await run.ended;
    expect(Date.now() - asked).toBeLessThan(5000);
    expect({ code, err }).toEqual({ code: 143, err: expect.stringContaining("stopped as asked") });
    const between = (await checked()).rows as number;
    expect(between).toBeLessThan(rows);
    expect(lastState()).toBe("stopped");
    await finishes();
    expect(rowsOf("faults")).toBeLessThan(between);
  }, 90_000);

  test("kill -9", async () => {
    const run = begin();
    await halfWay();
    run.kill("KILL");
    expect((await run.ended).code).toBe(137);
    await checked();
    expect(lastState()).toBe("running");
    // The server needs a moment to see that the session is gone, and with it the lock.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await finishes();
    const sql =
      "SELECT count(*) FROM synapse_kit_compressor.state_compressor_runs WHERE state = 'crashed' AND code = 137";
    expect(rig.psql("faults", sql)).toEqual([[1]]);
  }, 90_000);

  test("Postgres crashes", async () => {
    const run = begin();
    await halfWay();
    await rig.crashPostgres();
    const { code, err } = await run.ended;
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("Postgres is gone") });
    await rig.startPostgres();
    await checked();
    await finishes();
  }, 90_000);

  test("a room is purged between two runs", async () => {
    const run = begin();
    await halfWay();
    run.kill("TERM");
    await run.ended;
    const [[room, groups]] = rig.psql(
      "faults",
      `SELECT room_id, (SELECT count(*) FROM state_groups s WHERE s.room_id = p.room_id)
        FROM synapse_kit_compressor.state_compressor p LIMIT 1`,
    ) as [[string, number]];
    await rig.python("faults", "large.py", "forget", room);
    await finishes(groups);
    expect(
      rig.psql("faults", `SELECT count(*) FROM synapse_kit_compressor.state_compressor WHERE room_id = '${room}'`),
    ).toEqual([[0]]);
  }, 90_000);

  test("a memory cap that its chunk size would break: smaller chunks", async () => {
    const config = { memory: 80 * MIB, chunks_to_compress: 10_000, chunk_size: 100_000 };
    const result = resultOf(await rig.run("faults", ["run", "--json"], { config, memory: 80 * MIB }));
    expect(result).toMatchObject({ rows_before: rows, left: {}, vacuum: expect.stringContaining("done") });
    // One chunk a room would have been too large.
    expect(result.chunks).toBeGreaterThan(5);
    expect(result.peak_memory_bytes).toBeLessThan(80 * MIB);
    await checked();
  }, 60_000);
});

describe("what it refuses, and what it says", () => {
  beforeAll(async () => {
    await rig.python("faults", "large.py", "make", "medium");
  }, 60_000);

  test("a dry run reports what a run then saves, and changes nothing", async () => {
    const all = `SELECT (SELECT count(*) FROM state_groups_state), (SELECT sum(hashtext(e::text)) FROM state_group_edges e),
      to_regnamespace('synapse_kit_compressor')::text`;
    const before = rig.psql("faults", all);
    const args = ["run", "--json", "--chunks", "9999"];
    const dry = resultOf(await rig.run("faults", [...args, "--dry-run"]));
    expect(rig.psql("faults", all)).toEqual(before);
    const wet = resultOf(await rig.run("faults", args));
    expect(dry.rows_after).toBeLessThan(dry.rows_before);
    expect([dry.rows_before, dry.rows_after]).toEqual([wet.rows_before, wet.rows_after]);
  }, 60_000);

  test("not beside another run or a backup, nor over a background update", async () => {
    const held = rig.sleepWith("faults", "SELECT pg_advisory_lock(1937337963, 1), pg_sleep(10)");
    const locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    while (rig.psql("faults", locks)[0]?.[0] !== 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const locked = await rig.run("faults", ["run"]);
    await held;
    expect(locked).toMatchObject({ code: 4, err: expect.stringContaining("another run or a backup") });
    const name = "mark_unreferenced_state_groups_for_deletion_bg_update";
    rig.psql("faults", `INSERT INTO background_updates (update_name, progress_json) VALUES ('${name}', '{}')`);
    const update = await rig.run("faults", ["run"]);
    rig.psql("faults", "DELETE FROM background_updates");
    expect(update).toMatchObject({ code: 5, err: expect.stringContaining(name) });
  }, 60_000);

  test("no password in any output", async () => {
    const wrong = await rig.run("faults", ["run"], { password: "wrong-and-secret-0815" });
    expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining("password authentication failed") });
    const outputs = [wrong];
    const database = { host: "/nowhere", name: "faults", user: "guarded", password_file: "/config/password" };
    outputs.push(await rig.run("faults", ["run"], { password: rig.password, config: { database } }));
    expect(outputs[1]).toMatchObject({ code: 3, err: expect.stringContaining("no connection to Postgres") });
    // Right, and refused by the tables: it was read at all.
    outputs.push(await rig.run("faults", ["run"], { password: rig.password }));
    expect(outputs[2]).toMatchObject({ code: 3, err: expect.stringContaining("permission denied") });
    for (const { out, err } of outputs) expect(out + err).not.toMatch(/wrong-and-secret|not-to-be-seen/);
  }, 60_000);

  test.each([
    [{ chunk_size: 0 }, "chunk_size is 0; allowed: a whole number from 1"],
    [{ levels: [100, "x"] }, 'levels is [100, "x"]; allowed: a list of whole numbers'],
    [{ memory: MIB }, "memory is 1048576; allowed: a whole number from 83886080"],
    [{ chunks: 5 }, "chunks is 5; allowed: no property of this name"],
    [{ database: { host: "" } }, 'database.host is ""; allowed: a text'],
  ])("a configuration that is wrong: %j", async (config, message) => {
    const { code, err } = await rig.run("faults", ["run"], { config });
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toContain("Traceback");
  });
});

test("the schedule runs by itself, serves metrics and health, and ends when asked", async () => {
  const metrics = (): string => {
    const script = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:18481/metrics').read().decode())";
    return rig.exec(scheduled, ["python3", "-c", script]).out;
  };
  const deadline = Date.now() + 75_000;
  while (!metrics().includes("last_run_success 1")) {
    if (Date.now() > deadline) throw new Error(`no run came: ${metrics()}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const text = metrics();
  expect(text).toMatch(/^synapse_kit_compressor_next_run_timestamp_seconds \d{10}$/m);
  expect(text).toMatch(/^synapse_kit_compressor_runs_total\{state="done"\} \d+$/m);
  expect(rig.exec(scheduled, ["compressor", "health"]).code).toBe(0);
  const status = JSON.parse(rig.exec(scheduled, ["compressor", "status", "--json"]).out);
  expect(status).toMatchObject({ last_run: { state: "done", code: 0, scheduled: true } });
  const asked = Date.now();
  scheduled.kill("TERM");
  expect((await scheduled.ended).code).toBe(0);
  expect(Date.now() - asked).toBeLessThan(5000);
}, 90_000);
