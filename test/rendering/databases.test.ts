import { secretsIn } from "../../configs/secrets";
import { TABLE_PARAMETERS } from "../../constructs/postgres/table-parameters";
import { render } from "../../constructs/render";
import { corpus, prepared } from "../support/corpus";

const filesOf = (service: string) =>
  corpus().flatMap((one) => {
    const found = render(one.environment, one.plan).find((rendered) => rendered.service === service);
    return found ? [{ ...one, files: new Map(found.files.map(({ path, content }) => [path, content])) }] : [];
  });

/** `name = 'value'` lines of a flat file, unquoted. */
const settingsIn = (text: string, separator: RegExp): [string, string][] =>
  text
    .split("\n")
    .filter((line) => line !== "" && !/^[#;[]/.test(line))
    .map((line) => {
      const match = separator.exec(line);
      return [line.slice(0, match?.index), line.slice((match?.index ?? 0) + (match?.[0].length ?? 0))];
    });

/** What is left of a text when its placeholders are gone must not look like a secret. */
const leftOver = (text: string): string[] =>
  text.replace(/\{\{secret:\w+\}\}/g, "").match(/\b(?=\w*\d)(?=\w*[A-Z])\w{24,}\b/g) ?? [];

describe("Postgres", () => {
  const all = filesOf("postgres");

  it("gets each setting once", () => {
    for (const { files } of all) {
      const names = settingsIn(files.get("postgresql.conf") ?? "", / = /).map(([name]) => name);
      expect(names.length).toBeGreaterThan(20);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("gets every value in single quotes, with quotes inside doubled", () => {
    for (const { files } of all) {
      for (const [, value] of settingsIn(files.get("postgresql.conf") ?? "", / = /)) {
        expect(value).toMatch(/^'(?:[^']|'')*'$/);
      }
    }
    const { environment, plan } = prepared(
      "quotes",
      `server_name: example.org\npostgres: {settings: {log_timezone: "it's"}}\n`,
    );
    const conf = render(environment, plan)[0]?.files.find(({ path }) => path === "postgresql.conf")?.content;
    expect(conf).toContain("\nlog_timezone = 'it''s'\n");
  });

  it("takes the environment's own settings", () => {
    const written = all.filter(({ environment }) => Object.keys(environment.postgres.settings).length > 0);
    expect(written.length).toBeGreaterThanOrEqual(5);
    for (const { environment, files } of written) {
      for (const [name, value] of Object.entries(environment.postgres.settings)) {
        expect(files.get("postgresql.conf")).toContain(`\n${name} = '${value}'\n`);
      }
    }
  });

  it("lets the roles it knows into one database from the backend network, and the superuser in by the socket alone", () => {
    for (const { files, plan } of all) {
      const rows = (files.get("pg_hba.conf") ?? "")
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => line.split(" "));
      expect(rows.map((row) => row.filter((word) => !word.includes("/")))).toEqual([
        ["local", "all", "postgres", "peer"],
        ["host", "synapse", "synapse", "scram-sha-256"],
        ...(plan.monitoring ? [["host", "synapse", "monitoring", "scram-sha-256"]] : []),
        ["host", "all", "all", "all", "reject"],
      ]);
      expect(rows[1]?.[3]).toMatch(/^10\.\d+\.\d+\.0\/24$/);
    }
  });

  it("makes the database with the encoding and collation that Synapse asks for", () => {
    for (const { files } of all) {
      expect(files.get("provision.sql")).toMatch(
        /CREATE DATABASE synapse OWNER synapse ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C'' TEMPLATE template0/,
      );
    }
  });

  it("puts on the role what Synapse sets on every connection, so that a pool may mix them", () => {
    for (const { environment, files } of all) {
      const sql = files.get("provision.sql") ?? "";
      expect(
        [...sql.matchAll(/^ALTER ROLE synapse SET (\w+) = '([^']*)';$/gm)].map(([, name, value]) => [name, value]),
      ).toEqual([
        ["bytea_output", "escape"],
        ["statement_timeout", "600s"],
        ["idle_in_transaction_session_timeout", "30min"],
        ["synchronous_commit", environment.postgres.synchronousCommit ? "on" : "off"],
      ]);
    }
  });

  it("logs no statement while it states the password", () => {
    for (const { files } of all) {
      const lines = (files.get("provision.sql") ?? "").split("\n");
      const password = lines.findIndex((line) => line.includes("{{secret:"));
      expect(password).toBeGreaterThan(0);
      expect(lines.slice(0, password)).toEqual(
        expect.arrayContaining(["SET log_statement = 'none';", "SET log_min_duration_statement = -1;"]),
      );
    }
  });

  it("stops at the first mistake of the provisioning", () => {
    for (const { files } of all) expect(files.get("provision.sql")).toMatch(/^\\set ON_ERROR_STOP on\n/);
  });

  it("knows each table once, says why, and quotes nothing that would end the text", () => {
    const tables = TABLE_PARAMETERS.flatMap((group) => group.tables);
    expect(tables.length).toBeGreaterThan(30);
    expect(new Set(tables).size).toBe(tables.length);
    for (const { parameters, reason, source } of TABLE_PARAMETERS) {
      expect([reason, source]).not.toContain("");
      expect(JSON.stringify(parameters)).toMatch(/^[\w.:,"{}]+$/);
    }
  });

  it("waits for Synapse's tables before it sets their parameters, and for nothing before it takes them back", () => {
    for (const switched of [true, false]) {
      const { environment, plan } = prepared(
        "tables",
        `server_name: example.org\npostgres: {table_parameters: ${switched}}\n`,
      );
      const files = new Map(render(environment, plan)[0]?.files.map(({ path, content }) => [path, content]));
      const script = files.get("provision.sh") ?? "";
      expect(script.indexOf("touch /var/run/postgresql/provisioned")).toBeGreaterThan(script.indexOf("provision.sql"));
      expect(script.indexOf("table_parameters.sql")).toBeGreaterThan(script.indexOf("touch "));
      expect(script.includes("to_regclass('public.events')")).toBe(switched);
      expect(/wanted CONSTANT jsonb := '(.*)';/.exec(files.get("table_parameters.sql") ?? "")?.[1] === "{}").toBe(
        !switched,
      );
    }
  });

  it("is asked for its health on the socket: over TCP every check would leave a line in the log", () => {
    for (const { files } of all) expect(files.get("health.sh")).not.toContain("--host");
  });

  it("gets its secrets in two files only", () => {
    for (const { files } of all) {
      expect([...files].filter(([, text]) => secretsIn(text).length > 0).map(([path]) => path)).toEqual([
        "superuser_password",
        "provision.sql",
      ]);
      expect([...files.values()].flatMap(leftOver)).toEqual([]);
    }
  });
});

describe("PgBouncer", () => {
  const all = filesOf("pgbouncer");
  const ini = (files: ReadonlyMap<string, string>) => files.get("pgbouncer.ini") ?? "";

  it("is there in the corpus both ways", () => {
    expect(all.length).toBeGreaterThan(10);
    expect(corpus().filter(({ plan }) => plan.pgbouncer === undefined).length).toBeGreaterThan(5);
  });

  it("knows the two databases and no other: a wildcard would pool whatever a client asks for", () => {
    for (const { files } of all) {
      const section = /\[databases\]\n([\s\S]*?)\n\n?\[/.exec(ini(files))?.[1] ?? "";
      const lines = section.split("\n").filter(Boolean);
      expect(lines.map((line) => line.split(" = ")[0])).toEqual(["synapse", "synapse_session"]);
      expect(lines[0]).toMatch(/ pool_mode=transaction pool_size=[1-9]\d*$/);
      expect(lines[1]).toMatch(/ pool_mode=session pool_size=[1-9]\d*$/);
      for (const line of lines) expect(line).toMatch(/host=postgres port=5432 dbname=synapse /);
    }
  });

  it("lets nobody in without a password, and writes none in its main file", () => {
    for (const { files, plan } of all) {
      expect(ini(files)).toMatch(/^auth_type = scram-sha-256$/m);
      expect(secretsIn(ini(files))).toEqual([]);
      expect(files.get("userlist.txt")).toBe(
        `"synapse" "{{secret:postgres_password}}"\n${plan.monitoring ? '"monitoring" "{{secret:monitoring_password}}"\n' : ""}`,
      );
      expect([...files.values()].flatMap(leftOver)).toEqual([]);
    }
  });

  it("gets each setting once", () => {
    for (const { files } of all) {
      const names = settingsIn(ini(files).split("[pgbouncer]")[1] ?? "", / ?= ?/).map(([name]) => name.trim());
      expect(names.length).toBeGreaterThan(5);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("asks for no more connections than Postgres gives", () => {
    for (const { plan } of all) {
      const { transactionPool, sessionPool } = plan.pgbouncer ?? { transactionPool: 0, sessionPool: 0 };
      expect(transactionPool + sessionPool).toBeGreaterThan(0);
      expect(transactionPool + sessionPool).toBeLessThan(plan.postgres.maxConnections);
    }
  });
});

describe("Redis", () => {
  const all = filesOf("redis");
  const conf = (files: ReadonlyMap<string, string>) => files.get("redis.conf") ?? "";

  it("asks for a password, out of the one placeholder", () => {
    for (const { files } of all) {
      expect(conf(files)).toMatch(/^requirepass \{\{secret:redis_password\}\}$/m);
      expect(conf(files)).toMatch(/^protected-mode yes$/m);
      expect(files.get("redis_password")).toBe("{{secret:redis_password}}");
      expect([...files.values()].flatMap(leftOver)).toEqual([]);
    }
  });

  it("gets each setting once, but for save", () => {
    for (const { files } of all) {
      const names = settingsIn(conf(files), / /)
        .map(([name]) => name)
        .filter((name) => name !== "save");
      expect(names.length).toBeGreaterThan(5);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("keeps nothing on disk, and has a limit of memory below its container's", () => {
    for (const { files, plan } of all) {
      expect(conf(files)).toMatch(/^save ""$/m);
      expect(conf(files)).toMatch(/^appendonly no$/m);
      const limit = /^maxmemory (\d+)(kb|mb|gb|b)?$/m.exec(conf(files));
      const factor = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[limit?.[2] ?? "b"] ?? 0;
      const bytes = Number(limit?.[1]) * factor;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(plan.redis?.container.memory.value.toBytes() ?? 0);
    }
  });

  it("is asked for its health without a password on any command line", () => {
    for (const { files } of all) {
      expect(secretsIn(files.get("health.sh") ?? "")).toEqual([]);
      expect(files.get("health.sh")).not.toMatch(/ (-a|--pass) /);
      expect(files.get("health.sh")).toContain("/config/redis_password");
    }
  });
});
