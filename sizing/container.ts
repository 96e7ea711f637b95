import { Bytes } from "../configs/units/bytes";
import { MIB, USABLE_SHARE_OF_LIMIT } from "./constants";
import type { ContainerBudget, Derivation, Solved } from "./plan";
import { solved, sumText } from "./solved";

/** The smallest whole-MiB limit of which the uses take no more than the usable share. */
export const limitFor = (uses: Bytes): Bytes => uses.dividedBy(USABLE_SHARE_OF_LIMIT).ceilTo(MIB);

/**
 * Upper bound of `limitFor` without its steps: what a budget has to set aside so that it shrinks evenly when RAM grows.
 */
export const limitEnvelope = (uses: Bytes): Bytes => uses.dividedBy(USABLE_SHARE_OF_LIMIT).plus(MIB);

/** `12 MB + 3 MB = 15 MB, divided by 0.9`. */
export const limitReason = (parts: Readonly<Record<string, Bytes>>, used: Bytes): string =>
  `${sumText(parts, used)}, divided by ${USABLE_SHARE_OF_LIMIT}`;

/** Docker takes memory above the reservation back first when the host runs short. */
export const reservationOf = (parts: Readonly<Record<string, Bytes>>, used: Bytes): Derivation => ({
  reason: `what it is expected to use: ${sumText(parts, used)}`,
  source: "docs/sizing.md",
});

type MemoryAndFiles = Pick<ContainerBudget, "memory" | "parts" | "reservation" | "nofile" | "why">;

/** Memory and files of a container whose limit follows from its parts. */
export const budgetOf = (
  parts: Readonly<Record<string, Bytes>>,
  nofile: Solved<number>,
  source: string,
): MemoryAndFiles => {
  const used = Bytes.sum(Object.values(parts));
  return {
    memory: solved(limitFor(used), limitReason(parts, used), source),
    parts,
    reservation: used,
    nofile: nofile.value,
    why: { reservation: reservationOf(parts, used), nofile },
  };
};
