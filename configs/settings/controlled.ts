import type { Rule } from "./rule";

const fixed = (key: string, why: string): Rule => ({ key, message: `the kit sets \`${key}\`: ${why}` });
const typed = (key: string, own: string): Rule => ({ key, message: `\`${key}\` has a key of its own: use \`${own}\`` });
const secret = (key: string, path: string): Rule => ({
  key,
  message: `Synapse is to take no secret from its configuration: write \`${path}: {secret_file: FILE}\`, with the secret in FILE`,
});
const each = (keys: readonly string[], make: (key: string) => Rule): readonly Rule[] => keys.map(make);

const WORKERS = "`synapse.workers` decides which process does what";
const LAYOUT = "the containers are laid out for it, remove it";
const GENERATED = "the secret is generated and kept by the kit, remove it";

/** `rc_federation` is missing: its five numbers are no rate with a burst, which is all that `rate_limits` can say. */
const RATE_LIMITS = each(
  [
    "rc_3pid_validation",
    "rc_admin_redaction",
    "rc_delayed_event_mgmt",
    "rc_invites",
    "rc_joins",
    "rc_joins_per_room",
    "rc_key_requests",
    "rc_login",
    "rc_media_create",
    "rc_message",
    "rc_presence",
    "rc_profile",
    "rc_registration",
    "rc_registration_token_validity",
    "rc_reports",
    "rc_room_creation",
    "rc_third_party_invite",
    "rc_user_directory",
  ],
  (key) => typed(key, "synapse.rate_limits"),
);

/** Keys of homeserver.yaml that the kit writes itself. */
export const CONTROLLED_SYNAPSE: readonly Rule[] = [
  fixed("server_name", "use the environment's `server_name`"),
  fixed("public_baseurl", "use the environment's `public_baseurl`"),
  typed("report_stats", "synapse.report_stats"),
  typed("presence", "synapse.presence"),
  typed("max_upload_size", "synapse.max_upload_size"),
  typed("url_preview_enabled", "synapse.url_previews"),
  ...each(
    [
      "enable_registration",
      "enable_registration_without_verification",
      "registration_requires_token",
      "disable_registration",
    ],
    (key) => typed(key, "synapse.registration"),
  ),
  typed("federation_domain_whitelist", "synapse.federation_domain_whitelist"),
  ...RATE_LIMITS,
  typed("sentry", "synapse.sentry_dsn"),
  typed("caches.global_factor", "synapse.global_cache_factor"),
  fixed("caches.cache_autotuning", "it is each process's share of the memory budget, remove it"),
  fixed("event_cache_size", "it is reckoned with the memory budget, use `synapse.global_cache_factor`"),
  ...each(["listeners", "worker_listeners", "instance_map", "media_store_path", "pid_file", "daemonize"], (key) =>
    fixed(key, LAYOUT),
  ),
  ...each(["database", "databases"], (key) =>
    fixed(key, "Postgres and PgBouncer come from `postgres` and `pgbouncer`, the pools from `synapse.cp_max`"),
  ),
  fixed("redis", "Redis comes from `redis`, remove it"),
  ...each(
    [
      "stream_writers",
      "enable_media_repo",
      "media_instance_running_background_jobs",
      "run_background_tasks_on",
      "notify_appservices_from_worker",
      "update_user_directory_from_worker",
      "federation_sender_instances",
      "pusher_instances",
      "outbound_federation_restricted_to",
    ],
    (key) => fixed(key, WORKERS),
  ),
  fixed("log_config", "use `synapse.log_level`"),
  ...each(
    [
      "signing_key",
      "signing_key_path",
      "macaroon_secret_key",
      "macaroon_secret_key_path",
      "form_secret",
      "form_secret_path",
      "registration_shared_secret",
      "registration_shared_secret_path",
      "worker_replication_secret",
      "worker_replication_secret_path",
    ],
    (key) => fixed(key, GENERATED),
  ),
  { key: "worker_*", message: "the kit writes the `worker_*` keys of each process: remove it" },
  fixed("enable_metrics", "every process has a metrics listener inside the network, remove it"),
  fixed("serve_server_wellknown", "Nginx serves it from `public_baseurl`, remove it"),
  fixed("soft_file_limit", "the containers' limits are reckoned with the connections, remove it"),
  fixed("request_id_header", "it is part of the listeners, remove it"),
  ...each(["manhole", "manhole_settings"], (key) =>
    fixed(key, "a Python shell over the network stays shut, remove it"),
  ),
  ...each(["tls_certificate_path", "tls_private_key_path"], (key) =>
    fixed(key, "TLS ends at the proxy before the kit, remove it"),
  ),
  secret("turn_shared_secret", "turn_shared_secret_path"),
  secret("recaptcha_private_key", "recaptcha_private_key_path"),
  secret("recaptcha_public_key", "recaptcha_public_key_path"),
  secret("oidc_providers.*.client_secret", "client_secret_path"),
  secret("oidc_providers.*.client_secret_jwt_key.key", "key_file"),
  secret("matrix_authentication_service.secret", "secret_path"),
];

