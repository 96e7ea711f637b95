// The box as a container: Postgres and its co-tenants under one memory limit, without swap.
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { docker } from "../engine.mjs";
import { output } from "../lib.mjs";

/** Begins the name of everything that the comparison makes. */
export const PREFIX = "benchtune-";
export const SERVER = `${PREFIX}postgres`;
export const CLIENT = `${PREFIX}client`;
const SOCKET = `${PREFIX}socket`;
export const SOCKET_MOUNT = `${SOCKET}:/var/run/postgresql`;
export const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Of one core, all co-tenants together: a Synapse that works while Postgres does. */
const BALLAST_CORES = 0.5;
const READY_SECONDS = 60;

/** The image that the kit built; its tag holds a hash of its sources. */
export const imageOf = (name) => {
  const [image] = output("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", `synapse-kit/${name}`]).split(
    "\n",
  );
  if (!image) throw new Error(`the image synapse-kit/${name} is not there: \`npm start images build\` makes it`);
  return image;
};

export const volumeOf = (box) => `${PREFIX}data-${box.replace("/", "-")}`;

/** `docker exec` that may fail: status and both streams. */
export const inside = (container, ...command) =>
  spawnSync("docker", ["exec", container, ...command], { encoding: "utf8", maxBuffer: 1024 ** 3 });

export const psql = (database, sql, ...args) =>
  output(
    "docker",
    [
      "exec",
      "-i",
      CLIENT,
      "psql",
      "-X",
      "-q",
      "-A",
      "-t",
      "-v",
      "ON_ERROR_STOP=1",
      "-U",
      "postgres",
      ...args,
      database,
    ],
    {
      input: sql,
    },
  ).trim();

/** The client stands outside of the box: what pgbench takes is not Postgres' memory. */
export const startClient = () =>
  docker(
    ...[
      "run",
      "--detach",
      "--name",
      CLIENT,
      "--network",
      "none",
      "--volume",
      SOCKET_MOUNT,
      "--volume",
      `${HERE}scripts:/scripts:ro`,
    ],
    ...["--tmpfs", "/logs:mode=1777", "--entrypoint", "sleep", imageOf("postgres-18"), "infinity"],
  );

const pinned = (box) => {
  const cores = Number(box.split("/")[0]);
  return cores < cpus().length ? ["--cpuset-cpus", `0-${cores - 1}`] : [];
};

const ready = async () => {
  for (let waited = 0; waited < READY_SECONDS; waited += 0.2) {
    // While the cluster is made, a server of the entrypoint's own answers at the same socket.
    const isMade = inside(SERVER, "cat", "/proc/1/comm").stdout?.trim() === "postgres";
    if (isMade && inside(CLIENT, "pg_isready", "-q", "-U", "postgres").status === 0) return;
    if (docker("inspect", "--format", "{{.State.Running}}", SERVER) !== "true") break;
    await sleep(200);
  }
  throw new Error(`Postgres does not start: ${docker("logs", "--tail", "5", SERVER)}`);
};

/** Files of the data that an earlier server left in the page cache are not charged to this one: they go first. */
const dropCache = (volume) =>
  docker(
    ...[
      "run",
      "--rm",
      "--network",
      "none",
      "--volume",
      `${volume}:/data`,
      "--entrypoint",
      "sh",
      imageOf("postgres-18"),
      "-c",
    ],
    "sync -f /data; find /data -type f -size +100k -exec dd if={} iflag=nocache count=0 status=none ';'",
  );

/** @param limit - bytes of the box, none where it is left out; @param ballast - bytes of each co-tenant */
export const startServer = async ({ box, settings, limit, shm = 64 * 1024 ** 2, ballast = [] }) => {
  const volume = volumeOf(box);
  dropCache(volume);
  docker(
    ...["run", "--detach", "--name", SERVER, "--network", "none", "--volume", SOCKET_MOUNT],
    ...["--volume", `${volume}:/var/lib/postgresql`, "--volume", `${HERE}ballast.pl:/ballast.pl:ro`],
    ...["--shm-size", String(shm), ...(limit ? ["--memory", String(limit), "--memory-swap", String(limit)] : [])],
    ...[
      "--env",
      "POSTGRES_HOST_AUTH_METHOD=trust",
      "--env",
      "POSTGRES_INITDB_ARGS=--locale=C --encoding=UTF8",
      ...pinned(box),
    ],
    ...[imageOf("postgres-18"), "postgres", "-c", "listen_addresses="],
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  );
  for (const bytes of ballast) {
    docker("exec", "--detach", SERVER, "perl", "/ballast.pl", String(bytes), String(BALLAST_CORES / ballast.length));
  }
  await ready();
};

export const stopServer = () => {
  spawnSync("docker", ["stop", "--time", "60", SERVER]);
  spawnSync("docker", ["rm", "--force", SERVER]);
};

/**
 * What the kernel says of the box, in the files of cgroup v2 or v1: processes killed for memory, and bytes that it cannot
 * take back (private and shared memory, no page cache); nothing when the box is gone.
 */
export const kernelSays = () => {
  const files = ["memory.events", "memory.stat", "memory/memory.oom_control", "memory/memory.stat"];
  const { stdout } = inside(SERVER, "sh", "-c", `cd /sys/fs/cgroup && cat ${files.join(" ")} 2>/dev/null`);
  const number = (...names) => {
    const line = new RegExp(`^(?:${names.join("|")}) (\\d+)$`, "m").exec(stdout ?? "");
    return line ? Number(line[1]) : 0;
  };
  return { kills: number("oom_kill"), held: number("anon", "total_rss") + number("shmem", "total_shmem") };
};

export const ballastAlive = () =>
  (
    inside(SERVER, "sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '").stdout?.match(
      /perl \/ballast\.pl/g,
    ) ?? []
  ).length;

/** @param data - the loaded volumes too */
export const removeAll = (data = false) => {
  for (const name of [SERVER, CLIENT]) spawnSync("docker", ["rm", "--force", "--volumes", name]);
  const volumes = output("docker", ["volume", "ls", "--quiet"])
    .split("\n")
    .filter((name) => name.startsWith(PREFIX));
  for (const name of volumes) if (data || name === SOCKET) spawnSync("docker", ["volume", "rm", name]);
};
