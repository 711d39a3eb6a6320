#!/usr/bin/env bash
# Makes the files that are generated and committed: generate.sh [--check]
# With --check nothing is written, and a stale file is an error.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

cargo build --quiet --locked --bin status-tracker
scripts/build-web.sh --modules-only
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$CARGO_TARGET_DIR/debug/status-tracker" openapi >"$work/openapi.json"
(cd web && npx --no-install openapi-typescript "$work/openapi.json" --output "$work/schema.d.ts" >/dev/null)
# The table of operations comes from the rows of api/tests/api/matrix.rs.
WRITE_RULES="$work/rules.md" cargo test --quiet --locked --test api -- --exact documents::operations::the_table_of_operations_is_current \
  >"$work/said" 2>&1 || { cat "$work/said" >&2; die "The table of operations could not be made."; }

stale=0
for pair in openapi.json:openapi/openapi.json schema.d.ts:web/src/api/schema.d.ts rules.md:docs/security/rules.md; do
  made=$work/${pair%%:*} kept=${pair#*:}
  if cmp --silent "$made" "$kept"; then
    echo "current  $kept"
  elif [[ ${1:-} == --check ]]; then
    stale=1
    echo "stale    $kept"
    diff --unified=1 "$kept" "$made" | head -n 20 || true
  else
    cp "$made" "$kept"
    echo "written  $kept"
  fi
done
if ((stale)); then die "Run make generate and commit what it writes."; fi
