// Pairs of windows: what an arm is to ours, with an interval, and what is noise.
import { round } from "../lib.mjs";

const RESAMPLES = 2000;

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Random numbers that are the same each time (mulberry32), so that the same windows give the same interval. */
const seeded = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

/** Median of some figures and its 95 % interval by bootstrap; of two or three it spans them all. */
export const interval = (values) => {
  const random = seeded(values.length);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)])),
  ).sort((a, b) => a - b);
  const at = (share) => round(medians[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))]);
  return { median: round(median(values)), low: at(0.025), high: at(0.975) };
};

/** Of the pairs with the windows of the same rounds. */
export const ratios = (values, others) => interval(values.map((value, turn) => value / others[turn]));

/** How far from 1 the interval of ours beside itself goes, at least 3 %: less than this is no difference. */
export const noise = ({ low, high }) => round(Math.max(0.03, 1 - low, high - 1));
