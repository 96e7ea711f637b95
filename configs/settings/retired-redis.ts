import { isAtLeast } from "../versions";
import { isOneOf, type Rule, SOMAXCONN } from "./rule";

/** Directives of Redis and Valkey from old guides. */
export const RETIRED_REDIS: readonly Rule[] = [
  {
    key: "dbfilename",
    message: "an empty `dbfilename` keeps Redis from shutting down: remove it, nothing is saved",
    when: (value) => ["", "''", '""'].includes(String(value).trim()),
  },
  { key: "dbfilename", message: "nothing is saved, so `dbfilename` has no effect: remove it" },
  {
    key: "loadmodule",
    message: "Synapse uses no modules, and a missing one keeps Redis from starting: remove `loadmodule`",
  },
  { key: "loadmodule-ex", message: "Synapse uses no modules: remove `loadmodule-ex`" },
  {
    key: "io-threads-do-reads",
    message: "Valkey ignores `io-threads-do-reads` since 8: remove it",
    when: (_value, { redis }) => redis === "valkey",
  },
  {
    key: "io-threads-do-reads",
    message: "Redis ignores `io-threads-do-reads` since 8: remove it, `io-threads` includes reads",
    when: (_value, { redisVersion }) => isAtLeast(redisVersion, "8.0"),
  },
  ...["vm-enabled", "vm-swap-file", "vm-max-memory", "vm-page-size", "vm-pages", "vm-max-threads"].map(
    (key): Rule => ({ key, message: `Redis removed virtual memory and \`${key}\` in 2.6: use \`redis.maxmemory\`` }),
  ),
  { key: "glueoutputbuf", message: "Redis removed `glueoutputbuf`: remove it" },
  { key: "save", message: "persistence is off on purpose, Synapse keeps nothing of worth in Redis: remove `save`" },
  {
    key: "stop-writes-on-bgsave-error",
    message: "nothing is saved, so `stop-writes-on-bgsave-error` has no effect: remove it",
  },
  { key: "rdbcompression", message: "nothing is saved, so `rdbcompression` has no effect: remove it" },
  { key: "rdbchecksum", message: "nothing is saved, so `rdbchecksum` has no effect: remove it" },
  { key: "appendfsync", message: "nothing is saved, so `appendfsync` has no effect: remove it" },
  { key: "appendfilename", message: "nothing is saved, so `appendfilename` has no effect: remove it" },
  {
    key: "auto-aof-rewrite-percentage",
    message: "nothing is saved, so `auto-aof-rewrite-percentage` has no effect: remove it",
  },
  {
    key: "auto-aof-rewrite-min-size",
    message: "nothing is saved, so `auto-aof-rewrite-min-size` has no effect: remove it",
  },
  {
    key: "no-appendfsync-on-rewrite",
    message: "nothing is saved, so `no-appendfsync-on-rewrite` has no effect: remove it",
  },
  ...["slaveof", "replicaof"].map(
    (key): Rule => ({
      key,
      message: `\`${key}\` makes a copy that cannot be written to: remove it, the kit runs one server`,
    }),
  ),
  {
    key: "tcp-backlog",
    message: `the kernel cuts \`tcp-backlog\` off at ${SOMAXCONN} (\`net.core.somaxconn\`): set less, or remove it`,
    when: (value) => Number(value) > SOMAXCONN,
  },
  {
    key: "maxmemory-clients",
    message: "`maxmemory-clients: 0` means no limit: set a size, or remove it",
    when: (value) => /^\s*0+\D*$/.test(String(value)),
  },
  { key: "cluster-enabled", message: "Synapse cannot talk to a cluster: remove `cluster-enabled`" },
  {
    key: "maxmemory-policy",
    message: "`noeviction` makes Synapse's writes fail when memory is full: use `allkeys-lru`",
    when: isOneOf("noeviction"),
  },
  {
    key: "timeout",
    message: "`timeout` cuts off quiet workers: remove it",
    when: (value) => Number(value) > 0,
  },
  ...["hash-max-zipmap-entries", "hash-max-zipmap-value"].map(
    (key): Rule => ({ key, message: `Redis removed \`${key}\`: use \`${key.replace("zipmap", "listpack")}\`` }),
  ),
  ...["list-max-ziplist-entries", "list-max-ziplist-value"].map(
    (key): Rule => ({ key, message: `Redis ignores \`${key}\` since 3.2: use \`list-max-listpack-size\`` }),
  ),
];
