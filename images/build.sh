#!/usr/bin/env bash
# Builds one local image and tags it. Does nothing when the tag exists.
#
#   images/build.sh NAME TAG [BASE]       NAME: an entry of images/manifest.json
#                                         BASE: reference of the image to build on, where that is no Debian base
set -euo pipefail

say() { printf 'images: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -eq 2 ] || [ $# -eq 3 ] || die "usage: images/build.sh NAME TAG [BASE]"
name=$1 tag=$2

if docker image inspect "$tag" >/dev/null 2>&1; then exit 0; fi
timeout 15 docker version >/dev/null 2>&1 || die "no Docker engine answers; run scripts/install-engine.sh"
command -v node >/dev/null || die "node is needed to read images/manifest.json"

# One line each: folder, base, version, then the build arguments as NAME=VALUE.
fields=$(node -e '
  const [file, name] = process.argv.slice(1);
  const image = JSON.parse(require("fs").readFileSync(file, "utf8")).find((i) => i.name === name);
  if (image) console.log([image.dir, image.base, image.version, ...Object.entries(image.args).map(([k, v]) => k + "=" + v)].join("\n"));
' "$here/manifest.json" "$name") || die "images/manifest.json cannot be read"
[ -n "$fields" ] || die "no image is called $name (see images/manifest.json)"
mapfile -t fields <<<"$fields"
dir=$here/${fields[0]} base_name=${fields[1]} version=${fields[2]}

base=${3:-$("$here/base.sh" "$base_name")}
arguments=(--build-arg "BASE=$base")
for argument in "${fields[@]:3}"; do arguments+=(--build-arg "$argument"); done
# Docker knows these by itself and keeps them out of the image's history.
for variable in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
  [ -z "${!variable:-}" ] || arguments+=(--build-arg "$variable")
done

cache=${XDG_CACHE_HOME:-$HOME/.cache}/synapse-kit
mkdir -p "$cache"
log=$cache/image-$name.log
extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT

# A build stage that fetches over HTTPS needs this machine's certificate
# authorities where a proxy re-signs traffic. Such a stage is thrown away, so
# the bundle never reaches the image. An index of one's own is passed likewise.
files=()
if grep -q build-ca.crt "$dir/Dockerfile"; then
  for bundle in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    if [ -n "$bundle" ] && [ -s "$bundle" ]; then
      cat "$bundle" >"$extra/build-ca.crt"
      break
    fi
  done
  [ -e "$extra/build-ca.crt" ] || : >"$extra/build-ca.crt"
  files=(-C "$extra" build-ca.crt)
  for variable in PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do
    [ -z "${!variable:-}" ] || arguments+=(--build-arg "$variable")
  done
fi

# The line of the log that says why: a program's error, else the last one.
reason() {
  local clean
  clean=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -v '^[[:space:]]*$')
  { grep -E '^(E:|ERROR|[Ee]rror)' <<<"$clean" || printf '%s\n' "$clean"; } | tail -n 1 | cut -c1-300
}

say "building $name ..."
# The classic builder by default: BuildKit with a builder of its own cannot see
# the local base image. --network host: a build must reach what the host reaches.
# The context goes in as a tar with fixed owners and modes, since both are part
# of the layer cache's key and a checkout's depend on its user and umask.
tar --owner=0 --group=0 --numeric-owner --sort=name --mode=u=rwX,go=rX -C "$dir" -c . "${files[@]}" |
  DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} docker build --force-rm --network host --tag "$tag" "${arguments[@]}" - >"$log" 2>&1 ||
  die "$name does not build: $(reason) (see $log)"

# Debian moves on below an unpinned Dockerfile; the tag and the manifest do not.
container=$(docker create --network none "$tag" true)
docker cp "$container:/etc/image-version" - 2>/dev/null | tar -xO >"$extra/version" 2>/dev/null || true
docker rm -f -v "$container" >/dev/null
if [ -s "$extra/version" ] && ! grep -qF "$version" "$extra/version"; then
  say "$name holds $(cat "$extra/version"), images/manifest.json says $version"
fi
say "built $tag"
