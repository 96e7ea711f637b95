// The real Nginx on rendered files, with nothing else at work: a second one answers at once in the place of Synapse.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLI, output } from "./lib.mjs";

const folder = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
const network = `127.${64 + (process.pid % 128)}.0`;
const containers = [];

/** One worker, so that the time of one process is the time of all requests. */
const onLoopback = (conf, address, log) =>
  conf
    .replaceAll("10.126.204.", `${network}.`)
    .replaceAll("10\\.126\\.204\\.", `${network.replaceAll(".", "\\.")}\\.`)
    .replace(/worker_processes \d+/, "worker_processes 1")
    .replaceAll("access_log /dev/stdout kit", `access_log ${log}`)
    .replace("listen 8080 ", `listen ${address}:8080 `)
    .replace(/listen (127\.0\.0\.1:)?8081;/, `listen ${address}:8081;`);

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

const run = (name, files) => {
  const image = output("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", "synapse-kit/nginx"]).split(
    "\n",
  )[0];
  const id = output("docker", [
    ...["run", "--detach", "--rm", "--network", "host", "--name", `bench-${name}-${process.pid}`],
    ...["--volume", `${files}:/config:ro`, "--tmpfs", "/tmp:mode=1777", "--tmpfs", "/requests:mode=1777"],
    ...["--user", "101:101", "--entrypoint", "nginx", image, "-c", "/config/nginx.conf", "-g", "daemon off;"],
  ]).trim();
  containers.push(id);
  spawnSync("sleep", ["1"]);
  const line = output("docker", ["top", id, "-eo", "pid,args"])
    .split("\n")
    .find((text) => text.includes("worker process"));
  if (!line) throw new Error(`nginx does not run: ${output("docker", ["logs", id])}`);
  return line.trim().split(/\s+/)[0];
};

/** What stands in for all Synapse processes of the layout of eight workers. */
export const startSynapse = () => {
  const files = join(folder, "synapse");
  mkdirSync(files);
  writeFileSync(join(files, "nginx.conf"), SYNAPSE);
  run("synapse", files);
};

/**
 * Nginx with the files of an environment.
 * @param number - of its address, from 2 to 9
 * @param log - where the access log goes, as in `off` or `/dev/null kit`
 * @param edit - last word on each file, by its name
 */
export const startNginx = (name, { yaml, number, log = "off", edit = (_, text) => text }) => {
  const address = `${network}.${number}`;
  mkdirSync(join(folder, "configs/environments"), { recursive: true });
  writeFileSync(
    join(folder, `configs/environments/${name}.yaml`),
    `server_name: example.org\nhardware: {ram: 16GB, cpus: 8}\ndocker: {network: 10.126.204.0/22}\n${yaml}\n`,
  );
  output(process.execPath, [CLI, "render", name, "--out", join(folder, name)], { cwd: folder });
  const files = join(folder, name, "nginx");
  for (const file of output("ls", [files]).trim().split("\n")) {
    const path = join(files, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, edit(file, file === "nginx.conf" ? onLoopback(text, address, log) : text));
  }
  return { address, pid: run(name, files) };
};

/** Time that a process had a CPU, of user and kernel together. */
export const cpuSeconds = (pid) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e9;

/**
 * Sends requests over one connection, one after the other.
 * @param requestOf - text of the n-th request
 * @returns milliseconds of each
 */
export const client = (address, count, requestOf) =>
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
      socket.write(requestOf(sent++));
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

export const stopAll = () => {
  for (const id of containers) spawnSync("docker", ["rm", "--force", id]);
  rmSync(folder, { recursive: true, force: true });
};
