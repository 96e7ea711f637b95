import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../configs/user-error";
import type { Outcome } from "../host/docker";
import type { PlanJson } from "./changes";
import { isMirrorUsed, type Tool } from "./tool";

/** One line of `-json` output that matters here. */
export interface Message {
  readonly type: string;
  readonly "@message": string;
  readonly hook?: {
    readonly resource?: { readonly addr: string };
    readonly action?: string;
    readonly elapsed_seconds?: number;
  };
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail?: string;
    readonly address?: string;
  };
}

type Diagnostic = NonNullable<Message["diagnostic"]>;

/** Exit code of a shell's command that a signal ended, less the signal's number. */
const SIGNALLED = 128;

/** What Terraform said when it failed. */
export class TerraformError extends Error {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.summary}${d.detail ? `: ${d.detail}` : ""}`).join("\n"));
  }
}

interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly values: { readonly name: string; readonly input?: string };
}

interface StateJson {
  readonly values?: { readonly root_module?: { readonly resources?: readonly StateResource[] } };
}

/** Drives Terraform in one stack folder. State and plan files are readable by their owner alone. */
export class Terraform {
  private readonly planFile = "plan.tfplan";
  private running: ChildProcess | undefined;
  private readonly end = new AbortController();

  constructor(
    private readonly tool: Tool,
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly onMessage: (message: Message) => void = () => {},
  ) {
    // Terraform writes state with the caller's mask.
    process.umask(0o077);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => this.interrupt(signal));
  }

  /** Why nothing more is done here; undefined while all is well. */
  get stopped(): UserError | undefined {
    return this.end.signal.reason;
  }

  /** For whatever else has to end with it. */
  get signal(): AbortSignal {
    return this.end.signal;
  }

  /**
   * Lets the call that runs write its state and end; it and every later one then fail with the reason. Once: a second
   * interrupt would keep Terraform from writing.
   */
  stop(reason: UserError): void {
    if (this.stopped) return;
    this.end.abort(reason);
    this.running?.kill("SIGINT");
  }

  private interrupt(signal: "SIGINT" | "SIGTERM"): void {
    if (this.stopped && this.running) {
      console.error(`still waiting for ${this.tool.name} to write its state (process ${this.running.pid})`);
    } else if (this.running) {
      console.error(`interrupted: ${this.tool.name} writes its state and ends`);
    }
    this.stop(
      new UserError("interrupted; the state is written, and the same command goes on where it stopped", {
        exitCode: SIGNALLED + constants.signals[signal],
      }),
    );
  }

  async init(): Promise<void> {
    // Checksums of providers that were built here change whenever they are built again.
    if (isMirrorUsed()) rmSync(join(this.folder, ".terraform.lock.hcl"), { force: true });
    const outcome = await this.capture(["init", "-input=false", "-no-color"]);
    if (outcome.code !== 0) throw failureOf(outcome);
  }

  /** Whether there is anything to do; what it is, `changes` tells. */
  async plan(): Promise<boolean> {
    const args = ["plan", "-input=false", "-detailed-exitcode", `-out=${this.planFile}`, "-json"];
    return (await this.stream(args, [0, 2])) === 2;
  }

  /** The last plan, with values: hold it no longer than needed, secrets are in it. */
  async showPlan(): Promise<PlanJson> {
    const outcome = await this.capture(["show", "-json", this.planFile]);
    if (outcome.code !== 0) throw failureOf(outcome);
    return JSON.parse(outcome.stdout);
  }

  /** Applies a part of the configuration: the addresses and what they depend on. */
  async applyTargets(targets: readonly string[]): Promise<void> {
    await this.stream([
      "apply",
      "-input=false",
      "-auto-approve",
      "-refresh=false",
      "-json",
      ...targets.map((target) => `-target=${target}`),
    ]);
  }

  /** Removes a part of what is deployed, and what depends on it; the configuration stays as it is. */
  async destroyTargets(targets: readonly string[]): Promise<void> {
    await this.stream([
      "apply",
      "-destroy",
      "-input=false",
      "-auto-approve",
      "-json",
      ...targets.map((target) => `-target=${target}`),
    ]);
  }

  /** Applies exactly what the last plan says. */
  async applyPlan(): Promise<void> {
    await this.stream(["apply", "-input=false", "-json", this.planFile]);
  }

  /** Applies everything. */
  async apply(options: { readonly destroy?: boolean } = {}): Promise<void> {
    await this.stream(["apply", "-input=false", "-auto-approve", "-json", ...(options.destroy ? ["-destroy"] : [])]);
  }

  /** Addresses of everything in the state. */
  async stateList(): Promise<string[]> {
    const outcome = await this.capture(["state", "list"]);
    if (outcome.code === 0) return outcome.stdout.split("\n").filter((line) => line !== "");
    if (/No state file was found/.test(outcome.stderr)) return [];
    throw failureOf(outcome);
  }

  /**
   * The newest configuration volume of each container, by Docker name of the container: the one whose seeder is not
   * about to be removed is the one that the configuration names.
   */
  async configVolumes(): Promise<ReadonlyMap<string, string>> {
    const declared: { readonly resource?: { readonly docker_volume?: Readonly<Record<string, unknown>> } } = JSON.parse(
      readFileSync(join(this.folder, "cdk.tf.json"), "utf8"),
    );
    const wanted = new Set(Object.keys(declared.resource?.docker_volume ?? {}));
    return new Map(
      (await this.resources())
        .filter((resource) => resource.type === "docker_volume" && wanted.has(resource.name))
        .filter((resource) => resource.name.startsWith("config_"))
        .map(({ values }): [string, string] => [values.name.replace(/-config-[0-9a-f-]+$/, ""), values.name]),
    );
  }

  /** The server name that the state was made with; undefined before the first deployment. */
  async serverName(): Promise<string | undefined> {
    const note = (await this.resources()).find(({ type, name }) => type === "terraform_data" && name === "server_name");
    return note?.values.input;
  }

  /** Removes the plan file: it holds secrets. */
  forgetPlan(): void {
    rmSync(join(this.folder, this.planFile), { force: true });
  }

  /** Everything in the state, with values: hold it no longer than needed, secrets are in it. */
  private async resources(): Promise<readonly StateResource[]> {
    const outcome = await this.capture(["show", "-json"]);
    if (outcome.code !== 0) throw failureOf(outcome);
    const state: StateJson = JSON.parse(outcome.stdout);
    return state.values?.root_module?.resources ?? [];
  }

  private capture(args: readonly string[]): Promise<Outcome> {
    return this.call(args);
  }

  private async stream(args: readonly string[], good: readonly number[] = [0]): Promise<number> {
    const diagnostics: Diagnostic[] = [];
    const { code, stderr } = await this.call(args, (line) => {
      if (!line.startsWith("{")) return;
      const message: Message = JSON.parse(line);
      if (message.diagnostic?.severity === "error") diagnostics.push(message.diagnostic);
      this.onMessage(message);
    });
    if (good.includes(code)) return code;
    throw new TerraformError(
      diagnostics.length > 0 ? diagnostics : [{ severity: "error", summary: stderr.trim() || `exit code ${code}` }],
    );
  }

  /** @param onLine - takes stdout line by line, which then is not part of the outcome */
  private call(args: readonly string[], onLine?: (line: string) => void): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.stopped) return reject(this.stopped);
      const child = spawn(this.tool.program, [`-chdir=${this.folder}`, ...args], {
        env: this.env,
        stdio: ["ignore", "pipe", "pipe"],
        // Its own group: a Ctrl-C reaches it once, through us, and it gets to write its state.
        detached: true,
      });
      this.running = child;
      const texts = { stdout: "", stderr: "" };
      const gather = (name: keyof typeof texts) =>
        child[name].setEncoding("utf8").on("data", (chunk: string) => {
          texts[name] += chunk;
        });
      gather("stderr");
      if (onLine) createInterface({ input: child.stdout }).on("line", onLine);
      else gather("stdout");
      child.on("close", (code) => {
        this.running = undefined;
        if (this.stopped) reject(this.stopped);
        else resolve({ code: code ?? 1, ...texts });
      });
    });
  }
}

const failureOf = (outcome: Outcome): TerraformError =>
  new TerraformError([{ severity: "error", summary: firstError(outcome) }]);

const firstError = (outcome: Outcome): string => {
  const text = outcome.stderr.trim() || outcome.stdout;
  const lines = text.split("\n").map((line) => line.replace(/^[│╷╵\s]+/, "").trim());
  const start = lines.findIndex((line) => line.startsWith("Error:"));
  if (start === -1) return text.trim();
  const after = lines.slice(start + 1);
  const next = after.findIndex((line) => /^(Error|Warning):/.test(line));
  return [lines[start], ...(next === -1 ? after : after.slice(0, next))].filter((line) => line !== "").join(" ");
};
