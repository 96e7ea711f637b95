import { Bytes } from "../configs/units/bytes";
import type { Solved } from "./plan";
import { exactMegabytes, GUESS, solved } from "./solved";

/** Kernel, init, Docker engine: a fixed part and a part that grows with RAM (page structures, dentries). `guess` */
const SYSTEM_BASE = Bytes.mib(128);
const SYSTEM_SHARE = 0.04;
const SYSTEM_LEAST = Bytes.mib(256);
const SYSTEM_MOST = Bytes.gib(2);
/** Below 1.7 GB the least amount would take more than this share, and nothing would fit. `guess` */
const SYSTEM_MOST_SHARE = 0.15;

/**
 * Never allocated: page cache that no container is charged for, and room for what the formulas miss. Postgres relies on
 * the system's cache (PostgreSQL manual, "Resource Consumption"); the share is a `guess`.
 */
const SLACK_SHARE = 0.1;

/** What the containers never get. */
export interface Reserves {
  readonly operatingSystem: Solved<Bytes>;
  readonly slack: Solved<Bytes>;
}

/** Reserves of a machine with this much RAM; both grow with it, together by less than a third of what is added. */
export const reservesOf = (ram: Bytes): Reserves => {
  const system = Bytes.min(
    SYSTEM_BASE.plus(ram.times(SYSTEM_SHARE)).clamp(SYSTEM_LEAST, SYSTEM_MOST),
    ram.times(SYSTEM_MOST_SHARE),
  );
  return {
    operatingSystem: solved(
      system,
      `${SYSTEM_BASE} + 4 % of ${exactMegabytes(ram)} between ${SYSTEM_LEAST} and ${SYSTEM_MOST}, at most 15 % of RAM`,
      GUESS,
    ),
    slack: solved(ram.times(SLACK_SHARE), `10 % of ${exactMegabytes(ram)}, never allocated`, GUESS),
  };
};
