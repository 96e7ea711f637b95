import { isOn, isOneOf, type Rule, SOMAXCONN } from "./rule";

const isBelowOne = (value: unknown): boolean => Number(value) < 1;
const isNegative = (value: unknown): boolean => Number(value) < 0;

/** Keys of PgBouncer from old guides; the server takes most of them without a word. */
export const RETIRED_PGBOUNCER: readonly Rule[] = [
  {
    key: "server_reset_query_always",
    message: "`server_reset_query_always` wipes the sessions of transaction pools at every turn: remove it",
  },
  {
    key: "server_reset_query",
    message: "`server_reset_query` is not run for transaction pools, and session pools need the default: remove it",
  },
  {
    key: "pool_mode",
    message: "`pool_mode: statement` refuses transactions, which Synapse needs: remove it",
    when: isOneOf("statement"),
  },
  {
    key: "default_pool_size",
    message: "`default_pool_size: 0` means without limit since 1.24: use `pgbouncer.pool_size`",
    when: (value) => Number(value) === 0,
  },
  {
    key: "default_pool_size",
    message: "PgBouncer ignores a negative `default_pool_size`: use `pgbouncer.pool_size`",
    when: isNegative,
  },
  {
    key: "min_pool_size",
    message: "PgBouncer ignores a negative `min_pool_size`: set 0 or more",
    when: isNegative,
  },
  {
    key: "reserve_pool_size",
    message: "PgBouncer ignores a negative `reserve_pool_size`: set 0 or more",
    when: isNegative,
  },
  { key: "reserve_pool", message: "`reserve_pool` belongs to a database: use `reserve_pool_size`" },
  { key: "pool_size", message: "`pool_size` belongs to a database: use `pgbouncer.pool_size`" },
  {
    key: "max_client_conn",
    message: "`max_client_conn` below 1 admits nobody: set a number, or remove it",
    when: isBelowOne,
  },
  {
    key: "auth_type",
    message: "this `auth_type` lets everybody in: remove it, the kit uses `scram-sha-256`",
    when: isOneOf("any", "trust"),
  },
  { key: "auth_user", message: "`auth_user` looks logins up in the database: remove it, the kit writes `auth_file`" },
  {
    key: "query_timeout",
    message: "`query_timeout` also kills index builds: remove it, Synapse sets `statement_timeout`",
    when: (value) => Number(value) > 0,
  },
  {
    key: "client_idle_timeout",
    message: "Synapse keeps idle connections for ever: remove `client_idle_timeout`",
    when: (value) => Number(value) > 0,
  },
  {
    key: "server_lifetime",
    message: "`server_lifetime: 0` opens a connection for each transaction: set seconds",
    when: (value) => Number(value) === 0,
  },
  { key: "disable_pqexec", message: "psycopg2 uses the simple query protocol: remove `disable_pqexec`", when: isOn },
  {
    key: "track_extra_parameters",
    message: "only what Postgres reports can be tracked, `statement_timeout` is not: remove `track_extra_parameters`",
    when: (value) => /statement_timeout|isolation|bytea_output/i.test(String(value)),
  },
  {
    key: "admin_users",
    message:
      "Synapse's own role on PgBouncer's console could stop the pool: name another role, or remove `admin_users`",
    when: (value) => /(^|[\s,"])synapse($|[\s,"])/.test(String(value)),
  },
  {
    key: "listen_backlog",
    message: `the kernel cuts \`listen_backlog\` off at ${SOMAXCONN} (\`net.core.somaxconn\`): set less, or remove it`,
    when: (value) => Number(value) > SOMAXCONN,
  },
  { key: "suspend_timeout", message: "`suspend_timeout` goes with the online restart, gone in 1.26: remove it" },
  { key: "so_reuseport", message: "the kit runs one PgBouncer, which `so_reuseport` does not speed up: remove it" },
  { key: "peer_id", message: "the kit runs one PgBouncer, which has no peers: remove `peer_id`" },
  { key: "conffile", message: "the kit names the file at the start: remove `conffile`" },
];
