import { totalOf } from "../support/memory-gauge";
import { type BoxOptions, planOf, WorstBox } from "../support/worst-box";
import { described, type WorstCase } from "../support/worst-case";
import { caseNames, startCases } from "../support/worst-cases";

const DEPLOY_MS = 10 * 60_000;
const CASE_MS = 5 * 60_000;

/** The plan spends 90 % of a limit; half of the rest may go to what no formula sees. */
const SHARE_OF_LIMIT = 0.95;

/**
 * Three machines, for the time that they take: with every service, parallel queries and counts of requests, in little
 * memory; and main alone, with the other versions of Postgres. Another line drives another one, and docs/sizing.md has the
 * figures of more.
 */
const BOXES: readonly BoxOptions[] = [
  {
    name: "e2e-worst",
    ram: "4GB",
    cpus: 8,
    postgres: 18,
    workers: "three",
    port: 18019,
    network: "10.123.156.0/22",
  },
  { name: "e2e-worst-alone", ram: "2GB", cpus: 2, postgres: 17, port: 18019, network: "10.123.156.0/22" },
  { name: "e2e-worst-16", ram: "4GB", cpus: 2, postgres: 16, port: 18019, network: "10.123.156.0/22" },
];

describe.each(BOXES)("$ram and $cpus CPUs with PostgreSQL $postgres, at the worst", (options) => {
  let box: WorstBox;
  let results: ReadonlyMap<string, Promise<WorstCase>>;
  beforeAll(async () => {
    box = await WorstBox.deploy(options);
    await box.stopOthers();
    results = startCases(box);
  }, DEPLOY_MS);
  afterAll(() => box?.removeAll(), DEPLOY_MS);

  test.each(caseNames(planOf(options)))(
    "%s",
    async (name) => {
      const result = (await results.get(name)) as WorstCase;
      console.info(described(result));
      expect(result.failures).toEqual([]);
      expect(result.kills).toBe(0);
      expect(totalOf(result.peak).toMiB()).toBeLessThanOrEqual(SHARE_OF_LIMIT * result.limit.toMiB());
    },
    CASE_MS,
  );
});
