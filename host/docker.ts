import { execFile, spawn } from "node:child_process";
import { UserError } from "../configs/user-error";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;

/** Runs a program and waits for it; a code other than 0 is an outcome, not an error. */
export const run = (
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { env: options.env ?? process.env, maxBuffer: MAX_OUTPUT_BYTES, timeout: options.timeoutMs ?? 0 },
      (error, stdout, stderr) => {
        if (error && (error as NodeJS.ErrnoException).code === "ENOENT") {
          reject(new UserError(`\`${program}\` is not installed or not on PATH`));
          return;
        }
        resolve({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, stdout, stderr });
      },
    );
    // A program that ends before it has read its input: its exit code says why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });

/** The target engine, through the `docker` client: it knows every transport, ssh included. */
export class Docker {
  /** @param host - `unix://…`, `ssh://…`; undefined is the client's own default */
  constructor(readonly host?: string) {}

  run(
    args: readonly string[],
    options: { readonly input?: string; readonly timeoutMs?: number } = {},
  ): Promise<Outcome> {
    return run("docker", this.withHost(args), options);
  }

  /**
   * Connects the command to this terminal, until it ends.
   * @param stdout - file that it writes into instead
   */
  attach(args: readonly string[], stdout: number | "inherit" = "inherit"): Promise<number> {
    return new Promise((resolve) => {
      const child = spawn("docker", this.withHost(args), { stdio: ["inherit", stdout, "inherit"] });
      child.on("close", (code) => resolve(code ?? 1));
    });
  }

  /** @throws UserError with the client's message when the command fails */
  async output(args: readonly string[], options: { readonly input?: string } = {}): Promise<string> {
    const outcome = await this.run(args, options);
    if (outcome.code !== 0) throw new UserError(`docker ${args[0]}: ${outcome.stderr.trim()}`);
    return outcome.stdout;
  }

  /** Why the engine does not answer, or undefined when it does. */
  async whyUnreachable(): Promise<string | undefined> {
    try {
      const { code, stderr } = await this.run(["version", "--format", "{{.Server.Version}}"], { timeoutMs: 20_000 });
      return code === 0 ? undefined : stderr.trim().split("\n").at(-1);
    } catch (error) {
      return (error as Error).message;
    }
  }

  private withHost(args: readonly string[]): string[] {
    return this.host === undefined ? [...args] : ["--host", this.host, ...args];
  }
}
