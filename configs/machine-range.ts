import { Bytes } from "./units/bytes";

/** Largest machine that may be declared: the budget's rules are tried up to here, and on 512 MB and more. */
export const MOST_RAM = Bytes.gib(4096);

/** CPUs that may be declared: the range in which the budget's rules are tried. */
export const LEAST_CPUS = 0.25;
export const MOST_CPUS = 1024;

/** In words, for messages. */
export const RAM_RANGE = `a size of at most ${MOST_RAM}`;
export const CPUS_RANGE = `from ${LEAST_CPUS} to ${MOST_CPUS}`;
