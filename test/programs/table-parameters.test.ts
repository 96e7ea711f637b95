import { POSTGRES_MAJORS } from "../../configs/environment";
import { TABLE_PARAMETERS, type TableParameters, tableParametersSql } from "../../constructs/postgres/table-parameters";
import { boxes, fileOf } from "../support/programs-boxes";
import { ProgramContainer } from "../support/programs-container";
import { RenderedPostgres } from "../support/programs-postgres";

const WAY_IN = "local all all trust\n";
const ALL = TABLE_PARAMETERS.flatMap(({ tables, parameters }) => tables.map((table) => [table, parameters] as const));
/** Longer than the two seconds that the statement waits for a lock. */
const HELD_SECONDS = 4;

const OPTIONS = `
  SELECT c.relname, string_agg(prefix || o, ', ' ORDER BY prefix || o)
  FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid,
    LATERAL (VALUES ('', c.reloptions), ('toast.', t.reloptions)) list (prefix, options), unnest(options) o
  WHERE c.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 1`;
const KIT_SCHEMA = "SELECT count(*) FROM pg_namespace WHERE nspname = 'synapse_kit'";

const group = (tables: readonly string[], parameters: Readonly<Record<string, string>>): TableParameters => ({
  tables,
  parameters,
  reason: "",
  source: "",
});
const textOf = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(", ");

