import { closeSync, openSync, rmSync } from "node:fs";
import { loadEnvironment } from "../../configs/load-environment";
import { UserError } from "../../configs/user-error";
import { dockerOf, engineOf } from "../../host/engine";
import { requireEngine } from "../project";
import { requireRunning } from "../require-running";

export interface CompressOptions {
  readonly room?: string;
  readonly groups?: string;
  readonly dryRun?: boolean;
  readonly sql?: string;
  readonly chunkSize?: string;
  readonly chunks?: string;
  readonly levels?: string;
  readonly json?: boolean;
}

/** @throws UserError where something lies already: it may be what somebody reviewed */
const newFile = (path: string): number => {
  try {
    return openSync(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new UserError(`--sql: ${path} is there already: name a new file; nothing was changed`, { usage: true });
  }
};

/** The program's own options, in its own words. */
const argumentsOf = (options: CompressOptions): string[] => [
  ...(options.room === undefined ? [] : ["--room", options.room]),
  ...(options.groups === undefined ? [] : ["--groups", options.groups]),
  ...(options.dryRun ? ["--dry-run"] : []),
  ...(options.sql === undefined ? [] : ["--sql", "-"]),
  ...(options.chunkSize === undefined ? [] : ["--chunk-size", options.chunkSize]),
  ...(options.chunks === undefined ? [] : ["--chunks", options.chunks]),
  ...(options.levels === undefined ? [] : ["--levels", options.levels]),
  ...(options.json ? ["--json"] : []),
];

/**
 * One run of the state compressor now, in its own container and within its own memory. Its exit code is the command's
 * (docs/compressor.md).
 */
export const compress = async (name: string, options: CompressOptions): Promise<void> => {
  const environment = loadEnvironment(name, process.cwd());
  const docker = dockerOf(await engineOf(environment));
  await requireEngine(docker);
  const absent = `\`${name}\` runs no compressor: \`npx synapse-kit deploy ${name}\` starts it, unless \`compressor.enabled\` says no`;
  const container = await requireRunning(docker, environment.name, "compressor", name, absent);
  const run = [container, "compressor", "run", ...argumentsOf(options)];
  if (options.sql === undefined) {
    // With a terminal, Ctrl-C reaches the program, which then ends between two chunks.
    const terminal = process.stdin.isTTY ? ["--interactive", "--tty"] : [];
    process.exitCode = await docker.attach(["exec", ...terminal, ...run]);
    return;
  }
  const file = newFile(options.sql);
  // Ctrl-C ends the client, which has it too; this goes on, to take the file away.
  const goOn = (): void => {};
  process.on("SIGINT", goOn);
  try {
    process.exitCode = await docker.attach(["exec", ...run], file);
  } finally {
    process.off("SIGINT", goOn);
    closeSync(file);
    // What broke off half-way must not be taken for the whole.
    if (process.exitCode !== 0) rmSync(options.sql);
  }
};
