import { checkSettings, type PassThrough } from "../../configs/settings/check";
import { POSTGRES_PARAMETERS } from "../../configs/settings/known-postgres";

type Section = keyof PassThrough;
type Row = readonly [
  section: Section,
  settings: Readonly<Record<string, unknown>>,
  messages: Readonly<Record<string, string>>,
  gate?: object,
];

const passThrough = (section: Section, settings: Readonly<Record<string, unknown>>, gate: object = {}): PassThrough => {
  const nothing: PassThrough = {
    postgres: { version: 17, settings: {} },
    pgbouncer: { version: "1.26.1", settings: {} },
    redis: { flavour: "redis", version: "8.0.6", settings: {} },
    synapse: { settings: {} },
    nginx: { version: "1.30.6", settings: {} },
  };
  return { ...nothing, [section]: { ...nothing[section], ...gate, settings } };
};

/** Key below `settings`, joined by dots, and its message. */
const messagesOf = (settings: PassThrough): Record<string, string> =>
  Object.fromEntries(checkSettings(settings).map(({ path, message }) => [path.slice(2).join("."), message]));

const REFUSED: readonly Row[] = [
  [
    "synapse",
    { email: { smtp_pass: "x" }, modules: [{ module: "a", config: { bind_password: "x" } }] },
    {
      "email.smtp_pass":
        "a secret stays out of this file: write `smtp_pass: {secret_file: FILE}`, with the secret in FILE",
      "modules.0.config.bind_password":
        "a secret stays out of this file: write `bind_password: {secret_file: FILE}`, with the secret in FILE",
    },
  ],
  [
    "synapse",
    { email: { smtp_pass: { secret_file: "$(x)" } }, password_config: { pepper: { secret_file: "a", more: 1 } } },
    {
      "email.smtp_pass":
        '`secret_file`: expected a path of letters, digits, `.`, `_`, `-` and `/`, relative to this file, got "$(x)"',
      "password_config.pepper": "`secret_file` stands alone, and here with more",
    },
  ],
  [
    "synapse",
    { sentry: { traces_sample_rate: 0.01 } },
    {
      "sentry.traces_sample_rate":
        "Synapse never had `sentry.traces_sample_rate`: remove it, only errors are sent to Sentry",
      sentry: "`sentry` has a key of its own: use `synapse.sentry_dsn`",
    },
  ],
  [
    "synapse",
    { experimental_features: { faster_joins: true } },
    {
      "experimental_features.faster_joins":
        "`faster_joins` is on for good since Synapse 1.85, which removed the flag: remove it",
    },
  ],
  [
    "synapse",
    { experimental_features: { msc3266_enabled: true } },
    {
      "experimental_features.msc3266_enabled":
        "room summaries are on for good since Synapse 1.153, which removed `msc3266_enabled`: remove it",
    },
  ],
  [
    "synapse",
    { experimental_features: { msc3861: { enabled: true } } },
    {
      "experimental_features.msc3861":
        "Synapse refuses `msc3861` since 1.157: use the top-level `matrix_authentication_service`",
    },
  ],
  [
    "synapse",
    { state_resolution: { max_events_per_room: 100 } },
    { "state_resolution.max_events_per_room": "Synapse never had `state_resolution.max_events_per_room`: remove it" },
  ],
  [
    "synapse",
    { background_task_scheduler: { min_batch_size: 10, max_batch_size: 100 } },
    {
      "background_task_scheduler.min_batch_size":
        "Synapse never had `background_task_scheduler`: use `background_updates.min_batch_size`",
      "background_task_scheduler.max_batch_size":
        "Synapse never had `background_task_scheduler`, and batches have no maximum: use `background_updates.background_update_duration_ms`",
    },
  ],
  [
    "synapse",
    { federation_client_compression: true },
    {
      federation_client_compression:
        "Synapse never had `federation_client_compression`: remove it, Nginx compresses what is sent",
    },
  ],
  [
    "synapse",
    { background_updates: { batch_size: 100, sleep_duration_ms: 100 } },
    {
      "background_updates.batch_size":
        "Synapse has no `background_updates.batch_size`: use `background_updates.default_batch_size`",
    },
  ],
  [
    "synapse",
    { background_updates: { max_batch_size: 5 } },
    {
      "background_updates.max_batch_size":
        "Synapse has no `background_updates.max_batch_size`: use `background_updates.background_update_duration_ms`",
    },
  ],
  [
    "synapse",
    { metrics_port: 9090 },
    {
      metrics_port:
        "`metrics_port` is deprecated and ignored by workers: remove it, every process has a metrics listener",
    },
  ],
  [
    "synapse",
    { run_background_tasks: true },
    {
      run_background_tasks:
        "Synapse never had `run_background_tasks`: remove it, `synapse.workers` decides who runs them",
    },
  ],
  [
    "synapse",
    { caches: { per_cache_factors: { get_event: 2, getevent: 2 } } },
    { "caches.per_cache_factors.get_event": "Synapse has no cache named `get_event`: use `getevent`" },
  ],
  [
    "synapse",
    { caches: { event_cache_size: "10K" } },
    {
      "caches.event_cache_size":
        "`event_cache_size` is ignored inside `caches`, and the memory budget sets the real one: remove it",
    },
  ],
  [
    "synapse",
    { worker_replication_host: "x" },
    { worker_replication_host: "Synapse refuses `worker_replication_host`: remove it, `instance_map` replaced it" },
  ],
  [
    "synapse",
    { enable_group_creation: true },
    { enable_group_creation: "Synapse removed groups with `enable_group_creation`: use spaces" },
  ],
  [
    "synapse",
    { acme: { enabled: true } },
    { acme: "Synapse removed `acme`: the proxy before Nginx fetches the certificates" },
  ],
  ["synapse", { web_client: true }, { web_client: "Synapse removed `web_client`: host a client of its own" }],
  ["synapse", { use_presence: false }, { use_presence: "`use_presence` is the old name: use `synapse.presence`" }],
  [
    "synapse",
    { SYNAPSE_CACHE_FACTOR: 2 },
    { SYNAPSE_CACHE_FACTOR: "`SYNAPSE_CACHE_FACTOR` is an environment variable: use `synapse.global_cache_factor`" },
  ],
  [
    "synapse",
    { database: { statement_timeout: null } },
    {
      "database.statement_timeout": "`statement_timeout: null` breaks Synapse's index builds: remove it",
      database:
        "the kit sets `database`: Postgres and PgBouncer come from `postgres` and `pgbouncer`, the pools from `synapse.cp_max`",
    },
  ],
  // By hand a writer could be left out of the map, and the media repository without its flag.
  [
    "synapse",
    {
      stream_writers: { typing: ["a", "b"] },
      instance_map: {},
      enable_media_repo: false,
      run_background_tasks_on: "a",
    },
    {
      ...Object.fromEntries(
        ["stream_writers", "enable_media_repo", "run_background_tasks_on"].map((key) => [
          key,
          `the kit sets \`${key}\`: \`synapse.workers\` decides which process does what`,
        ]),
      ),
      instance_map: "the kit sets `instance_map`: the containers are laid out for it, remove it",
    },
  ],
  [
    "synapse",
    { listeners: [] },
    { listeners: "the kit sets `listeners`: the containers are laid out for it, remove it" },
  ],
  ["synapse", { presence: { enabled: true } }, { presence: "`presence` has a key of its own: use `synapse.presence`" }],
  [
    "synapse",
    { rc_message: { per_second: 1 } },
    { rc_message: "`rc_message` has a key of its own: use `synapse.rate_limits`" },
  ],
  [
    "synapse",
    { macaroon_secret_key: "x" },
    {
      macaroon_secret_key: "the kit sets `macaroon_secret_key`: the secret is generated and kept by the kit, remove it",
    },
  ],
  [
    "synapse",
    { turn_shared_secret: "x" },
    {
      turn_shared_secret:
        "Synapse is to take no secret from its configuration: write `turn_shared_secret_path: {secret_file: FILE}`, with the secret in FILE",
    },
  ],
  [
    "synapse",
    { oidc_providers: [{ idp_id: "a", client_secret: "x" }] },
    {
      "oidc_providers.0.client_secret":
        "Synapse is to take no secret from its configuration: write `client_secret_path: {secret_file: FILE}`, with the secret in FILE",
    },
  ],
  ["synapse", { worker_name: "x" }, { worker_name: "the kit writes the `worker_*` keys of each process: remove it" }],
  [
    "synapse",
    { caches: { global_factor: 2 } },
    { "caches.global_factor": "`caches.global_factor` has a key of its own: use `synapse.global_cache_factor`" },
  ],
  [
    "synapse",
    { caches: { cache_autotuning: {} } },
    {
      "caches.cache_autotuning":
        "the kit sets `caches.cache_autotuning`: it is each process's share of the memory budget, remove it",
    },
  ],
  [
    "synapse",
    { event_cache_size: "100K" },
    {
      event_cache_size:
        "the kit sets `event_cache_size`: it is reckoned with the memory budget, use `synapse.global_cache_factor`",
    },
  ],
  [
    "synapse",
    { pusher_instances: ["a"] },
    { pusher_instances: "the kit sets `pusher_instances`: `synapse.workers` decides which process does what" },
  ],
  [
    "synapse",
    { registration_requires_token: true },
    { registration_requires_token: "`registration_requires_token` has a key of its own: use `synapse.registration`" },
  ],
  [
    "synapse",
    { rc_mesage: 1 },
    { rc_mesage: "Synapse would ignore `rc_mesage`, which it does not know: did you mean `rc_message`?" },
  ],
  [
    "synapse",
    { retention: { enable: true } },
    {
      "retention.enable":
        "Synapse would ignore `retention.enable`, which it does not know: did you mean `retention.enabled`?",
    },
  ],
  [
    "synapse",
    { experimental_features: { msc9999_enabled: true } },
    {
      "experimental_features.msc9999_enabled":
        "Synapse would ignore `experimental_features.msc9999_enabled`, which it does not know: remove it",
    },
  ],
  ["synapse", { retention: true }, { retention: "`retention`: expected a section, got true" }],
  ["synapse", { zzz: 1 }, { zzz: "Synapse would ignore `zzz`, which it does not know: remove it" }],
  [
    "postgres",
    { checkpoint_segments: 32 },
    { checkpoint_segments: "Postgres removed `checkpoint_segments` in 9.5: use `postgres.max_wal_size`" },
  ],
  [
    "postgres",
    { old_snapshot_threshold: "1h" },
    {
      old_snapshot_threshold:
        "Postgres removed `old_snapshot_threshold` in 17: use `idle_in_transaction_session_timeout`",
    },
  ],
  [
    "postgres",
    { vacuum_defer_cleanup_age: 1 },
    { vacuum_defer_cleanup_age: "Postgres removed `vacuum_defer_cleanup_age` in 16: remove it" },
  ],
  [
    "postgres",
    { wal_keep_segments: 1 },
    { wal_keep_segments: "Postgres removed `wal_keep_segments` in 13: use `wal_keep_size`" },
  ],
  [
    "postgres",
    { io_workers: 4 },
    { io_workers: "Postgres has `io_workers` since 18: set `postgres.version: 18` or remove it" },
  ],
  [
    "postgres",
    { io_method: "io_uring" },
    { io_method: "`io_uring` is blocked by Docker's default seccomp profile: use `worker`" },
    { version: 18 },
  ],
  [
    "postgres",
    { transaction_timeout: "1min" },
    { transaction_timeout: "Postgres has `transaction_timeout` since 17: set `postgres.version: 17` or remove it" },
    { version: 16 },
  ],
  [
    "postgres",
    { autovacuum_freeze_max_age: 200000000 },
    { autovacuum_freeze_max_age: "`autovacuum_freeze_max_age` is 200000000 by default: remove it" },
  ],
  ["postgres", { jit: "on" }, { jit: "`jit` has a key of its own: use `postgres.jit`" }],
  ["postgres", { huge_pages: "try" }, { huge_pages: "`huge_pages` has a key of its own: use `postgres.huge_pages`" }],
  [
    "postgres",
    { wal_compression: "lz4" },
    {
      wal_compression:
        "the kit takes lz4 where the image is known to have it: remove `wal_compression`, or use `wal_compression: pglz`",
    },
  ],
  [
    "postgres",
    { fsync: false },
    { fsync: "`fsync` off loses the whole database in a crash: use `postgres.synchronous_commit: false`" },
  ],
  [
    "postgres",
    { shared_buffers: "1GB" },
    { shared_buffers: "`shared_buffers` has a key of its own: use `postgres.shared_buffers`" },
  ],
  [
    "postgres",
    { listen_addresses: "*" },
    { listen_addresses: "the kit sets `listen_addresses`: the containers are laid out for it, remove it" },
  ],
  [
    "postgres",
    { ssl_cert_file: "x" },
    { ssl_cert_file: "Postgres is reached inside the machine's own network alone, without TLS: remove it" },
  ],
  [
    "postgres",
    { log_line_prefix: "x" },
    { log_line_prefix: "the kit sets `log_line_prefix`: Docker keeps the log, remove it" },
  ],
  [
    "postgres",
    { shared_preload_libraries: "x" },
    { shared_preload_libraries: "the kit sets `shared_preload_libraries`: `pg_stat_statements` is loaded, remove it" },
  ],
  [
    "postgres",
    { random_page_csot: 1.1 },
    { random_page_csot: "Postgres 17 does not know `random_page_csot`: did you mean `random_page_cost`?" },
  ],
  [
    "postgres",
    { effective_cache_size: "128M" },
    { effective_cache_size: "`effective_cache_size`: unit must be one of kB, MB, GB, TB" },
  ],
  ["postgres", { random_page_cost: "fast" }, { random_page_cost: '`random_page_cost`: expected a number, got "fast"' }],
  ["postgres", { io_workers: 50 }, { io_workers: "`io_workers`: must be between 1 and 32, got 50" }, { version: 18 }],
  [
    "postgres",
    { track_functions: "some" },
    { track_functions: '`track_functions`: must be one of none, pl, all, got "some"' },
  ],
  ["postgres", { log_checkpoints: "maybe" }, { log_checkpoints: '`log_checkpoints`: expected on or off, got "maybe"' }],
  [
    "postgres",
    { deadlock_timeout: "5sec" },
    { deadlock_timeout: "`deadlock_timeout`: unit must be one of us, ms, s, min, h, d" },
  ],
  ["postgres", { max_worker_processes: "8MB" }, { max_worker_processes: "`max_worker_processes`: takes no unit" }],
  [
    "postgres",
    { autovacuum_max_workers: 2.5 },
    { autovacuum_max_workers: "`autovacuum_max_workers`: expected a whole number, got 2.5" },
  ],
  [
    "postgres",
    { application_name: ["a"] },
    { application_name: "`application_name`: expected a text, a number or a switch" },
  ],
  ["postgres", { temp_buffers: "x\ny" }, { temp_buffers: "`temp_buffers`: has to be one line of printable text" }],
  [
    "pgbouncer",
    { server_reset_query_always: 1 },
    {
      server_reset_query_always:
        "`server_reset_query_always` wipes the sessions of transaction pools at every turn: remove it",
    },
  ],
  [
    "pgbouncer",
    { pool_mode: "statement" },
    { pool_mode: "`pool_mode: statement` refuses transactions, which Synapse needs: remove it" },
  ],
  [
    "pgbouncer",
    { default_pool_size: 0 },
    { default_pool_size: "`default_pool_size: 0` means without limit since 1.24: use `pgbouncer.pool_size`" },
  ],
  [
    "pgbouncer",
    { min_pool_size: -1 },
    { min_pool_size: "PgBouncer ignores a negative `min_pool_size`: set 0 or more" },
  ],
  [
    "pgbouncer",
    { auth_type: "trust" },
    { auth_type: "this `auth_type` lets everybody in: remove it, the kit uses `scram-sha-256`" },
  ],
  [
    "pgbouncer",
    { pool_mode: "session" },
    {
      pool_mode:
        "the kit sets `pool_mode`: each database has its own, `transaction` for workers and `session` for main, remove it",
    },
  ],
  [
    "pgbouncer",
    { default_pool_size: 20 },
    { default_pool_size: "`default_pool_size` has a key of its own: use `pgbouncer.pool_size`" },
  ],
  [
    "pgbouncer",
    { listen_port: 1 },
    { listen_port: "the kit sets `listen_port`: the containers are laid out for it, remove it" },
  ],
  [
    "pgbouncer",
    { auth_file: "x" },
    { auth_file: "the kit writes the logins of PgBouncer (`scram-sha-256`): remove it" },
  ],
  [
    "pgbouncer",
    { server_idle_timeot: 1 },
    { server_idle_timeot: "PgBouncer does not know `server_idle_timeot`: did you mean `server_idle_timeout`?" },
  ],
  [
    "pgbouncer",
    { query_wait_timeout: "60s", listen_backlog: -1, log_stats: "on", tcp_keepalive: true, server_check_delay: 0.5 },
    {
      query_wait_timeout: '`query_wait_timeout`: expected a number of seconds, 0 or above, got "60s"',
      listen_backlog: "`listen_backlog`: expected a whole number, 0 or above, got -1",
      log_stats: '`log_stats`: expected a whole number, 0 or above, got "on"',
    },
  ],
  ["pgbouncer", { zzz: 1 }, { zzz: "PgBouncer does not know `zzz`: remove it" }],
  [
    "redis",
    { dbfilename: "" },
    { dbfilename: "an empty `dbfilename` keeps Redis from shutting down: remove it, nothing is saved" },
  ],
  [
    "redis",
    { loadmodule: "x.so" },
    { loadmodule: "Synapse uses no modules, and a missing one keeps Redis from starting: remove `loadmodule`" },
  ],
  [
    "redis",
    { "io-threads-do-reads": true },
    { "io-threads-do-reads": "Redis ignores `io-threads-do-reads` since 8: remove it, `io-threads` includes reads" },
  ],
  [
    "redis",
    { "io-threads-do-reads": true },
    { "io-threads-do-reads": "Valkey ignores `io-threads-do-reads` since 8: remove it" },
    { flavour: "valkey" },
  ],
  [
    "redis",
    { "vm-enabled": "no" },
    { "vm-enabled": "Redis removed virtual memory and `vm-enabled` in 2.6: use `redis.maxmemory`" },
  ],
  [
    "redis",
    { save: "900 1" },
    { save: "persistence is off on purpose, Synapse keeps nothing of worth in Redis: remove `save`" },
  ],
  [
    "redis",
    { rdbcompression: false },
    { rdbcompression: "nothing is saved, so `rdbcompression` has no effect: remove it" },
  ],
  [
    "redis",
    { slaveof: "a 1" },
    { slaveof: "`slaveof` makes a copy that cannot be written to: remove it, the kit runs one server" },
  ],
  ["redis", { maxmemory: "1gb" }, { maxmemory: "`maxmemory` has a key of its own: use `redis.maxmemory`" }],
  [
    "redis",
    { requirepass: "x" },
    { requirepass: "the kit sets `requirepass`: the secret is generated and kept by the kit, remove it" },
  ],
  ["redis", { bind: "x" }, { bind: "the kit sets `bind`: the containers are laid out for it, remove it" }],
  [
    "redis",
    { maxmemory_policy: "allkeys-lru" },
    { maxmemory_policy: "Redis does not know `maxmemory_policy`: did you mean `maxmemory-policy`?" },
  ],
  [
    "redis",
    { "commandlog-request-larger-than": 1 },
    { "commandlog-request-larger-than": "Redis does not know `commandlog-request-larger-than`: remove it" },
  ],
  [
    "redis",
    { "tcp-keepalve": 1 },
    { "tcp-keepalve": "Redis does not know `tcp-keepalve`: did you mean `tcp-keepalive`?" },
  ],
  ["nginx", { ssl: "on" }, { ssl: "Nginx removed `ssl on` in 1.25: remove it, TLS ends at the proxy before the kit" }],
  ["nginx", { spdy_headers_comp: 1 }, { spdy_headers_comp: "Nginx removed SPDY in 1.9.5: remove it" }],
  ["nginx", { http2_push_preload: "on" }, { http2_push_preload: "Nginx removed HTTP/2 push in 1.25.1: remove it" }],
  ["nginx", { brotli: "on" }, { brotli: "the official Nginx has no Brotli module: use `gzip`" }],
  ["nginx", { zstd: "on" }, { zstd: "the official Nginx has no Zstandard module: use `gzip`" }],
  [
    "nginx",
    { proxy_pass: "x" },
    { proxy_pass: "`proxy_pass` belongs to a location, and the kit writes the routes: remove it" },
  ],
  [
    "nginx",
    { ssl_stapling: "on" },
    { ssl_stapling: "Let's Encrypt ended OCSP, and TLS ends at the proxy before the kit: remove it" },
  ],
  [
    "nginx",
    { client_body_buffer_size: "4m" },
    { client_body_buffer_size: "each request may take a buffer of this size: set 1m or less" },
  ],
  [
    "nginx",
    { proxy_request_buffering: "on" },
    { proxy_request_buffering: "buffered bodies would land in the memory of Nginx's container: remove it" },
  ],
  ["nginx", { upstream: "x" }, { upstream: "the kit sets `upstream`: the routes follow from the workers, remove it" }],
  [
    "nginx",
    { client_max_body_size: "1g" },
    { client_max_body_size: "`client_max_body_size` has a key of its own: use `synapse.max_upload_size`" },
  ],
  [
    "nginx",
    { proxy_temp_path: "/x" },
    { proxy_temp_path: "only /tmp can be written to in Nginx's container: remove it" },
  ],
  [
    "nginx",
    { log_format: "x" },
    { log_format: "the kit sets `log_format`: the log goes to Docker without access tokens, remove it" },
  ],
  [
    "nginx",
    { keepalive_timeot: 1 },
    { keepalive_timeot: "Nginx does not know `keepalive_timeot`: did you mean `keepalive_timeout`?" },
  ],
  [
    "nginx",
    { gzip_types: "text/css; root /" },
    { gzip_types: "one directive alone: `;`, `{` and `}` have to stand in quotes" },
  ],
  [
    "nginx",
    { worker_processes: 4 },
    { worker_processes: "the kit sets `worker_processes`: it follows from the hardware, remove it" },
  ],
];

