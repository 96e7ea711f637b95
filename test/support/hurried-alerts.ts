import { spawnSync } from "node:child_process";
import { Duration } from "../../configs/units/duration";
import { docker } from "./engine-project";

/** Text of a file below /config of a running container. */
export const readConfig = (container: string, file: string): string =>
  docker("exec", container, "cat", `/config/${file}`);

/** Changes a file of a running container's configuration volume, and has the program read it anew. */
export const editConfig = (container: string, file: string, change: (text: string) => string): void => {
  const text = readConfig(container, file);
  const changed = change(text);
  if (changed === text) throw new Error(`${container}:/config/${file} is the same as before`);
  const [image, volume] = docker(
    "inspect",
    "--format",
    '{{.Config.Image}} {{range .Mounts}}{{if eq .Destination "/config"}}{{.Name}}{{end}}{{end}}',
    container,
  ).split(" ");
  const { status, stderr } = spawnSync(
    "docker",
    [
      ...["run", "--rm", "--interactive", "--network", "none", "--user", "0:0", "--volume", `${volume}:/config`],
      ...["--entrypoint", "sh", image as string, "-c", `cat >/config/${file}`],
    ],
    { input: changed, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  docker("kill", "--signal", "HUP", container);
};

const TIME = /^(\s*(?:- )?(?:for|group_wait|group_interval|repeat_interval): )'?(\w+)'?$/gm;

/**
 * A rule file or alertmanager.yml whose waits are shorter by a factor, and in which nothing else changes: a test cannot
 * wait for minutes at each alert.
 */
export const hurried = (text: string, factor: number): string =>
  text.replace(TIME, (line, key: string, time: string) => {
    const duration = Duration.tryParse(time);
    if (!duration) throw new Error(`no time: ${line}`);
    return `${key}${Math.ceil(duration.toMillis() / factor)}ms`;
  });