describe.each(POSTGRES_MAJORS)("PostgreSQL %i", (version) => {
  let postgres: RenderedPostgres;
  type Ask = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;
  /** A server with these empty tables, stopped at the end. */
  const withTables = async (tables: readonly string[], work: (ask: Ask) => Promise<void>): Promise<string> => {
    const [box] = boxes(version);
    const text = fileOf(box as NonNullable<typeof box>, "postgres", "postgresql.conf");
    const conf = postgres.write("postgresql.conf", text);
    const hba_file = postgres.write("pg_hba.conf", WAY_IN);
    const { log } = await postgres.serve(conf, { hba_file, shared_buffers: "64MB" }, async (ask) => {
      await ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS synapse_kit CASCADE");
      await ask(tables.map((table) => `CREATE TABLE public.${table} (a text)`).join("; "));
      await work(ask);
    });
    return log;
  };
  const optionsIn = async (ask: Ask): Promise<Record<string, string | null>> =>
    Object.fromEntries((await ask(OPTIONS)).map(([table, options]) => [table, options]));

  beforeAll(() => {
    postgres = new RenderedPostgres(version);
  }, 120_000);
  afterAll(() => postgres?.remove());

  it("takes all of them, once, and gives all of them back", async () => {
    const log = await withTables(
      ALL.map(([table]) => table),
      async (ask) => {
        await ask(tableParametersSql(TABLE_PARAMETERS));
        const first = await optionsIn(ask);
        expect(first).toEqual(Object.fromEntries(ALL.map(([table, parameters]) => [table, textOf(parameters)])));

        const versions = "SELECT relname, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1";
        const rows = await ask(versions);
        await ask(tableParametersSql(TABLE_PARAMETERS));
        expect(await ask(versions)).toEqual(rows);

        await ask(tableParametersSql([]));
        expect(await optionsIn(ask)).toEqual({});
        expect(await ask(KIT_SCHEMA)).toEqual([["0"]]);
        await ask(tableParametersSql([]));
        expect(await ask(KIT_SCHEMA)).toEqual([["0"]]);
      },
    );
    expect(log.split("\n").filter((line) => /\b(WARNING|ERROR|FATAL|PANIC)\b/.test(line))).toEqual([]);
  }, 60_000);

  it("passes over tables that are not there, and takes them when they come", async () => {
    const groups = [group(["events", "sticky_events"], { fillfactor: "80" })];
    await withTables(["events"], async (ask) => {
      await ask(tableParametersSql(groups));
      expect(await optionsIn(ask)).toEqual({ events: "fillfactor=80" });
      await ask("CREATE TABLE public.sticky_events (a text); DROP TABLE public.events");
      await ask(tableParametersSql(groups));
      expect(await optionsIn(ask)).toEqual({ sticky_events: "fillfactor=80" });
      expect(await ask("SELECT table_name FROM synapse_kit.table_parameters")).toEqual([["sticky_events"]]);
    });
  }, 60_000);

  it("follows a list that changes, and resets what is no longer on it", async () => {
    await withTables(["events", "devices"], async (ask) => {
      await ask(tableParametersSql([group(["events", "devices"], { fillfactor: "80", vacuum_truncate: "off" })]));
      await ask(tableParametersSql([group(["events"], { fillfactor: "90", parallel_workers: "2" })]));
      expect(await optionsIn(ask)).toEqual({ events: "fillfactor=90, parallel_workers=2" });
    });
  }, 60_000);

  it("leaves alone what an operator set, before or after", async () => {
    const wanted = [group(["events", "devices"], { fillfactor: "80", autovacuum_vacuum_threshold: "1000" })];
    await withTables(["events", "devices"], async (ask) => {
      await ask("ALTER TABLE public.events SET (fillfactor = 60, parallel_workers = 3)");
      await ask("ALTER TABLE public.devices SET (autovacuum_vacuum_threshold = 1000)");
      await ask(tableParametersSql(wanted));
      await ask("ALTER TABLE public.devices SET (fillfactor = 77)");
      const mixed = {
        devices: "autovacuum_vacuum_threshold=1000, fillfactor=77",
        events: "autovacuum_vacuum_threshold=1000, fillfactor=60, parallel_workers=3",
      };
      expect(await optionsIn(ask)).toEqual(mixed);
      await ask(tableParametersSql(wanted));
      expect(await optionsIn(ask)).toEqual(mixed);
      await ask(tableParametersSql([]));
      expect(await optionsIn(ask)).toEqual({ ...mixed, events: "fillfactor=60, parallel_workers=3" });
    });
  }, 60_000);

  it("sets the others while one table is locked, names that one, and takes no lock when there is nothing to do", async () => {
    const wanted = [group(["a", "b", "c"], { fillfactor: "80" })];
    await withTables(["a", "b", "c"], async (ask) => {
      const hold = async (table: string, work: () => Promise<void>): Promise<void> => {
        const held = ask(`BEGIN; LOCK TABLE public.${table}; SELECT pg_sleep(${HELD_SECONDS}); COMMIT`);
        while ((await ask("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted")).length === 0);
        await work();
        await held;
      };
      await hold("b", async () => {
        await expect(ask(tableParametersSql(wanted))).rejects.toThrow(/storage parameters wait for locks on b /);
        expect(await optionsIn(ask)).toEqual({ a: "fillfactor=80", c: "fillfactor=80" });
      });
      await ask(tableParametersSql(wanted));
      expect(await optionsIn(ask)).toEqual({ a: "fillfactor=80", b: "fillfactor=80", c: "fillfactor=80" });
      await hold("b", async () => {
        await ask(tableParametersSql(wanted));
      });
    });
  }, 60_000);
});

describe("Synapse", () => {
  /** `synapse` in the image. */
  const UID = 991;
  let container: ProgramContainer;
  beforeAll(async () => {
    container = await ProgramContainer.start("synapse", UID);
  }, 300_000);
  afterAll(() => container?.remove());

  it("makes every table of the list", () => {
    const text = container.exec([
      "sh",
      "-c",
      'cd "$(python3 -c "import os, synapse.storage.schema as s; print(os.path.dirname(s.__file__))")" && grep -rhoE "CREATE TABLE (IF NOT EXISTS )?[a-z0-9_]+" .',
    ]);
    const made = new Set(text.split("\n").map((line) => line.split(" ").at(-1)));
    expect(made.size).toBeGreaterThan(150);
    expect(ALL.map(([table]) => table).filter((table) => !made.has(table))).toEqual([]);
  });
});
