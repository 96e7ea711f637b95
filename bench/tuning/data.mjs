// The data of a box: a pgbench database and a Synapse one, each as large as a part of Postgres' memory.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "../engine.mjs";
import { output } from "../lib.mjs";
import { imageOf, inside, PREFIX } from "./container.mjs";

/** Of the kit's limit for Postgres: more than its shared_buffers, less than its memory. */
const SHARE = 0.6;
const MB = 1024 ** 2;
/** Measured: a scale of pgbench, and an event with all that hangs on it. */
const PGBENCH_SCALE_BYTES = 15 * MB;
const EVENT_BYTES = 4200;
const EVENTS_PER_ROOM = 200;
const EVENTS_PER_GROUP = 4;

const SYNAPSE = `${PREFIX}synapse`;
const HOMESERVER = `
server_name: example.org
report_stats: false
signing_key_path: /tmp/signing.key
media_store_path: /tmp/media
trusted_key_servers: []
database: {name: psycopg2, args: {user: postgres, dbname: synapse, host: /var/run/postgresql, cp_min: 1, cp_max: 5}}
listeners: [{port: 8008, bind_addresses: [127.0.0.1], type: http, resources: [{names: [health]}]}]
`;

/** A server in a hurry: nobody would mourn the data. */
const LOADING = {
  fsync: "off",
  full_page_writes: "off",
  autovacuum: "off",
  shared_buffers: "512MB",
  maintenance_work_mem: "512MB",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
};

/** How many rows: of pgbench by its scale, of Synapse by events. */
export const sizesOf = (plan) => {
  const bytes = plan.postgres * SHARE;
  const events = Math.round(bytes / EVENT_BYTES / 1000) * 1000;
  return {
    scale: Math.round(bytes / PGBENCH_SCALE_BYTES),
    events,
    rooms: events / EVENTS_PER_ROOM,
    users: events / EVENTS_PER_ROOM,
    groups: events / EVENTS_PER_GROUP,
  };
};

/** Synapse itself makes its tables, and goes when its background updates are through. */
const makeSchema = async (side) => {
  side.psql("postgres", "CREATE DATABASE synapse TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'");
  const python = "python3 -m synapse.app.homeserver -c /tmp/homeserver.yaml";
  docker(
    ...["run", "--detach", "--name", SYNAPSE, "--network", "none", "--volume", side.socket, "--user", "991"],
    ...["--env", `HOMESERVER=${HOMESERVER}`, "--workdir", "/tmp", "--entrypoint", "sh", imageOf("synapse"), "-c"],
    `printf %s "$HOMESERVER" >/tmp/homeserver.yaml && ${python} --generate-keys && exec ${python}`,
  );
  try {
    for (let left = 120; ; left -= 1) {
      const healthy = inside(SYNAPSE, "curl", "-fsS", "http://127.0.0.1:8008/health").status === 0;
      if (healthy && side.psql("synapse", "SELECT count(*) FROM background_updates") === "0") return;
      if (left === 0) throw new Error(`Synapse did not make its schema: ${docker("logs", "--tail", "5", SYNAPSE)}`);
      await sleep(1000);
    }
  } finally {
    docker("rm", "--force", SYNAPSE);
  }
};

/** Reads the tables of a database and their indexes into shared_buffers and the page cache, as far as they fit. */
export const prewarm = (side, database) =>
  side.psql(
    database,
    "SELECT sum(pg_prewarm(oid, 'buffer')) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace AND relpages > 0",
  );

const load = async (side, box, sizes) => {
  await side.startServer({ box, settings: LOADING });
  try {
    side.psql("postgres", "CREATE DATABASE pgbench");
    const initialize = ["-i", "-q", "-I", "dtGvp", "-s", String(sizes.scale), "-U", "postgres", "pgbench"];
    output("docker", ["exec", side.client, "pgbench", ...initialize]);
    await makeSchema(side);
    const variables = ["users", "rooms", "events", "groups"].flatMap((name) => ["-v", `${name}=${sizes[name]}`]);
    side.psql("synapse", readFileSync(new URL("rows.sql", import.meta.url), "utf8"), ...variables);
    for (const database of ["pgbench", "synapse"]) side.psql(database, "CREATE EXTENSION pg_prewarm; CHECKPOINT");
  } finally {
    side.stopServer();
  }
};

const copy = (from, to) =>
  docker(
    ...["run", "--rm", "--network", "none", "--volume", `${from}:/from:ro`, "--volume", `${to}:/to`],
    ...["--entrypoint", "cp", imageOf("postgres-18"), "--archive", "/from/.", "/to/"],
  );

/** Loads what is not there yet, the same for all sides. Their clients must run. */
export const ensureData = async (sides, box, plan) => {
  const sizes = sizesOf(plan);
  const [first, ...others] = sides;
  // An empty volume beside it says that the load was finished.
  const done = `${first.volume(box)}-${sizes.events}`;
  const volumes = output("docker", ["volume", "ls", "--quiet"]).split("\n");
  if (volumes.includes(done)) return sizes;
  const olds = volumes.filter((name) => sides.some((side) => name.startsWith(side.volume(box))));
  for (const old of olds) docker("volume", "rm", old);
  await load(first, box, sizes);
  for (const side of others) copy(first.volume(box), side.volume(box));
  docker("volume", "create", done);
  return sizes;
};
