import { checkSettings, type PassThrough } from "../../configs/settings/check";
import { redisSize } from "../../configs/settings/redis-value";
import { Bytes } from "../../configs/units/bytes";
import type { Plan } from "../../sizing/plan";
import { postgresBytesIn, postgresNumberIn } from "../../sizing/settings-reader";
import { httpSettings } from "../nginx/settings";
import { type Box, box, ENVIRONMENT, table } from "./boxes";

/** One setting of the guides: a value for all their tiers, or one each for below 2 GB, 4 to 8 GB and above 8 GB. */
interface Row {
  readonly setting: string;
  readonly guides: string | readonly [small: string, medium: string, large: string];
  readonly ours: (plan: Plan) => string;
  readonly why: string;
}

const NOT_WRITTEN = "not written";
const ABSENT = "–";
/** Two sorts and a hash of twice the size, in each connection. */
const ALLOCATIONS = 4;

type Section = "postgres" | "redis";

/** What the kit says to the guides' own value in the pass-through settings. */
const refused = (section: Section, name: string, value: string | boolean) => (): string => {
  const settings: PassThrough = {
    ...ENVIRONMENT,
    [section]: { ...ENVIRONMENT[section], settings: { [name]: value } },
  };
  if (checkSettings(settings).length === 0) throw new Error(`${section}.settings.${name} is not refused`);
  return "refused";
};

const postgres = (name: string, guides: Row["guides"], why: string): Row => ({
  setting: `\`${name}\``,
  guides,
  ours: (plan) => plan.postgres.settings[name]?.value ?? NOT_WRITTEN,
  why,
});
const pgbouncer = (name: string, guides: string, why: string): Row => ({
  setting: `PgBouncer \`${name}\``,
  guides,
  ours: (plan) => (plan.pgbouncer ? (plan.pgbouncer.settings[name]?.value ?? NOT_WRITTEN) : ABSENT),
  why,
});
const redis = (name: string, guides: string, why: string): Row => ({
  setting: `Redis \`${name}\``,
  guides,
  ours: (plan) => (plan.redis ? (plan.redis.settings[name]?.value ?? NOT_WRITTEN) : ABSENT),
  why,
});
const nginx = (name: string, guides: string, why: string): Row => ({
  setting: `Nginx \`${name}\``,
  guides,
  ours: () => httpSettings(ENVIRONMENT)[name] ?? NOT_WRITTEN,
  why,
});

const worstCase = (shared: Bytes, connections: number, work: Bytes): string =>
  `${shared.plus(work.times(connections * ALLOCATIONS)).toMiB()} MB`;
const guideWorstCase = (shared: string, work: string): string => worstCase(Bytes.parse(shared), 100, Bytes.parse(work));

const SAME = "the same";

