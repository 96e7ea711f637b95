/** Synapse wants at least this much (invariant I7); below it nothing else is comfortable either. */
export const LEAST_NOFILE = 4096;
/** The kernel's `fs.nr_open`. */
const MOST_NOFILE = 1_048_576;

/** The next power of two at or above `needed`. */
export const powerOfTwoFrom = (needed: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, needed)));

/**
 * Soft and hard `nofile` for a container that opens up to `needed` files, with as much again to spare. Set on every
 * container: Docker Engine 29 hands down a soft limit of 1024 (moby/moby#51485).
 */
export const nofileFor = (needed: number): number =>
  Math.min(MOST_NOFILE, Math.max(LEAST_NOFILE, powerOfTwoFrom(2 * needed)));
