import { loadEnvironment } from "../../configs/load-environment";
import { UserError } from "../../configs/user-error";
import { dockerOf, engineOf } from "../../host/engine";
import { requireEngine } from "../project";
import { servicesOf } from "../status/box";

export interface LogsOptions {
  readonly follow?: boolean;
  readonly tail: string;
}

/** Shows the log of one service, or of each in turn. */
export const logs = async (name: string, service: string | undefined, options: LogsOptions): Promise<void> => {
  const environment = loadEnvironment(name, process.cwd());
  const docker = dockerOf(await engineOf(environment));
  await requireEngine(docker);
  const known = await servicesOf(docker, environment.name);
  if (known.length === 0) throw new UserError(`\`${environment.name}\` does not run`);
  if (service !== undefined && !known.includes(service)) {
    throw new UserError(`no service \`${service}\` in \`${environment.name}\`; there are: ${known.join(", ")}`);
  }
  if (service === undefined && options.follow) {
    throw new UserError(`name the service to follow: ${known.join(", ")}`, { usage: true });
  }
  for (const one of service === undefined ? known : [service]) {
    if (service === undefined) console.log(`==> ${one} <==`);
    const code = await docker.attach([
      "logs",
      "--tail",
      options.tail,
      ...(options.follow ? ["--follow"] : []),
      `${environment.name}-${one}`,
    ]);
    if (code !== 0) process.exitCode = 1;
  }
};
