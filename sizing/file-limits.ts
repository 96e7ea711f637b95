import type { Solved } from "./plan";
import { solved } from "./solved";

/** Synapse wants at least this much (invariant I7); below it nothing else is comfortable either. */
export const LEAST_NOFILE = 4096;
/** The kernel's `fs.nr_open`. */
const MOST_NOFILE = 1_048_576;

/** The next power of two at or above `needed`. */
export const powerOfTwoFrom = (needed: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, needed)));

/**
 * Soft and hard `nofile` for a container that opens these files, with as much again to spare. Set on every container:
 * Docker Engine 29 hands down a soft limit of 1024 (moby/moby#51485).
 * @param files - by what they are for
 */
export const nofileFor = (files: Readonly<Record<string, number>>): Solved<number> => {
  const needed = Object.values(files).reduce((sum, count) => sum + count, 0);
  const terms = Object.entries(files).map(([name, count]) => `${name} ${count}`);
  const sum = terms.length > 1 ? `(${terms.join(" + ")})` : terms[0];
  return solved(
    Math.min(MOST_NOFILE, Math.max(LEAST_NOFILE, powerOfTwoFrom(2 * needed))),
    `2 × ${sum} = ${2 * needed}, next power of two, between ${LEAST_NOFILE} and ${MOST_NOFILE}`,
    "docs/sizing.md, invariant I7",
  );
};
