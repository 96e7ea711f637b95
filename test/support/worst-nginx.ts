import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../../configs/package-root";
import { PORTS } from "../../configs/ports";
import { Bytes } from "../../configs/units/bytes";
import { addressesOf } from "../../constructs/addresses";
import { REQUEST_LOG_FOLDER } from "../../constructs/nginx/request-counts";
import { REQUEST_LINES } from "../../sizing/request-counts";
import { type CliOutcome, docker, logsOf } from "./engine-project";
import { MemoryGauge, totalOf } from "./memory-gauge";
import type { WorstBox } from "./worst-box";
import type { WorstCase } from "./worst-case";

/** Memory that has not grown for so long is full. */
const STEADY_MS = 3000;
const FILL_MS = 90_000;
/** Some are refused, since a kind of request has its fill. */
const FILLED_SHARE = 0.8;
/** Larger than what Nginx and both kernels keep of an answer that nobody reads. */
const ANSWER_MB = 4;
/** Two buffers of each are written to the tmpfs, which a hundred fill but for a little; the rest stays in memory. */
const BODY_BYTES = 150_000;
const SPARE = 20;
/** What is left of the tmpfs of requests that are not counted yet, for those of the case. */
const LINES_FREE = Bytes.kib(128);
const COUNTED_MS = 11_000;

/** In the place of every process: one answer, large, of a kind that Nginx compresses, and that does not compress well. */
const STAND_IN = (port: number): string => `head -c ${ANSWER_MB}M /dev/urandom | base64 >/tmp/answer
cat >/tmp/nginx.conf <<'END'
pid /tmp/pid; error_log /dev/stderr;
events { worker_connections 4096; }
http {
  access_log off; default_type application/json; sendfile on;
  client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
  server { listen ${port}; location / { root /tmp; rewrite ^ /answer break; } }
}
END
exec nginx -c /tmp/nginx.conf -g 'daemon off;'
`;

