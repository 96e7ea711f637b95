import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { PostgresMajor } from "../../configs/environment";

const NOBODY = 65_534;

/**
 * Copies programs and libraries out of node_modules. The package leaves its library links to an install script, which
 * `npm ci --ignore-scripts` never runs.
 */
export const copyPostgres = (version: PostgresMajor, folder: string): void => {
  const source = join(__dirname, "..", "..", "node_modules", `pg${version}`);
  cpSync(join(source, "native"), join(folder, "native"), { recursive: true, verbatimSymlinks: true });
  const list = join(folder, "native", "pg-symlinks.json");
  for (const link of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    const path = join(folder, link.target);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) symlinkSync(basename(link.source), path);
  }
};

/** A real Postgres of one major, copied out of node_modules so that an unprivileged user can run it. */
export class PostgresBinary {
  private readonly folder: string;
  private readonly data: string;

  constructor(version: PostgresMajor) {
    this.folder = mkdtempSync(join(tmpdir(), `synapse-kit-pg${version}-`));
    this.data = join(this.folder, "data");
    copyPostgres(version, this.folder);
    mkdirSync(this.data);
    chmodSync(this.folder, 0o755);
    if (process.getuid?.() === 0) chownSync(this.data, NOBODY, NOBODY);
    this.run("initdb", ["-D", this.data, "-A", "trust", "--no-sync", "--no-instructions"]);
  }

  /** Postgres refuses to run as root. */
  private run(program: string, args: readonly string[]): string {
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    return execFileSync(join(this.folder, "native", "bin", program), args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      cwd: this.folder,
      ...user,
    }).trim();
  }

  private static flags(settings: Readonly<Record<string, string>>): string[] {
    return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  }

  /** The value that the server would run with. */
  valueOf(name: string, settings: Readonly<Record<string, string>>): string {
    return this.run("postgres", ["-C", name, "-D", this.data, ...PostgresBinary.flags(settings)]);
  }

  /** @throws when the server would not accept the settings. */
  check(settings: Readonly<Record<string, string>>): void {
    this.run("postgres", ["--check", "-D", this.data, ...PostgresBinary.flags(settings)]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
