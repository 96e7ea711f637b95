// Several deployments that take turns under the same load.
import { Arm } from "./arm.mjs";

/** Ends the second name of an arm that has two turns in a round. */
export const AGAIN = " again";

/** There and back, so that a drift of the machine meets all alike. */
const inTurn = (names, turn) => (turn % 2 === 0 ? names : [...names].reverse());

/** @returns windows of each name, in the order of the rounds */
export const rounds = async (names, armOf, count, about, options) => {
  const windows = Object.fromEntries(names.map((name) => [name, []]));
  for (let turn = 0; turn < count; turn += 1) {
    for (const name of inTurn(names, turn)) {
      const one = await armOf(name).measure(options);
      windows[name].push(one);
      const { p50, p99 } = one.send_ms;
      console.error(
        `layouts: ${about}, round ${turn + 1} of ${count}, ${name}: ${one.messages_per_second.toFixed(1)} msg/s, ` +
          `send p50 ${p50?.toFixed(0)} p99 ${p99?.toFixed(0)} ms, others ${one.other_cores.toFixed(2)} cores` +
          (one.failures.first ? `, ${one.failures.first}` : ""),
      );
    }
  }
  return windows;
};

/** What nothing else on this machine may have: of the first arm, and so on. */
const placeOf = (layout, place) => ({
  environment: `benchl-${layout}`,
  port: 18421 + place,
  network: `10.126.${216 + 4 * place}.0/22`,
});

/** Deploys the layouts, does the work with them, and removes them. @param work - takes a function from name to arm */
export const deployed = async (layouts, load, work) => {
  const arms = new Map(layouts.map((layout, place) => [layout, new Arm(layout, placeOf(layout, place))]));
  try {
    for (const [layout, arm] of arms) {
      await arm.deploy(load);
      console.error(`layouts: ${layout} is there, ${arm.workers} workers`);
    }
    return await work((name) => arms.get(name.replace(AGAIN, "")));
  } finally {
    for (const arm of arms.values()) arm.remove();
  }
};
