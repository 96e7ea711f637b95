// The worst case: every connection that Synapse may open holds three sorts and a hash, all at once, while an index is
// built and autovacuum runs. Who is killed, refused, or left without shared memory?
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "../lib.mjs";
import { ballastAlive, inside, kernelSays } from "./container.mjs";
import { prewarm } from "./data.mjs";

const KB = 1024;
/** Measured: a sorted row and a group of the query in memory. */
const SORTED_BYTES = 145;
const HASHED_BYTES = 70;
/** Of work_mem, so that nothing is spilled: what is spilled is not held. */
const FULL = 0.9;
const HASH_MEM_MULTIPLIER = 2;
/** Until all hold their memory; and for the index. */
const PATIENCE_SECONDS = 300;
const INDEX_SECONDS = 20;
const TABLES = 10;
const ROWS = 20_000;

/** Rows for autovacuum to clean, in a database that goes again. */
const LITTER = Array.from(
  { length: TABLES },
  (_, n) =>
    `CREATE TABLE litter${n} AS SELECT g, md5(g::text) FROM generate_series(1, ${ROWS}) AS g; CREATE INDEX ON litter${n} (g);`,
).join("\n");
const SPOIL = Array.from({ length: TABLES }, (_, n) => `DELETE FROM litter${n} WHERE g % 2 = 0;`).join("\n");

const asked = ({ client }, sql) => {
  const { status, stdout } = inside(client, "psql", "-X", "-A", "-t", "-U", "postgres", "-c", sql, "postgres");
  return status === 0 ? stdout.trim() : undefined;
};

const WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%advisory%'";

/** What the server's log tells of failures. */
export const logged = (log) => ({
  killed: log.match(/terminated by signal 9/g)?.length ?? 0,
  refused: log.match(/too many clients|remaining connection slots/g)?.length ?? 0,
  shm: log.match(/could not resize shared memory segment/g)?.length ?? 0,
  memory: log.match(/ERROR: {2}out of memory/g)?.length ?? 0,
});

const workMem = (side) => Number(asked(side, "SELECT setting FROM pg_settings WHERE name = 'work_mem'"));

/** @returns greatest number of connections that held their memory at once */
const worstCase = async (side, connections) => {
  const rows = workMem(side) * KB * FULL;
  const sizes = [
    `sorted=${Math.floor(rows / SORTED_BYTES)}`,
    `hashed=${Math.floor((rows * HASH_MEM_MULTIPLIER) / HASHED_BYTES)}`,
  ];
  const gate = start("docker", [
    "exec",
    "-i",
    side.client,
    "psql",
    "-X",
    "-U",
    "postgres",
    "-c",
    "SELECT pg_advisory_lock(1)",
    "-c",
    "SELECT pg_sleep(900)",
    "pgbench",
  ]).catch(() => undefined);
  await sleep(1000);
  const clients = start("docker", [
    ...[
      "exec",
      side.client,
      "pgbench",
      "-n",
      "-U",
      "postgres",
      "-c",
      String(connections),
      "-j",
      "2",
      "-t",
      "1",
      "-M",
      "simple",
    ],
    ...sizes.flatMap((size) => ["-D", size]),
    ...["-f", "/scripts/hold.sql", "pgbench"],
  ]).then(
    () => false,
    () => true,
  );
  let over = false;
  clients.then(() => {
    over = true;
  });
  let held = 0;
  let kills = 0;
  let peak = 0;
  const look = () => {
    held = Math.max(held, Number(asked(side, WAITING) ?? 0));
    const now = kernelSays(side);
    kills = Math.max(kills, now.kills);
    peak = Math.max(peak, now.held);
  };
  for (let waited = 0; waited < PATIENCE_SECONDS && !over && held < connections; waited += 1) {
    await sleep(1000);
    look();
  }
  if (!over) {
    inside(side.client, "psql", "-X", "-q", "-U", "postgres", "-c", SPOIL, "litter");
    const index = start("docker", [
      "exec",
      side.client,
      "psql",
      "-X",
      "-q",
      "-U",
      "postgres",
      "-c",
      `SET statement_timeout = '${INDEX_SECONDS}s'`,
      "-c",
      "CREATE INDEX worst ON pgbench_accounts (aid, bid, filler)",
      "pgbench",
    ]).catch(() => undefined);
    let built = false;
    index.then(() => {
      built = true;
    });
    while (!built && !over) {
      await sleep(500);
      look();
    }
  }
  look();
  asked(
    side,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(900)%' AND pid <> pg_backend_pid()",
  );
  const aborted = await clients;
  await gate;
  return { held, kills, peak, aborted };
};

const cleaned = async (side) => {
  for (let left = 60; left > 0; left -= 1) {
    if (asked(side, "DROP DATABASE IF EXISTS litter WITH (FORCE)") !== undefined) {
      side.psql("pgbench", "DROP INDEX IF EXISTS worst");
      return;
    }
    await sleep(1000);
  }
};

/** @returns what happened to one arm */
export const worst = async (side, arm, box, plan) => {
  await side.startServer({
    ...arm,
    box,
    // So that autovacuum comes while all is held, and not a minute later.
    settings: { ...arm.settings, autovacuum_naptime: "1s" },
    ballast: plan.others,
  });
  try {
    asked(side, "DROP DATABASE IF EXISTS litter WITH (FORCE)");
    side.psql("postgres", "CREATE DATABASE litter");
    side.psql("litter", LITTER);
    // Full caches first, as on a box that has run for a while.
    for (const database of ["synapse", "pgbench"]) prewarm(side, database);
    const { held, kills, peak, aborted } = await worstCase(side, arm.connections);
    const tenants = ballastAlive(side);
    const { stdout, stderr } = spawnSync("docker", ["logs", side.server], { encoding: "utf8", maxBuffer: 1024 ** 3 });
    const said = logged(`${stdout}${stderr}`);
    const state = JSON.parse(
      spawnSync("docker", ["inspect", "--format", "{{json .State}}", side.server], { encoding: "utf8" }).stdout,
    );
    return {
      connections: arm.connections,
      held,
      oom_kills: Math.max(kills, said.killed, state.OOMKilled ? 1 : 0),
      tenants_killed: state.Running ? plan.others.length - tenants : 0,
      server_ended: !state.Running,
      refused: said.refused,
      shm_failures: said.shm,
      out_of_memory: said.memory,
      aborted,
      peak_mib: Math.round(peak / 1024 ** 2),
      limit_mib: Math.round(arm.limit / 1024 ** 2),
    };
  } finally {
    side.stopServer();
  }
};

/** After the worst case of the last arm: nothing of it stays in the data. */
export const cleanUp = async (side, box) => {
  await side.startServer({ box, settings: {} });
  try {
    await cleaned(side);
  } finally {
    side.stopServer();
  }
};
