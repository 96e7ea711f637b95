import { totalOf } from "../support/memory-gauge";
import { type BoxOptions, planOf, WorstBox } from "../support/worst-box";
import { described } from "../support/worst-case";
import { CASES } from "../support/worst-cases";

const DEPLOY_MS = 10 * 60_000;
const CASE_MS = 5 * 60_000;
const PLACE = { port: 18019, network: "10.123.156.0/22" };

/** The plan spends 90 % of a limit; half of the rest may go to what no formula sees. */
const SHARE_OF_LIMIT = 0.95;

/** Main alone; and a pooler, Redis and parallel queries in little memory. */
const BOXES: readonly BoxOptions[] = [
  { name: "e2e-worst1", ram: "1GB", cpus: 1, postgres: 17, ...PLACE },
  { name: "e2e-worst4", ram: "4GB", cpus: 8, postgres: 18, ...PLACE },
];

describe.each(BOXES)("$ram and $cpus CPUs with PostgreSQL $postgres, at the worst", (options) => {
  let box: WorstBox;
  beforeAll(async () => {
    box = await WorstBox.deploy(options);
    await box.stopSynapse();
  }, DEPLOY_MS);
  afterAll(() => box?.removeAll(), DEPLOY_MS);

  const cases = CASES.filter(({ exists }) => exists(planOf(options)));
  test.each(cases.map((one) => [one.name, one] as const))(
    "%s",
    async (_, { run }) => {
      const result = await run(box);
      console.info(described(result));
      expect(result.failures).toEqual([]);
      expect(result.kills).toBe(0);
      expect(totalOf(result.peak).toMiB()).toBeLessThanOrEqual(SHARE_OF_LIMIT * result.limit.toMiB());
    },
    CASE_MS,
  );
});
