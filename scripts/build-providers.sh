#!/usr/bin/env bash
# Builds the Terraform providers of this kit from the Go module proxy into a
# filesystem mirror, for machines that cannot reach a provider registry.
#
#   scripts/build-providers.sh     prints the CLI configuration file's path
#
# Use: export TF_CLI_CONFIG_FILE="$(scripts/build-providers.sh)"
set -euo pipefail

say() { printf 'build-providers: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
providers=$here/../providers
# shellcheck source-path=SCRIPTDIR source=lib/go.sh disable=SC1091
. "$here/lib/go.sh"

docker_version=4.6.0
random_version=3.9.0
mirror=$kit_cache/mirror
config=$kit_cache/mirror.tfrc
stamp=$mirror/.stamp

# Everything that decides what is built, this recipe included.
wanted=$(cat "$providers"/{docker,random}/{go.mod,go.sum,tools.go} "${BASH_SOURCE[0]}" "$here/lib/go.sh" | sha256sum | cut -c1-64)
# The mirror's path is written into the configuration file: a moved cache is stale.
wanted="$wanted $mirror"

if [ -s "$config" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
  printf '%s\n' "$config"
  exit 0
fi

# Two runs at once (parallel tests) would write the same files.
mkdir -p "$kit_cache"
if command -v flock >/dev/null; then
  exec 9>"$kit_cache/.providers.lock"
  flock 9
  if [ -s "$config" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    printf '%s\n' "$config"
    exit 0
  fi
fi

go_wanted=$(printf '%s\n' "$(go_directive "$providers/docker")" "$(go_directive "$providers/random")" | sort -V | tail -n 1)
need_go "$go_wanted"
platform=$(cd / && go env GOOS)_$(cd / && go env GOARCH)

# provider NAMESPACE TYPE VERSION
provider() {
  local namespace=$1 type=$2 version=$3 host folder old
  local name=terraform-provider-${type}_v$version
  say "building $namespace/$type $version ..."
  go_build "$providers/$type" "github.com/terraform-providers/terraform-provider-$type" "$parts/$name" "-X main.version=$version"
  # OpenTofu asks for the same providers under its own registry's name. `mv`
  # last: a working folder links to the file in the mirror, so it must be there
  # at every moment.
  for host in registry.terraform.io registry.opentofu.org; do
    folder=$mirror/$host/$namespace/$type
    mkdir -p "$folder/$version/$platform"
    ln -f "$parts/$name" "$parts/$name.$host" 2>/dev/null || cp -f "$parts/$name" "$parts/$name.$host"
    mv -f "$parts/$name.$host" "$folder/$version/$platform/$name"
    # The old versions go: with two of them `~>` would choose by accident.
    for old in "$folder"/*; do
      if [ "$old" != "$folder/$version" ]; then rm -rf "$old"; fi
    done
  done
}

parts=$kit_cache/mirror.part
rm -rf "$parts"
mkdir -p "$parts"
rm -f "$stamp"
provider kreuzwerker docker "$docker_version"
provider hashicorp random "$random_version"

# The two providers come from the mirror and from nowhere else; any other one
# that a user adds still comes from its registry.
names='"registry.terraform.io/kreuzwerker/docker", "registry.terraform.io/hashicorp/random", "registry.opentofu.org/kreuzwerker/docker", "registry.opentofu.org/hashicorp/random"'
cat >"$config.part" <<EOF
# Written by scripts/build-providers.sh
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = "$mirror"
    include = [$names]
  }
  direct {
    exclude = [$names]
  }
}
EOF
mv -f "$config.part" "$config"
rm -rf "$parts"
printf '%s' "$wanted" >"$stamp"
say "mirror ready: $mirror"
printf '%s\n' "$config"
