#!/usr/bin/env bash
# Starts PostgreSQL; makes the cluster on the first start.
# Same environment variables and folders as the official image's entrypoint.
set -euo pipefail

note() { printf 'docker-entrypoint: %s\n' "$*" >&2; }
die() {
  note "$*"
  exit 1
}

# from_file NAME DEFAULT: NAME, or the contents of the file that NAME_FILE names.
from_file() {
  local name=$1 default=${2-} value file
  local file_name=${name}_FILE
  value=${!name-}
  file=${!file_name-}
  if [ -n "$value" ] && [ -n "$file" ]; then die "set $name or $file_name, not both"; fi
  if [ -n "$file" ]; then
    [ -r "$file" ] || die "$file_name: cannot read $file"
    value=$(cat "$file")
  fi
  # Not exported to the server, which has no use for a password in its environment.
  unset "$file_name"
  printf -v "$name" '%s' "${value:-$default}"
}

# `docker run IMAGE -c setting=value` means the server.
case ${1:-} in -*) set -- postgres "$@" ;; esac
[ $# -gt 0 ] || set -- postgres

# Other programs (psql, bash) run as they are, and so do questions to the server.
if [ "$1" != postgres ]; then exec "$@"; fi
for argument in "$@"; do
  case $argument in
    -\? | --help | --describe-config | -V | --version | -C) exec "$@" ;;
  esac
done

if [ "$(id -u)" -eq 0 ]; then
  # Root prepares the folders and hands over; PostgreSQL refuses to run as root.
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 0700 "$PGDATA"
  chmod 3777 /var/run/postgresql || true
  # Only what is not yet right: a volume can hold many files.
  find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
  find /var/run/postgresql \! -user postgres -exec chown postgres '{}' + || true
  if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
    mkdir -p "$POSTGRES_INITDB_WALDIR"
    find "$POSTGRES_INITDB_WALDIR" \! -user postgres -exec chown postgres '{}' +
    chmod 0700 "$POSTGRES_INITDB_WALDIR"
  fi
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
fi

mkdir -p "$PGDATA" 2>/dev/null || die "cannot make $PGDATA as user $(id -u): is the volume's owner another one?"
chmod 0700 "$PGDATA" 2>/dev/null || true
[ -w /var/run/postgresql ] || note "/var/run/postgresql is not writable; with a read-only root file system mount a tmpfs there"

# From 18 on the data lives below a folder that names the version: a volume on
# the old path would stay empty and the data would be lost with the container.
if [ "$PG_MAJOR" -ge 18 ] && [ "$PGDATA" != /var/lib/postgresql/data ] &&
  grep -q ' /var/lib/postgresql/data ' /proc/self/mountinfo; then
  die "a volume is mounted on /var/lib/postgresql/data; from PostgreSQL 18 on mount it on /var/lib/postgresql"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    die "the database is new and the superuser has no password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE (or POSTGRES_HOST_AUTH_METHOD=trust)"
  fi
  [ "$POSTGRES_HOST_AUTH_METHOD" != trust ] || note "trust lets everyone who reaches the port in, without a password"

  # POSTGRES_INITDB_ARGS is a string of shell words, as in the official image.
  eval "initdb_args=($POSTGRES_INITDB_ARGS)"
  [ -z "${POSTGRES_INITDB_WALDIR:-}" ] || initdb_args+=(--waldir "$POSTGRES_INITDB_WALDIR")
  # The password goes through a pipe: it shows in no argument list and no file.
  # (The pipe lives for one command, so it cannot go into the array.)
  if [ -n "$POSTGRES_PASSWORD" ]; then
    initdb --username="$POSTGRES_USER" "${initdb_args[@]}" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
  else
    initdb --username="$POSTGRES_USER" "${initdb_args[@]}"
  fi

  # Without a method of one's own it is the one that stored the password.
  method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption -D "$PGDATA" "${@:2}" 2>/dev/null || echo scram-sha-256)}
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"

  # The set-up runs on a server that listens on the socket alone, so nobody can
  # connect through the network before it is finished. It gets the real
  # server's arguments: an extension may need its shared_preload_libraries.
  arguments=$(printf '%q ' "${@:2}" -c listen_addresses='' -p "${PGPORT:-5432}")
  NOTIFY_SOCKET='' PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -o "$arguments" -w start

  export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
  export POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD
  run_sql() { PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER" "$@"; }

  if [ "$(run_sql --dbname postgres --tuples-only --set db="$POSTGRES_DB" <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")" = '' ]; then
    run_sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi

  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        note "running $file"
        # As in the official image: a script that is not executable is sourced.
        # shellcheck disable=SC1090
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql)
        note "running $file"
        run_sql --dbname "$POSTGRES_DB" -f "$file"
        ;;
      *.sql.gz)
        note "running $file"
        gunzip -c "$file" | run_sql --dbname "$POSTGRES_DB"
        ;;
      *.sql.xz)
        note "running $file"
        xz -dc "$file" | run_sql --dbname "$POSTGRES_DB"
        ;;
      */\*) ;;
      *) note "ignoring $file" ;;
    esac
  done

  PGUSER=${PGUSER:-postgres} pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
  note "the new cluster is ready"
fi

unset POSTGRES_PASSWORD
exec "$@"
