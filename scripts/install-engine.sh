#!/usr/bin/env bash
# Makes sure that a Docker engine answers on this machine.
#
#   scripts/install-engine.sh
#
# An engine that answers: silent exit 0. Installed but stopped: it is started.
# Missing: on Debian/Ubuntu, as root, docker.io is installed and started.
# Anything else: one line on stderr and a non-zero exit.
set -euo pipefail

wait_s=${SYNAPSE_KIT_ENGINE_WAIT_S:-60}

say() { printf 'install-engine: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# `timeout`, because a half-dead daemon can accept the connection and say nothing.
answers() { timeout 15 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

is_debian_like() {
  [ -r /etc/os-release ] || return 1
  local ids
  # shellcheck source=/dev/null
  ids=$(. /etc/os-release && printf ' %s %s ' "${ID:-}" "${ID_LIKE:-}")
  case $ids in *' debian '* | *' ubuntu '*) command -v apt-get >/dev/null ;; *) return 1 ;; esac
}

if command -v docker >/dev/null && answers; then exit 0; fi

case ${DOCKER_HOST:-} in
  '' | unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
  *) die "the engine that DOCKER_HOST names (${DOCKER_HOST}) does not answer; start it, or unset DOCKER_HOST" ;;
esac

if [ "$(id -u)" -ne 0 ]; then
  if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
    die "no access to /var/run/docker.sock; join the docker group (or run as root)"
  fi
  die "no Docker engine answers, and installing or starting one needs root; run 'sudo scripts/install-engine.sh'"
fi

log_dir=/var/log
[ -w "$log_dir" ] || log_dir=${XDG_CACHE_HOME:-$HOME/.cache}/synapse-kit
mkdir -p "$log_dir"
log=$log_dir/synapse-kit-dockerd.log

has_systemd() { [ -d /run/systemd/system ]; }

# ------------------------------------------------------------------- install
# iptables is looked for as well: docker.io only recommends it, and dockerd
# cannot make a bridge network without it.
wanted=()
command -v dockerd >/dev/null || wanted+=(docker.io)
command -v iptables >/dev/null || wanted+=(iptables)
if [ "${#wanted[@]}" -gt 0 ]; then
  is_debian_like || die "no Docker engine here, and this is neither Debian nor Ubuntu; install Docker Engine by hand (https://docs.docker.com/engine/install/)"
  say "installing ${wanted[*]} ..."
  apt_log=$log_dir/synapse-kit-apt.log
  # Where systemd is not PID 1 the package's start-up script would only fail.
  export DEBIAN_FRONTEND=noninteractive
  # A failed update is no verdict: one broken third-party list fails it, while
  # Debian's own lists are fine. The install says whether it was enough.
  apt-get -o DPkg::Lock::Timeout=120 update >"$apt_log" 2>&1 || true
  apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${wanted[@]}" >>"$apt_log" 2>&1 ||
    die "apt-get could not install ${wanted[*]} (no network, or a broken apt? see $apt_log)"
  # From Debian 13 on the client is a package of its own, and only recommended.
  if ! command -v docker >/dev/null; then
    apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends docker-cli >>"$apt_log" 2>&1 ||
      die "apt-get could not install docker-cli (see $apt_log)"
  fi
fi
command -v docker >/dev/null || die "dockerd is here, but there is no docker client; install docker-cli"

answers && exit 0

# --------------------------------------------------------------------- start
# A pid file left by a killed daemon (or copied with a machine's image) stops a
# new one: "process with PID N is still running", even if N is another program.
drop_stale_pid() {
  local file=$1 name=$2 pid
  [ -f "$file" ] || return 0
  pid=$(cat "$file" 2>/dev/null || true)
  # A killed daemon that nobody has reaped yet still has its name.
  if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null || true)" = "$name" ] &&
    ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null; then return 0; fi
  say "removing the stale $file"
  rm -f "$file"
}

# Kernels without nf_tables (many microVMs) need the legacy back end, kernels
# without ip_tables need the nft one: keep the one that can read its NAT table.
pick_iptables() {
  command -v update-alternatives >/dev/null || return 0
  iptables -w 5 -t nat -S >/dev/null 2>&1 && return 0
  local kind
  for kind in nft legacy; do
    if [ -x "/usr/sbin/iptables-$kind" ] && "/usr/sbin/iptables-$kind" -w 5 -t nat -S >/dev/null 2>&1; then
      say "using iptables-$kind"
      update-alternatives --set iptables "/usr/sbin/iptables-$kind" >/dev/null 2>&1 || true
      update-alternatives --set ip6tables "/usr/sbin/ip6tables-$kind" >/dev/null 2>&1 || true
      return 0
    fi
  done
  say "neither iptables-nft nor iptables-legacy can read the NAT table; the engine may fail to start"
}

await() {
  local until=$((SECONDS + wait_s))
  while [ "$SECONDS" -lt "$until" ]; do
    answers && return 0
    # A daemon that has died will not answer later.
    if [ -n "${1:-}" ] && ! kill -0 "$1" 2>/dev/null; then return 1; fi
    sleep 0.3
  done
  return 1
}

pick_iptables

if has_systemd; then
  say "starting docker.service ..."
  systemctl reset-failed docker.service >/dev/null 2>&1 || true
  systemctl enable --now docker.service >/dev/null 2>&1 ||
    die "docker.service does not start; see 'journalctl -u docker.service'"
  await || die "docker.service runs but does not answer within ${wait_s} s; see 'journalctl -u docker.service'"
else
  start() {
    drop_stale_pid /var/run/docker.pid dockerd
    drop_stale_pid /var/run/docker/containerd/containerd.pid containerd
    running=$(cat /var/run/docker.pid 2>/dev/null || true)
    [ -z "$running" ] || return 0
    say "starting dockerd (log: $log) ..."
    # setsid: the daemon must outlive this shell and its terminal. The image's
    # builds and containers need many files; a shell's soft limit is too low.
    (
      ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
      exec setsid nohup dockerd >>"$log" 2>&1 </dev/null
    ) &
    running=$!
  }
  start
  # The second time for a daemon that was just dying when it was found.
  if ! await "$running"; then
    kill -0 "$running" 2>/dev/null || start
    await "$running" ||
      die "dockerd does not answer within ${wait_s} s: $(grep -E 'level=(error|fatal)|failed' "$log" 2>/dev/null | tail -n 1 | cut -c1-300) (see $log)"
  fi
fi
say "engine $(docker version --format '{{.Server.Version}}') answers"
