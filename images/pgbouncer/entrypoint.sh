#!/bin/sh
# Runs PgBouncer. The common image writes a configuration from environment
# variables when it finds none; this one wants the file.
set -eu

case ${1:-} in
  pgbouncer | /usr/bin/pgbouncer)
    for argument in "$@"; do
      case $argument in
        *.ini)
          if [ ! -r "$argument" ]; then
            echo "entrypoint: $argument is missing or not readable for user $(id -u)" >&2
            exit 1
          fi
          ;;
      esac
    done
    ;;
esac
exec "$@"
