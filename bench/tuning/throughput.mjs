// Duels: ours and another arm run at once, each in a box of its own on half of the cores, and change cores each second.
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

const pin = (sides, halves) => Promise.all(sides.map((side, turn) => side.pin(halves[turn])));

/** Seconds on one half: what disturbs a core for longer meets both sides. */
const SLICE_SECONDS = 1;

/** Slices of a window, an even number: each side has each half for as long. */
export const slicesOf = (seconds) => 2 * Math.max(1, Math.round(seconds / SLICE_SECONDS / 2));

const changeCores = async (sides, halves, seconds) => {
  const slices = slicesOf(seconds);
  const begin = performance.now();
  for (let slice = 1; slice < slices; slice += 1) {
    await sleep(Math.max(0, begin + (slice / slices) * seconds * 1000 - performance.now()));
    await pin(sides, slice % 2 === 0 ? halves : [...halves].reverse());
  }
};

/** @returns figures of the sides, in their order */
const measured = async (sides, load, { halves, seconds, ...options }) => {
  const script = load === "busy" ? "synapse" : load;
  await pin(sides, halves);
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

/** @returns for each load the figures of both, in their order */
const duel = async (sides, arms, box, plan, { loads, ...options }) => {
  try {
    await Promise.all(sides.map((side, turn) => side.startServer(withoutTenants(arms[turn], box, plan))));
    const figures = {};
    let warm;
    for (const load of loads) {
      const database = load === "select" || load === "tpcb" ? "pgbench" : "synapse";
      if (warm !== database) for (const side of sides) prewarm(side, database);
      warm = database;
      figures[load] = await measured(sides, load, { ...options, halves: halvesOf(box), clients: plan.servers });
    }
    return figures;
  } finally {
    for (const side of sides) side.stopServer();
  }
};

/**
 * @param before - windows of earlier rounds, which these follow
 * @param rounds - an even number, so that each arm has been in both places as often
 * @returns for each arm but ours the duels of all rounds, in their order
 */
export const throughput = async (sides, box, plan, arms, { rounds, before = {}, ...options }) => {
  const [ours, ...others] = arms;
  const windows = { ...before, ...Object.fromEntries(others.map(({ name }) => [name, [...(before[name] ?? [])]])) };
  const first = windows[others[0].name].length;
  for (let round = first; round < first + rounds; round += 1) {
    // There and back, and each in the other's place: its data, its cores first, its turn in all that is done one by one.
    const inTurn = (list) => (round % 2 === 0 ? list : [...list].reverse());
    for (const other of inTurn(others)) {
      const inOrder = await duel(sides, inTurn([ours, other]), box, plan, options);
      const figures = Object.fromEntries(
        Object.entries(inOrder).map(([name, pair]) => {
          const [own, its] = inTurn(pair);
          return [name, { ours: own, other: its }];
        }),
      );
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
