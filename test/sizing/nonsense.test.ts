import { parseEnvironment } from "../../configs/parse-environment";
import { Bytes } from "../../configs/units/bytes";
import { UserError } from "../../configs/user-error";
import { solve } from "../../sizing/solve";
import { machine } from "./fixtures";

/** What a program takes without a word, or with a line in its log that nobody reads: the lines, and the refusal. */
type Row = readonly [
  what: string,
  section: "postgres" | "pgbouncer" | "redis" | "nginx" | "synapse",
  yaml: string,
  refusal: RegExp,
];

const SILENT: readonly Row[] = [
  [
    "min_wal_size above max_wal_size",
    "postgres",
    "settings: {min_wal_size: 8GB}",
    /I9 .*min_wal_size 8192 MB > max_wal_size/,
  ],
  [
    "wal_buffers as large as shared_buffers",
    "postgres",
    "shared_buffers: 512MB, settings: {wal_buffers: 512MB}",
    /C9 /,
  ],
  [
    "more autovacuum workers than slots",
    "postgres",
    "settings: {autovacuum_max_workers: 4, autovacuum_worker_slots: 2}",
    /C11 .*autovacuum_max_workers 4 > autovacuum_worker_slots 2/,
  ],
  [
    "no limit on what slots keep",
    "postgres",
    "settings: {max_slot_wal_keep_size: -1}",
    /a forgotten slot fills the disk/,
  ],
  [
    "connections that are all reserved",
    "postgres",
    "settings: {superuser_reserved_connections: 200}, max_connections: 100",
    /I4 /,
  ],
  ["minimal WAL", "postgres", "settings: {wal_level: minimal}", /rules out backups/],
  ["WAL below two segments", "postgres", "max_wal_size: 2MB", /I9 .*min_wal_size 32 MB > max_wal_size 2 MB/],
  [
    "locks that fill the memory",
    "postgres",
    "settings: {max_locks_per_transaction: 500000}",
    /I1 .*shared memory \d{5}/,
  ],
  ["no fsync", "postgres", "settings: {fsync: off}", /loses the whole database/],
  [
    "a library that is not there",
    "postgres",
    "settings: {shared_preload_libraries: timescaledb}",
    /is loaded, remove it/,
  ],
  [
    "autovacuum memory taken from maintenance_work_mem",
    "postgres",
    "settings: {autovacuum_work_mem: -1}",
    /expected a size/,
  ],
  ["more workers in one gather than in all", "postgres", "settings: {max_parallel_workers_per_gather: 8}", /C12 /],
  ["random reads cheaper than sequential ones", "postgres", "settings: {random_page_cost: 0.5}", /C13 /],
  ["a negative pool_size, taken for none", "pgbouncer", "pool_size: -5", /expected a whole number above 0/],
  ["pool_size 0, without limit", "pgbouncer", "pool_size: 0", /expected a whole number above 0/],
  ["default_pool_size 0, without limit", "pgbouncer", "settings: {default_pool_size: 0}", /without limit since 1\.24/],
  ["a negative min_pool_size, taken for none", "pgbouncer", "settings: {min_pool_size: -1}", /ignores a negative/],
  ["any other negative number", "pgbouncer", "settings: {max_db_connections: -1}", /0 or above, got -1/],
  ["max_client_conn 0, which admits nobody", "pgbouncer", "settings: {max_client_conn: 0}", /admits nobody/],
  [
    "more clients than there can be files",
    "pgbouncer",
    "settings: {max_client_conn: 2000000}",
    /I1 .*pgbouncer 39094 MB/,
  ],
  ["a cap below the pools", "pgbouncer", "settings: {max_user_connections: 5}", /I5 .*max_user_connections 5/],
  [
    "a cap below the clients",
    "pgbouncer",
    "settings: {max_user_client_connections: 5}",
    /I3 .*max_user_client_connections 5/,
  ],
  [
    "a cap below a database's clients",
    "pgbouncer",
    "settings: {max_db_client_connections: 5}",
    /I3 .*max_db_client_connections 5/,
  ],
  ["a backlog that the kernel cuts off", "pgbouncer", "settings: {listen_backlog: 65535}", /somaxconn/],
  [
    "Synapse as the pool's administrator",
    "pgbouncer",
    'settings: {admin_users: "postgres, synapse"}',
    /could stop the pool/,
  ],
  ["buffers of a megabyte a client", "pgbouncer", "settings: {pkt_buf: 50000000}", /I1 .*pgbouncer \d{4,} MB/],
  ["a pool that waits longer than Nginx", "pgbouncer", "settings: {query_wait_timeout: 300}", /I11 /],
  [
    "a hard limit below the soft one",
    "redis",
    'settings: {client-output-buffer-limit: "pubsub 16mb 32mb 60"}',
    /hard limit 16mb is below/,
  ],
  [
    "subscribers without a limit",
    "redis",
    'settings: {client-output-buffer-limit: "normal 0 0 0 pubsub 0 0 0"}',
    /means none/,
  ],
  [
    "subscribers cut off at once",
    "redis",
    'settings: {client-output-buffer-limit: "pubsub 1mb 1mb 60"}',
    /ordinary bursts/,
  ],
  ["1 MB for everything", "redis", "maxmemory: 1MB", /C28 .*maxmemory 1 MB < 8 MB/],
  ["reads by I/O threads", "redis", "settings: {io-threads-do-reads: yes}", /ignores `io-threads-do-reads` since 8/],
  ["an empty dbfilename", "redis", `settings: {dbfilename: ""}`, /keeps Redis from shutting down/],
  ["fewer clients than processes need", "redis", "settings: {maxclients: 10}", /C28 .*maxclients 10/],
  ["a backlog that the kernel cuts off", "redis", "settings: {tcp-backlog: 65535}", /somaxconn/],
  ["buffers without a limit", "redis", "settings: {maxmemory-clients: 0}", /means no limit/],
  ["a cache that refuses writes", "redis", "settings: {maxmemory-policy: noeviction}", /writes fail/],
  ["fewer files than connections", "nginx", "settings: {worker_rlimit_nofile: 1024}", /follows from the hardware/],
  ["connections beyond the files", "nginx", "settings: {worker_connections: 65535}", /follows from the hardware/],
  ["stapling without a certificate", "nginx", "settings: {ssl_stapling: on}", /ended OCSP/],
  ["a rewritten path", "nginx", `settings: {proxy_pass: "http://synapse/"}`, /the kit writes the routes/],
  ["a second server of the name", "nginx", "settings: {server_name: example.com}", /laid out for it/],
  ["a read timeout within a long poll", "nginx", "settings: {proxy_read_timeout: 1m}", /cuts off what Synapse/],
  ["body buffers of 50 MB", "nginx", "settings: {client_body_buffer_size: 50M}", /set 1m or less/],
  ["a key that the parser passes over", "synapse", "settings: {event_persister: 2}", /would ignore `event_persister`/],
  [
    "a cache factor inside the wrong block",
    "synapse",
    "settings: {caches: {event_cache_size: 100K}}",
    /ignored inside `caches`/,
  ],
  [
    "no statement timeout",
    "synapse",
    "settings: {database: {statement_timeout: null}}",
    /breaks Synapse's index builds/,
  ],
];

const BOX = machine(8192, 4, "ssd", Bytes.gib(100));

const refusalOf = (text: string, host = BOX): string => {
  try {
    solve(parseEnvironment(text, "e", "e.yaml"), host);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message.replace(/\s+/g, " ");
  }
  return "no refusal";
};

describe("what the programs take without a word is refused", () => {
  it.each(SILENT)("%s (%s)", (_what, section, yaml, refusal) => {
    const message = refusalOf(`server_name: example.org\n${section}: {${yaml}}\n`);
    expect(message).toMatch(refusal);
    expect(message).toMatch(/^e\.yaml:\d+:\d+: /);
  });

  it("more files than a process may open, where the memory is enough", () => {
    const text = "server_name: example.org\npgbouncer: {settings: {max_client_conn: 2000000}}\n";
    expect(refusalOf(text, machine(1024 * 1024, 16))).toMatch(/ I7 .*pgbouncer needs 2000\d+ files > nofile 1048576/);
  });

  it("is not refused for anything else in the file", () => {
    expect(refusalOf("server_name: example.org\n")).toBe("no refusal");
  });
});
