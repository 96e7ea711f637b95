import { loadEnvironment } from "../../configs/load-environment";
import { Duration } from "../../configs/units/duration";
import { UserError } from "../../configs/user-error";
import { dockerOf, engineOf } from "../../host/engine";
import { requireEngine } from "../project";
import { type BoxStatus, boxStatus } from "../status/box";
import { screen } from "../status/screen";

export interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

const PAUSE = Duration.seconds(2);
/** Cursor to the top left, and everything below it away: no flicker, unlike a cleared screen. */
const HOME = "\u001b[H\u001b[J";

const isWell = ({ services }: BoxStatus): boolean =>
  services.length > 0 && services.every(({ health }) => health === "healthy");

const textOf = (name: string, status: BoxStatus): string =>
  status.services.length > 0
    ? screen(status, Date.now())
    : `${status.environment} does not run; \`npx synapse-kit deploy ${name}\` starts it`;

/** Prints how the box is. Exit code 1 when a service is not healthy or nothing runs; alerts have no say in it. */
export const status = async (name: string, options: StatusOptions): Promise<void> => {
  if (options.json && options.watch) {
    throw new UserError("`--json` and `--watch` do not go together: call it as often as you need", { usage: true });
  }
  const environment = loadEnvironment(name, process.cwd());
  const docker = dockerOf(await engineOf(environment));
  await requireEngine(docker);
  for (;;) {
    const found = await boxStatus(docker, environment.name);
    process.exitCode = isWell(found) ? 0 : 1;
    if (options.json) console.log(JSON.stringify(found, null, 2));
    else console.log(`${options.watch ? HOME : ""}${textOf(name, found)}`);
    if (!options.watch) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE.toMillis()));
  }
};
