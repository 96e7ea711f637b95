import * as z from "zod";
import { POSTGRES_MAJORS } from "../environment";
import { autoFlag, count, expected, flag, flatSettings, imageVersion, mapping, oneOf, size } from "./values";

const NEXT_MAJOR = 19;
/** Synapse takes 14 and later; the kit knows what these three take and what they take it for. */
const wrongMajor = (issue: { readonly input?: unknown }): string => {
  const message = expected(`one of the numbers ${POSTGRES_MAJORS.join(", ")}`)(issue);
  return issue.input === NEXT_MAJOR
    ? `${message}; 19 replaces \`io_workers\` and changes defaults: wait for the kit to know it`
    : message;
};

const solved = (what: string): string => `${what}. Default: solved`;

export const postgres = mapping({
  version: z
    .literal(POSTGRES_MAJORS, { error: wrongMajor })
    .default(18)
    .describe("Major version. Changing it on a server with data needs a dump and a restore"),
  jit: flag().default(false).describe("Compile queries. Synapse's many short queries lose by it"),
  memory: size().optional().describe(solved("Memory limit of the container")),
  shared_buffers: size().optional().describe(solved("Postgres' own page cache")),
  work_mem: size().optional().describe(solved("Memory of one sort or hash of one query")),
  maintenance_work_mem: size().optional().describe(solved("Memory of one vacuum or index build")),
  max_connections: count().optional().describe(solved("Connections that Postgres takes")),
  max_wal_size: size().optional().describe(solved("Write-ahead log between two checkpoints")),
  huge_pages: oneOf(["try", "on", "off"]).default("try").describe("`on` refuses to start without reserved huge pages"),
  synchronous_commit: flag()
    .default(true)
    .describe("false loses the last acknowledged messages in a crash, never consistency"),
  table_parameters: flag()
    .default(true)
    .describe("Vacuum Synapse's busiest tables by rules of their own; false takes them back"),
  settings: flatSettings().default({}).describe("Any other setting of postgresql.conf"),
})
  .prefault({})
  .describe("The database");

export const pgbouncer = mapping({
  enabled: autoFlag()
    .default("auto")
    .describe("Pool between the workers and Postgres; `auto` is on as soon as there are workers"),
  version: imageVersion("PgBouncer", "pgbouncer", "1.26"),
  pool_size: count().optional().describe(solved("Server connections that the workers share")),
  settings: flatSettings().default({}).describe("Any other setting of the `[pgbouncer]` section"),
})
  .prefault({})
  .describe("The connection pool");

export const redis = mapping({
  flavour: oneOf(["redis", "valkey"]).default("redis").describe("Which of the two programs runs"),
  version: imageVersion("Redis or Valkey", "redis", "8.0"),
  maxmemory: size().optional().describe(solved("Memory for the cache that the processes share")),
  settings: flatSettings().default({}).describe("Any other setting of redis.conf"),
})
  .prefault({})
  .describe("Replication between the Synapse processes, used as soon as there are workers");
