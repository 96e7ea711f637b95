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

/** The values of each field, whole lists. */
const valuesOfFields = (fields: readonly string[]): number[][] =>
  LIMITS.map((limits, at) => (fields[at] as string).split(",").flatMap((part) => valuesOf(part, limits)));

/** Where day and weekday are both given, either will do. */
const hasEither = ([, , day, , weekday]: readonly string[]): boolean =>
  !day?.startsWith("*") && !weekday?.startsWith("*");

/** Five fields of numbers, ranges, steps and lists, which every cron reads alike, and a day that comes. */
export const isCron = (text: string): boolean => {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== LIMITS.length) return false;
  const isWrong = (field: string, at: number): boolean =>
    field.split(",").some((part) => valuesOf(part, LIMITS[at] as readonly [number, number]).length === 0);
  if (fields.some(isWrong)) return false;
  const [, , days, months] = valuesOfFields(fields) as [number[], number[], number[], number[]];
  return hasEither(fields) || months.some((month) => Math.min(...days) <= (DAYS[month - 1] as number));
};

const DAY_MS = 86_400_000;
/** After so many years all dates fall on the same weekdays again. */
const YEARS = 28;

/** Most days that lie between two of its days. @param text - five fields that `isCron` takes */
export const longestGapDays = (text: string): number => {
  const fields = text.trim().split(/\s+/);
  const [, , days, months, weekdays] = valuesOfFields(fields) as [number[], number[], number[], number[], number[]];
  const comes = (time: number): boolean => {
    const date = new Date(time);
    const isDay = days.includes(date.getUTCDate());
    const isWeekday = weekdays.some((weekday) => weekday % 7 === date.getUTCDay());
    return months.includes(date.getUTCMonth() + 1) && (hasEither(fields) ? isDay || isWeekday : isDay && isWeekday);
  };
  const from = Date.UTC(2001, 0, 1);
  const length = (Date.UTC(2001 + YEARS, 0, 1) - from) / DAY_MS;
  const found = Array.from({ length }, (_, day) => day).filter((day) => comes(from + day * DAY_MS));
  return Math.max(...found.map((day, at) => (found[at + 1] ?? (found[0] as number) + length) - day));
};
