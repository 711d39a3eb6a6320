#!/usr/bin/env bash
# Builds the page into web/dist, but only the parts that have changed: build-web.sh [--modules-only]
# The packages are keyed by the lock file, the page by all its sources.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT/web"

stamps=node_modules/.status-tracker
modules_key=$(cat package-lock.json .npmrc <(node --version) | sha256sum)
if [[ $(cat "$stamps/modules" 2>/dev/null) != "$modules_key" ]]; then
  npm ci --no-audit --no-fund
  mkdir -p "$stamps"
  printf '%s\n' "$modules_key" >"$stamps/modules"
fi
[[ ${1:-} == --modules-only ]] && exit

dist_key=$(
  find . \( -path ./node_modules -o -path ./dist -o -path ./e2e -o -path ./coverage -o -name '*.test.ts' \) -prune \
    -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum
)
if [[ ! -f dist/index.html || $(cat "$stamps/dist" 2>/dev/null) != "$dist_key" ]]; then
  npm run build
  printf '%s\n' "$dist_key" >"$stamps/dist"
fi
