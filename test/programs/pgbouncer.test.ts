import { WORKER_LAYOUTS } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { boxes, boxWithLayout, fileOf, hasService, parseIni, SECRETS } from "../support/programs-boxes";
import { type CaseOutcome, filesOf, ProgramContainer } from "../support/programs-container";

/** `postgres` in the image. */
const UID = 70;
/** Files beside clients and servers. */
const SPARE_FILES = 64;
const CONFIG = "-- config";
const DATABASES = "-- databases";
const LOG = "-- log";
/** The answer to this test's own attempt on the console. */
const REFUSED = "pooler error: not allowed";

const cases = [...boxes(), ...WORKER_LAYOUTS.map((layout) => boxWithLayout(layout))].filter((box) =>
  hasService(box, "pgbouncer"),
);

/** Rows of `psql --no-align` by column name. */
const table = (lines: readonly string[]): Record<string, string>[] => {
  const [head = "", ...rows] = lines;
  const names = head.split("|");
  return rows.map((row) => Object.fromEntries(row.split("|").map((cell, i) => [names[i] as string, cell])));
};

let container: ProgramContainer;
let outcomes: ReadonlyMap<string, CaseOutcome>;
beforeAll(async () => {
  container = await ProgramContainer.start("pgbouncer", UID);
  container.add(
    cases.flatMap((box) => [
      ...filesOf(box, "pgbouncer"),
      { folder: box.name, path: "nofile", content: String(box.plan.pgbouncer?.container.nofile) },
      // The rendered file lets nobody into the console; this copy lets its one user read there.
      {
        folder: box.name,
        path: "console.ini",
        content: `${fileOf(box, "pgbouncer", "pgbouncer.ini")}stats_users = synapse\n`,
      },
    ]),
  );
  outcomes = container.each(
    cases.map((box) => box.name),
    `ulimit -n $(cat /config/nofile)
    export PGPASSWORD=${SECRETS.postgres_password}
    ask() { psql --no-psqlrc --no-align --pset footer=off -h 127.0.0.1 -p ${PORTS.pgbouncer} -U synapse -d pgbouncer -c "$1"; }
    for file in pgbouncer.ini console.ini; do
      pgbouncer /config/$file >/tmp/pgbouncer.log 2>&1 &
      server=$!
      trap "kill -9 $server 2>/dev/null" EXIT
      tries=0
      until pg_isready --quiet -h 127.0.0.1 -p ${PORTS.pgbouncer} -U synapse -d pgbouncer -t 1; do
        kill -0 $server && [ $tries -lt 20 ] || { cat /tmp/pgbouncer.log; kill -9 $server; return 1; }
        tries=$((tries + 1))
        sleep 0.05
      done
      if [ $file = console.ini ]; then
        echo "${CONFIG}" && ask "show config" && echo "${DATABASES}" && ask "show databases" || return
      elif ask "show version" >/dev/null 2>&1; then
        echo "the application's role may use the console"
        return 1
      fi
      kill -INT $server
      wait $server || { cat /tmp/pgbouncer.log; return 1; }
      [ $file = console.ini ] || mv /tmp/pgbouncer.log /tmp/first.log
    done
    echo "${LOG}"
    cat /tmp/first.log /tmp/pgbouncer.log`,
  );
}, 300_000);
afterAll(() => container?.remove());

it.each(cases.map((box) => [box.name, box] as const))(
  "PgBouncer runs with the file of %s as it is meant",
  (name, box) => {
    const { code, output } = outcomes.get(name) as CaseOutcome;
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
    const lines = output.split("\n");
    const part = (from: string, to?: string) =>
      lines.slice(lines.indexOf(from) + 1, to === undefined ? undefined : lines.indexOf(to));
    const sections = parseIni(fileOf(box, "pgbouncer", "pgbouncer.ini"));
    const given = sections.get("pgbouncer") ?? new Map();
    expect(given.size).toBeGreaterThan(25);

    const current = new Map(table(part(CONFIG, DATABASES)).map((row) => [row.key, row.value]));
    for (const [setting, value] of given) {
      // Replaced, so that the console answers this test.
      if (setting !== "stats_users") expect([setting, current.get(setting)]).toEqual([setting, value]);
    }

    const databases = new Map(table(part(DATABASES, LOG)).map((row) => [row.name, row]));
    const declared = sections.get("databases") ?? new Map<string, string>();
    expect([...declared.keys()]).toEqual(["synapse", "synapse_session"]);
    for (const [database, text] of declared) {
      const { dbname, ...wanted } = Object.fromEntries(text.split(" ").map((word: string) => word.split("=")));
      expect(databases.get(database)).toMatchObject({ database: dbname, ...wanted });
    }

    const log = part(LOG);
    const unexpected = log.filter((line) => /\b(WARNING|ERROR|FATAL)\b/.test(line) && !line.endsWith(REFUSED));
    expect(unexpected).toEqual([]);
    const files = Number(/max expected fd use: (\d+)/.exec(log.join("\n"))?.[1]);
    expect(files).toBeLessThanOrEqual((box.plan.pgbouncer?.container.nofile ?? 0) - SPARE_FILES);
  },
);
