import { isCron, longestGapDays } from "../../configs/schema/cron";

test.each([
  "17 3 * * *",
  "*/15 * * * *",
  "0 0-6/2 1,15 * 1-5",
  "5/20 0 * * 7",
  "0 0 29 2 *",
  "0 0 31 4,5 *",
  // On Mondays.
  "0 0 30 2 1",
])("%s comes", (schedule) => {
  expect(isCron(schedule)).toBe(true);
});

test.each([
  "3 * * *",
  "17 3 * * * *",
  "60 3 * * *",
  "0 24 * * *",
  "0 0 0 * *",
  "0 0 * 13 *",
  "0 0 * * 8",
  "0 5-3 * * *",
  "*/0 * * * *",
  "1,,2 * * * *",
  "0 0 * JAN *",
  "@daily",
  // No such dates.
  "0 0 30 2 *",
  "0 0 31 4,6,9,11 *",
  "0 0 30,31 2 */2",
])("%s is refused", (schedule) => {
  expect(isCron(schedule)).toBe(false);
});

test.each([
  ["17 3 * * *", 1],
  ["*/15 * * * *", 1],
  ["0 3 * * 1-5", 3],
  ["0 3 * * 7", 7],
  // The first, the fifteenth and Mondays; then Sundays that are a first, a Friday the thirteenth in their month.
  ["0 3 1,15 * 1", 7],
  ["0 3 1 * */7", 427],
  ["0 3 1 * *", 31],
  ["0 0 29 2 *", 4 * 365 + 1],
])("%s leaves out %p days at the most", (schedule, days) => {
  expect(longestGapDays(schedule)).toBe(days);
});
