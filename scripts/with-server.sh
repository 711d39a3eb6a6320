#!/usr/bin/env bash
# Runs a command against a fresh server behind nginx, and removes both: with-server.sh COMMAND...
# The command gets BASE_URL, DATA_DIR and the accounts in ADMIN_USERNAME, ADMIN_PASSWORD, VIEWER_USERNAME,
# VIEWER_PASSWORD.
# STATUS_TRACKER_BIN names another program than the dev build; WEB_ROOT another page than web/dist.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$(mktemp -d)
api_pid="" nginx_pid=""
cleanup() {
  local code=$?
  if [[ -n $nginx_pid ]]; then kill -TERM "$nginx_pid" 2>/dev/null || true; fi
  if [[ -n $api_pid ]]; then
    kill -TERM "$api_pid" 2>/dev/null || true
    wait_gone "$api_pid" 35 || kill -KILL "$api_pid" || true
  fi
  if ((code != 0)) && [[ -s $work/api.log ]]; then
    echo "The last lines of the API's log:" >&2
    tail -n 15 "$work/api.log" >&2
  fi
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

STATUS_TRACKER_BIN=${STATUS_TRACKER_BIN:-$CARGO_TARGET_DIR/debug/status-tracker}
PORT=$(free_port)
API_PORT=$(free_port)
while [[ $API_PORT == "$PORT" ]]; do API_PORT=$(free_port); done
export PORT API_PORT
export WEB_ROOT=${WEB_ROOT:-$ROOT/web/dist}
export DATA_DIR=$work/data BIND_ADDR=127.0.0.1:$API_PORT PUBLIC_URL=http://localhost:$PORT
# The cheapest hash there is: hundreds of sign-ins are part of a test run, and their cost is tested elsewhere.
export BCRYPT_COST=${BCRYPT_COST:-4}
export RATE_LIMIT_ENABLED=${RATE_LIMIT_ENABLED:-false}
mkdir -m 0700 "$DATA_DIR"
mkdir "$work/nginx"

export ADMIN_USERNAME=morgan ADMIN_PASSWORD=Tall-Lighthouse-48-gulls
export VIEWER_USERNAME=jules VIEWER_PASSWORD=Slow-Ferry-93-pebbles
"$STATUS_TRACKER_BIN" migrate
"$STATUS_TRACKER_BIN" user create --username "$ADMIN_USERNAME" --role admin --password-stdin <<<"$ADMIN_PASSWORD" >/dev/null
"$STATUS_TRACKER_BIN" user create --username "$VIEWER_USERNAME" --role viewer --password-stdin <<<"$VIEWER_PASSWORD" >/dev/null

setpriv --pdeathsig TERM "$STATUS_TRACKER_BIN" serve >"$work/api.log" 2>&1 &
api_pid=$!
wait_until_ready "$API_PORT" "$api_pid" 30 || die "The API did not become ready."
# As root, nginx keeps root for its workers here: the checkout may be private, and all of this is on loopback and short.
if ((EUID == 0)); then export NGINX_USER=root; fi
"$ROOT/scripts/render-nginx.sh" "$work/nginx"
setpriv --pdeathsig TERM nginx -e stderr -p "$work/nginx" -c "$work/nginx/nginx.conf" &
nginx_pid=$!
wait_until_ready "$PORT" "$nginx_pid" 10 || die "nginx did not become ready."

export BASE_URL=http://localhost:$PORT
"$@"
