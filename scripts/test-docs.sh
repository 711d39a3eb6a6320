#!/usr/bin/env bash
# Runs the examples of docs/api.md against the running server, in order and in one shell: test-docs.sh [FILE]
# Started by with-server.sh, from which it has BASE_URL and the accounts. What a fence says after ```sh decides:
#   sh run              every curl in it must be answered with a status below 400
#   sh run status=409   the last one must be answered with 409, those before it with a status below 400
#   sh no-run           is shown only
# A ```sh block with a curl and neither word fails, so no example goes untried by mistake. An answer in HTML fails too:
# unknown addresses outside the API get the page.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

file=${1:-$ROOT/docs/api.md}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/examples.sh" <<'PRELUDE'
set -euo pipefail
fail() { printf '\n%s:%s: %s\n' "$FILE" "$line" "$1" >&2; exit 1; }
curl() {
  local code=0 status
  : >"$WORK/headers"
  command curl --fail-with-body --silent --show-error --max-time 30 --dump-header "$WORK/headers" "$@" || code=$?
  status=$(sed -n 's/^HTTP\/[0-9.]* \([0-9]*\).*/\1/p' "$WORK/headers" | tail -n 1)
  printf '%s\n' "${status:-none}" >>"$WORK/statuses"
  if grep -qi '^content-type: text/html' "$WORK/headers"; then echo html >>"$WORK/statuses"; return 1; fi
  # 22 is a status of 400 or more, which may be just what the block wants to show.
  if ((code == 22)) && [[ -n $wanted ]]; then return 0; fi
  return "$code"
}
begin() { line=$1 wanted=$2; : >"$WORK/statuses"; }
end() {
  local statuses
  mapfile -t statuses <"$WORK/statuses"
  ((${#statuses[@]})) || return 0
  local last=${statuses[-1]} status
  if [[ -n $wanted ]]; then
    [[ $last == "$wanted" ]] || fail "answered $last, and the text says $wanted"
    unset 'statuses[-1]'
  fi
  for status in "${statuses[@]}"; do
    [[ $status =~ ^[23] ]] || fail "answered $status"
  done
  printf 'ok  line %-4s %s\n' "$line" "$last" >&3
}
trap 'fail "failed (statuses: $(tr "\n" " " <"$WORK/statuses"))"' ERR
set -E
PRELUDE

awk -v file="$file" '
  function complain(text) { print file ":" NR ": " text > "/dev/stderr"; bad = 1 }
  /^ *```/ && inside { if (run) print "end"; else if (curls && !shown) complain("an example that is neither run nor no-run"); inside = 0; next }
  /^ *```/ {
    inside = 1; run = 0; curls = 0; shown = 1; wanted = ""
    if ($1 == "```sh" || $1 == "```bash" || $1 == "```shell") {
      shown = 0
      for (i = 2; i <= NF; i++) {
        if ($i == "run") run = 1
        else if ($i == "no-run") shown = 1
        else if ($i ~ /^status=[0-9][0-9][0-9]$/) wanted = substr($i, 8)
        else complain("not understood: " $i)
      }
      if (run) { count++; printf "begin %d \"%s\"\n", NR, wanted }
    }
    next
  }
  inside && run { print }
  inside && /curl/ { curls = 1 }
  END { if (!count) complain("no example to run"); exit bad }
' "$file" >>"$work/examples.sh"

# The examples' output is of interest only when one fails.
if ! FILE=${file#"$ROOT/"} WORK=$work bash "$work/examples.sh" 3>&1 >"$work/out" 2>&1; then
  tail -n 40 "$work/out" | cut -c 1-500
  exit 1
fi
