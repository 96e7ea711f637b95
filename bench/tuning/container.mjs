// The box as a container: Postgres and its co-tenants under one memory limit, without swap.
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { docker } from "../engine.mjs";
import { output, start } from "../lib.mjs";

/** Begins the name of everything that the comparison makes. */
export const PREFIX = "benchtune-";
export const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Of a box's cores, all co-tenants together: a Synapse that works while Postgres does. */
const BALLAST_SHARE = 0.25;
const READY_SECONDS = 60;

/** The image that the kit built; its tag holds a hash of its sources. */
export const imageOf = (name) => {
  const [image] = output("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", `synapse-kit/${name}`]).split(
    "\n",
  );
  if (!image) throw new Error(`the image synapse-kit/${name} is not there: \`npm start images build\` makes it`);
  return image;
};

/** `docker exec` that may fail: status and both streams. */
export const inside = (container, ...command) =>
  spawnSync("docker", ["exec", container, ...command], { encoding: "utf8", maxBuffer: 1024 ** 3 });

const coresOf = (box, available = availableParallelism()) => Math.min(Number(box.split("/")[0]), available);
const range = (from, count) => (count === 1 ? String(from) : `${from}-${from + count - 1}`);

/** Files of the data that an earlier server left in the page cache are not charged to this one: they go first. */
const dropCache = (volume) =>
  docker(
    ...["run", "--rm", "--network", "none", "--volume", `${volume}:/data`, "--entrypoint", "sh"],
    ...[imageOf("postgres-18"), "-c"],
    "sync -f /data; find /data -type f -size +100k -exec dd if={} iflag=nocache count=0 status=none ';'",
  );

/** A box with data of its own: a server and its co-tenants in one container, a client in another. */
export class Side {
  constructor(name) {
    this.server = `${PREFIX}postgres-${name}`;
    this.client = `${PREFIX}client-${name}`;
    this.socket = `${PREFIX}socket-${name}:/var/run/postgresql`;
    this.name = name;
  }

  volume(box) {
    return `${PREFIX}data-${this.name}-${box.replace("/", "-")}`;
  }

  psql(database, sql, ...args) {
    const options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres"];
    return output("docker", ["exec", "-i", this.client, "psql", ...options, ...args, database], { input: sql }).trim();
  }

  /** The client stands outside of the box: what pgbench takes is not Postgres' memory. */
  startClient() {
    docker(
      ...["run", "--detach", "--name", this.client, "--network", "none", "--volume", this.socket],
      ...["--volume", `${HERE}scripts:/scripts:ro`, "--tmpfs", "/logs:mode=1777"],
      ...["--entrypoint", "sleep", imageOf("postgres-18"), "infinity"],
    );
  }

  /** Server, co-tenants and client run on these cores alone. */
  async pin(cores) {
    await start("docker", ["update", "--cpuset-cpus", cores, this.server, this.client]);
  }

  /**
   * @param limit - bytes of the box, none where it is left out; @param ballast - bytes of each co-tenant;
   * @param cores - that the box has
   */
  async startServer({ box, settings, limit, shm = 64 * 1024 ** 2, ballast = [], cores = coresOf(box) }) {
    const volume = this.volume(box);
    dropCache(volume);
    docker(
      ...["run", "--detach", "--name", this.server, "--network", "none", "--volume", this.socket],
      ...["--volume", `${volume}:/var/lib/postgresql`, "--volume", `${HERE}ballast.pl:/ballast.pl:ro`],
      ...["--shm-size", String(shm), ...(limit ? ["--memory", String(limit), "--memory-swap", String(limit)] : [])],
      ...["--env", "POSTGRES_HOST_AUTH_METHOD=trust", "--env", "POSTGRES_INITDB_ARGS=--locale=C --encoding=UTF8"],
      ...["--cpuset-cpus", range(0, cores), imageOf("postgres-18"), "postgres", "-c", "listen_addresses="],
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    );
    const share = (BALLAST_SHARE * cores) / ballast.length;
    for (const bytes of ballast) {
      docker("exec", "--detach", this.server, "perl", "/ballast.pl", String(bytes), String(share));
    }
    await this.ready();
  }

  async ready() {
    for (let waited = 0; waited < READY_SECONDS; waited += 0.2) {
      // While the cluster is made, a server of the entrypoint's own answers at the same socket.
      const isMade = inside(this.server, "cat", "/proc/1/comm").stdout?.trim() === "postgres";
      if (isMade && inside(this.client, "pg_isready", "-q", "-U", "postgres").status === 0) return;
      if (docker("inspect", "--format", "{{.State.Running}}", this.server) !== "true") break;
      await sleep(200);
    }
    throw new Error(`Postgres does not start: ${docker("logs", "--tail", "5", this.server)}`);
  }

  stopServer() {
    spawnSync("docker", ["stop", "--time", "60", this.server]);
    spawnSync("docker", ["rm", "--force", this.server]);
  }
}

/** Two boxes that run at once, so that what disturbs the machine meets both. */
export const SIDES = [new Side("left"), new Side("right")];

/** How many cores each of two boxes has. */
export const halfOf = (box, available = availableParallelism()) => {
  const half = Math.floor(available / 2);
  if (half === 0) throw new Error("two boxes at once take two cores");
  return Math.min(half, coresOf(box, available));
};

/** Cores for each of two boxes, as `--cpuset-cpus` has them. */
export const halvesOf = (box, available = availableParallelism()) => {
  const size = halfOf(box, available);
  return [range(0, size), range(Math.floor(available / 2), size)];
};

/**
 * What the kernel says of the box, in the files of cgroup v2 or v1: processes killed for memory, and bytes that it cannot
 * take back (private and shared memory, no page cache); nothing when the box is gone.
 */
export const kernelSays = ({ server }) => {
  const files = ["memory.events", "memory.stat", "memory/memory.oom_control", "memory/memory.stat"];
  const { stdout } = inside(server, "sh", "-c", `cd /sys/fs/cgroup && cat ${files.join(" ")} 2>/dev/null`);
  const number = (...names) => {
    const line = new RegExp(`^(?:${names.join("|")}) (\\d+)$`, "m").exec(stdout ?? "");
    return line ? Number(line[1]) : 0;
  };
  return { kills: number("oom_kill"), held: number("anon", "total_rss") + number("shmem", "total_shmem") };
};

export const ballastAlive = ({ server }) =>
  (
    inside(server, "sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '").stdout?.match(
      /perl \/ballast\.pl/g,
    ) ?? []
  ).length;

/** @param data - the loaded volumes too */
export const removeAll = (data = false) => {
  for (const { server, client } of SIDES) spawnSync("docker", ["rm", "--force", "--volumes", server, client]);
  const volumes = output("docker", ["volume", "ls", "--quiet"])
    .split("\n")
    .filter((name) => name.startsWith(PREFIX));
  for (const name of volumes) {
    if (data || name.startsWith(`${PREFIX}socket-`)) spawnSync("docker", ["volume", "rm", name]);
  }
};
