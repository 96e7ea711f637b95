import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { resolveImages } from "../../host/images";
import { PostgresBinary } from "../sizing/postgres-binary";
import { CompressorScripts } from "./compressor-scripts";
import { boxWithLayout } from "./programs-boxes";

const NOBODY = 65_534;
const UID = 991;
const START_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;
const PASSWORD = "not-to-be-seen-4711";

/** How a command ended, and all that it printed. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A run of the compressor in a container of its own. */
export interface RunningContainer {
  readonly name: string;
  readonly ended: Promise<Ended>;
  kill(signal: "TERM" | "KILL"): void;
}

const docker = (args: readonly string[], input?: Buffer): Ended => {
  const { status, stdout, stderr, error } = spawnSync("docker", args, { input, maxBuffer: MAX_OUTPUT_BYTES });
  if (error) throw error;
  return { code: status ?? 1, out: stdout.toString(), err: stderr.toString() };
};

const must = (ended: Ended): string => {
  if (ended.code !== 0) throw new Error(`code ${ended.code}: ${ended.err}${ended.out}`);
  return ended.out;
};

/**
 * A real Postgres on a socket, and containers of the compressor's image beside it, without any network. The database's
 * owner is no superuser, as on a deployed server.
 */
export class CompressorRig {
  private readonly binary = new PostgresBinary(18);
  private readonly sockets = mkdtempSync(join(tmpdir(), "synapse-kit-compressor-"));
  private readonly names = new Set<string>();
  private server: ChildProcess | undefined;
  private scripts!: CompressorScripts;

  private constructor(private readonly image: string) {}

  static async start(): Promise<CompressorRig> {
    const { environment, plan } = boxWithLayout("two");
    const { references, local } = resolveImages(environment, plan, "local");
    const { synapse, compressor } = references;
    const needed = local.filter(({ tag }) => [synapse, compressor].includes(tag));
    await buildImages(needed, new Docker());
    const rig = new CompressorRig(compressor);
    chmodSync(rig.sockets, 0o755);
    if (process.getuid?.() === 0) chownSync(rig.sockets, NOBODY, NOBODY);
    await rig.startPostgres();
    rig.startScripts();
    return rig;
  }