const ROWS: readonly Row[] = [
  postgres(
    "shared_buffers",
    ["256MB", "1GB", "2GB"],
    "a quarter of a server of its own; here 58 parts of what is left are Synapse's, whose caches save the same queries",
  ),
  postgres(
    "effective_cache_size",
    ["768MB", "3GB", "6GB"],
    "three quarters of RAM are no cache where Synapse lives in it; ours is what the container's own page cache can hold",
  ),
  postgres(
    "work_mem",
    ["4MB", "16MB", "32MB"],
    "what is left beside every server connection that Synapse can open, four allocations each; theirs is not bounded",
  ),
  {
    setting: "shared_buffers + max_connections × 4 × work_mem",
    guides: [guideWorstCase("256MB", "4MB"), guideWorstCase("1GB", "16MB"), guideWorstCase("2GB", "32MB")],
    ours: (plan) =>
      worstCase(
        postgresBytesIn(plan, "shared_buffers"),
        postgresNumberIn(plan, "max_connections"),
        postgresBytesIn(plan, "work_mem"),
      ),
    why: "theirs is more RAM than most machines of the tier have, ours is part of the container's limit",
  },
  postgres(
    "maintenance_work_mem",
    ["64MB", "256MB", "512MB"],
    "shared out of what is free, beside the autovacuum workers' memory",
  ),
  postgres(
    "max_connections",
    "100",
    "two pools, their reserves and a few direct clients; each connection less saves 10 MB",
  ),
  postgres("wal_buffers", "16MB", "Postgres' own rule, a 32nd of shared_buffers: 16 MB from 512 MB on"),
  postgres(
    "max_wal_size",
    "1GB",
    "1 GB on a busy machine is a checkpoint after another; ours grows with RAM, at most 10 % of the disk",
  ),
  postgres("min_wal_size", "80MB", "a quarter of max_wal_size, so that files are used again instead of made"),
  postgres("checkpoint_completion_target", "0.9", SAME),
  postgres("checkpoint_timeout", ABSENT, "fewer full-page images than with the default of 5 min"),
  postgres("wal_compression", ABSENT, "less WAL after a checkpoint, and cheaper than pglz"),
  postgres("random_page_cost", "1.1", `${SAME} on SSDs; 4 on hard disks`),
  postgres(
    "effective_io_concurrency",
    "200",
    "from 18 on it counts operations of Postgres' own workers; before 18 we write 100 on an SSD, 200 on NVMe",
  ),
  postgres("huge_pages", "try", SAME),
  postgres("jit", "on", "compiling takes longer than Synapse's short queries, and backends grew to hundreds of MB"),
  postgres("jit_above_cost", "100000", "their value is the default"),
  postgres(
    "max_parallel_workers_per_gather",
    "4",
    "the cores are Synapse's too; 0 up to 4 of them, 1 up to 8, 2 above",
  ),
  postgres("max_parallel_workers", "8", "half of the cores with parallel queries, else what maintenance may use"),
  postgres("parallel_setup_cost", "100", "a tenth of the default makes workers start for queries that they slow down"),
  postgres("parallel_tuple_cost", "0.01", "as above"),
  postgres("autovacuum", "on", SAME),
  postgres("autovacuum_max_workers", "3", "2 up to 2 cores, 4 from 16 on"),
  postgres("autovacuum_naptime", "10s", "tables turn over within minutes: nothing is gained by looking more often"),
  postgres("autovacuum_vacuum_threshold", "50", "their value is the default; forty tables have their own"),
  postgres("autovacuum_analyze_threshold", "50", "as above"),
  postgres("autovacuum_vacuum_scale_factor", "0.1", "0.1 lets 50 million dead rows gather in a table of 500 million"),
  postgres("autovacuum_analyze_scale_factor", "0.05", "statistics of tables that grow all day"),
  postgres("autovacuum_vacuum_cost_delay", "2ms", SAME),
  postgres("autovacuum_vacuum_cost_limit", "2000", "by disk: 200 on hard disks, 1000 on SSDs, 2000 on NVMe"),
  {
    setting: "`autovacuum_freeze_max_age`",
    guides: "200000000",
    ours: refused("postgres", "autovacuum_freeze_max_age", "200000000"),
    why: "it is the default",
  },
  postgres(
    "pg_stat_statements.track",
    "all",
    "nested statements are those of functions, of which Synapse has hardly any",
  ),
  postgres("pg_stat_statements.max", "10000", "the default; entries are part of the shared memory"),
  {
    setting: "PgBouncer `pool_mode`",
    guides: "transaction",
    ours: (plan) => (plan.pgbouncer ? "transaction for workers, session for main" : ABSENT),
    why: "main runs index builds, whose session settings a transaction pool loses",
  },
  pgbouncer("max_client_conn", "100", "all of Synapse's pools, and 20 to spare"),
  pgbouncer("default_pool_size", "20", "4 for each core and 4, at most what the workers can open"),
  pgbouncer("reserve_pool_size", "5", "counted in max_connections"),
  pgbouncer("reserve_pool_timeout", "5", "seconds before the reserve is used"),
  {
    setting: "Redis `maxmemory`",
    guides: "512mb, 1gb",
    ours: (plan) => (plan.redis ? `${redisSize(plan.redis.settings.maxmemory?.value ?? "")?.toMiB()}mb` : ABSENT),
    why: "Synapse keeps look-ups of an hour at most there; 0.5 % of RAM, 32 to 256 MB",
  },
  redis("maxmemory-policy", "allkeys-lru", SAME),
  redis("save", '900 1, 300 10, 60 10000; `""`', "nothing durable is stored; no fork, no doubled memory"),
  ...(
    [
      ["stop-writes-on-bgsave-error", "no", "nothing is saved, so it has no effect"],
      ["rdbcompression", "no", "as above"],
      ["dbfilename", '""', "an empty name keeps Redis from shutting down"],
      ["loadmodule", "redisbloom, redisjson", "Synapse uses no modules, and a missing one keeps Redis from starting"],
      ["io-threads-do-reads", "yes", "ignored since 8"],
    ] as const
  ).map(
    ([name, value, why]): Row => ({
      setting: `Redis \`${name}\``,
      guides: value,
      ours: refused("redis", name, value),
      why,
    }),
  ),
  redis("io-threads", "4", "replication stays below 5000 messages a second: one thread is never saturated"),
  redis("tcp-backlog", "1024", "the default; a process opens two connections"),
  redis("timeout", "300", "300 cuts off quiet workers"),
  redis("tcp-keepalive", "60", "the default"),
  nginx("gzip_comp_level", "6", "the cores are Synapse's too; tcpipuk takes 2, h5bp 5"),
  nginx("gzip_min_length", "1024", "about a packet; hardly different"),
  nginx("gzip_types", "as many, or styles and scripts", "what Synapse answers"),
  {
    setting: "Nginx balancing",
    guides: "least_conn",
    ours: () => "hash … consistent",
    why: "the caches of a worker are worth something when the same user or room comes back to it",
  },
  {
    setting: "Nginx `max_fails`, `fail_timeout`",
    guides: "3, 30s",
    ours: () => "0",
    why: "a restart of two seconds must not become half a minute of refusal (synapse#19907)",
  },
  nginx("client_body_buffer_size", "256k", "large bodies stream through"),
  nginx("client_max_body_size", "100m", "per route: `synapse.max_upload_size` for media"),
  nginx("proxy_buffer_size", "128k", "each request may take one"),
  nginx("proxy_buffers", "8 256k", "2 MB for each request would be 4 GB for 2000 clients"),
  nginx("proxy_busy_buffers_size", "512k", "as above"),
  {
    setting: "Synapse `cp_max`",
    guides: "80",
    ours: (plan) => [...new Set(plan.synapse.processes.map(({ cpMax }) => cpMax.value))].join(", "),
    why: "a process works on one thing at a time, so more connections only wait, and each costs Postgres 10 MB",
  },
  {
    setting: "Synapse `caches.global_factor`",
    guides: "2",
    ours: (plan) => String(plan.synapse.globalCacheFactor.value),
    why: "by the heap of main; what really bounds the caches is each process's ceiling",
  },
  {
    setting: "Synapse `event_cache_size`",
    guides: "100K",
    ours: (plan) => plan.synapse.eventCacheSize.value,
    why: "by the heap of main",
  },
];

/** One value where all are the same, or all but those of machines without workers. */
const collapsed = (values: readonly string[]): string => {
  const different = [...new Set(values)].filter((value) => value !== ABSENT);
  if (different.length !== 1) return values.join(" · ");
  return values.includes(ABSENT) ? `${different[0]} (with workers)` : (different[0] as string);
};

/** Every tuning value of the guides beside ours for machines of the same size. */
export const tiersTable = (): string => {
  const boxes: readonly Box[] = [box(1, 1), box(4, 2), box(8, 4), box(16, 8)];
  const sizes = boxes.map(({ ramGb }) => `${ramGb} GB`).join(" · ");
  return table(
    ["setting", "guides: < 2 GB · 4–8 GB · > 8 GB", `ours: ${sizes}`, "why"],
    ROWS.map(({ setting, guides, ours, why }) => [
      setting,
      typeof guides === "string" ? guides : guides.join(" · "),
      collapsed(boxes.map(({ plan }) => ours(plan))),
      why,
    ]),
  );
};
