#!/usr/bin/env bash
# Refuses comments and paragraphs whose first word is not their subject: openings.sh [FOLDER ...]
# "Whoever holds the lock opens it" is read twice; "The holder of the lock opens it" once.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

folders=("$@")
((${#folders[@]})) || folders=(api web scripts docs)
# shellcheck disable=SC2016 # awk's own variables
git ls-files -z -- "${folders[@]}" |
  grep -zEv '^web/src/api/schema\.d\.ts$|^web/package-lock\.json$' |
  grep -zE '\.(rs|ts|js|svelte|css|sh|sql|toml|yml|conf|md)$' |
  xargs -0 -n 400 awk '
    function opens(text) { return text ~ /^(Whoever|What|Whom|Who|Those|Such|So)([^A-Za-z]|$)/ }
    function report() { printf "%s:%d: %s\n", FILENAME, FNR, $0; found = 1 }
    # A paragraph begins after an empty line or a heading, and with each item of a list.
    function look(text, heading, item) {
      heading = text ~ /^#+[ \t]/
      item = sub(/^([-*]|[0-9]+[.)])[ \t]+/, "", text)
      if ((fresh || item) && opens(text)) report()
      fresh = heading || text == ""
    }
    FNR == 1 { block = fence = 0; mark = ""; fresh = 1; markdown = FILENAME ~ /\.md$/ }
    { text = $0; gsub(/^[ \t]+|[ \t\r]+$/, "", text) }
    markdown && text ~ /^```/ { fence = !fence; fresh = 1; next }
    markdown { if (!fence) look(text); next }
    block {
      sub(/^\*+[ \t]*/, "", text)
      look(text)
      block = !index($0, "*/") && !index($0, "-->")
      next
    }
    match(text, /^(\/\*+|<!--)[ \t]*/) {
      text = substr(text, RLENGTH + 1); mark = ""; fresh = 1
      look(text)
      block = !index(text, "*/") && !index(text, "-->")
      next
    }
    match(text, /^(\/\/[\/!]?|#|--)([ \t]+|$)/) {
      begun = substr(text, 1, RLENGTH); gsub(/[ \t]/, "", begun)
      if (begun != mark) fresh = 1
      mark = begun
      look(substr(text, RLENGTH + 1))
      next
    }
    match(text, /[ \t](\/\/|#|--)[ \t]+/) && opens(substr(text, RSTART + RLENGTH)) { report() }
    { mark = "" }
    END { exit found }
  '
