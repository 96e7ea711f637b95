import type { Docker } from "../host/docker";

const LINES = 15;

/** The end of a container's log, indented, to be shown below what went wrong with it. */
export const lastWords = async (docker: Docker, container: string): Promise<string> => {
  const { stdout, stderr } = await docker.run(["logs", "--tail", String(LINES), container]);
  return `${stdout}${stderr}`
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
};