const request = (method: string, path: string, headers = "", body = ""): string =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer syt_YWxpY2U_a_b\r\n${headers}\r\n${body}`;

const COMPRESSED = "Accept-Encoding: gzip\r\n";
const C = "/_matrix/client/v3";

/** Of kinds that Nginx counts by themselves; it lets in more long polls than anything else. */
const SYNC = request("GET", `${C}/sync?since=s1`, COMPRESSED);
const MESSAGES = request("GET", `${C}/rooms/!a:localhost/messages`, COMPRESSED);
const MEDIA = request("GET", "/_matrix/client/v1/media/download/localhost/abc");
const SLOW_WRITER = request(
  "PUT",
  `${C}/rooms/!a:localhost/send/m.room.message/1`,
  `Content-Length: ${BODY_BYTES}\r\n`,
  "x".repeat(BODY_BYTES - 1),
);

/** Programs in the place of all Synapse processes, at their addresses. */
const standIns = async (box: WorstBox): Promise<string[]> => {
  const addresses = addressesOf(box.options.network, box.plan);
  const image = docker("inspect", "--format", "{{.Image}}", box.container("nginx"));
  const names = box.plan.synapse.processes.map(async ({ name, container }) => {
    const standIn = box.container(`standin-${name}`);
    const address = addresses.get(container.name)?.frontend as string;
    const { code, stderr } = await box.run([
      ...["run", "--detach", "--init", "--name", standIn, "--user", "101:101", "--ip", address],
      ...["--network", box.container("frontend"), "--entrypoint", "sh", image, "-c", STAND_IN(PORTS.synapse)],
    ]);
    if (code !== 0) throw new Error(stderr);
    return standIn;
  });
  return Promise.all(names);
};

/** Requests of many different times that are not counted yet: a worker of Nginx reads them within ten seconds. */
const fillRequestLines = (box: WorstBox): Promise<CliOutcome> => {
  const line = '"%d.%03d synapse-main 200 other\\n", i % 60, i % 997';
  const lines = `awk 'BEGIN { for (;; i++) printf ${line} }' | head -c ${REQUEST_LINES.minus(LINES_FREE).toBytes()}`;
  return box.run(["exec", box.container("nginx"), "sh", "-c", `${lines} >>${REQUEST_LOG_FOLDER}/first`]);
};

/** Opens the connections of each request from a container of its own, until that is removed. */
const openSlowly = async (box: WorstBox, requests: readonly (readonly [number, string])[]): Promise<string> => {
  const name = box.container("readers");
  const program = readFileSync(join(packageRoot(), "test", "support", "slow_readers.py"), "utf8");
  const image = docker("inspect", "--format", "{{.Image}}", box.container("synapse-main"));
  const host = addressesOf(box.options.network, box.plan).get("nginx")?.frontend as string;
  const readers = spawn(
    "docker",
    [
      ...["run", "--rm", "--interactive", "--init", "--name", name],
      ...["--network", box.container("frontend"), "--ip", box.clientAddress("frontend"), "--entrypoint", "python3"],
      ...[image, "-c", program, host, String(PORTS.nginx)],
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  readers.stdin.write(`${JSON.stringify(requests)}\n`);
  const [said] = await Promise.race([once(readers.stdout, "data"), once(readers, "exit")]);
  if (!Buffer.isBuffer(said)) throw new Error(`the readers ended with ${said}`);
  return name;
};

/**
 * All of Nginx' connections open: as many requests as it lets in, of which no client reads the answer, bodies that never
 * end, and for the rest connections that say nothing. Other programs stand in for Synapse, so that Nginx alone is full.
 */
export const nginxWorstCase = async (box: WorstBox): Promise<WorstCase> => {
  const { plan } = box;
  const container = box.container("nginx");
  const helpers = await standIns(box);
  await sleep(1000);

  const { workerProcesses, workerConnections, mostRequests, limits } = plan.nginx;
  const all = workerProcesses.value * workerConnections.value;
  const requests = mostRequests.value;
  const bodies = plan.synapse.processes.length > 1 ? 100 : 0;
  const idle = all - 2 * requests - SPARE;
  const since = new Date().toISOString();
  const gauge = new MemoryGauge(container);
  const status = async (): Promise<{ active: number; writing: number }> => {
    const url = `http://127.0.0.1:${PORTS.nginxStatus}/nginx_status`;
    const { stdout } = await box.run(["exec", container, "curl", "-fsS", url]);
    const number = (name: string) => Number(new RegExp(`${name}: (\\d+)`).exec(stdout)?.[1]);
    return { active: number("Active connections"), writing: number("Writing") };
  };
  const polls = Math.floor(0.9 * limits.polls.value);
  const others = Math.floor((requests - polls - bodies) / 2);
  helpers.push(
    await openSlowly(box, [
      [bodies, SLOW_WRITER],
      [polls, SYNC],
      [others, MESSAGES],
      [others, MEDIA],
      [idle, ""],
    ]),
  );
  // Nginx closes what has been silent for half a minute, so the most at one moment is what counts.
  const seen = { active: 0, writing: 0 };
  const until = Date.now() + FILL_MS;
  const expected = FILLED_SHARE * (polls + 2 * others);
  for (let before = -1; before < totalOf(gauge.peak).toMiB() || seen.writing < expected; ) {
    if (Date.now() > until) break;
    before = totalOf(gauge.peak).toMiB();
    await sleep(STEADY_MS);
    const now = await status();
    seen.active = Math.max(seen.active, now.active);
    seen.writing = Math.max(seen.writing, now.writing);
  }
  if (plan.nginx.countsRequests) {
    await fillRequestLines(box);
    await sleep(COUNTED_MS);
  }
  gauge.stop();
  await box.run(["rm", "--force", ...helpers]);
  const log = logsOf(container, "--since", since);
  return {
    service: "nginx",
    what: `${seen.writing} answers that nobody reads, ${seen.active} connections`,
    limit: plan.nginx.container.memory.value,
    planned: plan.nginx.container.parts,
    peak: gauge.peak,
    kills: gauge.kills,
    failures: [
      ...(seen.writing < expected ? [`only ${seen.writing} answers, not ${expected}`] : []),
      ...log.split("\n").filter((line) => /\[(alert|emerg|crit)\]/.test(line)),
    ],
  };
};
