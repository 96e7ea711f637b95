const LIMITS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
/** Of each month, February's in a leap year. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The values that numbers, ranges and steps stand for; none for what is wrong. */
const valuesOf = (part: string, [low, high]: readonly [number, number]): number[] => {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (!match) return [];
  const [first, last, step = 1] = match.slice(1).map((digits) => (digits === undefined ? undefined : Number(digits)));
  const from = first ?? low;
  const to = last ?? (first === undefined || match[3] !== undefined ? high : from);
  if (step < 1 || from < low || to > high) return [];
  return Array.from({ length: high + 1 }, (_, value) => value).filter(
    (value) => value >= from && value <= to && (value - from) % step === 0,
  );
};

/** Five fields of numbers, ranges, steps and lists, which every cron reads alike, and a day that comes. */
export const isCron = (text: string): boolean => {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== LIMITS.length) return false;
  const values = LIMITS.map((limits, at) => (fields[at] as string).split(",").map((part) => valuesOf(part, limits)));
  if (values.flat().some((found) => found.length === 0)) return false;
  const [, , days, months] = values.map((found) => found.flat()) as [number[], number[], number[], number[]];
  // Where day and weekday are both given, either will do.
  const [, , day, , weekday] = fields as [string, string, string, string, string];
  const hasEither = !day.startsWith("*") && !weekday.startsWith("*");
  return hasEither || months.some((month) => Math.min(...days) <= (DAYS[month - 1] as number));
};
