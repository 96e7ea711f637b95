// Duels: ours and another arm run at once, each in a box of its own on half of the cores, and change cores in the middle.
import { setTimeout as sleep } from "node:timers/promises";
import { start, sum } from "../lib.mjs";
import { OURS } from "./arms.mjs";
import { halfOf, halvesOf } from "./container.mjs";
import { prewarm } from "./data.mjs";
import { window } from "./pgbench.mjs";

/** `busy` is the Synapse mix beside an index build, a VACUUM and a question of the administrator, one after the other. */
export const LOADS = ["select", "tpcb", "synapse", "busy"];
/** Until what a load reads often lies in shared_buffers, which `prewarm` filled with what it read last. */
const WARM_SECONDS = 5;

const MAINTENANCE = [
  "SET application_name = 'maintenance'",
  "CREATE INDEX CONCURRENTLY bench ON event_push_actions (thread_id, room_id, event_id)",
  "DROP INDEX bench",
  "VACUUM state_groups_state",
  "SELECT room_id, count(*), sum(length(json)) FROM event_json GROUP BY room_id ORDER BY 2 DESC, md5(room_id) LIMIT 10",
];

/** Works through the list again and again. @returns function that ends it */
const maintain = (side) => {
  let ended = false;
  const options = ["-X", "-q", "-U", "postgres", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1"];
  const commands = MAINTENANCE.flatMap((sql) => ["-c", sql]);
  const work = async () => {
    while (!ended) await start("docker", ["exec", side.client, "psql", ...options, ...commands, "synapse"]);
  };
  // It is ended in the middle of something: only what fails before that is a failure.
  const worked = work().then(
    () => undefined,
    (error) => (ended ? undefined : error),
  );
  return async () => {
    ended = true;
    side.psql(
      "postgres",
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maintenance'",
    );
    const failure = await worked;
    side.psql("synapse", "DROP INDEX IF EXISTS bench");
    if (failure) throw failure;
  };
};

const onBoth = (sides, work) => Promise.all(sides.map(work));

const pin = (sides, halves) => {
  for (const [turn, side] of sides.entries()) side.pin(halves[turn]);
};

const changeCores = async (sides, halves, seconds) => {
  await sleep((seconds / 2) * 1000);
  pin(sides, [...halves].reverse());
};

/** @returns figures of the sides, in their order */
const measured = async (sides, load, { halves, seconds, ...options }) => {
  const script = load === "busy" ? "synapse" : load;
  pin(sides, halves);
  await onBoth(sides, (side) => window(side, script, { ...options, seconds: WARM_SECONDS, logged: false }));
  for (const side of sides) side.psql("postgres", "CHECKPOINT");
  const ends = load === "busy" ? sides.map(maintain) : [];
  try {
    const [figures] = await Promise.all([
      onBoth(sides, (side) => window(side, script, { ...options, seconds })),
      changeCores(sides, halves, seconds),
    ]);
    return figures;
  } finally {
    for (const end of ends) await end();
  }
};

/**
 * The co-tenants' memory is written and cannot be swapped out, so that a box without them is as much smaller: two boxes
 * at once would not fit this machine otherwise. The co-tenants' work stays.
 */
const withoutTenants = (arm, box, plan) => ({
  box,
  ...arm,
  limit: arm.limit - sum(plan.others),
  ballast: [1024 ** 2],
  cores: halfOf(box),
});

/** @returns for each load the figures of both: `ours` and `other` */
const duel = async (sides, arms, box, plan, { loads, ...options }) => {
  try {
    await Promise.all(sides.map((side, turn) => side.startServer(withoutTenants(arms[turn], box, plan))));
    const figures = {};
    let warm;
    for (const load of loads) {
      const database = load === "select" || load === "tpcb" ? "pgbench" : "synapse";
      if (warm !== database) for (const side of sides) prewarm(side, database);
      warm = database;
      const [ours, other] = await measured(sides, load, { ...options, clients: plan.servers });
      figures[load] = { ours, other };
    }
    return figures;
  } finally {
    for (const side of sides) side.stopServer();
  }
};

/**
 * @param before - windows of earlier rounds, which these follow
 * @returns for each arm but ours the duels of all rounds, in their order
 */
export const throughput = async (sides, box, plan, arms, { rounds, before = {}, ...options }) => {
  const [ours, ...others] = arms;
  const windows = { ...before, ...Object.fromEntries(others.map(({ name }) => [name, [...(before[name] ?? [])]])) };
  const first = windows[others[0].name].length;
  for (let round = first; round < first + rounds; round += 1) {
    // There and back, and each on the other's data and first on the other's cores.
    const inTurn = (list) => (round % 2 === 0 ? list : [...list].reverse());
    const halves = inTurn(halvesOf(box));
    for (const other of inTurn(others)) {
      const figures = await duel(inTurn(sides), [ours, other], box, plan, { ...options, halves });
      windows[other.name].push(figures);
      const text = Object.entries(figures).map(
        ([load, pair]) =>
          `${load} ${pair.ours.tps.toFixed(0)} and ${pair.other.tps.toFixed(0)}/s, p99 ${pair.ours.p99} and ${pair.other.p99} ms`,
      );
      console.error(
        `tuning: ${box}, round ${round + 1} of ${first + rounds}, ${OURS} and ${other.name}: ${text.join("; ")}`,
      );
    }
  }
  return windows;
};
