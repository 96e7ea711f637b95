import type { ContainerHealthcheck } from "@cdktf/provider-docker/lib/container";
import { Duration } from "../../configs/units/duration";
import { escapeTemplate } from "./escape";

/** Between two probes of a service that is well. */
const PAUSE = Duration.seconds(15);
/** Between two questions to a service that starts, and how many of them one probe asks: a minute. */
const ASK_EVERY = Duration.millis(200);
const ASKS = 300;
/** A service that hangs. */
const ANSWER_WITHIN = Duration.seconds(5);

/**
 * A probe costs the engine and the container 0.1 s of CPU (measured on two slow cores: 76 and 25 ms), which every three
 * seconds is 3 % of a core for each container; and engines before API 1.44 know one interval only, which the first probe
 * waits for as well. So the engine asks often and the probe waits by itself: until the service is ready while it starts,
 * and for a while when the last answer was good. The file is empty when the last answer was bad; /tmp is emptied with
 * every start of the container.
 */
const PROBE = [
  "f=/tmp/.health",
  `ask() { timeout ${ANSWER_WITHIN.toSeconds()} "$@"; }`,
  `if [ -s $f ]; then sleep ${PAUSE.toSeconds()}`,
  `elif [ ! -e $f ]; then n=0; until ask "$@"; do n=$((n+1)); [ $n -lt ${ASKS} ] || exit 1; sleep ${ASK_EVERY.toMillis() / 1000}; done; fi`,
  'if ask "$@"; then echo good >$f; else : >$f; exit 1; fi',
].join("; ");

const INTERVAL = Duration.seconds(1);
/** More than a minute of questions. */
const TIMEOUT = Duration.seconds(90);
/** A service that hangs is unhealthy after half a minute: a pause, and three answers that do not come. */
const RETRIES = 3;
/**
 * As good as none: within it, newer engines ask every five seconds (moby: daemon/health.go). Never 0, for which the
 * engine would take the image's own, and every plan would differ.
 */
const START_PERIOD = Duration.millis(1);

/**
 * Docker's form of a check.
 * @param command - program and arguments, run without a shell; exit code 0 means ready. The image needs `sh`, `sleep` and
 * `timeout`, the container a writable /tmp
 */
export const healthcheckOf = (command: readonly string[]): ContainerHealthcheck => ({
  test: ["CMD", "sh", "-c", PROBE, "probe", ...command].map(escapeTemplate),
  interval: INTERVAL.toGo(),
  timeout: TIMEOUT.toGo(),
  retries: RETRIES,
  startPeriod: START_PERIOD.toGo(),
});
