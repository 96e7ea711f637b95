// From the windows of a box to the figures that are kept.
import { spread } from "../lib.mjs";
import { OURS, OURS_AGAIN } from "./arms.mjs";
import { noise, ratios } from "./statistics.mjs";

const of = (windows, load, key) => windows.map((round) => round[load][key]);

/** @param windows - of each arm, one for each round: an object from load to figures */
export const summary = (windows, loads) =>
  Object.fromEntries(
    loads.map((load) => {
      const ours = windows[OURS];
      const again = windows[OURS_AGAIN];
      const figures = Object.entries(windows).map(([name, rounds]) => [
        name,
        {
          tps: spread(of(rounds, load, "tps")),
          p99_ms: spread(of(rounds, load, "p99")),
          failed: of(rounds, load, "failed").reduce((all, one) => all + one, 0),
          times_ours: {
            tps: ratios(of(rounds, load, "tps"), of(ours, load, "tps")),
            p99: ratios(of(rounds, load, "p99"), of(ours, load, "p99")),
          },
        },
      ]);
      return [
        load,
        {
          noise: Object.fromEntries(
            ["tps", "p99"].map((key) => [key, noise(of(ours, load, key), of(again, load, key))]),
          ),
          arms: Object.fromEntries(figures),
        },
      ];
    }),
  );

/**
 * Where ours is worse than the best arm by more than the noise: load, arm, ratio. For rates more is better, for
 * latencies less.
 */
export const losses = (loads) =>
  Object.entries(loads).flatMap(([load, { noise: floor, arms }]) =>
    ["tps", "p99"].flatMap((key) => {
      const others = Object.entries(arms).filter(([name]) => name !== OURS && name !== OURS_AGAIN);
      const better = ([, { times_ours: times }]) =>
        key === "tps" ? times.tps.median > 1 + floor.tps : times.p99.median < 1 - floor.p99;
      const sign = key === "tps" ? -1 : 1;
      const [best] = others
        .filter(better)
        .sort(([, a], [, b]) => sign * (a.times_ours[key].median - b.times_ours[key].median));
      return best ? [{ load, key, arm: best[0], times_ours: best[1].times_ours[key], noise: floor[key] }] : [];
    }),
  );
