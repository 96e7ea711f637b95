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

/** All of them without Synapse, whose connections and addresses they take. */
export const CASES: readonly Case[] = [
  {
    name: "Nginx has room for all requests that it lets in",
    exists: () => true,
    run: nginxWorstCase,
  },
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
  {
    name: "Redis has room for its keys and for subscribers that do not read",
    exists: ({ redis }) => redis !== undefined,
    run: redisWorstCase,
  },
];
