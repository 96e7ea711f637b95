import { type ExecFileException, execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { docker } from "./engine-project";

const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;
const FOLDER = "/tmp/test";

/** The scripts of `test/support/compressor`, in a container of the compressor's image beside a database. */
export class CompressorScripts {
  /** @param options - of `docker run`: how the container reaches the database, and as whom */
  constructor(
    readonly container: string,
    image: string,
    options: readonly string[],
  ) {
    const hardened = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"];
    const own = ["--name", container, "--rm", "--init", "--no-healthcheck", "--tmpfs", "/tmp:mode=1777", ...hardened];
    const paths = ["--env", `PYTHONPATH=/opt/compressor:${FOLDER}`];
    docker("run", "--detach", ...own, ...paths, ...options, "--entrypoint", "sleep", image, "infinity");
    const packed = spawnSync("tar", ["-C", join(__dirname, "compressor"), "-c", "."], { maxBuffer: MAX_OUTPUT_BYTES });
    if (packed.status !== 0) throw new Error(`tar: ${packed.stderr}`);
    const unpack = `mkdir ${FOLDER} && tar -x --no-same-owner -C ${FOLDER}`;
    const unpacked = spawnSync("docker", ["exec", "-i", container, "sh", "-c", unpack], { input: packed.stdout });
    if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr}`);
  }

  /** Runs a script on a database; the object in its last line. */
  run(database: string, script: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    const command = ["exec", "--env", `PGDATABASE=${database}`, this.container, "python3", `${FOLDER}/${script}`];
    return new Promise((resolve, reject) => {
      const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
        if (error) reject(new Error(`${script} ${args.join(" ")}: ${stderr}${stdout}`));
        else resolve(JSON.parse(stdout.trim().split("\n").at(-1) as string));
      };
      execFile("docker", [...command, ...args], { maxBuffer: MAX_OUTPUT_BYTES }, done);
    });
  }
}
