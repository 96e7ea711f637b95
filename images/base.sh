#!/usr/bin/env bash
# Makes a Debian base image from the Debian archive alone (no image registry).
#
#   images/base.sh base-forky      prints the image's tag, builds it if it is missing
set -euo pipefail

say() { printf 'images: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${1:?usage: images/base.sh NAME}
[ -f "$here/$name/suite" ] || die "no base image is called $name"
suite=$(cat "$here/$name/suite")

# The tag names the recipe, so a changed recipe is a new image and an unchanged
# one is built once: every image's layer cache hangs on that.
tag=synapse-kit/$name:$(cat "$here/$name/suite" "$here/image-install" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-12)

have() { docker image inspect "$tag" >/dev/null 2>&1; }
if have; then
  printf '%s\n' "$tag"
  exit 0
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/synapse-kit
mkdir -p "$cache"
# Two images built at once need the same base.
if command -v flock >/dev/null; then
  exec 9>"$cache/.$name.lock"
  flock 9
  if have; then
    printf '%s\n' "$tag"
    exit 0
  fi
fi

[ "$(id -u)" -eq 0 ] || die "building $name needs root (debootstrap); run as root, or use the official images"
log=$cache/$name.log
: >"$log"
if ! command -v debootstrap >/dev/null || [ ! -f /usr/share/keyrings/debian-archive-keyring.gpg ]; then
  command -v apt-get >/dev/null || die "building $name needs debootstrap, and this is not Debian or Ubuntu"
  say "installing debootstrap ..."
  apt-get -o DPkg::Lock::Timeout=120 update >>"$log" 2>&1 || true
  # The keyring by name: Ubuntu's debootstrap does not bring Debian's.
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends \
    debootstrap debian-archive-keyring >>"$log" 2>&1 || die "apt-get could not install debootstrap (see $log)"
fi

# Not /tmp: it may be small, or mounted noexec or nodev.
work=$(mktemp -d /var/tmp/synapse-kit-base.XXXXXX)
cleanup() {
  # A debootstrap that was stopped half-way leaves its /proc and /sys mounted.
  umount "$work/root/proc" "$work/root/sys" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
root=$work/root

say "building $name (debootstrap $suite) ..."
# `sid` is given by name since an older debootstrap does not know newer suites.
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  "$suite" "$root" http://deb.debian.org/debian /usr/share/debootstrap/scripts/sid >>"$log" 2>&1 ||
  die "debootstrap $suite failed: $(tail -n 1 "$log" | cut -c1-300) (see $log)"

# Stable gets its security fixes from two more suites. Testing has them too.
cat >"$root/etc/apt/sources.list" <<EOF
deb http://deb.debian.org/debian $suite main
deb http://deb.debian.org/debian $suite-updates main
deb http://deb.debian.org/debian-security $suite-security main
EOF
# No service may start inside a build.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cat >"$root/etc/apt/apt.conf.d/90-image" <<'EOF'
APT::Install-Recommends "false";
APT::Install-Suggests "false";
Acquire::Languages "none";
Acquire::Retries "3";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
EOF
cat >"$root/etc/dpkg/dpkg.cfg.d/90-image" <<'EOF'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/share/bash-completion/*
EOF

install -m 755 "$here/image-install" "$root/usr/local/sbin/image-install"

# apt inside the new tree needs the host's resolver and nothing else of it.
if ! cp -L /etc/resolv.conf "$root/etc/resolv.conf" || ! chroot "$root" /usr/local/sbin/image-install --upgrade >>"$log" 2>&1; then
  die "apt-get upgrade in $name failed: $(tail -n 1 "$log" | cut -c1-300) (see $log)"
fi

# What debootstrap copies from the host, and what one machine alone may own.
rm -rf "$root"/etc/resolv.conf "$root"/etc/hostname "$root"/etc/machine-id \
  "$root"/var/lib/dbus/machine-id
: >"$root/etc/resolv.conf"
# What a container never needs.
find "$root/usr/share/doc" -depth -type f ! -name copyright -delete
find "$root/usr/share/doc" -depth -type d -empty -delete
rm -rf "${root:?}"/var/cache/apt/* "${root:?}"/usr/share/{man,info,locale,lintian}/* "${root:?}"/{tmp,run,dev}/*

say "importing $name ..."
tar -C "$root" --numeric-owner --sort=name -c . | docker import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'CMD ["bash"]' \
  --change "LABEL org.opencontainers.image.base.name=debian:$suite" \
  - "$tag" >>"$log" 2>&1 || die "docker import of $name failed: $(tail -n 1 "$log" | cut -c1-300) (see $log)"
printf '%s\n' "$tag"