for (const [section, settings, messages, gate] of REFUSED) {
  test(`${section} ${JSON.stringify(settings)} ${JSON.stringify(gate ?? "")} is refused`, () => {
    expect(messagesOf(passThrough(section, settings, gate))).toEqual(messages);
  });
}

const TAKEN: readonly (readonly [section: Section, settings: Readonly<Record<string, unknown>>, gate?: object])[] = [
  ["postgres", { log_min_duration_statement: "2s", random_page_cost: 1.1, effective_cache_size: "1.5GB" }],
  ["postgres", { autovacuum_work_mem: -1, "pg_stat_statements.max": 10000, wal_compression: "pglz", autovacuum: true }],
  ["postgres", { "auto_explain.log_min_duration": "500ms", constraint_exclusion: false }],
  ["postgres", { io_workers: 4, io_method: "sync", transaction_timeout: "1min" }, { version: 18 }],
  ["postgres", { old_snapshot_threshold: "1h" }, { version: 16 }],
  ["pgbouncer", { server_idle_timeout: 300, reserve_pool_size: 0, admin_users: "postgres", stats_users: "exporter" }],
  ["redis", { hz: 20, "maxmemory-policy": "allkeys-lfu", "client-output-buffer-limit": "pubsub 32mb 8mb 60" }],
  ["redis", { "commandlog-request-larger-than": 1048576 }, { flavour: "valkey", version: "9.1.2" }],
  [
    "synapse",
    {
      retention: { enabled: true, default_policy: { max_lifetime: "1y" }, purge_jobs: [{ interval: "1d" }] },
      caches: { per_cache_factors: { getevent: 2 }, expire_caches: true },
      experimental_features: { msc3575_enabled: true },
      rc_federation: { window_size: 1000 },
      oidc_providers: [{ idp_id: "sso", issuer: "https://sso.example.com", client_secret_path: "/data/oidc" }],
      turn_uris: ["turn:turn.example.com"],
      turn_shared_secret_path: "/data/turn",
      modules: [{ module: "a.Module", config: { anything: 1 } }],
      email: null,
    },
  ],
  ["nginx", { keepalive_timeout: "61s", gzip: true, add_header: 'X-Robots-Tag "noindex; nofollow"' }],
  ["nginx", { client_body_buffer_size: "1m", limit_req_zone: "$binary_remote_addr zone=all:10m rate=50r/s" }],
];

for (const [section, settings, gate] of TAKEN) {
  test(`${section} ${JSON.stringify(settings)} is taken`, () => {
    expect(messagesOf(passThrough(section, settings, gate))).toEqual({});
  });
}

test("paths begin at the environment and keep list positions as numbers", () => {
  const [problem] = checkSettings(passThrough("synapse", { oidc_providers: [{}, { client_secret: "x" }] }));
  expect(problem?.path).toEqual(["synapse", "settings", "oidc_providers", 1, "client_secret"]);
});

test("names of objects themselves are no settings", () => {
  expect(messagesOf(passThrough("postgres", { constructor: 1 }))).toEqual({
    constructor: "Postgres 17 does not know `constructor`: remove it",
  });
});

test("every description of a Postgres parameter has a type that is checked", () => {
  const specs = Object.values(POSTGRES_PARAMETERS)
    .flat()
    .filter((spec) => spec !== null);
  for (const spec of specs) {
    expect(spec).toMatch(/^(bool|string|enum( \S*)+|(int|real) (-|B|kB|8kB|MB|ms|s|min) \S+ \S+)$/);
  }
});
