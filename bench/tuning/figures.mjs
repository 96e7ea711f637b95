// From the windows of a box to the figures that are kept.
import { spread, sum } from "../lib.mjs";
import { OURS, OURS_AGAIN } from "./arms.mjs";
import { noise, ratios } from "./statistics.mjs";

const KEYS = ["tps", "p99"];
const of = (duels, load, side, key) => duels.map((duel) => duel[load][side][key]);

const rates = (duels, load, side) => ({
  tps: spread(of(duels, load, side, "tps")),
  p99_ms: spread(of(duels, load, side, "p99")),
  failed: sum(of(duels, load, side, "failed")),
});

const times = (duels, load) =>
  Object.fromEntries(KEYS.map((key) => [key, ratios(of(duels, load, "other", key), of(duels, load, "ours", key))]));

/** @param windows - of each arm but ours, one duel for each round: from load to the figures of `ours` and `other` */
export const summary = (windows, loads) =>
  Object.fromEntries(
    loads.map((load) => {
      const others = Object.entries(windows).map(([name, duels]) => [
        name,
        { ...rates(duels, load, "other"), times_ours: times(duels, load) },
      ]);
      const arms = { [OURS]: rates(Object.values(windows).flat(), load, "ours"), ...Object.fromEntries(others) };
      const again = arms[OURS_AGAIN].times_ours;
      return [load, { noise: Object.fromEntries(KEYS.map((key) => [key, noise(again[key])])), arms }];
    }),
  );

/**
 * Where ours is worse than the best arm by more than the noise, in the whole interval: load, arm, ratio. For rates more is better, for
 * latencies less.
 */
export const losses = (loads) =>
  Object.entries(loads).flatMap(([load, { noise: floor, arms }]) =>
    KEYS.flatMap((key) => {
      const others = Object.entries(arms).filter(([name]) => name !== OURS && name !== OURS_AGAIN);
      const better = ([, { times_ours: times }]) =>
        key === "tps"
          ? times.tps.median > 1 + floor.tps && times.tps.low > 1
          : times.p99.median < 1 - floor.p99 && times.p99.high < 1;
      const sign = key === "tps" ? -1 : 1;
      const [best] = others
        .filter(better)
        .sort(([, a], [, b]) => sign * (a.times_ours[key].median - b.times_ours[key].median));
      return best ? [{ load, key, arm: best[0], times_ours: best[1].times_ours[key], noise: floor[key] }] : [];
    }),
  );
