import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A `docker` client of a few lines of shell, first on PATH, that keeps what it was asked. */
export class FakeDocker {
  private readonly folder = mkdtempSync(join(tmpdir(), "synapse-kit-docker-"));
  private readonly path = process.env.PATH;

  /** @param script - body of the program, `"$@"` being the arguments */
  constructor(script: string) {
    const asked = join(this.folder, "asked");
    writeFileSync(asked, "");
    writeFileSync(join(this.folder, "docker"), `#!/bin/sh\necho "$*" >> ${asked}\n${script}\n`, { mode: 0o755 });
    process.env.PATH = `${this.folder}${delimiter}${this.path}`;
  }

  /** Arguments of every call so far. */
  get calls(): string[] {
    return readFileSync(join(this.folder, "asked"), "utf8").split("\n").filter(Boolean);
  }

  remove(): void {
    process.env.PATH = this.path;
    rmSync(this.folder, { recursive: true });
  }
}
