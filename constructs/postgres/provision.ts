import type { Environment } from "../../configs/environment";
import { secretPlaceholder } from "../../configs/secrets";
import { MONITORING_ROLE } from "../monitoring-role";
import { SCHEMA_READY_SQL } from "./table-parameters";

/** Database and role that Synapse uses. */
export const DATABASE = "synapse";
export const ROLE = "synapse";

/**
 * What Synapse sets on each new connection (storage/engines/postgres.py). On the role as well, with the same values:
 * behind a transaction pool a SET reaches whichever server connection comes next, so every one must agree already.
 */
export const SESSION_DEFAULTS = {
  bytea_output: "escape",
  statement_timeout: "600s",
  idle_in_transaction_session_timeout: "30min",
} as const;

/** Sees statistics and nothing that was stored; may wait for nobody, and nobody for it. */
const MONITORING_SQL = `SELECT 'CREATE ROLE ${MONITORING_ROLE} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${MONITORING_ROLE}') \\gexec
ALTER ROLE ${MONITORING_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 3 PASSWORD '${secretPlaceholder("monitoring_password")}';
ALTER ROLE ${MONITORING_ROLE} SET statement_timeout = '10s';
ALTER ROLE ${MONITORING_ROLE} SET default_transaction_read_only = on;
GRANT pg_monitor TO ${MONITORING_ROLE};
GRANT CONNECT ON DATABASE ${DATABASE} TO ${MONITORING_ROLE};`;

/** Nobody watches any more: the way in is closed, whatever the password. */
const NO_MONITORING_SQL = `SELECT 'ALTER ROLE ${MONITORING_ROLE} NOLOGIN' WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = '${MONITORING_ROLE}') \\gexec`;

/**
 * Idempotent SQL, run at every start of the container as the superuser on the local socket: role, database, session
 * defaults, extension. Statement tracking and logging are off in this session, since it states a password.
 */
export const provisionSql = (env: Environment, watched: boolean): string => {
  const defaults = { ...SESSION_DEFAULTS, synchronous_commit: env.postgres.synchronousCommit ? "on" : "off" };
  return `\\set ON_ERROR_STOP on
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track = 'none';
SELECT 'CREATE ROLE ${ROLE} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${ROLE}') \\gexec
ALTER ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${secretPlaceholder("postgres_password")}';
${Object.entries(defaults)
  .map(([name, value]) => `ALTER ROLE ${ROLE} SET ${name} = '${value}';`)
  .join("\n")}
SELECT 'CREATE DATABASE ${DATABASE} OWNER ${ROLE} ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C'' TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${DATABASE}') \\gexec
REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC;
${watched ? MONITORING_SQL : NO_MONITORING_SQL}
\\connect ${DATABASE}
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
`;
};

/** Debian's own `psql` and `pg_isready` are wrappers in Perl, which cost a tenth of a second of CPU for each call. */
const OWN_PROGRAMS = "PATH=/usr/lib/postgresql/$PG_MAJOR/bin:$PATH";

/** Seconds between two looks for Synapse's tables, which its first start makes; and before the next try for a lock. */
const SCHEMA_WAIT = 10;
const LOCK_WAIT = 300;

/**
 * Waits for the real server (the image's first-start server has no TCP), provisions, and says that it is done. Then
 * the storage parameters, for which Synapse has to have started once; to take them back nothing has to be there.
 */
export const provisionSh = (env: Environment): string => `#!/bin/sh
set -eu
${OWN_PROGRAMS}
sql() { psql --no-psqlrc --quiet --username postgres "$@"; }
until pg_isready --quiet --host 127.0.0.1; do sleep 0.2; done
sql --output /dev/null --dbname postgres --file /config/provision.sql
touch /var/run/postgresql/provisioned
${
  env.postgres.tableParameters
    ? `until [ "$(sql --dbname ${DATABASE} --tuples-only --no-align --command "${SCHEMA_READY_SQL}")" = t ]; do sleep ${SCHEMA_WAIT}; done\n`
    : ""
}until sql --set ON_ERROR_STOP=1 --dbname ${DATABASE} --file /config/table_parameters.sql; do sleep ${LOCK_WAIT}; done
`;

/**
 * Refuses to make an empty cluster beside the data of another major, then hands over to the image's entrypoint. The
 * provisioner is orphaned on purpose: the postmaster would take the exit of a child of its own for a crash.
 */
export const START_SH = `#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  for other in /var/lib/postgresql/*/docker/PG_VERSION /var/lib/postgresql/PG_VERSION; do
    [ -s "$other" ] || continue
    echo "synapse-kit: the data volume holds PostgreSQL $(cat "$other") and postgres.version asks for another major;" \\
      "a major upgrade needs a dump and a restore: set postgres.version back to $(cat "$other")" >&2
    exit 1
  done
fi
rm -f /var/run/postgresql/provisioned
(sh /config/provision.sh &)
exec docker-entrypoint.sh postgres -c config_file=/config/postgresql.conf
`;

/**
 * Healthy once the server takes connections and the provisioner has been there, which waits for the real server. Asks
 * on the socket: over TCP the rules refuse `postgres`, and each time the log would say so.
 */
export const HEALTH_SH = `#!/bin/sh
${OWN_PROGRAMS}
test -f /var/run/postgresql/provisioned && exec pg_isready --quiet
`;
