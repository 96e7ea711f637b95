// What each operation costs in CPU, by service, and so how many users a machine holds: the figures of sizing/capacity/.
// One Synapse process that does all, and one process for each part that a message passes; few messages a second, so that
// nothing waits for anything else. Rooms of several sizes tell what a message costs by itself and what it costs for each
// device that it is delivered to. Events of another server come from one that this process plays.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Arm } from "./arm.mjs";
import { benchCheck } from "./capacity-check.mjs";
import { serve } from "./federation/server.mjs";
import { Signer } from "./federation/signing.mjs";
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
/** The other server is this machine as the containers see it: the first address of their network. */
const signerAt = ({ port, network }) => Signer.withNewKey(`${network.replace(/0\/22$/, "1")}:${port + 10}`);
/** Passwords cost what they cost in production; the only other server has a private address and signed its own certificate. */
const productionWith = (server) => ({
  expected: { federation: "small" },
  synapse: {
    federation_domain_whitelist: [server],
    settings: { federation_verify_certificates: false, ip_range_blacklist: [] },
  },
});

/** Rooms by their listening members: how many, and how many messages a second they get in all. */
const ROOMS = [
  { members: 2, senders: 3, rate: 3 },
  { members: 5, senders: 3, rate: 1.5 },
  { members: 20, senders: 2, rate: 0.5 },
];
/** The same for events of the other server. Nobody listens in some, so that these are the price of the event alone. */
const FEDERATED_ROOMS = [
  { members: 0, senders: 3, rate: 3 },
  { members: 5, senders: 3, rate: 1.5 },
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

const COMMON = { warmUpSeconds: SETTLE_SECONDS };
/** Of all parts, for people. */
const all = ({ connection: _, ...byPart }) => round(sum(byPart));

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

const parts = (sends, of) =>
  Object.fromEntries(
    Object.keys(sends[0].y).map((part) => [part, of(line(sends.map(({ x, y }) => ({ x, y: y[part] }))))]),
  );
/** What a message costs by itself, and what each delivery adds. */
const onceOf = (sends) => parts(sends, ({ at0 }) => at0);
const deliveryOf = (sends) => parts(sends, ({ slope }) => slope);

/** Windows of messages, a size of rooms after another. */
const sendsIn = async (arm, sizes, rooms, still, options) => {
  const sends = [];
  for (const [i, { rate, members }] of sizes.entries()) {
    const seen = await arm.measure({ ...COMMON, rooms: rooms[i], rate, ...options });
    if (seen.failures.first) throw new Error(seen.failures.first);
    sends.push({ x: members, y: perOperation(seen, still, seen.messages), send_ms: seen.send_ms });
  }
  return sends;
};

const stillOf = (arm) => arm.measure({ ...COMMON, rooms: [], rate: 0, seconds: STILL_SECONDS });

/** One turn of events of the other server. */
const federatedTurn = async ({ arm, federated, peer }, still, seconds) => {
  const sends = await sendsIn(arm, FEDERATED_ROOMS, federated, still, { seconds, peer });
  const federation_event = onceOf(sends);
  console.error(
    `capacity: ${all(federation_event)} ms an event of another server, ${all(deliveryOf(sends))} ms a delivery of it`,
  );
  return { federation_event };
};

/**
 * The same where nothing else is measured but messages, by which it is told how dear each part is today: as if a message
 * cost what it did when `kept` was taken.
 */
const federatedTurnBeside = async (kept, bench, seconds) => {
  const { arm, rooms } = bench;
  const still = await stillOf(arm);
  const [{ x: members, y: now }] = await sendsIn(arm, ROOMS.slice(0, 1), rooms, still, { seconds });
  const names = Object.keys(kept.message);
  const then = Object.fromEntries(
    names.map((part) => [part, kept.message[part].median + members * kept.delivery[part].median]),
  );
  const [allThen, allNow] = [then, now].map((costs) =>
    all(Object.fromEntries(names.map((part) => [part, costs[part]]))),
  );
  console.error(`capacity: a message costs ${allNow} ms, ${allThen} when the other costs were taken`);
  const whole = allThen / allNow;
  const times = {
    whole,
    ...Object.fromEntries(names.map((part) => [part, now[part] > 0 ? then[part] / now[part] : whole])),
  };
  const { federation_event } = await federatedTurn(bench, still, seconds);
  const scaled = Object.entries(federation_event).map(([part, value]) => [part, value * (times[part] ?? whole)]);
  return { federation_event: Object.fromEntries(scaled), times };
};

/** One turn of all that is measured. */
const turnOf = async (bench, turn, seconds) => {
  const { arm, rooms } = bench;
  const still = await stillOf(arm);
  const idle = await arm.measure({ ...COMMON, rooms: rooms[2], rate: 0, seconds: POLL_MS / 1000 + 6, pollMs: POLL_MS });
  const costs = { poll: perOperation(idle, still, idle.polls) };
  const sends = await sendsIn(arm, ROOMS, rooms, still, { seconds });
  for (const [name, operations] of Object.entries(requestsOf(rooms, turn))) {
    const seen = await arm.operate({ operations });
    costs[name] = perOperation(seen, still, seen.operations);
  }
  const [message, delivery, { send_ms }] = [onceOf(sends), deliveryOf(sends), sends[0]];
  console.error(
    `capacity: ${all(message)} ms a message, ${all(delivery)} ms a delivery, send p95 ${Math.round(send_ms.p95)} ms`,
  );
  return {
    ...costs,
    ...(await federatedTurn(bench, still, seconds)),
    still: byPart(still.cores, (cores) => 1000 * cores),
    message,
    delivery,
    send_ms: { p50: send_ms.p50, p95: send_ms.p95, p99: send_ms.p99 },
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

const loads = (sizes, kind, more) =>
  sizes.map(({ members, senders }) => ({ members, senders, label: `${kind}${members}-`, ...more }));

/**
 * One set of costs: milliseconds for each operation, thousandths of a core while still.
 * @param kept - where they stay and nothing but events of another server is measured: the costs of this set
 */
export const measureSet = async (name, { count = 3, seconds = 20, kept } = {}) => {
  const layout = SETS[name];
  const place = placeOf(layout, Object.keys(SETS).indexOf(name));
  const signer = signerAt(place);
  const arm = new Arm(layout, place, productionWith(signer.name));
  let server;
  try {
    // The address is there with the network.
    await arm.deploy();
    server = await serve(signer);
    const peer = { name: signer.name, key: signer.pem, destination: "localhost" };
    const own = loads(kept ? ROOMS.slice(0, 1) : ROOMS, "in");
    const made = await arm.prepare([...own, ...loads(FEDERATED_ROOMS, "federated", { peer })]);
    const bench = { arm, peer, rooms: made.slice(0, own.length), federated: made.slice(own.length) };
    const turns = [];
    for (let turn = 0; turn < count; turn += 1) {
      console.error(`capacity: ${name}, turn ${turn + 1} of ${count}`);
      turns.push(kept ? await federatedTurnBeside(kept, bench, seconds) : await turnOf(bench, turn, seconds));
    }
    return { versions: arm.versions, costs: spreads(turns) };
  } finally {
    server?.close();
    arm.remove();
  }
};

/** Writes what was measured to where the kit takes it from, and everything that follows from it. */
const write = (costs) => {
  writeFileSync(COSTS, `${JSON.stringify(costs, null, 2)}\n`);
  for (const script of ["build", "generate"]) output("npm", ["run", "--silent", script], { cwd: ROOT });
};

const costsOf = (sets) => Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, set.costs]));
const aboutOf = ({ versions, ...about }, { split }) => ({
  ...about,
  versions: { kit: versions.kit, ...split.versions },
});