  async startPostgres(): Promise<void> {
    const data = this.binary.valueOf("data_directory", {});
    const hba = join(this.sockets, "hba.conf");
    writeFileSync(hba, "local all guarded scram-sha-256\nlocal all all trust\n", { mode: 0o644 });
    const settings = {
      listen_addresses: "",
      unix_socket_directories: this.sockets,
      hba_file: hba,
      // The machine stays up in every test, so nothing is lost by it.
      fsync: "off",
      max_wal_size: "4GB",
      // Statistics and bloat are the compressor's own business here.
      autovacuum: "off",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const program = join(dirname(data), "native", "bin", "postgres");
    const server = spawn(program, ["-D", data, ...flags], { stdio: ["ignore", "ignore", "pipe"], ...user });
    this.server = server;
    let log = "";
    server.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    const deadline = Date.now() + START_MS;
    while (!log.includes("database system is ready to accept connections")) {
      // A session of a server that crashed may need a moment more to end.
      if (log.includes("is still in use") && server.exitCode !== null) return this.startPostgres();
      if (server.exitCode !== null || Date.now() > deadline) throw new Error(`Postgres did not start:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Kills the server and its sessions at once, as a crash does. */
  async crashPostgres(): Promise<void> {
    const server = this.server as ChildProcess;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    // The sessions notice that the postmaster is gone and end by themselves.
    server.kill("SIGKILL");
    await ended;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  /** Of every container: the database's socket, and no network. */
  private reach(): string[] {
    return ["--network", "none", "--user", `${UID}:${UID}`, "--volume", `${this.sockets}:/postgres`];
  }

  private options(name: string): string[] {
    this.names.add(name);
    return [
      ...["--name", name, "--rm", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
      ...["--read-only", "--tmpfs", "/tmp:mode=1777", ...this.reach()],
    ];
  }

  private startScripts(): void {
    const name = `comp-helper-${randomUUID()}`;
    this.names.add(name);
    this.scripts = new CompressorScripts(name, this.image, [...this.reach(), "--env", "PGHOST=/postgres"]);
    this.psql("postgres", "CREATE ROLE synapse LOGIN", `CREATE ROLE guarded LOGIN PASSWORD '${PASSWORD}'`);
  }

  /** A database with Synapse's tables, owned by the role `synapse`. */
  async createDatabase(name: string): Promise<void> {
    this.psql("postgres", `CREATE DATABASE ${name} OWNER synapse TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
    await this.python(name, "large.py", "create");
  }

  /** Statements as the superuser, each on its own; the rows of the last one. */
  psql(database: string, ...statements: readonly string[]): unknown[][] {
    const script = `
import json, psycopg2, sys
db = psycopg2.connect(host="/postgres", dbname=sys.argv[1], user="nobody")
db.autocommit = True
cursor = db.cursor()
for statement in json.load(sys.stdin):
    cursor.execute(statement)
print(json.dumps(cursor.fetchall() if cursor.description else [], default=str))`;
    const command = ["exec", "-i", this.scripts.container, "python3", "-c", script, database];
    return JSON.parse(must(docker(command, Buffer.from(JSON.stringify(statements)))));
  }

  /** One statement as the superuser, in the background. */
  sleepWith(database: string, statement: string): Promise<unknown> {
    const script =
      "import psycopg2, sys; psycopg2.connect(host='/postgres', dbname=sys.argv[1], user='nobody').cursor().execute(sys.argv[2])";
    const child = spawn("docker", ["exec", this.scripts.container, "python3", "-c", script, database, statement]);
    return new Promise((resolve) => child.on("close", resolve));
  }

  /** A script of `test/support/compressor`; the object in its last line. */
  python(database: string, script: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    return this.scripts.run(database, script, ...args);
  }

  /** Runs the compressor to its end, in a container of its own. */
  async run(database: string, args: readonly string[], more: RunSettings = {}): Promise<Ended> {
    return this.begin(database, args, more).ended;
  }

  begin(database: string, args: readonly string[], more: RunSettings = {}): RunningContainer {
    const name = `comp-run-${randomUUID()}`;
    const folder = mkdtempSync(join(this.sockets, "config-"));
    chmodSync(folder, 0o755);
    const { password, config, memory } = more;
    const values = {
      database: {
        host: "/postgres",
        name: database,
        user: "synapse",
        ...(password === undefined ? {} : { user: "guarded", password_file: "/config/password" }),
      },
      ...config,
    };
    writeFileSync(join(folder, "compressor.json"), JSON.stringify(values), { mode: 0o644 });
    if (password !== undefined) writeFileSync(join(folder, "password"), `${password}\n`, { mode: 0o644 });
    const limits = memory === undefined ? [] : ["--memory", String(memory), "--memory-swap", String(memory)];
    const options = [...this.options(name), "--volume", `${folder}:/config:ro`, ...limits];
    const child = spawn("docker", ["run", ...options, this.image, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on("close", (code) => {
        this.names.delete(name);
        resolve({ code: code ?? 1, out, err });
      });
    });
    return { name, ended, kill: (signal) => must(docker(["kill", "--signal", signal, name])) };
  }

  /** A command inside a container that was begun. */
  exec(container: RunningContainer, command: readonly string[]): Ended {
    return docker(["exec", container.name, ...command]);
  }

  /** The right password of the role `guarded`. */
  get password(): string {
    return PASSWORD;
  }

  async remove(): Promise<void> {
    for (const name of this.names) docker(["rm", "--force", name]);
    this.server?.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 500));
    this.binary.remove();
    rmSync(this.sockets, { recursive: true, force: true });
  }
}

/** What else a run is given. */
export interface RunSettings {
  /** The role `guarded` with this password, instead of `synapse` without one. */
  readonly password?: string;
  /** More of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Hard limit of the container, in bytes, without swap. */
  readonly memory?: number;
}
