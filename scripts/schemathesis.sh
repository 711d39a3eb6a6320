#!/usr/bin/env bash
# Tries the running API with thousands of made-up requests and compares every answer with the OpenAPI document.
# Started by with-server.sh, from which it has BASE_URL and the accounts; arguments go to schemathesis. ROLES chooses among NOBODY,
# VIEWER and ADMIN, who find other answers behind the same address.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=4.32.5
venv=$CACHE_DIR/venv
# Two of these scripts may run side by side.
exec {lock}>"$CACHE_DIR/venv.lock"
flock "$lock"
if [[ $("$venv/bin/schemathesis" --version 2>/dev/null) != *" $version" ]]; then
  /usr/bin/python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
exec {lock}>&-

# The seed makes a failure repeatable; the examples it leaves behind would otherwise lie in the checkout.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=()
# All checks are on by default. Named here, they would be on for the operations that schemathesis.toml excepts, too.
for role in ${ROLES:-NOBODY VIEWER ADMIN}; do
  printf '\n-- as %s\n' "$role"
  ROLE=${role#NOBODY} PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=$ROOT/scripts/schemathesis_hooks.py \
    "$venv/bin/schemathesis" --config-file "$ROOT/scripts/schemathesis.toml" run "$BASE_URL/api/openapi.json" \
    --continue-on-failure --max-examples 60 --seed "${SEED:-1}" "$@" || failed+=("$role")
done
if ((${#failed[@]})); then die "Failed as: ${failed[*]}"; fi
