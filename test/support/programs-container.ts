import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ImageName } from "../../configs/environment";
import { REQUEST_LOG_FOLDER } from "../../constructs/nginx/request-counts";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { resolveImages } from "../../host/images";
import { type Box, boxWithLayout } from "./programs-boxes";

const MAX_OUTPUT_BYTES = 256 * 1024 ** 2;
const BOXES_DIR = "/boxes";

/** A file of one case: its folder, its name and its text. */
export interface CaseFile {
  readonly folder: string;
  readonly path: string;
  readonly content: string;
}

/** What one case came to. */
export interface CaseOutcome {
  readonly code: number;
  readonly output: string;
}

/** Files of one container of a box, in a folder of their own. */
export const filesOf = (box: Box, service: string, folder = box.name): CaseFile[] =>
  (box.services.find((candidate) => candidate.service === service)?.files ?? []).map(({ path, content }) => ({
    folder,
    path,
    content,
  }));

const docker = (args: readonly string[], input?: Buffer): string => {
  const { status, stdout, stderr, error } = spawnSync("docker", args, { input, maxBuffer: MAX_OUTPUT_BYTES });
  if (error) throw error;
  if (status !== 0) throw new Error(`docker ${args.slice(0, 6).join(" ")}: ${stderr}${stdout}`);
  return stdout.toString();
};

/**
 * One helper container of an image, without a network, in which a whole file of tests runs its program. Each case has a
 * folder, and `/config` is a link to the one whose turn it is, since rendered files name each other by that path.
 */
export class ProgramContainer {
  private constructor(
    private readonly id: string,
    private readonly user: number,
  ) {}

  /**
   * Builds the image when it is missing.
   * @param user - that the kit's own container runs as
   * @throws when there is no engine or no image: these tests never skip
   */
  static async start(image: ImageName, user: number): Promise<ProgramContainer> {
    const { environment, plan } = boxWithLayout("two");
    // Not every image can be built.
    const { compressor: _, ...built } = plan;
    const { references, local } = resolveImages(environment, built, "local");
    const tag = references[image];
    await buildImages(
      local.filter((candidate) => candidate.tag === tag),
      new Docker(),
    );
    return ProgramContainer.of(tag, user);
  }

  /** The same with an image that is there. */
  static of(tag: string, user: number): ProgramContainer {
    const id = docker([
      ...["run", "--detach", "--rm", "--init", "--network", "none", "--name", `programs-${randomUUID()}`],
      ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
      ...["--tmpfs", `${REQUEST_LOG_FOLDER}:mode=1777`],
      ...["--tmpfs", `${BOXES_DIR}:mode=1777`, "--tmpfs", "/tmp:mode=1777", "--user", "0:0", "--entrypoint", "sh"],
      ...[tag, "-c", `ln -s ${BOXES_DIR}/current /config && exec sleep infinity`],
    ]).trim();
    return new ProgramContainer(id, user);
  }

  /** Puts the files in, owned by the program's user. */
  add(files: readonly CaseFile[]): void {
    const folder = mkdtempSync(join(tmpdir(), "synapse-kit-programs-"));
    try {
      for (const file of files) {
        const path = join(folder, file.folder, file.path);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, file.content, { mode: 0o600 });
      }
      const packed = spawnSync("tar", ["-C", folder, "-c", ...readdirSync(folder)], { maxBuffer: MAX_OUTPUT_BYTES });
      if (packed.status !== 0) throw new Error(`tar: ${packed.stderr}`);
      const unpack = ["tar", "-x", "--no-same-owner", "-C", BOXES_DIR];
      docker(["exec", "-i", "--user", `${this.user}:${this.user}`, this.id, ...unpack], packed.stdout);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Runs a command as the program's user. */
  exec(command: readonly string[], input?: string): string {
    const user = ["--user", `${this.user}:${this.user}`];
    return docker(["exec", "-i", ...user, this.id, ...command], Buffer.from(input ?? ""));
  }

  /**
   * Runs a shell script once for each folder, all in one `docker exec`, and gives what each printed and its exit code.
   * @param script - `/config` is the folder of the case
   */
  each(folders: readonly string[], script: string): ReadonlyMap<string, CaseOutcome> {
    const mark = randomUUID();
    const text = `run_case() {
${script}
}
for folder in ${folders.join(" ")}; do
  [ -d ${BOXES_DIR}/$folder ] || { echo "no such folder: $folder"; exit 1; }
  ln -sfn ${BOXES_DIR}/$folder ${BOXES_DIR}/current
  code=0
  (run_case) </dev/null 2>&1 || code=$?
  printf '\\n${mark} %s %s\\n' "$folder" "$code"
done
`;
    const outcomes = new Map<string, CaseOutcome>();
    let lines: string[] = [];
    for (const line of this.exec(["sh"], text).split("\n")) {
      const match = line.startsWith(mark) ? line.split(" ") : undefined;
      if (!match) {
        lines.push(line);
        continue;
      }
      outcomes.set(match[1] as string, { code: Number(match[2]), output: lines.join("\n").trim() });
      lines = [];
    }
    for (const folder of folders) if (!outcomes.has(folder)) throw new Error(`${folder} did not run`);
    return outcomes;
  }

  remove(): void {
    docker(["rm", "--force", this.id]);
  }
}
