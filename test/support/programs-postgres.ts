import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { PostgresMajor } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { PostgresBinary } from "../sizing/postgres-binary";

const NOBODY = 65_534;
const START_MS = 30_000;
const STOP_MS = 30_000;

type Row = readonly (string | null)[];

/** A server that ran with a rendered file, was asked and stopped. */
export interface ServerRun<T> {
  readonly result: T;
  readonly code: number | null;
  readonly log: string;
}

/** Runs the real Postgres of a major on rendered files. */
export class RenderedPostgres {
  private readonly binary: PostgresBinary;
  private readonly data: string;
  /** Holds the rendered files and the socket; readable by the unprivileged user. */
  private readonly folder: string;

  constructor(version: PostgresMajor) {
    this.binary = new PostgresBinary(version);
    this.data = this.binary.valueOf("data_directory", {});
    this.folder = mkdtempSync(join(tmpdir(), "synapse-kit-conf-"));
    chmodSync(this.folder, 0o755);
    if (process.getuid?.() === 0) chownSync(this.folder, NOBODY, NOBODY);
  }

  /** Path of a file with this text. */
  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode: 0o644 });
    return path;
  }

  /** @throws when `postgres --check` refuses the file. */
  check(conf: string, overrides: Readonly<Record<string, string>> = {}): void {
    this.binary.check({ config_file: conf, ...overrides });
  }

  /** What `postgres -C` says, in base units. */
  valueOf(name: string, conf: string): string {
    return this.binary.valueOf(name, { config_file: conf });
  }

  /**
   * A real start, some questions, a fast stop. It listens on a socket of its own and nowhere else.
   * @param ask - gets a function that runs one SQL query
   */
  async serve<T>(
    conf: string,
    overrides: Readonly<Record<string, string>>,
    ask: (query: (sql: string) => Promise<Row[]>) => Promise<T>,
  ): Promise<ServerRun<T>> {
    const settings = {
      config_file: conf,
      listen_addresses: "",
      unix_socket_directories: this.folder,
      ...overrides,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const program = join(dirname(this.data), "native", "bin", "postgres");
    const server = spawn(program, ["-D", this.data, ...flags], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      ...user,
    });
    let log = "";
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
    }
    const ended = new Promise<number | null>((resolve) => server.on("close", resolve));
    try {
      const deadline = Date.now() + START_MS;
      while (!log.includes("database system is ready to accept connections")) {
        if (server.exitCode !== null || Date.now() > deadline) throw new Error(`Postgres did not start:\n${log}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const result = await ask((sql) => query(join(this.folder, ".s.PGSQL.5432"), sql));
      server.kill("SIGINT");
      const timer = setTimeout(() => server.kill("SIGKILL"), STOP_MS);
      const code = await ended;
      clearTimeout(timer);
      return { result, code, log };
    } finally {
      if (server.exitCode === null) server.kill("SIGKILL");
      await ended;
    }
  }

  remove(): void {
    this.binary.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether this machine can hand out that much: the kernel refuses a mapping larger than its memory. */
export const fitsHere = (sharedMemory: Bytes): boolean => sharedMemory.isLessThan(Bytes.of(totalmem()).times(0.8));

/** Rows of one query as `postgres`' superuser, over the wire protocol; the packaged Postgres has no psql. */
const query = (socketPath: string, sql: string): Promise<Row[]> =>
  new Promise((resolve, reject) => {
    const rows: Row[] = [];
    let received = Buffer.alloc(0);
    let asked = false;
    let done = false;
    const socket = connect(socketPath);
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.on("error", fail);
    // Closed by a backend that is gone: a stop that comes earlier would find it at work.
    socket.on("close", () => (done ? resolve(rows) : reject(new Error("the server closed the connection"))));
    socket.on("connect", () => socket.write(startupMessage("nobody", "postgres")));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= 5 && received.length > received.readUInt32BE(1)) {
        const length = 1 + received.readUInt32BE(1);
        const type = String.fromCharCode(received[0] as number);
        const body = received.subarray(5, length);
        received = received.subarray(length);
        if (type === "E") return fail(new Error(body.toString().replaceAll("\0", " ")));
        if (type === "D") rows.push(rowOf(body));
        if (type !== "Z") continue;
        if (asked) {
          done = true;
          socket.end(message("X", ""));
          return;
        }
        asked = true;
        socket.write(message("Q", `${sql}\0`));
      }
    });
  });

const startupMessage = (user: string, database: string): Buffer => {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.writeUInt32BE(3 << 16, 4);
  return Buffer.concat([head, body]);
};

const message = (type: string, text: string): Buffer => {
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
};

const rowOf = (body: Buffer): Row => {
  const row: (string | null)[] = [];
  let at = 2;
  for (let i = 0; i < body.readUInt16BE(0); i++) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return row;
};

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  "8kB": 8 * 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A value of postgresql.conf as `pg_settings` shows it: a number in the setting's base unit. */
export const inBaseUnit = (given: string, unit: string | null, type: string | null): string => {
  if (type === "bool") return ["on", "true", "yes", "1"].includes(given) ? "on" : "off";
  if (type !== "integer" && type !== "real") return given;
  const match = /^(-?[0-9.]+)\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)?$/.exec(given);
  if (!match) throw new Error(`no number: ${given}`);
  if (match[2] === undefined) return String(Number(match[1]));
  if (unit === null) throw new Error(`${given} has a unit where the setting has none`);
  return String((Number(match[1]) * (UNITS[match[2]] as number)) / (UNITS[unit] as number));
};
