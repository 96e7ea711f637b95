#!/bin/sh
# Starts Nginx; runs the scripts in /docker-entrypoint.d first, as the official
# image does.
set -eu

case ${1:-} in
  nginx | nginx-debug)
    # shellcheck disable=SC1090
    for file in /docker-entrypoint.d/*; do
      case $file in
        *.envsh) if [ -x "$file" ]; then . "$file"; fi ;;
        *.sh) if [ -x "$file" ]; then "$file"; fi ;;
      esac
    done
    ;;
esac
exec "$@"
