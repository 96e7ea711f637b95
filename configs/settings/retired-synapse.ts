import type { Rule } from "./rule";

/** Settings of homeserver.yaml from old guides, judged with the parser of Synapse 1.163.2. */
export const RETIRED_SYNAPSE: readonly Rule[] = [
  {
    key: "sentry.traces_sample_rate",
    message: "Synapse never had `sentry.traces_sample_rate`: remove it, only errors are sent to Sentry",
  },
  {
    key: "experimental_features.faster_joins",
    message: "`faster_joins` is on for good since Synapse 1.85, which removed the flag: remove it",
  },
  {
    key: "experimental_features.faster_joins_enabled",
    message: "`faster_joins` is on for good since Synapse 1.85, which removed the flag: remove it",
  },
  {
    key: "experimental_features.msc3266_enabled",
    message: "room summaries are on for good since Synapse 1.153, which removed `msc3266_enabled`: remove it",
  },
  {
    key: "experimental_features.msc3861",
    message: "Synapse refuses `msc3861` since 1.157: use the top-level `matrix_authentication_service`",
  },
  {
    key: "experimental_features.msc3967_enabled",
    message: "Synapse no longer has `msc3967_enabled`, its behaviour is the rule: remove it",
  },
  {
    key: "experimental_features.msc2716_enabled",
    message: "Synapse removed history import with `msc2716_enabled`: remove it",
  },
  {
    key: "experimental_features.spaces_enabled",
    message: "spaces are on for good, Synapse no longer has `spaces_enabled`: remove it",
  },
  {
    key: "state_resolution.max_events_per_room",
    message: "Synapse never had `state_resolution.max_events_per_room`: remove it",
  },
  { key: "state_resolution.*", message: "Synapse never had `state_resolution`: remove it" },
  {
    key: "background_task_scheduler.min_batch_size",
    message: "Synapse never had `background_task_scheduler`: use `background_updates.min_batch_size`",
  },
  {
    key: "background_task_scheduler.max_batch_size",
    message:
      "Synapse never had `background_task_scheduler`, and batches have no maximum: use `background_updates.background_update_duration_ms`",
  },
  {
    key: "background_task_scheduler.*",
    message: "Synapse never had `background_task_scheduler`: use `background_updates`",
  },
  {
    key: "federation_client_compression",
    message: "Synapse never had `federation_client_compression`: remove it, Nginx compresses what is sent",
  },
  {
    key: "background_updates.batch_size",
    message: "Synapse has no `background_updates.batch_size`: use `background_updates.default_batch_size`",
  },
  {
    key: "background_updates.max_batch_size",
    message:
      "Synapse has no `background_updates.max_batch_size`: use `background_updates.background_update_duration_ms`",
  },
  {
    key: "metrics_port",
    message: "`metrics_port` is deprecated and ignored by workers: remove it, every process has a metrics listener",
  },
  {
    key: "metrics_bind_host",
    message: "`metrics_bind_host` goes with the deprecated `metrics_port`: remove it",
  },
  {
    key: "run_background_tasks",
    message: "Synapse never had `run_background_tasks`: remove it, `synapse.workers` decides who runs them",
  },
  {
    key: "caches.per_cache_factors.get_event",
    message: "Synapse has no cache named `get_event`: use `getevent`",
  },
  {
    key: "caches.event_cache_size",
    message: "`event_cache_size` is ignored inside `caches`, and the memory budget sets the real one: remove it",
  },
  {
    key: "caches.expiry_time",
    message: "`caches.expiry_time` is deprecated: use `caches.cache_entry_ttl`",
  },
  {
    key: "worker_replication_port",
    message: "Synapse refuses `worker_replication_port`: remove it, Redis and `instance_map` replaced it",
  },
  {
    key: "worker_replication_host",
    message: "Synapse refuses `worker_replication_host`: remove it, `instance_map` replaced it",
  },
  {
    key: "worker_replication_http_port",
    message: "Synapse refuses `worker_replication_http_port`: remove it, `instance_map` replaced it",
  },
  {
    key: "worker_replication_http_tls",
    message: "Synapse refuses `worker_replication_http_tls`: remove it, `instance_map` replaced it",
  },
  {
    key: "worker_main_http_uri",
    message: "`worker_main_http_uri` is unused since Synapse 1.73: remove it",
  },
  { key: "enable_group_creation", message: "Synapse removed groups with `enable_group_creation`: use spaces" },
  {
    key: "group_creation_prefix",
    message: "Synapse removed groups with `group_creation_prefix`: use spaces",
  },
  { key: "acme", message: "Synapse removed `acme`: the proxy before Nginx fetches the certificates" },
  { key: "web_client", message: "Synapse removed `web_client`: host a client of its own" },
  { key: "web_client_location", message: "`web_client_location` is no longer of use: host a client of its own" },
  { key: "use_presence", message: "`use_presence` is the old name: use `synapse.presence`" },
  {
    key: "SYNAPSE_CACHE_FACTOR",
    message: "`SYNAPSE_CACHE_FACTOR` is an environment variable: use `synapse.global_cache_factor`",
  },
  {
    key: "synapse_cache_factor",
    message: "`SYNAPSE_CACHE_FACTOR` is an environment variable: use `synapse.global_cache_factor`",
  },
  {
    key: "database.statement_timeout",
    message: "`statement_timeout: null` breaks Synapse's index builds: remove it",
    when: (value) => value === null,
  },
  {
    key: "database.args.cp_max",
    message: "the pools are reckoned against `max_connections`: use `synapse.cp_max`",
  },
  { key: "database_path", message: "`database_path` is of SQLite, the kit runs Postgres: remove it" },
  {
    key: "federation_ip_range_blacklist",
    message: "`federation_ip_range_blacklist` is the old name: use `ip_range_blacklist`",
  },
  { key: "password_providers", message: "`password_providers` is the old form: use `modules`" },
  { key: "spam_checker", message: "`spam_checker` is the old form: use `modules`" },
  { key: "third_party_event_rules", message: "`third_party_event_rules` is the old form: use `modules`" },
  { key: "ldap_config", message: "`ldap_config` is the old form: use `modules`" },
  { key: "oidc_config", message: "`oidc_config` is the old form: use `oidc_providers`" },
  { key: "perspectives", message: "`perspectives` is the old form: use `trusted_key_servers`" },
  { key: "room_invite_state_types", message: "`room_invite_state_types` is the old form: use `room_prejoin_state`" },
  { key: "rc_messages_per_second", message: "`rc_messages_per_second` is the old form: use `synapse.rate_limits`" },
  { key: "rc_message_burst_count", message: "`rc_message_burst_count` is the old form: use `synapse.rate_limits`" },
  { key: "federation_rc_*", message: "the `federation_rc_*` keys are the old form: use `rc_federation`" },
  { key: "send_federation", message: "Synapse removed `send_federation`: `synapse.workers` decides who sends" },
  { key: "start_pushers", message: "Synapse removed `start_pushers`: `synapse.workers` decides who pushes" },
  {
    key: "notify_appservices",
    message: "`notify_appservices` is the old form: `synapse.workers` decides who notifies",
  },
  {
    key: "update_user_directory",
    message: "`update_user_directory` is the old form: `synapse.workers` decides who updates",
  },
  {
    key: "trust_identity_server_for_password_resets",
    message: "Synapse refuses `trust_identity_server_for_password_resets`: configure `email`",
  },
  { key: "expire_access_token", message: "Synapse removed `expire_access_token`: use `session_lifetime`" },
  { key: "use_frozen_dicts", message: "`use_frozen_dicts` costs time and is for debugging alone: remove it" },
  { key: "replication_torture_level", message: "`replication_torture_level` is a test aid: remove it" },
  {
    key: "gzip_responses",
    message: "`gzip_responses` has no effect on listeners of the kit: remove it, Nginx compresses",
  },
];
