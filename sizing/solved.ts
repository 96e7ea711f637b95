import type { Bytes } from "../configs/units/bytes";
import type { Solved } from "./plan";

/** Source of a constant for which nothing is published. */
export const GUESS = "guess";

/** Source of a value that the user set. */
export const FROM_FILE = "environment file";

/** A number together with its derivation. */
export const solved = <T>(value: T, reason: string, source: string): Solved<T> => ({ value, reason, source });

/** A value that the user set in place of the solved one. */
export const fromFile = <T>(value: T, key: string): Solved<T> => solved(value, `set by ${key}`, FROM_FILE);

const MIB = 1024 ** 2;

/** Always in MB: sums of `GB` rounded to one digit would not add up before the reader's eyes. */
export const megabytes = (amount: Bytes): string => `${Number((amount.toBytes() / MIB).toFixed(1))} MB`;

/** To a ten-thousandth of a MB, for arithmetic that is to be done again: `4.8275 MB`. */
export const exactMegabytes = (amount: Bytes): string => `${Number((amount.toBytes() / MIB).toFixed(4))} MB`;

/** `a 12 MB + b 3 MB = 15 MB`, for reasons and refusals. Parts of nothing are left out. */
export const sumText = (
  parts: Readonly<Record<string, Bytes>>,
  total: Bytes,
  write: (amount: Bytes) => string = megabytes,
): string => {
  const terms = Object.entries(parts)
    .filter(([, amount]) => amount.toBytes() > 0)
    .map(([name, amount]) => `${name} ${write(amount)}`);
  return `${terms.join(" + ")} = ${write(total)}`;
};
