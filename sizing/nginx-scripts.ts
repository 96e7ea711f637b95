import type { Environment } from "../configs/environment";
import { isAtLeast } from "../configs/versions";

/**
 * The first stable Nginx whose images have an njs (0.8.4) with all that is needed: a shared dictionary of numbers (0.8.0),
 * `js_periodic` and `items()` (0.8.1). Images of 1.24 come with 0.7.12.
 */
const SCRIPTS_SINCE = "1.26";

/** Official images of this name come without modules. */
const SLIM = /-slim\b/;

/** Whether Nginx can run scripts by itself, every other moment. */
export const runsScripts = ({ nginx, images }: Environment): boolean =>
  isAtLeast(nginx.version, SCRIPTS_SINCE) && !SLIM.test(images.overrides.nginx ?? "");