/** Parameters of Postgres that the kit writes itself. */
export const CONTROLLED_POSTGRES: readonly Rule[] = [
  ...each(
    [
      "listen_addresses",
      "port",
      "hba_file",
      "ident_file",
      "config_file",
      "data_directory",
      "external_pid_file",
      "unix_socket_directories",
      "unix_socket_group",
      "unix_socket_permissions",
      "dynamic_shared_memory_type",
      "shared_memory_type",
      "bonjour",
      "bonjour_name",
      "cluster_name",
    ],
    (key) => fixed(key, LAYOUT),
  ),
  { key: "ssl", message: "the kit sets `ssl`: Postgres is reached inside the machine's own network alone, remove it" },
  { key: "ssl_*", message: "Postgres is reached inside the machine's own network alone, without TLS: remove it" },
  fixed("shared_preload_libraries", "`pg_stat_statements` is loaded, remove it"),
  ...each(
    [
      "logging_collector",
      "log_destination",
      "log_directory",
      "log_filename",
      "log_file_mode",
      "log_line_prefix",
      "log_rotation_age",
      "log_rotation_size",
      "log_truncate_on_rotation",
    ],
    (key) => fixed(key, "Docker keeps the log, remove it"),
  ),
  ...each(["syslog_*", "event_source"], (key) => ({ key, message: "Docker keeps the log: remove it" })),
  fixed("password_encryption", "PgBouncer logs in with `scram-sha-256`, remove it"),
  typed("shared_buffers", "postgres.shared_buffers"),
  typed("work_mem", "postgres.work_mem"),
  typed("maintenance_work_mem", "postgres.maintenance_work_mem"),
  typed("max_connections", "postgres.max_connections"),
  typed("max_wal_size", "postgres.max_wal_size"),
  typed("synchronous_commit", "postgres.synchronous_commit"),
];

/** Keys of `[pgbouncer]` that the kit writes itself. */
export const CONTROLLED_PGBOUNCER: readonly Rule[] = [
  ...each(
    [
      "listen_addr",
      "listen_port",
      "unix_socket_dir",
      "unix_socket_mode",
      "unix_socket_group",
      "pidfile",
      "user",
      "databases",
      "users",
      "peers",
      "job_name",
      "service_name",
      "resolv_conf",
    ],
    (key) => fixed(key, LAYOUT),
  ),
  ...each(["logfile", "syslog", "syslog_facility", "syslog_ident"], (key) =>
    fixed(key, "Docker keeps the log, remove it"),
  ),
  { key: "auth_*", message: "the kit writes the logins of PgBouncer (`scram-sha-256`): remove it" },
  ...each(["client_tls_*", "client_tls13_*", "server_tls_*", "server_tls13_*"], (key) => ({
    key,
    message: "PgBouncer is reached inside the machine's own network alone, without TLS: remove it",
  })),
  fixed("pool_mode", "each database has its own, `transaction` for workers and `session` for main, remove it"),
  fixed("ignore_startup_parameters", "the list closes CVE-2026-107349, remove it"),
  typed("default_pool_size", "pgbouncer.pool_size"),
];

/** Directives of Redis and Valkey that the kit writes itself. */
export const CONTROLLED_REDIS: readonly Rule[] = [
  ...each(
    [
      "bind",
      "bind-source-addr",
      "port",
      "dir",
      "protected-mode",
      "daemonize",
      "supervised",
      "pidfile",
      "unixsocket",
      "unixsocketperm",
      "unixsocketgroup",
    ],
    (key) => fixed(key, LAYOUT),
  ),
  ...each(["include", "rename-command"], (key) => fixed(key, "the file is written whole, remove it")),
  ...each(["requirepass", "masterauth", "masteruser", "primaryauth", "primaryuser"], (key) => fixed(key, GENERATED)),
  ...each(["user", "aclfile", "acl-pubsub-default"], (key) =>
    fixed(key, "Synapse is the only user and logs in with the generated password, remove it"),
  ),
  { key: "tls-*", message: "Redis is reached inside the machine's own network alone, without TLS: remove it" },
  fixed("appendonly", "nothing of worth is kept in Redis, remove it"),
  ...each(["logfile", "syslog-enabled", "syslog-ident", "syslog-facility"], (key) =>
    fixed(key, "Docker keeps the log, remove it"),
  ),
  ...each(["enable-debug-command", "enable-module-command", "enable-protected-configs"], (key) =>
    fixed(key, "dangerous commands stay shut, remove it"),
  ),
  typed("maxmemory", "redis.maxmemory"),
];

/** Directives of Nginx that the kit writes itself. */
export const CONTROLLED_NGINX: readonly Rule[] = [
  ...each(["upstream", "server", "map", "location", "geo", "split_clients", "include", "types", "charset_map"], (key) =>
    fixed(key, "the routes follow from the workers, remove it"),
  ),
  ...each(["listen", "server_name", "root", "index", "default_type"], (key) => fixed(key, LAYOUT)),
  ...each(["log_format", "access_log", "error_log"], (key) =>
    fixed(key, "the log goes to Docker without access tokens, remove it"),
  ),
  ...each(["pid", "user", "daemon", "load_module", "events", "http"], (key) => fixed(key, LAYOUT)),
  ...each(["worker_processes", "worker_connections", "worker_rlimit_nofile", "worker_shutdown_timeout"], (key) =>
    fixed(key, "it follows from the hardware, remove it"),
  ),
  { key: "*_temp_path", message: "only /tmp can be written to in Nginx's container: remove it" },
  fixed("proxy_set_header", "Synapse trusts these headers, remove it"),
  fixed("proxy_http_version", "connections to the workers are kept open with 1.1, remove it"),
  ...each(["proxy_pass_request_headers", "proxy_pass_request_body", "proxy_method", "proxy_set_body"], (key) =>
    fixed(key, "Synapse needs the requests as they are, remove it"),
  ),
  typed("client_max_body_size", "synapse.max_upload_size"),
  ...each(["allow", "deny"], (key) => typed(key, "nginx.admin_api_from")),
];
