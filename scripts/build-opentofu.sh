#!/usr/bin/env bash
# Builds OpenTofu from the Go module proxy, for machines that have neither
# terraform nor tofu and cannot download one.
#
#   scripts/build-opentofu.sh      prints the binary's path
set -euo pipefail

say() { printf 'build-opentofu: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
module=$here/../providers/opentofu
# shellcheck source-path=SCRIPTDIR source=lib/go.sh disable=SC1091
. "$here/lib/go.sh"

binary=$kit_cache/bin/tofu
stamp=$kit_cache/bin/.tofu.stamp
wanted=$(cat "$module"/{go.mod,go.sum,tools.go} "${BASH_SOURCE[0]}" "$here/lib/go.sh" | sha256sum | cut -c1-64)

fresh() { [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; }

if ! fresh; then
  mkdir -p "$kit_cache/bin"
  if command -v flock >/dev/null; then
    exec 9>"$kit_cache/.opentofu.lock"
    flock 9
  fi
  if ! fresh; then
    need_go "$(go_directive "$module")"
    say "building OpenTofu (some minutes the first time) ..."
    rm -f "$stamp"
    # Without this flag it calls itself "1.12.6-dev".
    go_build "$module" github.com/opentofu/opentofu/cmd/tofu "$binary.part" \
      "-X github.com/opentofu/opentofu/version.dev=no"
    mv "$binary.part" "$binary"
    printf '%s' "$wanted" >"$stamp"
    say "built $binary"
  fi
fi
printf '%s\n' "$binary"
