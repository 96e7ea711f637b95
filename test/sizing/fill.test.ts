import * as fc from "fast-check";
import { Bytes } from "../../configs/units/bytes";
import { fill, fixedLine, type Line, UNLIMITED } from "../../sizing/fill";

const line = (weight: number, floor: number, ceiling: number): Line => ({
  weight,
  floor: Bytes.of(floor),
  ceiling: Bytes.of(ceiling),
});

/** Lines take whole bytes, rounded down; the tables are in tens of bytes. */
describe("fill", () => {
  it.each([
    ["splits by weight", 1000, { a: line(1, 0, 1000), b: line(3, 0, 1000) }, { a: 25, b: 75 }],
    ["keeps floors", 1000, { a: line(1, 600, 1000), b: line(3, 0, 1000) }, { a: 60, b: 40 }],
    ["hands on what a ceiling leaves", 1000, { a: line(1, 0, 100), b: line(1, 0, 1000) }, { a: 10, b: 90 }],
    ["leaves over what nobody may take", 1000, { a: line(1, 0, 100), b: line(1, 0, 200) }, { a: 10, b: 20 }],
    ["serves fixed lines first", 1000, { a: fixedLine(Bytes.of(700)), b: line(1, 0, 1000) }, { a: 70, b: 30 }],
    ["has an open end", 1000, { a: { weight: 5, floor: Bytes.ZERO, ceiling: UNLIMITED } }, { a: 100 }],
  ])("%s", (_, budget, lines, expected) => {
    const filled = fill(Bytes.of(budget), lines as Record<string, Line>);
    expect(Object.entries(filled ?? {}).map(([name, amount]) => [name, Math.ceil(amount.toBytes() / 10)])).toEqual(
      Object.entries(expected),
    );
  });

  it("has no answer when the floors exceed the budget", () => {
    expect(fill(Bytes.of(9), { a: line(1, 5, 10), b: line(1, 5, 10) })).toBeUndefined();
  });

  const arbitraryLine = fc
    .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 2 ** 32 }), fc.integer({ min: 0, max: 2 ** 40 }))
    .map(([weight, floor, more]) => line(weight, floor, floor + more));

  it("never overspends, and no line falls when the budget grows", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryLine, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 2 ** 42 }),
        fc.integer({ min: 0, max: 2 ** 30 }),
        (all, spare, more) => {
          const lines = Object.fromEntries(all.map((one, i) => [`line${i}`, one]));
          const budget = Bytes.sum(all.map((one) => one.floor)).plus(Bytes.of(spare));
          const before = fill(budget, lines) ?? {};
          const after = fill(budget.plus(Bytes.of(more)), lines) ?? {};
          expect(Bytes.sum(Object.values(before)).toBytes()).toBeLessThanOrEqual(budget.toBytes());
          for (const name of Object.keys(lines)) {
            expect(after[name]?.toBytes()).toBeGreaterThanOrEqual((before[name]?.toBytes() ?? Number.NaN) - 1);
          }
        },
      ),
      { numRuns: 500, seed: 7 },
    );
  });
});
