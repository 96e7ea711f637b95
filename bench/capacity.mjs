// What each operation costs in CPU, by service, and so how many users a machine holds: the figures of sizing/capacity/.
// One Synapse process that does all, and one process for each part that a message passes; few messages a second, so that
// nothing waits for anything else. Rooms of several sizes tell what a message costs by itself and what it costs for each
// device that it is delivered to.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Arm } from "./arm.mjs";
import { benchCheck } from "./capacity-check.mjs";
import { output, ROOT, round, spread, sum } from "./lib.mjs";

const COSTS = fileURLToPath(new URL("../sizing/capacity/costs.json", import.meta.url));

/** Sets of costs, and the layouts that give them. */
const SETS = { alone: "none", split: "cost-parts" };
/** Names, ports and networks of this machine that nothing else may have. */
const placeOf = (name, place) => ({
  environment: `benchc-${name}`,
  port: 18460 + place,
  network: `10.127.${32 + 4 * place}.0/22`,
});
/** Passwords cost what they cost in production. */
const PRODUCTION = { synapse: { settings: {} } };

/** Rooms by their listening members: how many, and how many messages a second they get in all. */
const ROOMS = [
  { members: 2, senders: 3, rate: 3 },
  { members: 5, senders: 3, rate: 1.5 },
  { members: 20, senders: 2, rate: 0.5 },
];
const SETTLE_SECONDS = 3;
const STILL_SECONDS = 8;
/** Polls that come to nothing, often enough to be counted. */
const POLL_MS = 3000;
const MEMBERSHIPS = 10;
const LOGINS = 8;

/** Straight line through points: least squares. */
const line = (points) => {
  const mean = (of) => points.reduce((total, one) => total + of(one), 0) / points.length;
  const [x, y] = [mean((one) => one.x), mean((one) => one.y)];
  const slope = mean((one) => (one.x - x) * (one.y - y)) / mean((one) => (one.x - x) ** 2);
  return { at0: y - slope * x, slope };
};

/** `synapse-creator1` is `creator` in the figures. */
const partOf = (service) => service.replace(/^synapse-/, "").replace(/\d+$/, "");
const byPart = (cores, figure) =>
  Object.fromEntries(Object.entries(cores).map(([service, value]) => [partOf(service), figure(value, service)]));

/** Milliseconds of CPU for each of `count` operations, beyond what nothing at all takes; also of database connections. */
const perOperation = ({ cores, seconds, database_ms }, still, count) => ({
  ...byPart(cores, (value, service) => ((value - still.cores[service]) * seconds * 1000) / count),
  connection: Math.max(0, database_ms - (still.database_ms * seconds) / still.seconds) / count,
});

const firstSync = (limit) => {
  const filter = JSON.stringify({ room: { timeline: { limit }, state: { lazy_load_members: true } } });
  return `/sync?filter=${encodeURIComponent(filter)}&timeout=0`;
};

/** Requests of one turn, by the operation's name; with a limit of its own, so that no answer is in a cache. */
const requestsOf = ([[{ id }], , [{ members }]], turn) => ({
  membership: members.slice(0, MEMBERSHIPS).flatMap((token) => [
    { method: "POST", path: `/join/${encodeURIComponent(id)}`, token, body: {} },
    { method: "POST", path: `/rooms/${encodeURIComponent(id)}/leave`, token, body: {} },
  ]),
  first_sync: members.map((token) => ({ method: "GET", path: firstSync(20 + turn), token })),
  login: Array.from({ length: LOGINS }, (_, number) => {
    const user = `member0-${number}`;
    const identifier = { type: "m.id.user", user: `in20-${user}` };
    return { method: "POST", path: "/login", body: { type: "m.login.password", identifier, password: `in20-${user}` } };
  }),
});

