// Windows of all arms on one box: they take turns, there and back, under the same co-tenants.
import { start } from "../lib.mjs";
import { CLIENT, psql, startServer, stopServer } from "./container.mjs";
import { prewarm } from "./data.mjs";
import { window } from "./pgbench.mjs";

/** `busy` is the Synapse mix beside an index build, a VACUUM and a question of the administrator, one after the other. */
export const LOADS = ["select", "tpcb", "synapse", "busy"];
const WARM_SECONDS = 1;

const MAINTENANCE = [
  "SET application_name = 'maintenance'",
  "CREATE INDEX CONCURRENTLY bench ON event_push_actions (thread_id, room_id, event_id)",
  "DROP INDEX bench",
  "VACUUM state_groups_state",
  "SELECT room_id, count(*), sum(length(json)) FROM event_json GROUP BY room_id ORDER BY 2 DESC, md5(room_id) LIMIT 10",
];

/** Works through the list again and again. @returns function that ends it */
const maintain = () => {
  let ended = false;
  const commands = MAINTENANCE.flatMap((sql) => ["-c", sql]);
  const psqlCommand = [
    "psql",
    "-X",
    "-q",
    "-U",
    "postgres",
    "-o",
    "/dev/null",
    "-v",
    "ON_ERROR_STOP=1",
    ...commands,
    "synapse",
  ];
  const work = async () => {
    while (!ended) await start("docker", ["exec", CLIENT, ...psqlCommand]);
  };
  // It is ended in the middle of something: only what fails before that is a failure.
  const worked = work().then(
    () => undefined,
    (error) => (ended ? undefined : error),
  );
  return async () => {
    ended = true;
    psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maintenance'");
    const failure = await worked;
    psql("synapse", "DROP INDEX IF EXISTS bench");
    if (failure) throw failure;
  };
};

const measured = async (load, { clients, seconds, sizes }) => {
  const script = load === "busy" ? "synapse" : load;
  await window(script, { clients, seconds: WARM_SECONDS, sizes, logged: false });
  psql("postgres", "CHECKPOINT");
  const end = load === "busy" ? maintain() : async () => undefined;
  try {
    return await window(script, { clients, seconds, sizes });
  } finally {
    await end();
  }
};

const visit = async (arm, box, plan, options) => {
  await startServer({ box, ...arm, ballast: plan.others });
  try {
    const figures = {};
    let warm;
    for (const load of options.loads) {
      const database = load === "select" || load === "tpcb" ? "pgbench" : "synapse";
      if (warm !== database) prewarm(database);
      warm = database;
      figures[load] = await measured(load, { ...options, clients: plan.servers });
    }
    return figures;
  } finally {
    stopServer();
  }
};

/**
 * @param before - windows of earlier rounds, which these follow
 * @returns for each arm the windows of all rounds, in their order
 */
export const throughput = async (box, plan, arms, { rounds, before = {}, ...options }) => {
  const windows = Object.fromEntries(arms.map(({ name }) => [name, [...(before[name] ?? [])]]));
  const first = windows[arms[0].name].length;
  for (let round = first; round < first + rounds; round += 1) {
    const order = round % 2 === 0 ? arms : [...arms].reverse();
    for (const arm of order) {
      const figures = await visit(arm, box, plan, options);
      windows[arm.name].push(figures);
      const text = Object.entries(figures).map(
        ([load, { tps, p99 }]) => `${load} ${tps.toFixed(0)}/s p99 ${p99.toFixed(1)} ms`,
      );
      console.error(`tuning: ${box}, round ${round + 1} of ${first + rounds}, ${arm.name}: ${text.join(", ")}`);
    }
  }
  return windows;
};
