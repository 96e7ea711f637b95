import * as fc from "fast-check";
import type { Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";

type Change = (env: Environment) => Environment;

/** Log-uniform, so that small amounts are as likely as huge ones. */
const between = (least: number, most: number): fc.Arbitrary<number> =>
  fc
    .double({ min: Math.log2(least), max: Math.log2(most), noNaN: true })
    .map((power) => Math.min(most, Math.floor(2 ** power)));

const typed = (section: "postgres" | "pgbouncer" | "redis" | "synapse" | "expected" | "compressor", field: string) => {
  const put =
    (value: unknown): Change =>
    (env) => ({ ...env, [section]: { ...env[section], [field]: value } });
  return {
    size: (least: number, most: number) => between(least, most).map((mib) => put(Bytes.mib(mib))),
    count: (least: number, most: number) => between(least, most).map(put),
  };
};

const passedOn =
  (section: "postgres" | "pgbouncer" | "redis", name: string) =>
  (value: string | number): Change =>
  (env) => ({ ...env, [section]: { ...env[section], settings: { ...env[section].settings, [name]: value } } });

const sizeSetting = (name: string) => between(1, 1e5).map((mib) => passedOn("postgres", name)(`${mib}MB`));
const countSetting = (section: "postgres" | "pgbouncer" | "redis", name: string, most: number) =>
  between(1, most).map(passedOn(section, name));

/** A number in place of a solved one, of which many are too small or too large for most machines. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  typed("expected", "users").count(1, 1e6),
  typed("postgres", "memory").size(16, 1e6),
  typed("postgres", "sharedBuffers").size(1, 1e5),
  typed("postgres", "workMem").size(1, 1e4),
  typed("postgres", "maintenanceWorkMem").size(1, 1e5),
  typed("postgres", "maxConnections").count(1, 1e4),
  typed("postgres", "maxWalSize").size(1, 1e6),
  typed("pgbouncer", "poolSize").count(1, 1e4),
  typed("redis", "maxmemory").size(1, 1e6),
  typed("synapse", "cpMax").count(1, 1e3),
  typed("compressor", "memory").size(104, 1e6),
  sizeSetting("autovacuum_work_mem"),
  sizeSetting("min_wal_size"),
  sizeSetting("effective_cache_size"),
  sizeSetting("wal_buffers"),
  countSetting("postgres", "superuser_reserved_connections", 1000),
  countSetting("postgres", "max_parallel_workers_per_gather", 64),
  countSetting("pgbouncer", "reserve_pool_size", 1000),
  countSetting("pgbouncer", "max_client_conn", 1e5),
  countSetting("pgbouncer", "query_wait_timeout", 600),
  countSetting("redis", "maxclients", 1e5),
  between(1, 1e5).map((mib) => passedOn("redis", "maxmemory-clients")(`${mib}mb`)),
);