/** One turn of all that is measured. */
const turnOf = async (arm, rooms, turn, seconds) => {
  const common = { warmUpSeconds: SETTLE_SECONDS };
  const still = await arm.measure({ ...common, rooms: [], rate: 0, seconds: STILL_SECONDS });
  const idle = await arm.measure({ ...common, rooms: rooms[2], rate: 0, seconds: POLL_MS / 1000 + 6, pollMs: POLL_MS });
  const costs = { poll: perOperation(idle, still, idle.polls) };
  const sends = [];
  for (const [i, { rate, members }] of ROOMS.entries()) {
    const seen = await arm.measure({ ...common, rooms: rooms[i], rate, seconds });
    if (seen.failures.first) throw new Error(seen.failures.first);
    sends.push({ x: members, y: perOperation(seen, still, seen.messages), send_ms: seen.send_ms });
  }
  for (const [name, operations] of Object.entries(requestsOf(rooms, turn))) {
    const seen = await arm.operate({ operations });
    costs[name] = perOperation(seen, still, seen.operations);
  }
  const lines = Object.keys(costs.poll).map((part) => [part, line(sends.map(({ x, y }) => ({ x, y: y[part] })))]);
  return {
    ...costs,
    still: byPart(still.cores, (cores) => 1000 * cores),
    message: Object.fromEntries(lines.map(([part, { at0 }]) => [part, at0])),
    delivery: Object.fromEntries(lines.map(([part, { slope }]) => [part, slope])),
    send_ms: { p50: sends[0].send_ms.p50, p95: sends[0].send_ms.p95, p99: sends[0].send_ms.p99 },
  };
};

/** Below zero is noise of the line through the points. */
const spreads = (turns) =>
  Object.fromEntries(
    Object.entries(turns[0]).map(([name, parts]) => [
      name,
      Object.fromEntries(
        Object.keys(parts).map((part) => [part, spread(turns.map((one) => Math.max(0, one[name][part])))]),
      ),
    ]),
  );

const labelled = ROOMS.map(({ members, senders }) => ({ members, senders, label: `in${members}-` }));

/** One set of costs: milliseconds for each operation, thousandths of a core while still. */
export const measureSet = async (name, { count = 3, seconds = 20 } = {}) => {
  const layout = SETS[name];
  const arm = new Arm(layout, placeOf(layout, Object.keys(SETS).indexOf(name)), PRODUCTION);
  try {
    const rooms = await arm.deploy(...labelled);
    const turns = [];
    for (let turn = 0; turn < count; turn += 1) {
      turns.push(await turnOf(arm, rooms, turn, seconds));
      const { message, delivery, send_ms } = turns[turn];
      const all = ({ connection: _, ...parts }) => round(sum(parts));
      console.error(
        `capacity: ${name}, turn ${turn + 1} of ${count}: ${all(message)} ms a message, ${all(delivery)} ms a delivery, ` +
          `send p95 ${Math.round(send_ms.p95)} ms`,
      );
    }
    return { versions: arm.versions, costs: spreads(turns) };
  } finally {
    arm.remove();
  }
};

/** Writes what was measured to where the kit takes it from, and everything that follows from it. */
export const writeCosts = ({ versions, ...about }, sets) => {
  const { split } = sets;
  const costs = Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, set.costs]));
  const [{ rate, members }] = ROOMS;
  const all = {
    ...about,
    versions: { kit: versions.kit, ...split.versions },
    /** At which the times of `send_ms` were taken. */
    sent_at: { messages_per_second: rate, members },
    ...costs,
  };
  const text = JSON.stringify(all, null, 2);
  writeFileSync(COSTS, `${text}\n`);
  for (const script of ["build", "generate"]) output("npm", ["run", "--silent", script], { cwd: ROOT });
};

/** All of it. @param about - date, machine and versions */
export const benchCapacity = async (about, options) => {
  const sets = {};
  for (const name of Object.keys(SETS)) {
    sets[name] = await measureSet(name, options);
  }
  writeCosts(about, sets);
  return { checks: await benchCheck(options) };
};
