#!/usr/bin/env bash
# Starts Redis or Valkey; same behaviour as the official image's entrypoint.
set -euo pipefail
server=$FLAVOUR-server

# `docker run IMAGE --save ''` and `docker run IMAGE /etc/redis.conf` mean the server.
case ${1:-} in -* | *.conf) set -- "$server" "$@" ;; esac
[ $# -gt 0 ] || set -- "$server"

if [ "$1" = "$server" ]; then
  if [ "$(id -u)" -eq 0 ]; then
    find . \! -user "$FLAVOUR" -exec chown "$FLAVOUR" '{}' +
    exec setpriv --reuid="$FLAVOUR" --regid="$FLAVOUR" --clear-groups "${BASH_SOURCE[0]}" "$@"
  fi
  # Dumps and append-only files are nobody else's business.
  [ "$(umask)" != 0022 ] || umask 0077
  # The official binary is built with protected mode off, since a container's
  # ports are closed anyway. Debian's has it on, and would answer nobody outside
  # the container: off, unless the configuration speaks of it.
  protected=false
  for argument in "$@"; do
    case $argument in
      *protected-mode*) protected=true ;;
      *.conf) if grep -Eqi '^[[:space:]]*protected-mode[[:space:]]' "$argument" 2>/dev/null; then protected=true; fi ;;
    esac
  done
  $protected || set -- "$@" --protected-mode no
fi
exec "$@"
