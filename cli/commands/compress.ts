import { writeFileSync } from "node:fs";
import { loadEnvironment } from "../../configs/load-environment";
import { UserError } from "../../configs/user-error";
import type { Docker } from "../../host/docker";
import { dockerOf, engineOf } from "../../host/engine";
import { requireEngine } from "../project";

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

/** @throws UserError unless the compressor is there to be asked */
const requireCompressor = async (docker: Docker, container: string, name: string): Promise<void> => {
  const { code, stdout } = await docker.run(["container", "inspect", "--format", "{{.State.Status}}", container]);
  if (code === 0 && stdout.trim() === "running") return;
  throw new UserError(
    code === 0
      ? `the compressor of \`${name}\` is ${stdout.trim()}; \`npx synapse-kit logs ${name} compressor\` says why`
      : `\`${name}\` runs no compressor: \`npx synapse-kit deploy ${name}\` starts one, unless \`compressor.enabled\` says no`,
  );
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
  const container = `${environment.name}-compressor`;
  await requireCompressor(docker, container, name);
  const run = [container, "compressor", "run", ...argumentsOf(options)];
  if (options.sql === undefined) {
    // With a terminal, Ctrl-C reaches the program, which then ends between two chunks.
    process.exitCode = await docker.attach([
      "exec",
      ...(process.stdin.isTTY ? ["--interactive", "--tty"] : []),
      ...run,
    ]);
    return;
  }
  const { code, stdout, stderr } = await docker.run(["exec", ...run]);
  process.stderr.write(stderr);
  process.exitCode = code;
  if (code === 0) writeFileSync(options.sql, stdout, { flag: "wx" });
};
