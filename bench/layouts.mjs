// Is the layout that the kit picks the best for the machine? The same load on several layouts, each deployed by the kit
// on fresh volumes, with the rate limits lifted: main alone, what others set up, and what the kit picks. One runs at a
// time, the others are paused, and all take turns, back and forth. The kit's pick comes twice in every round: what those
// two differ by is noise. With fewer cores, containers are kept on some of them, and the load on the others.
import { cpus, totalmem } from "node:os";
import { CLI, markdown, output, shown, spread, sum } from "./lib.mjs";
import { AGAIN, deployed, rounds } from "./rounds.mjs";

/** Beside the kit's own picks. */
const OTHERS = ["none", "upstream-docker", "mdad-one-of-each"];
const LOAD = { senders: 8, members: 5 };
/** Of the closed loop's rate of the slowest layout: the open loop must be held by all. */
const HELD_SHARE = 0.6;

const RAM = `${Math.floor(totalmem() / 1024 ** 2)}MiB`;

const STEPS = [16, 8, 4, 2, 1].filter((cores) => cores <= cpus().length);

/** What `synapse.workers: auto` means with so many cores and this machine's RAM. */
const pickFor = (cores) =>
  JSON.parse(output(process.execPath, [CLI, "size", "--cpus", String(cores), "--ram", RAM, "--json"])).layout.name;

const median = (values) => spread(values).median;
const medians = (objects) =>
  Object.fromEntries(Object.keys(objects[0]).map((key) => [key, median(objects.map((one) => one[key]))]));
const latencies = (windows, kind) =>
  Object.fromEntries(["p50", "p90", "p95", "p99"].map((rank) => [rank, spread(windows.map((one) => one[kind][rank]))]));

/** Windows of one layout as figures: medians and spreads over the rounds. */
const summary = (windows) => ({
  messages_per_second: spread(windows.map((one) => one.messages_per_second)),
  send_ms: latencies(windows, "send_ms"),
  delivery_ms: latencies(windows, "delivery_ms"),
  cpu_ms_per_message: spread(windows.map((one) => one.cpu_ms_per_message)),
  memory_mib: spread(windows.map((one) => sum(one.memory_mib))),
  memory_mib_by_service: medians(windows.map((one) => one.memory_mib)),
  cores_by_service: medians(windows.map((one) => one.cores)),
  failures: sum(windows.map((one) => one.failures.sends + one.failures.syncs)),
  lost_deliveries: sum(windows.map((one) => one.lost_deliveries)),
  generator_cores: spread(windows.map((one) => one.generator.cores)),
  generator_loop_delay_p99_ms: spread(windows.map((one) => one.generator.loop_delay_p99_ms)),
  other_cores: spread(windows.map((one) => one.other_cores)),
});

const ratios = (windows, others) =>
  spread(windows.map((one, turn) => one.messages_per_second / others[turn].messages_per_second));

const onCores = async (cores, layouts, armOf, { count, seconds }) => {
  const pick = pickFor(cores);
  // First and last of a round, so that its own drift counts as noise.
  const names = [pick, ...layouts.filter((name) => name !== pick), `${pick}${AGAIN}`];
  for (const layout of layouts) await armOf(layout).pin(cores);
  const closed = await rounds(names, armOf, count, `${cores} cores, closed loop`, { seconds });
  const slowest = Math.min(...Object.values(closed).map((one) => summary(one).messages_per_second.median));
  const rate = Math.max(1, Math.floor(HELD_SHARE * slowest));
  const open = await rounds(names, armOf, count, `${cores} cores, ${rate} msg/s`, { seconds, rate });
  return {
    cores,
    pick,
    open_loop_rate: rate,
    layouts: names.map((name) => ({
      name,
      workers: armOf(name).workers,
      /** Of the pairs with the kit's pick, closed loop. */
      times_the_pick: ratios(closed[name], closed[pick]),
      closed_loop: summary(closed[name]),
      open_loop: summary(open[name]),
    })),
  };
};

/**
 * @param layouts - besides the kit's picks
 * @param steps - numbers of cores; without it all that the machine has, the whole of it first
 */
export const benchLayouts = async ({ count = 4, seconds = 20, layouts: others = OTHERS, steps = STEPS } = {}) => {
  const layouts = [...new Set([...others, ...steps.map(pickFor)])];
  const figures = await deployed(layouts, LOAD, async (armOf) => {
    const all = [];
    for (const cores of steps) all.push(await onCores(cores, layouts, armOf, { count, seconds }));
    return all;
  });
  return { load: LOAD, window_seconds: seconds, figures };
};

const ms = (percentiles) =>
  ["p50", "p90", "p95", "p99"].map((rank) => Math.round(percentiles[rank].median)).join(" / ");

const COLUMNS = ["send ms, p50 / 90 / 95 / 99", "delivery ms", "CPU ms per message", "MiB"];
const cells = ({ send_ms, delivery_ms, cpu_ms_per_message, memory_mib }) => [
  ms(send_ms),
  ms(delivery_ms),
  shown(cpu_ms_per_message),
  String(Math.round(memory_mib.median)),
];

const onSome = (cores) => `containers on ${cores} ${cores === 1 ? "core" : "cores"}`;

/** Two tables for each number of cores: as much as goes, and what all can hold. */
export const layoutTables = ({ figures }) =>
  figures
    .flatMap(({ cores, pick, open_loop_rate, layouts }) => [
      markdown([
        [`${onSome(cores)}, as much as goes`, "workers", "messages/s", `× \`${pick}\``, ...COLUMNS],
        ...layouts.map(({ name, workers, times_the_pick, closed_loop: seen }) => [
          name,
          String(workers),
          shown(seen.messages_per_second),
          shown(times_the_pick),
          ...cells(seen),
        ]),
      ]),
      markdown([
        [`${onSome(cores)}, ${open_loop_rate} messages/s`, ...COLUMNS],
        ...layouts.map(({ name, open_loop: seen }) => [name, ...cells(seen)]),
      ]),
    ])
    .join("\n\n");
