// What asking for the owners of tokens costs, on the real Nginx: `node bench/token-owners.mjs [--requests N] [--rounds N]`.
// Nothing but Nginx is at work: a second one answers at once in the place of Synapse. Cases take turns.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CLI, markdown, output, shown, spread } from "./lib.mjs";

const { values } = parseArgs({ options: { requests: { type: "string" }, rounds: { type: "string" } } });
const REQUESTS = Number(values.requests ?? 20_000);
const ROUNDS = Number(values.rounds ?? 5);
/** One connection each, with one request at a time. */
const CLIENTS = 16;
/** A token is used as often before it changes: a sync each 30 s for five minutes. */
const REQUESTS_PER_TOKEN = 10;
const TICKS_PER_SECOND = Number(output("getconf", ["CLK_TCK"]));

const folder = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
const network = `127.${64 + (process.pid % 128)}.0`;
const containers = [];

const rendered = (name, settings) => {
  mkdirSync(join(folder, "configs/environments"), { recursive: true });
  writeFileSync(
    join(folder, `configs/environments/${name}.yaml`),
    `server_name: example.org\nhardware: {ram: 16GB, cpus: 8}\ndocker: {network: 10.126.204.0/22}\nsynapse: {workers: eight, settings: ${settings}}\n`,
  );
  output(process.execPath, [CLI, "render", name, "--out", join(folder, name)], { cwd: folder });
  return join(folder, name, "nginx");
};

/** One worker, so that the time of one process is the time of all requests; no log, which Docker would be charged for. */
const onLoopback = (conf, address) =>
  conf
    .replaceAll("10.126.204.", `${network}.`)
    .replaceAll("10\\.126\\.204\\.", `${network.replaceAll(".", "\\.")}\\.`)
    .replace(/worker_processes \d+/, "worker_processes 1")
    .replace(/access_log \/dev\/stdout kit/, "access_log off")
    .replace("listen 8080 ", `listen ${address}:8080 `)
    .replace("listen 127.0.0.1:8081", `listen ${address}:8081`);

const SYNAPSE = `pid /tmp/nginx.pid; worker_processes 1; error_log /dev/stderr;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
  keepalive_requests 1000000;
  map $http_authorization $user { "~^Bearer mat_([^_]+)_" $1; }
  server {
    ${Array.from({ length: 9 }, (_, n) => `listen ${network}.${10 + n}:8008;`).join(" ")}
    location = /_matrix/client/v3/account/whoami { return 200 '{"user_id":"@$user:example.org"}'; }
    location / { return 200 '{"next_batch":"s1"}'; }
  }
}
`;

const image = output("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", "synapse-kit/nginx"]).split("\n")[0];

/** Starts Nginx on a folder of files; gives the id of its worker process. */
const nginx = (name, files) => {
  const id = output("docker", [
    ...["run", "--detach", "--rm", "--network", "host", "--name", `bench-${name}-${process.pid}`],
    ...["--volume", `${files}:/config:ro`, "--tmpfs", "/tmp:mode=1777", "--user", "101:101", "--entrypoint", "nginx"],
    ...[image, "-c", "/config/nginx.conf", "-g", "daemon off;"],
  ]).trim();
  containers.push(id);
  spawnSync("sleep", ["1"]);
  const line = output("docker", ["top", id, "-eo", "pid,args"])
    .split("\n")
    .find((text) => text.includes("worker process"));
  if (!line) throw new Error(`nginx does not run: ${output("docker", ["logs", id])}`);
  return line.trim().split(/\s+/)[0];
};

const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** Sends requests over one connection, one after the other; gives the milliseconds of each. */
const client = (address, count, tokenOf) =>
  new Promise((resolve, reject) => {
    const times = [];
    let sent = 0;
    let from;
    const socket = connect(8080, address);
    const next = () => {
      if (sent === count) {
        socket.end();
        resolve(times);
        return;
      }
      from = process.hrtime.bigint();
      socket.write(
        `GET /_matrix/client/v3/sync?since=s1 HTTP/1.1\r\nHost: example.org\r\nAuthorization: Bearer ${tokenOf(sent++)}\r\n\r\n`,
      );
    };
    socket.setNoDelay(true);
    socket.on("connect", next);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      if (!chunk.includes("next_batch")) return;
      if (!chunk.includes("200 OK")) reject(new Error(chunk.toString()));
      times.push(Number(process.hrtime.bigint() - from) / 1e6);
      next();
    });
  });

let generation = 0;

const CASES = [
  ["off, Synapse's token", "off", (user) => () => `syt_dXNlcj${user}_abcdefghijklmnopqrst_0AbcDe`],
  ["on, Synapse's token", "on", (user) => () => `syt_dXNlcj${user}_abcdefghijklmnopqrst_0AbcDe`],
  ["off, opaque token", "off", (user, run) => (n) => `mat_user${user}_${run}x${Math.floor(n / REQUESTS_PER_TOKEN)}`],
  [
    `on, opaque token, new each ${REQUESTS_PER_TOKEN} requests`,
    "on",
    (user, run) => (n) => `mat_user${user}_${run}x${Math.floor(n / REQUESTS_PER_TOKEN)}`,
  ],
  ["on, opaque token, known", "on", (user) => () => `mat_user${user}_known`],
  ["on, opaque token, never seen", "on", (user, run) => (n) => `mat_user${user}_${run}y${n}`],
];

const measure = async ({ address, pid }, tokens) => {
  const run = ++generation;
  const cpu = cpuSeconds(pid);
  const from = process.hrtime.bigint();
  const each = Math.floor(REQUESTS / CLIENTS);
  const times = await Promise.all(
    Array.from({ length: CLIENTS }, (_, user) => client(address, each, tokens(user, run))),
  );
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  const sorted = times.flat().sort((a, b) => a - b);
  return {
    microseconds: ((cpuSeconds(pid) - cpu) * 1e6) / sorted.length,
    perSecond: sorted.length / seconds,
    p50: sorted[Math.floor(sorted.length * 0.5)],
    p99: sorted[Math.floor(sorted.length * 0.99)],
  };
};

try {
  const synapse = join(folder, "synapse");
  mkdirSync(synapse);
  writeFileSync(join(synapse, "nginx.conf"), SYNAPSE);
  nginx("synapse", synapse);
  const servers = {};
  for (const [name, settings, address] of [
    ["off", "{}", `${network}.2`],
    ["on", "{matrix_authentication_service: {enabled: true, endpoint: 'http://mas.example.org/'}}", `${network}.3`],
  ]) {
    const files = rendered(name, settings);
    const conf = join(files, "nginx.conf");
    writeFileSync(conf, onLoopback(readFileSync(conf, "utf8"), address));
    servers[name] = { address, pid: nginx(name, files) };
  }
  const figures = new Map(CASES.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, server, tokens] of CASES) figures.get(name).push(await measure(servers[server], tokens));
  }
  const column = (runs, key) => shown(spread(runs.map((run) => run[key])));
  console.log(
    markdown([
      ["look-up, token", "CPU µs a request", "requests/s", "p50 ms", "p99 ms"],
      ...[...figures].map(([name, runs]) => [
        name,
        ...["microseconds", "perSecond", "p50", "p99"].map((key) => column(runs, key)),
      ]),
    ]),
  );
} finally {
  for (const id of containers) spawnSync("docker", ["rm", "--force", id]);
  rmSync(folder, { recursive: true, force: true });
}
