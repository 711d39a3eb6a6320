#!/usr/bin/env bash
# Sends sqlmap, wapiti and slowhttptest against the running server and fails if one of them finds anything: attack.sh
# Started by with-server.sh, from which it has BASE_URL, DATA_DIR and the accounts. Everything stays on this machine and ends by itself.
# The server does not count requests here (RATE_LIMIT_ENABLED=false): the attacks have to be harmless, not merely rare.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tools=(sqlmap==1.10.10 wapiti3==3.2.3)
venv=$CACHE_DIR/attack-venv
if [[ $(cat "$venv/tools" 2>/dev/null) != "${tools[*]}" ]]; then
  /usr/bin/python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${tools[@]}"
  printf '%s\n' "${tools[*]}" >"$venv/tools"
fi

work=$(mktemp -d)
keeper_pid="" watcher_pid=""
cleanup() {
  local pid
  for pid in $keeper_pid $watcher_pid; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
failed=()

api() {
  curl --silent --fail-with-body --max-time 10 --header "Authorization: Bearer $token" --header 'Content-Type: application/json' "$@"
}
token=""
token=$(api --data "{\"username\":\"$ADMIN_USERNAME\",\"password\":\"$ADMIN_PASSWORD\"}" "$BASE_URL/api/v1/auth/token" | jq -er .access_token)
entry=$(api --data '{"metric":"water","value":250,"note":"after the run","tags":["sport"]}' "$BASE_URL/api/v1/entries" | jq -er .id)
curl --silent --fail "$BASE_URL/api/openapi.json" | "$ROOT/scripts/attack_targets.py" "$BASE_URL" "$entry" >"$work/targets.json"
targets=$(jq '[.paths[] | keys[]] | length' "$work/targets.json")

# Guesses lock a name, and a person may hold only twenty tokens: without this the tools would soon meet nothing but
# those two rules.
keep_open() {
  while true; do
    sqlite3 "$DATA_DIR/status-tracker.db" '.timeout 5000' 'DELETE FROM sign_in_failures' "DELETE FROM sessions WHERE kind = 'api_token'" || true
    sleep 0.2
  done
}
keep_open 2>/dev/null &
keeper_pid=$!

# A tool that was signed out on the way never reached its targets.
still_signed_in() {
  api --output /dev/null "$BASE_URL/api/v1/admin/settings" || failed+=("signed out during $1")
}

# run_sqlmap NAME TARGETS ARGUMENTS...: its report lists its findings; the number of tested targets shows that it came
# to the end.
run_sqlmap() {
  local name=$1 expected=$2 tested
  shift 2
  timeout 400 "$venv/bin/sqlmap" --batch --disable-coloring --flush-session --skip-waf --ignore-code '*' --timeout 10 \
    --header "Authorization: Bearer $token" --output-dir "$work/sqlmap" --report-json "$work/$name.json" "$@" \
    </dev/null >"$work/$name.log" 2>&1 || true
  tested=$(grep -c 'testing connection to the target URL' "$work/$name.log" || true)
  if ! jq -e '.success and .data == []' "$work/$name.json" >/dev/null 2>&1 || ((tested != expected)) ||
    grep -E "parameter '.*' is vulnerable|\[WARNING\] JWT " "$work/$name.log"; then
    failed+=("$name")
    tail -n 40 "$work/$name.log"
    jq .data "$work/$name.json" 2>/dev/null || true
  fi
  printf '%s: %s of %s operations, %s parameters\n' "$name" "$tested" "$expected" \
    "$(grep -c 'testing for SQL injection on' "$work/$name.log" || true)"
  still_signed_in "$name"
}

# slow NAME ARGUMENTS...: many clients that dawdle, while another one, from another address, asks for two things again
# and again. slowhttptest's own verdict does not count, since it asks from the attacking address.
slow() {
  local name=$1 answers=$work/$1.answers
  shift
  watch_service "$answers" &
  watcher_pid=$!
  timeout 90 slowhttptest -c 1000 -r 200 -l 40 -p 3 "$@" >"$work/$name.log" 2>&1 || true
  kill "$watcher_pid"
  wait "$watcher_pid" 2>/dev/null || true
  watcher_pid=""
  awk -v name="$name" '
    $1 != 200 || $2 >= 1 { bad++; print "  " $0 }
    $2 > slowest { slowest = $2 }
    END {
      printf "%s: %d requests of another client, %d failed or took a second, the slowest %.3f s\n", name, NR, bad, slowest
      exit bad > 0 || NR < 100
    }' "$answers" || failed+=("$name")
  # An attack that never got going shows nothing.
  if ! grep -q 'Test ended on' "$work/$name.log"; then
    failed+=("$name did not run")
    tail -n 20 "$work/$name.log"
  fi
}

watch_service() {
  local path
  while true; do
    for path in /health/live /api/v1/me; do
      curl --silent --output /dev/null --interface 127.0.0.2 --resolve "localhost:${BASE_URL##*:}:127.0.0.1" --max-time 5 \
        --header "Authorization: Bearer $token" --write-out "%{http_code} %{time_total} $path\n" "$BASE_URL$path" >>"$1" || true
    done
    sleep 0.1
  done
}

printf -- '-- sqlmap\n'
run_sqlmap injection "$targets" --openapi "$work/targets.json" --dbms sqlite --level 2 --risk 1
run_sqlmap token 1 --url "$BASE_URL/api/v1/people?limit=20" --jwt

printf -- '-- wapiti\n'
# Left out: modules that look for other products or for TLS (which ends before this server), ask a server of wapiti's
# own on the internet, or only list methods, and spring4shell, which takes every 422 for an unknown parameter for a hole
# in Java.
modules=backup,brute_login_form,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,permanentxss,redirect,shellshock,sql,timesql
modules+=,upload,xss
timeout 500 "$venv/bin/wapiti" --url "$BASE_URL/" --swagger "$work/targets.json" --module "$modules" --header "Authorization: Bearer $token" \
  --max-scan-time 120 --max-attack-time 60 --store-session "$work/wapiti" --store-config "$work/wapiti" --no-bugreport \
  --format json --output "$work/wapiti.json" </dev/null >"$work/wapiti.log" 2>&1 || true
if ! jq -r '"wapiti: \(.infos.crawled_pages_nbr) pages and operations",
    (.vulnerabilities + .anomalies | to_entries[] | .key as $kind | .value[] | "  \($kind): \(.method) \(.path) \(.parameter) \(.info)"),
    if ([.vulnerabilities[], .anomalies[]] | add | length) == 0 and .infos.crawled_pages_nbr >= ($targets | tonumber) then empty
    else "" | halt_error(1) end' --arg targets "$targets" "$work/wapiti.json"; then
  failed+=(wapiti)
  tail -n 20 "$work/wapiti.log"
fi
still_signed_in wapiti

printf -- '-- slowhttptest\n'
slow "slow headers" -H -i 5 -x 24 -t GET -u "$BASE_URL/api/v1/me"
slow "slow body" -B -i 5 -x 10 -s 8192 -t POST -f application/json -u "$BASE_URL/api/v1/auth/login"
slow "slow read" -X -n 5 -z 32 -w 256 -y 1024 -k 3 -u "$BASE_URL/api/openapi.json"

if ((${#failed[@]})); then die "Found something: ${failed[*]}"; fi
