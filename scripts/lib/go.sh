# shellcheck shell=bash
# Sourced by the build-*.sh scripts: a Go command that can build the modules
# under providers/. The caller defines say() and die().

kit_cache=${XDG_CACHE_HOME:-$HOME/.cache}/synapse-kit

# version_ge A B: is version A at least B?
version_ge() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The version of the Go on PATH itself, not of a toolchain it would switch to.
go_version() { GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed 's/^go//; s/[ -].*//'; }

# go_directive DIR: the Go that the module in DIR asks for.
go_directive() { awk '$1 == "go" { print $2; exit }' "$1/go.mod"; }

# need_go VERSION: leaves a `go` on PATH that is, or can switch to, VERSION.
need_go() {
  local want=$1 have log tool dir
  export GOTOOLCHAIN=auto
  if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi

  if ! command -v go >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
      die "Go $want or later is needed and there is none; install it (https://go.dev/dl), or run this as root on Debian/Ubuntu"
    fi
    mkdir -p "$kit_cache"
    log=$kit_cache/apt-golang.log
    say "installing golang-go ..."
    apt-get -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends golang-go >>"$log" 2>&1 ||
      die "apt-get could not install golang-go (see $log)"
  fi

  have=$(go_version)
  [ -n "$have" ] || die "'go env GOVERSION' says nothing; is the Go on PATH broken?"
  # From 1.21 on Go fetches the toolchain that a go.mod asks for by itself.
  version_ge "$have" 1.21 && return 0

  # Older ones (Debian 12 has 1.19) cannot switch, but they can download the
  # toolchain: it is published as a module. Only its file modes and the names
  # of its nested go.mod files need mending.
  dir=$kit_cache/go-$want
  if [ ! -x "$dir/bin/go" ]; then
    [ "$(uname -s)" = Linux ] || die "Go $have is too old ($want or later is needed, https://go.dev/dl)"
    say "Go $have is too old; fetching the Go $want toolchain from the module proxy ..."
    tool=$(cd / && GO111MODULE=on GOFLAGS=-mod=mod go mod download -json \
      "golang.org/toolchain@v0.0.1-go$want.linux-$(go env GOARCH)" 2>/dev/null |
      sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p') || true
    [ -n "$tool" ] || die "Go $have is too old and the Go $want toolchain cannot be fetched from the Go module proxy"
    rm -rf "$dir.part"
    mkdir -p "$dir.part"
    cp -R "$tool/." "$dir.part/"
    chmod -R u+w "$dir.part"
    find "$dir.part" -name _go.mod -execdir mv _go.mod go.mod \;
    chmod -R a+x "$dir.part/bin" "$dir.part/pkg/tool"
    mv "$dir.part" "$dir"
  fi
  PATH=$dir/bin:$PATH
  export PATH GOROOT="$dir"
}

# go_build DIR PACKAGE OUTPUT LDFLAGS: nothing is resolved here, go.mod and
# go.sum decide (-mod=readonly). CGO off: no C compiler is needed and the
# binary runs anywhere.
go_build() {
  local log
  log=$kit_cache/build-$(basename "$1").log
  mkdir -p "$kit_cache"
  (cd "$1" && env GOWORK=off GOFLAGS= CGO_ENABLED=0 go build -mod=readonly -buildvcs=false \
    -trimpath -ldflags "-s -w $4" -o "$3" "$2") >"$log" 2>&1 ||
    die "$(basename "$1") does not build: $(grep -v '^go: downloading' "$log" | tail -n 1 | cut -c1-300) (see $log)"
}
