import * as fc from "fast-check";
import { type Environment, WORKER_LAYOUTS } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { UserError } from "../../configs/user-error";
import { adjustmentsOf } from "../../sizing/adjustments";
import { holds } from "../../sizing/attempt";
import type { HostFacts } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { environment, host, LEAST_RAM } from "./arbitraries";
import { machine } from "./fixtures";
import { isWellFormed, leastIn, namedIn } from "./refused";
import { change } from "./set-by-hand";

const RUNS = 80;
const SEED = 20_261_201;

/** The message where an environment is refused. */
const refusalOf = (env: Environment, on: HostFacts): string | undefined => {
  if (holds(env, on)) return undefined;
  try {
    solve(env, on);
  } catch (error) {
    if (UserError.is(error)) return error.message;
    throw error;
  }
  throw new Error("neither holds nor is refused");
};

const amountOf = (text: string): number => {
  const layout = (WORKER_LAYOUTS as readonly string[]).indexOf(text);
  return layout < 0 ? (Bytes.tryParse(text)?.toBytes() ?? Number(text)) : layout;
};

/** Each value that the message gives holds once those above it are there, and one step further does not; all hold. */
const expectNearest = (env: Environment, on: HostFacts, message: string): void => {
  const named = namedIn(message).map(({ key, nearest }) => {
    const adjustment = adjustmentsOf(env).find((one) => one.key === key);
    if (!adjustment) throw new Error(`no override ${key}`);
    return { ...adjustment, nearest };
  });
  let mended = env;
  for (const [index, { leaveOut, scale, nearest }] of named.entries()) {
    const alone = named.slice(index + 1).reduce((from, later) => later.leaveOut(from), mended);
    if (nearest === undefined || !scale) {
      expect({ message, holds: holds(leaveOut(alone), on) }).toEqual({ message, holds: true });
      mended = leaveOut(mended);
      continue;
    }
    const { amount, step, put } = scale;
    const found = amountOf(nearest);
    const further = amount > found ? Math.min(amount, found + step) : Math.max(amount, found - step);
    expect({ message, found: holds(put(alone, found), on), further: holds(put(alone, further), on) }).toEqual({
      message,
      found: true,
      further: false,
    });
    mended = put(mended, found);
  }
  expect({ message, holds: holds(mended, on) }).toEqual({ message, holds: true });
};

describe("a machine that is too small", () => {
  const small = fc
    .tuple(
      fc.integer({ min: LEAST_RAM.toMiB(), max: 3000 }),
      fc.constantFrom(0.25, 1, 2, 3, 4, 16, 256),
      fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    )
    .map(([ram, cpus, disk]) => machine(ram, cpus, "ssd", disk === undefined ? undefined : Bytes.gib(disk)));

  it("is refused with the least that holds, which does, and a MB less does not; or with what asks too much of it", () => {
    let machines = 0;
    fc.assert(
      fc.property(environment, small, (env, on) => {
        const message = refusalOf(env, on);
        if (message === undefined) return;
        expect(isWellFormed(message) ? "" : message).toBe("");
        const found = leastIn(message, on);
        if (!found) return expectNearest(env, on, message);
        machines += 1;
        expect({ message, least: holds(env, found.least), less: holds(env, found.less) }).toEqual({
          message,
          least: true,
          less: false,
        });
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(machines).toBeGreaterThan(RUNS / 4);
  });
});

describe("overrides that are refused", () => {
  it.each([1, 2, 3])("are told the nearest values that hold, %i at once", (count) => {
    let named = 0;
    const changes = fc.array(change, { minLength: count, maxLength: count });
    fc.assert(
      fc.property(environment, host, changes, (plain, on, made) => {
        const env = made.reduce((from, make) => make(from), plain);
        const message = refusalOf(env, on);
        if (message === undefined) return;
        expect(isWellFormed(message) ? "" : message).toBe("");
        const least = leastIn(message, on)?.least;
        if (least && namedIn(message).length === 0) return;
        named += 1;
        expectNearest(env, least ?? on, message);
      }),
      { numRuns: RUNS, seed: SEED + count },
    );
    expect(named).toBeGreaterThan(RUNS / 8);
  });
});
