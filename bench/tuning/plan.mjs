// What the kit itself says about a box: `size` and `render`, as a user would ask.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLI, output, sum } from "../lib.mjs";

/** The boxes of the comparison: cores and GB. */
export const BOXES = ["2/4", "4/8", "8/16"];

/** Settings that say where things are, not how fast they are. */
const PLACES =
  /^(listen_addresses|port|hba_file|unix_socket_directories|cluster_name|logging_collector|log_destination|log_line_prefix)$/;

const MB = 1024 ** 2;

/** `name = 'value'` lines of a postgresql.conf. */
export const settingsOf = (conf) =>
  Object.fromEntries(
    [...conf.matchAll(/^([\w.]+) = '(.*)'$/gm)]
      .map(([, name, value]) => [name, value])
      .filter(([name]) => !PLACES.test(name)),
  );

/** Connections to Postgres that PgBouncer can hold: pools and their reserves. */
export const pooled = (ini) => {
  const reserve = Number(/^reserve_pool_size = (\d+)$/m.exec(ini)[1]);
  return sum([...ini.matchAll(/^\w+ = host=.* pool_size=(\d+)$/gm)].map(([, size]) => Number(size) + reserve));
};

const rendered = (box) => {
  const [cpus, ram] = box.split("/");
  const folder = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
  try {
    mkdirSync(join(folder, "configs/environments"), { recursive: true });
    writeFileSync(
      join(folder, "configs/environments/box.yaml"),
      `server_name: example.org\nhardware: {ram: ${ram}GB, cpus: ${cpus}}\n`,
    );
    output(process.execPath, [CLI, "render", "box", "--out", join(folder, "out")], { cwd: folder });
    const read = (file) => readFileSync(join(folder, "out", file), "utf8");
    const hasPooler = existsSync(join(folder, "out", "pgbouncer"));
    return {
      conf: read("postgres/postgresql.conf"),
      ...(hasPooler && { ini: read("pgbouncer/pgbouncer.ini") }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const shmMB = (cpus, ram) =>
  Number(
    /= (\d+) MB/.exec(
      output(process.execPath, [CLI, "size", "--cpus", cpus, "--ram", `${ram}GB`, "--explain", "postgres.shm_size"]),
    )[1],
  );

/**
 * @returns memory in bytes: `postgres` the limit, `others` one by one, `reserve` the operating system's; `clients`
 *   connections that Synapse's pools open, `servers` those that Postgres gets of them, through PgBouncer where main is not
 *   alone, `processes` of Synapse
 */
export const planOf = (box) => {
  const [cpus, ram] = box.split("/");
  const plan = JSON.parse(output(process.execPath, [CLI, "size", "--cpus", cpus, "--ram", `${ram}GB`, "--json"]));
  const synapse = plan.services.filter(({ service }) => service === "synapse");
  const { conf, ini } = rendered(box);
  const clients = sum(synapse.map(({ connections, replicas }) => connections * replicas));
  return {
    ram: plan.host.ram_bytes,
    reserve: plan.reserves.operating_system_bytes,
    postgres: plan.services.find(({ service }) => service === "postgres").memory_limit_bytes,
    others: plan.services.filter(({ service }) => service !== "postgres").map((service) => service.memory_limit_bytes),
    processes: sum(synapse.map(({ replicas }) => replicas)),
    clients,
    servers: ini === undefined ? clients : pooled(ini),
    shm: shmMB(cpus, ram) * MB,
    settings: settingsOf(conf),
  };
};
