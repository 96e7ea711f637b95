import { POSTGRES_MAJORS } from "../../configs/environment";
import { boxes, fileOf, parsePostgresConf } from "../support/programs-boxes";
import { fitsHere, inBaseUnit, RenderedPostgres } from "../support/programs-postgres";

const TOLERANCE = 0.03;
/** Where the socket lies and who comes in differ in this test; everything else is as rendered. */
const ELSEWHERE = ["listen_addresses", "unix_socket_directories", "hba_file"];
/** In front of the rendered rules, of which none lets a user in who is not `postgres` of the container. */
const WAY_IN = "local all all trust\n";
/** For machines larger than this one: the rest of the file is tried as it is. */
const SMALL_BUFFERS = { shared_buffers: "128MB" };

/** Over a Unix socket the keepalives of the connection show as 0; what a TCP connection would get is in `reset_val`. */
const SETTINGS = `select lower(name), case when name like 'tcp\\_keepalives\\_%' then reset_val else setting end,
  unit, vartype, source, pending_restart::text from pg_settings`;
const FILE_ERRORS = "select name, error from pg_file_settings where error is not null";
const HBA = "select type, auth_method, error from pg_hba_file_rules order by line_number";

describe.each(POSTGRES_MAJORS)("PostgreSQL %i", (version) => {
  const cases = boxes(version);
  let postgres: RenderedPostgres;
  beforeAll(() => {
    postgres = new RenderedPostgres(version);
  }, 120_000);
  afterAll(() => postgres?.remove());

  it.each(cases.map((box) => [box.name, box] as const))(
    "runs with the file of %s as it is meant",
    async (name, box) => {
      const text = fileOf(box, "postgres", "postgresql.conf");
      const given = parsePostgresConf(text);
      const conf = postgres.write(`${name}.conf`, text);
      const hba = postgres.write(`${name}.hba`, WAY_IN + fileOf(box, "postgres", "pg_hba.conf"));
      const fits = fitsHere(box.plan.postgres.predictedSharedMemory);
      const overrides = fits ? {} : SMALL_BUFFERS;

      postgres.check(conf, overrides);
      const predicted = box.plan.postgres.predictedSharedMemory.toMiB();
      const real = Number(postgres.valueOf("shared_memory_size", conf));
      expect(Math.abs(predicted - real) / real).toBeLessThan(TOLERANCE);

      const { result, code, log } = await postgres.serve(conf, { ...overrides, hba_file: hba }, async (query) => ({
        one: await query("select 1"),
        settings: await query(SETTINGS),
        fileErrors: await query(FILE_ERRORS),
        hba: await query(HBA),
      }));
      expect(code).toBe(0);
      expect(log.split("\n").filter((line) => /\b(WARNING|ERROR|FATAL|PANIC)\b/.test(line))).toEqual([]);
      expect(log).toContain("database system was shut down at");
      expect(log).toMatch(/database system is shut down\s*$/);
      expect(result.one).toEqual([["1"]]);
      const overridden = [...ELSEWHERE, ...Object.keys(overrides)];
      expect(result.fileErrors.filter(([setting]) => !overridden.includes(setting as string))).toEqual([]);
      expect(result.hba).toEqual([
        ["local", "trust", null],
        ["local", "peer", null],
        ["host", "scram-sha-256", null],
        ...(box.plan.monitoring ? [["host", "scram-sha-256", null]] : []),
        ["host", "reject", null],
      ]);

      const rows = new Map(result.settings.map((row) => [row[0] as string, row]));
      const seen: unknown[] = [];
      const meant: unknown[] = [];
      for (const [setting, value] of given) {
        if (ELSEWHERE.includes(setting)) continue;
        const [, current, unit, type, source, pending] = rows.get(setting) ?? [];
        if (setting in overrides) {
          seen.push([setting, postgres.valueOf(setting, conf)]);
          meant.push([setting, inBaseUnit(value, unit ?? null, type ?? null)]);
          continue;
        }
        seen.push([setting, current, source, pending]);
        meant.push([setting, inBaseUnit(value, unit ?? null, type ?? null), "configuration file", "false"]);
      }
      expect(seen).toEqual(meant);
      expect(given.size).toBeGreaterThan(60);
    },
    60_000,
  );

  it.each(ELSEWHERE)("takes %s from the rendered file", (setting) => {
    const text = fileOf(cases[0] as (typeof cases)[number], "postgres", "postgresql.conf");
    const conf = postgres.write("elsewhere.conf", text);
    expect(postgres.valueOf(setting, conf)).toBe(parsePostgresConf(text).get(setting));
  });
});
