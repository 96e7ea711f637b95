import { LAYOUTS, workersIn } from "../configs/catalogue/layouts";
import { type Environment, WORKER_LAYOUTS, type WorkerLayoutName } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { COSTS, COSTS_SOURCE } from "./capacity/costs";
import type { Rooms } from "./capacity/rates";
import { messagesHeld } from "./capacity/resources";
import { expectedFanOut, expectedFederationFactor } from "./expected";
import type { HostFacts, Solved } from "./plan";
import { GUESS, solved } from "./solved";

/** Less RAM than this runs main alone, whatever the cores (docs/sizing.md: workers start at 4 GB). `guess` */
const LEAST_RAM_FOR_WORKERS = Bytes.gib(3.5);

/**
 * What the same layout differs by at two turns: 6.07 and 6.6 messages/s, 8.0 and 8.53 (medians of three rounds,
 * docs/workers.md, "Measured"). Less is no gain, and each process has its price in RAM.
 */
const NOISE = 0.08;

/** What a layout of the kit holds on some machine. */
interface Held {
  readonly name: WorkerLayoutName;
  /** With the events of other servers. */
  readonly messagesPerSecond: number;
}

/**
 * Messages a second that each layout of the kit holds on so many cores, in such rooms, the smallest layout first; with a
 * pooler beside workers, whatever the file says, since no override has a say in the layout.
 */
export const heldByLayouts = (cores: number, rooms: Rooms): readonly Held[] =>
  WORKER_LAYOUTS.map((name) => {
    const { processes } = LAYOUTS[name];
    const hasWorkers = workersIn(LAYOUTS[name]) > 0;
    const server = { processes, pgbouncer: hasWorkers, redis: hasWorkers, cores };
    return { name, messagesPerSecond: rooms.federationFactor * messagesHeld(server, COSTS, rooms) };
  });

/** The first that holds what is wanted, else of those that hold the most or within the noise of it. */
const choice = (
  held: readonly Held[],
  wanted: number | undefined,
): { readonly index: number; readonly rule: string } => {
  const enough = wanted === undefined ? -1 : held.findIndex(({ messagesPerSecond }) => messagesPerSecond >= wanted);
  if (enough >= 0) return { index: enough, rule: `the fewest processes that hold the expected ${wanted}` };
  const most = Math.max(...held.map(({ messagesPerSecond }) => messagesPerSecond));
  return {
    index: held.findIndex(({ messagesPerSecond }) => messagesPerSecond >= (1 - NOISE) * most),
    rule: `the fewest processes within ${NOISE * 100} % of the most`,
  };
};

const rounded = (value: number): string => String(Number(value.toPrecision(3)));

/**
 * Layouts to try where the file leaves it to the machine, best first: the one with the fewest processes of those that
 * hold what the file expects, else of those that hold the most; should it not fit the RAM, the same among the smaller
 * ones; in the end main alone. What it costs to follow replication is in the model.
 */
export const autoLayouts = (env: Environment, host: HostFacts): Solved<WorkerLayoutName>[] => {
  if (host.ram.isLessThan(LEAST_RAM_FOR_WORKERS)) {
    return [solved("none", `${host.ram} of RAM is below ${LEAST_RAM_FOR_WORKERS}, main runs alone`, GUESS)];
  }
  const cores = host.cpus.toCores();
  const layouts: Solved<WorkerLayoutName>[] = [];
  const [fanOut, federationFactor] = [expectedFanOut(env).value, expectedFederationFactor(env).value];
  const others = federationFactor === 1 ? "" : `, ${Math.round(100 * (1 - 1 / federationFactor))} % from other servers`;
  let left = heldByLayouts(cores, { fanOut, federationFactor });
  let tooLarge = "";
  while (left.length > 0) {
    const { index, rule } = choice(left, env.expected.eventsPerSecond);
    const { name } = left[index] as Held;
    const all = left.map((one) => `${one.name} ${rounded(one.messagesPerSecond)}`).join(", ");
    const reason = `by messages/s on ${host.cpus} CPU${others}, each for ${fanOut} devices (${all}): ${rule}${tooLarge}`;
    layouts.push(solved(name, reason, `${COSTS_SOURCE}; docs/workers.md`));
    tooLarge = `; ${name} takes more than ${host.ram}`;
    left = left.slice(0, index);
  }
  return layouts;
};
