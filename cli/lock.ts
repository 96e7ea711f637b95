import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../configs/environment";
import { UserError } from "../configs/user-error";
import { STATE_DIR } from "../host/detected";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * Keeps other runs of the kit in this project off an environment until this process ends. Terraform locks its state
 * for each of its own runs; the folder of the configuration, which a deployment reads again and again, it does not.
 */
export const lockEnvironment = (environment: Environment, projectDir: string): void => {
  const file = join(projectDir, STATE_DIR, `${environment.name}.lock`);
  mkdirSync(join(projectDir, STATE_DIR), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const pid = Number(readFileSync(file, "utf8"));
    if (pid > 0 && isAlive(pid)) {
      throw new UserError(
        `another run of synapse-kit (process ${pid}) works on \`${environment.name}\`: wait for it to end`,
      );
    }
    writeFileSync(file, String(process.pid));
  }
  process.once("exit", () => rmSync(file, { force: true }));
};
