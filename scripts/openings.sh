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
    FNR == 1 { block = before = fence = ""; markdown = FILENAME ~ /\.md$/ }
    { text = $0; gsub(/^[ \t]+|[ \t\r]+$/, "", text) }
    markdown && text ~ /^```/ { fence = !fence; before = "```"; next }
    markdown {
      item = sub(/^([-*]|[0-9]+\.)[ \t]+/, "", text)
      if (!fence && (item || before == "" || before ~ /^(#|```)/) && opens(text)) report()
      before = $0; next
    }
    block != "" {
      sub(/^\*+[ \t]*/, "", text)
      if (block == "begun" && text != "") { if (opens(text)) report(); block = "on" }
      if (index($0, "*/") || index($0, "-->")) block = ""
      before = ""; next
    }
    # An opening of a block, whose text may begin on the next line.
    match(text, /^(\/\*+|<!--)[ \t]*/) {
      rest = substr(text, RLENGTH + 1)
      if (opens(rest)) report()
      if (!index(rest, "*/") && !index(rest, "-->")) block = rest == "" ? "begun" : "on"
      before = ""; next
    }
    match(text, /^(\/\/[\/!]?|#|--)[ \t]+/) {
      mark = substr(text, 1, RLENGTH); gsub(/[ \t]/, "", mark)
      if (before != mark && opens(substr(text, RLENGTH + 1))) report()
      before = mark; next
    }
    match(text, /[ \t](\/\/|#|--)[ \t]+/) && opens(substr(text, RSTART + RLENGTH)) { report() }
    { before = "" }
    END { exit found }
  '
