import { Bytes } from "../configs/units/bytes";

/** A counter takes 256 bytes; 150 processes, with eleven statuses each, would fill 420 kB. */
export const COUNTERS = Bytes.mib(1);
/**
 * One short line for each request of the last ten seconds, on a tmpfs of its own: requests go on when it is full, and are
 * no longer counted. At 33 bytes a line that is 6,000 requests a second.
 */
export const REQUEST_LINES = Bytes.mib(2);
/**
 * What a worker takes to read a full one: 8.5 to 11.3 MB, measured with njs 1.0.2; given back each time. Up to 18 MB over
 * the other parts of a full Nginx where all lines differ (test/engine/worst-case.test.ts).
 */
const READING = Bytes.mib(18);

/** Memory of the whole of it. */
export const requestCountsMemory = (): Bytes => Bytes.sum([COUNTERS, REQUEST_LINES, READING]);