export const writeCosts = (about, sets) => {
  const [{ rate, members }] = ROOMS;
  write({
    ...aboutOf(about, sets),
    /** At which the times of `send_ms` were taken. */
    sent_at: { messages_per_second: rate, members },
    ...costsOf(sets),
  });
};

/** Other operations keep their costs. */
const addCosts = (about, kept, sets) => {
  const timesOf = ([name, { costs }]) => [name, costs.times];
  const both = Object.entries(sets).map(([name, { costs }]) => [
    name,
    { ...kept[name], federation_event: costs.federation_event },
  ]);
  write({
    ...kept,
    /** The circumstances of `federation_event`, and what its costs were multiplied by. */
    federation: { ...aboutOf(about, sets), times: Object.fromEntries(Object.entries(sets).map(timesOf)) },
    ...Object.fromEntries(both),
  });
};

const measured = async (optionsOf) => {
  const sets = {};
  for (const name of Object.keys(SETS)) sets[name] = await measureSet(name, optionsOf(name));
  return sets;
};

/** All of it. @param about - date, machine and versions */
export const benchCapacity = async (about, options) => {
  writeCosts(about, await measured(() => options));
  return { checks: await benchCheck(options) };
};

/** What events of other servers cost, beside the costs that are there. */
export const benchFederation = async (about, options) => {
  const kept = JSON.parse(readFileSync(COSTS, "utf8"));
  addCosts(about, kept, await measured((name) => ({ ...options, kept: kept[name] })));
};
