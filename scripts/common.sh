# Shared by the scripts: where we are, how we speak, packages. Sourced, never run.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Everything the build, the hub and its tests need, by Debian 12's names.
PACKAGES=(
  g++ cmake ninja-build ccache mold pkg-config git ca-certificates curl jq openssl procps util-linux
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libboost-program-options1.81-dev
  libssl-dev libcurl4-openssl-dev liboauth2-dev libcjose-dev libjansson-dev
  libpqxx-dev libpq-dev libhiredis-dev libyaml-cpp-dev libspdlog-dev libsodium-dev prometheus-cpp-dev zlib1g-dev
  libgtest-dev libgmock-dev postgresql-15 postgresql-client-15 redis-server redis-tools)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
}

# Installs what is missing. While packages are set up no service may start: the hub runs servers of its own.
install_packages() {
  [ -r /etc/debian_version ] || fail "these scripts know Debian 12; on another system install the packages listed in scripts/common.sh by hand and run scripts/build"
  local missing policy=/usr/sbin/policy-rc.d made=no
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" = 0 ]; then say "All packages are installed"; return; fi
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=yes
  fi
  # Debian's own cluster would only lie about, so it is not made in the first place.
  if ! dpkg-query -W postgresql-common >/dev/null 2>&1; then
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    printf 'create_main_cluster = false\n' | as_root tee /etc/postgresql-common/createcluster.d/patchbay.conf >/dev/null
  fi
  local status=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || status=$?
  [ "$status" = 0 ] && { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/tmp/patchbay-apt.$$ 2>&1 || status=$?; }
  if [ "$made" = yes ]; then as_root rm -f "$policy"; fi
  [ "$status" = 0 ] || { tail -20 /tmp/patchbay-apt.$$ >&2 || true; fail "the packages could not be installed"; }
  rm -f /tmp/patchbay-apt.$$
  if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
    for unit in redis-server postgresql; do
      case " ${missing[*]} " in *" $unit"*) as_root systemctl disable --now "$unit" >/dev/null 2>&1 || true;; esac
    done
  fi
}

# build PRESET [TARGET…]
build() {
  local preset=$1; shift
  say "Configuring build/$preset"
  cmake --preset "$preset" >"/tmp/patchbay-cmake.$$" 2>&1 || { cat "/tmp/patchbay-cmake.$$" >&2; rm -f "/tmp/patchbay-cmake.$$"; fail "cmake failed"; }
  rm -f "/tmp/patchbay-cmake.$$"
  say "Building build/$preset (the first time takes about ten minutes on two cores)"
  local started=$SECONDS
  cmake --build --preset "$preset" ${1:+--target "$@"}
  say "Built in $((SECONDS - started)) s"
}
