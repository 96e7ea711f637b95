// What it costs to follow replication: cores of a worker that nobody asks anything, by messages a second. One such worker
// against nine, at several rates of messages.
import { cpus } from "node:os";
import { markdown, shown, spread, sum } from "./lib.mjs";
import { deployed, rounds } from "./rounds.mjs";

const FEW = "idle-workers-1";
const MANY = "idle-workers-9";
const RATES = [0, 5, 10, 20];
/** Small: members would only blur what workers cost. */
const LOAD = { senders: 4, members: 2 };

/** Rise of `y` by `x`: least squares. */
const slope = (points) => {
  const mean = (of) => sum(points.map(of)) / points.length;
  const [x, y] = [mean((one) => one.x), mean((one) => one.y)];
  return sum(points.map((one) => (one.x - x) * (one.y - y))) / sum(points.map((one) => (one.x - x) ** 2));
};

/** Thousandths of a core, of one of the idle workers. */
const own = ({ many: { cores } }) => {
  const idle = Object.entries(cores).filter(([service]) => service.startsWith("synapse-idle"));
  return (1000 * sum(idle.map(([, value]) => value))) / idle.length;
};

export const benchReplication = async ({ count = 3, seconds = 20 } = {}) =>
  deployed([FEW, MANY], LOAD, async (armOf) => {
    for (const name of [FEW, MANY]) await armOf(name).pin(cpus().length);
    const more = armOf(MANY).workers - armOf(FEW).workers;
    const seen = [];
    for (const rate of RATES) seen.push(await rounds([FEW, MANY], armOf, count, `${rate} msg/s`, { seconds, rate }));
    const turns = Array.from({ length: count }, (_, turn) =>
      seen.map((windows) => ({ few: windows[FEW][turn], many: windows[MANY][turn] })),
    );
    const whole = ({ few, many }) => (1000 * (sum(many.cores) - sum(few.cores))) / more;
    const slopes = (of) =>
      spread(turns.map((pairs) => slope(pairs.map((one) => ({ x: one.many.messages_per_second, y: of(one) })))));
    const still = (of) => spread(turns.map(([first]) => of(first)));
    return {
      load: LOAD,
      window_seconds: seconds,
      rates: RATES,
      /** Of a worker while nobody sends. */
      still_millicores: { own: still(own), with_others: still(whole) },
      /** Of a worker for each message a second: its own, and with what main, Redis and others spend on it. */
      millicores_by_message: { own: slopes(own), with_others: slopes(whole) },
    };
  });

export const replicationTable = ({ still_millicores, millicores_by_message }) =>
  markdown([
    ["a worker that nobody asks anything, in thousandths of a core", "its own", "with what others spend on it"],
    ["while nobody sends", shown(still_millicores.own), shown(still_millicores.with_others)],
    ["for each message a second", shown(millicores_by_message.own), shown(millicores_by_message.with_others)],
  ]);
