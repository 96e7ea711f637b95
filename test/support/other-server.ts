import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { packageRoot } from "../../configs/package-root";

const PROGRAM = join(packageRoot(), "test", "support", "play-server.mjs");

export interface Joining {
  /** Its own name: an address with a port. */
  readonly name: string;
  /** Base URL and name of the server under test. */
  readonly url: string;
  readonly destination: string;
  /** A public room there, and the token of somebody in it. */
  readonly room: string;
  readonly token: string;
}

/** Another Matrix server, in a room of the server under test. */
export class OtherServer {
  private readonly program: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  private constructor(joining: Joining) {
    const stdio: ["pipe", "pipe", "inherit"] = ["pipe", "pipe", "inherit"];
    this.program = spawn(process.execPath, [PROGRAM, JSON.stringify(joining)], { stdio });
    this.lines = createInterface({ input: this.program.stdout })[Symbol.asyncIterator]();
  }

  static async join(joining: Joining): Promise<OtherServer> {
    const server = new OtherServer(joining);
    await server.answer("joined");
    return server;
  }

  /** After what was there when it joined, and beside all that came since. */
  async say(text: string): Promise<void> {
    this.program.stdin.write(`${text}\n`);
    await this.answer(text);
  }

  close(): void {
    this.program.stdin.end();
  }

  private async answer(expected: string): Promise<void> {
    const { value } = await this.lines.next();
    if (value !== expected) throw new Error(`the other server wrote ${value} instead of ${expected}`);
  }
}
