import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { containerIds } from "./engine-project";

/** One request, as Nginx logged it. */
export interface NginxEntry {
  /** Milliseconds; Nginx writes whole seconds. */
  readonly time: number;
  readonly requestId: string;
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
  /** Seconds of each process that was tried, the one that answered last. */
  readonly tries: readonly number[];
  /** The process that answered; `-` where Nginx itself did. */
  readonly process: string;
  /** Name of the upstream in `routes()`. */
  readonly upstream: string;
}

/** One request, as the process that served it logged it. */
export interface SynapseEntry {
  readonly process: string;
  readonly requestId: string;
  readonly mark: string;
}

const linesOf = (id: string, since: string): string[] => {
  const { stdout, stderr } = spawnSync("docker", ["logs", "--since", since, id], {
    encoding: "utf8",
    maxBuffer: 512 * 1024 ** 2,
  });
  return `${stdout}\n${stderr}`.split("\n");
};

/** What Nginx served. @param since - RFC 3339 */
export const nginxEntries = (environment: string, since: string): NginxEntry[] =>
  linesOf(containerIds(environment).nginx as string, since)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .map(({ time, request_id, path, status, seconds, upstream_seconds, process, upstream }) => ({
      time: Date.parse(time),
      requestId: request_id,
      path,
      status: Number(status),
      seconds: Number(seconds),
      tries: String(upstream_seconds).split(/[,:]/).map(Number),
      process,
      upstream,
    }));

/** `… - sync1 - synapse.access.http.8008 - 421 - INFO - GET-<request id> - … "GET /…?kit=<mark> HTTP/1.1" …` */
const ACCESS = / - (\w+) - synapse\.access\.\S+ - \d+ - INFO - [A-Z]+-(\w+) - .*[?&]kit=(\w+)/;

/** What the running processes of Synapse served, of requests that carry a mark. @param since - RFC 3339 */
export const synapseEntries = (environment: string, since: string): SynapseEntry[] =>
  Object.entries(containerIds(environment))
    .filter(([service]) => service.startsWith("synapse-"))
    .flatMap(([, id]) => linesOf(id, since))
    .flatMap((line) => {
      const match = ACCESS.exec(line);
      return match ? [{ process: match[1] as string, requestId: match[2] as string, mark: match[3] as string }] : [];
    });

/** On a busy machine. */
const WRITTEN_WITHIN_MS = 10_000;

/**
 * What they served, once all of these requests are among it: processes write their line when the answer is out.
 * @param marks - of requests that a process answered
 */
export const synapseEntriesWith = async (
  environment: string,
  since: string,
  marks: readonly string[],
): Promise<SynapseEntry[]> => {
  for (const last = Date.now() + WRITTEN_WITHIN_MS; ; await sleep(200)) {
    const entries = synapseEntries(environment, since);
    const written = new Set(entries.map(({ mark }) => mark));
    if (Date.now() > last || marks.every((mark) => written.has(mark))) return entries;
  }
};
