import type { Plan } from "../../sizing/plan";
import type { WorstBox } from "./worst-box";
import type { WorstCase } from "./worst-case";
import { nginxWorstCase } from "./worst-nginx";
import { pgbouncerWorstCase } from "./worst-pgbouncer";
import { postgresWorstCase } from "./worst-postgres";
import { redisWorstCase } from "./worst-redis";

interface Case {
  readonly name: string;
  readonly exists: (plan: Plan) => boolean;
  readonly run: (box: WorstBox) => Promise<WorstCase>;
}

/** Groups that have nothing in common; in one, a case needs what the one before it has let go of. */
const GROUPS: readonly (readonly Case[])[] = [
  [
    {
      name: "Nginx has room for all requests that it lets in",
      exists: () => true,
      run: nginxWorstCase,
    },
  ],
  [
    {
      name: "Postgres has room for all that Synapse's connections can ask for at once",
      exists: () => true,
      run: postgresWorstCase,
    },
    {
      name: "PgBouncer has room for all clients with all their statements",
      exists: ({ pgbouncer }) => pgbouncer !== undefined,
      run: pgbouncerWorstCase,
    },
  ],
  [
    {
      name: "Redis has room for its keys and for subscribers that do not read",
      exists: ({ redis }) => redis !== undefined,
      run: redisWorstCase,
    },
  ],
];

export const caseNames = (plan: Plan): string[] =>
  GROUPS.flat()
    .filter(({ exists }) => exists(plan))
    .map(({ name }) => name);

/** Starts all groups at once, by the names of cases. */
export const startCases = (box: WorstBox): ReadonlyMap<string, Promise<WorstCase>> => {
  const started = new Map<string, Promise<WorstCase>>();
  for (const group of GROUPS) {
    let before: Promise<unknown> = Promise.resolve();
    for (const { name, run } of group.filter(({ exists }) => exists(box.plan))) {
      const result = before.then(() => run(box));
      // Who awaits the result sees the error; until then it must not end the process.
      before = result.catch(() => undefined);
      started.set(name, result);
    }
  }
  return started;
};
