import { Bytes } from "../configs/units/bytes";

/** One claim on a budget. */
export interface Line {
  /** Share of what is free, relative to the other lines. */
  readonly weight: number;
  readonly floor: Bytes;
  readonly ceiling: Bytes;
}

/** Ceiling of a line that takes whatever is there: above every machine. */
export const UNLIMITED = Bytes.gib(1024 ** 2);

/** A line that takes exactly this much. */
export const fixedLine = (amount: Bytes): Line => ({ weight: 1, floor: amount, ceiling: amount });

/** Exactly the floor or the ceiling outside of the two corners: a product of a quotient would miss them by a byte. */
const at = ({ weight, floor, ceiling }: Line, level: number): number => {
  if (level <= floor.toBytes() / weight) return floor.toBytes();
  return level >= ceiling.toBytes() / weight ? ceiling.toBytes() : weight * level;
};

/** The level between two corners, where the sum is a straight line. */
const between = (low: number, high: number, total: (level: number) => number, target: number): number => {
  const below = total(low);
  return low + ((target - below) * (high - low)) / (total(high) - below);
};

/**
 * Fills the lines like connected vessels: line i gets `clamp(weight_i × level, floor_i, ceiling_i)` with the one level
 * at which the budget is spent. No line falls when the budget grows, because no line falls when the level rises. That
 * is what makes the whole plan monotone in RAM. Each amount is rounded down to a byte, so the sum never exceeds the
 * budget.
 * @returns undefined when the floors alone exceed the budget.
 */
export const fill = <K extends string>(
  budget: Bytes,
  lines: Readonly<Record<K, Line>>,
): Record<K, Bytes> | undefined => {
  const all = Object.values<Line>(lines);
  const total = (level: number): number => all.reduce((sum, line) => sum + at(line, level), 0);
  const target = budget.toBytes();
  if (total(0) > target) return undefined;
  const corners = all
    .flatMap((line) => [line.floor.toBytes() / line.weight, line.ceiling.toBytes() / line.weight])
    .sort((a, b) => a - b);
  const next = corners.findIndex((corner) => total(corner) > target);
  const level =
    next < 0 ? (corners.at(-1) ?? 0) : between(corners[next - 1] ?? 0, corners[next] as number, total, target);
  const entries = Object.entries<Line>(lines).map(([name, line]) => [name, Bytes.of(at(line, level))]);
  return Object.fromEntries(entries) as Record<K, Bytes>;
};
