import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../configs/package-root";

export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const CLI = join(packageRoot(), "dist", "cli", "main.js");

/** A project of its own in a temporary folder, so that nothing an operator runs on this machine is touched. */
export class EngineProject {
  readonly dir = mkdtempSync(join(tmpdir(), "synapse-kit-engine-"));

  constructor(readonly name: string) {
    mkdirSync(join(this.dir, "configs", "environments"), { recursive: true });
  }

  get file(): string {
    return join(this.dir, "configs", "environments", `${this.name}.yaml`);
  }

  /** Takes a shipped environment's text, changed. */
  useShipped(shipped: string, change: (text: string) => string): void {
    const text = readFileSync(join(packageRoot(), "configs", "environments", `${shipped}.yaml`), "utf8");
    writeFileSync(this.file, change(text));
  }

  edit(change: (text: string) => string): void {
    writeFileSync(this.file, change(readFileSync(this.file, "utf8")));
  }

  /** Runs the compiled command in the project. */
  kit(
    args: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
  ): Promise<CliOutcome> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [CLI, ...args],
        { cwd: this.dir, env: { ...process.env, ...options.env }, maxBuffer: 64 * 1024 ** 2 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
      child.stdin?.end(options.input ?? "");
    });
  }

  /** Removes everything of this project from the engine, whatever state it is in. */
  removeAll(): void {
    const mine = `${this.name}-`;
    const names = (...list: string[]) =>
      docker(...list)
        .split("\n")
        .filter((name) => name.startsWith(mine));
    const containers = names("ps", "--all", "--format", "{{.Names}}");
    if (containers.length > 0) docker("rm", "--force", "--volumes", ...containers);
    const volumes = names("volume", "ls", "--format", "{{.Name}}");
    if (volumes.length > 0) docker("volume", "rm", ...volumes);
    const networks = names("network", "ls", "--format", "{{.Name}}");
    if (networks.length > 0) docker("network", "rm", ...networks);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Output of the docker client; throws when the command fails. */
export const docker = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync("docker", args, { encoding: "utf8", maxBuffer: 64 * 1024 ** 2 });
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
};

/** What a container wrote, to its output and to its error output. */
export const logsOf = (id: string, ...args: string[]): string => {
  const { stdout, stderr } = spawnSync("docker", ["logs", ...args, id], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 ** 2,
  });
  return stdout + stderr;
};

/** Id of each running container of an environment, by service. */
export const containerIds = (environment: string): Record<string, string> => {
  const lines = docker(
    "ps",
    "--no-trunc",
    "--filter",
    `label=synapse-kit.environment=${environment}`,
    "--format",
    '{{.Label "synapse-kit.service"}} {{.ID}}',
  );
  return Object.fromEntries(
    lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" ") as [string, string]),
  );
};

/** Services whose access log holds the mark of a request. */
export const servedBy = (environment: string, mark: string): string[] =>
  Object.entries(containerIds(environment))
    .filter(([service]) => service.startsWith("synapse-"))
    .filter(([, id]) => {
      const { stdout, stderr } = spawnSync("docker", ["logs", "--tail", "2000", id], {
        encoding: "utf8",
        maxBuffer: 64 * 1024 ** 2,
      });
      return `${stdout}${stderr}`.split("\n").some((line) => line.includes(mark) && line.includes("Processed request"));
    })
    .map(([service]) => service);
