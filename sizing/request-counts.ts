import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { isAtLeast } from "../configs/versions";

/**
 * The first stable Nginx whose images have an njs (0.8.4) with all that is needed: a shared dictionary of numbers (0.8.0),
 * `js_periodic` and `items()` (0.8.1). Images of 1.24 come with 0.7.12.
 */
const COUNTS_SINCE = "1.26";

/** Official images of this name come without modules. */
const SLIM = /-slim\b/;

/** Whether Nginx can count its requests by itself. */
export const countsRequests = ({ nginx, images }: Environment): boolean =>
  isAtLeast(nginx.version, COUNTS_SINCE) && !SLIM.test(images.overrides.nginx ?? "");

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
