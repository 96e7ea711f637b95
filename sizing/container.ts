import type { Bytes } from "../configs/units/bytes";
import { MIB, USABLE_SHARE_OF_LIMIT } from "./constants";
import { sumText } from "./solved";

/** The smallest whole-MiB limit of which the uses take no more than the usable share. */
export const limitFor = (uses: Bytes): Bytes => uses.dividedBy(USABLE_SHARE_OF_LIMIT).ceilTo(MIB);

/**
 * Upper bound of `limitFor` without its steps: what a budget has to set aside so that it shrinks evenly when RAM grows.
 */
export const limitEnvelope = (uses: Bytes): Bytes => uses.dividedBy(USABLE_SHARE_OF_LIMIT).plus(MIB);

/** `12 MB + 3 MB = 15 MB, divided by 0.9`. */
export const limitReason = (parts: Readonly<Record<string, Bytes>>, used: Bytes): string =>
  `${sumText(parts, used)}, divided by ${USABLE_SHARE_OF_LIMIT}`;
