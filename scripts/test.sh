#!/usr/bin/env bash
# Runs stages and counts them: test.sh all|check|e2e|e2e-limits
# A failed stage does not end the run, except where the next ones could only repeat its failure: those are counted as
# skipped.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

what=${1:?all, check, e2e or e2e-limits}
passed=0 failed=0 skipped=0 failures=()
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

stage() {
  local name=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@" </dev/null 2>&1 | tee "$said/${name//\//-}"; then
    passed=$((passed + 1))
    printf -- '-- %s: passed in %s s\n' "$name" $((SECONDS - begun))
  else
    failed=$((failed + 1))
    failures+=("$name")
    printf -- '-- %s: FAILED after %s s\n' "$name" $((SECONDS - begun))
    return 1
  fi
}

# Repeats at the end the last lines of each failed stage, mostly names of tests: a long log may be cut to its end.
summary() {
  local name
  for name in "${failures[@]}"; do
    printf '\n== Failed: %s\n' "$name"
    tail -n 12 "$said/${name//\//-}"
  done
  printf '\n'
  printf 'Took %s min %s s\n' $((SECONDS / 60)) $((SECONDS % 60))
  if ((skipped)); then
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  else
    printf '%s passed, %s failed\n' "$passed" "$failed"
  fi
  if ((failed)); then printf 'Failed: %s\n' "${failures[@]}"; fi
  exit $((failed > 0))
}

skip() { skipped=$((skipped + $1)); }
in_web() { (cd web && "$@"); }
# shellcheck disable=SC2086 # ARGS is several words on purpose
browser() { in_web npm run --silent e2e -- ${ARGS:-}; }
browser_with_limits() { E2E_LIMITS=1 ARGS="limits ${ARGS:-}" browser; }
# Attackers meet nginx first, so the promises of docs/security.md have to hold behind it, too.
through_nginx() { THROUGH_NGINX=1 cargo test --locked --test api -- security:: auth::accounts auth::credentials auth::sign_in lockout:: sessions:: totp:: tokens:: events::; }
documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items --quiet; }
# Each half waits for its own server most of the time, so both together take little longer than one.
contract() {
  local admin code=0
  ROLES=ADMIN scripts/with-server.sh scripts/schemathesis.sh >"$said/admin" 2>&1 &
  admin=$!
  ROLES="NOBODY VIEWER" scripts/with-server.sh scripts/schemathesis.sh || code=1
  wait "$admin" || code=1
  cat "$said/admin"
  return "$code"
}
all_scripts() { shellcheck scripts/*.sh .ci/run; }

build_for_browser() {
  cargo build --locked --bin status-tracker && scripts/build-web.sh
}

static_stages() {
  stage "Rust: format" cargo fmt --all --check || true
  stage "Rust: clippy" cargo clippy --locked --all-targets -- -D warnings || true
  stage "Rust: documentation" documentation || true
  stage "Rust: dependencies" scripts/deny.sh || true
  stage "Scripts: shellcheck" all_scripts || true
  stage "Comments open with their subject" scripts/openings.sh || true
  if stage "Page: packages" scripts/build-web.sh --modules-only; then
    stage "Page: lint" in_web npm run --silent lint || true
    stage "Page: types" in_web npm run --silent check || true
  else
    skip 2
  fi
}

stage "Tools" scripts/install-tools.sh test || summary
case $what in
  check)
    static_stages
    ;;
  e2e)
    if stage "Build" build_for_browser; then stage "Browser tests" browser || true; else skip 1; fi
    ;;
  e2e-limits)
    if stage "Build" build_for_browser; then stage "Browser tests with the limits on" browser_with_limits || true; else skip 1; fi
    ;;
  all)
    static_stages
    stage "Rust: tests" cargo test --locked || true
    stage "Security tests through nginx" through_nginx || true
    stage "Generated files are current" scripts/generate.sh --check || true
    stage "Page: tests" in_web npm run --silent test || true
    if stage "Build" build_for_browser; then
      stage "Browser tests" browser || true
      stage "Contract" contract || true
      stage "Examples in docs/api.md" scripts/with-server.sh scripts/test-docs.sh || true
    else
      skip 3
    fi
    ;;
  *) die "all, check, e2e or e2e-limits, not $what" ;;
esac
summary
