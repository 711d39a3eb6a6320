#!/usr/bin/env bash
# `make run`, `make demo` and `make dev`: builds what has changed, then runs it in the foreground until Ctrl-C. With run and
# demo that is the API behind nginx; with dev the debug build behind Vite, which reloads the page as its sources change.
# PORT, API_PORT and DATA_DIR change the places. LISTEN_ADDR opens it to other machines, without TLS: by default only
# this one gets in. STATUS_TRACKER_BIN and WEB_ROOT take a finished binary and page instead of building them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

mode=${1:-run}
PORT=${PORT:-8080}
API_PORT=${API_PORT:-8081}
if [[ $mode == run ]]; then DATA_DIR=${DATA_DIR:-./data}; else DATA_DIR=${DATA_DIR:-./data-demo}; fi

api_pid="" front_pid="" build_pid="" run_dir="" stopping="" welcome=""

check_ports() {
  local name
  for name in PORT API_PORT; do
    valid_port "${!name}" || die "$name=${!name} is not a port number from 1 to 65535."
    [[ -z $(listening_inode "${!name}") ]] ||
      die "Port ${!name} is in use (by $(port_owner "${!name}")). Choose another: make $mode $name=$((${!name} + 10))"
  done
  [[ $PORT != "$API_PORT" ]] || die "PORT and API_PORT are both $PORT. Choose another: make $mode API_PORT=$((PORT + 1))"
}

# The API gets its full 30 s to finish its requests, nginx as long to pass the answers on. Both are stopped at once:
# nginx takes no more connections, the API ends the streams that nginx would otherwise wait for.
stop_all() {
  stopping=1
  trap 'force_stop' INT TERM HUP
  if [[ -n $front_pid ]]; then kill "-$front_signal" "$front_pid" 2>/dev/null || true; fi
  if [[ -n $api_pid ]]; then kill -TERM "$api_pid" 2>/dev/null || true; fi
  local clean=0
  if [[ -n $api_pid ]] && ! wait_gone "$api_pid" 35; then
    echo "The API did not stop within 35 seconds and was ended." >&2
    kill -KILL "$api_pid" 2>/dev/null || true
    clean=1
  fi
  if [[ -n $front_pid ]]; then
    wait_gone "$front_pid" 5 || true
    # The workers of nginx are in its group and outlive a master that was killed.
    kill -TERM -- "-$front_pid" 2>/dev/null || true
  fi
  return $clean
}

force_stop() {
  if [[ -n $api_pid ]]; then kill -KILL "$api_pid" 2>/dev/null || true; fi
  if [[ -n $front_pid ]]; then kill -TERM "$front_pid" 2>/dev/null || true; fi
}

requested_stop() {
  echo "Stopping…"
  local code=0
  stop_all || code=1
  exit "$code"
}

cleanup() {
  local code=$?
  show_welcome
  if [[ -z $stopping ]]; then stop_all || true; fi
  if [[ -n $run_dir ]]; then rm -rf "$run_dir"; fi
  exit "$code"
}

# Shown once, where it is seen: after the lines of the start, or, when that fails, before the script ends.
show_welcome() {
  if [[ -n $welcome ]]; then printf '\n%s\n\n' "$welcome"; fi
  welcome=""
}

# Runs in the background, because the shell would otherwise not get a signal before the build is done.
build() {
  "$@" &
  build_pid=$!
  wait "$build_pid"
}

check_ports
trap 'kill -TERM "$build_pid" 2>/dev/null; exit 130' INT TERM HUP
if [[ -z ${STATUS_TRACKER_BIN:-} || -z ${WEB_ROOT:-} ]]; then scripts/install-tools.sh run; fi
if [[ -z ${STATUS_TRACKER_BIN:-} ]]; then
  if [[ $mode == dev ]]; then
    build cargo build --locked --bin status-tracker
    STATUS_TRACKER_BIN=$CARGO_TARGET_DIR/debug/status-tracker
  else
    build cargo build --profile home --locked --bin status-tracker
    STATUS_TRACKER_BIN=$CARGO_TARGET_DIR/home/status-tracker
  fi
fi
if [[ $mode == dev ]]; then
  build scripts/build-web.sh --modules-only
elif [[ -z ${WEB_ROOT:-} ]]; then
  build scripts/build-web.sh
  WEB_ROOT=$ROOT/web/dist
fi

# Private health data: nobody else on this machine may look in.
mkdir -p "$DATA_DIR"
chmod 0700 "$DATA_DIR"
DATA_DIR=$(realpath "$DATA_DIR")
export DATA_DIR PORT API_PORT
export BIND_ADDR=127.0.0.1:$API_PORT
export PUBLIC_URL=${PUBLIC_URL:-http://localhost:$PORT}
export TRUSTED_PROXIES=${TRUSTED_PROXIES:-127.0.0.1}
export LOG_FORMAT=${LOG_FORMAT:-pretty}

trap cleanup EXIT
"$STATUS_TRACKER_BIN" migrate
if [[ $("$STATUS_TRACKER_BIN" user list --json) == "[]" ]]; then
  if [[ $mode != run ]]; then
    echo "Making up a year of entries…"
    welcome="Demo accounts, all with the same password, shown only now:

$("$STATUS_TRACKER_BIN" demo | sed 's/^/    /')"
  else
    password=$("$STATUS_TRACKER_BIN" user create --username admin --role admin --generate | sed -n 's/^password: //p' | tail -n 1)
    [[ -n $password ]] || die "The first admin could not be created."
    welcome="The first admin has been created. Sign in as:

    username  admin
    password  $password

This password is shown only now. Change it after signing in, or keep it somewhere safe."
  fi
fi

# Each gets a session of its own, so that Ctrl-C reaches this script alone and the order of stopping is ours; and each
# ends with this script even if that is killed outright.
check_ports
run_dir=$(mktemp -d "${TMPDIR:-/tmp}/status-tracker.XXXXXXXX")
trap requested_stop INT TERM HUP
setpriv --pdeathsig TERM setsid "$STATUS_TRACKER_BIN" serve &
api_pid=$!
if ! wait_until_ready "$API_PORT" "$api_pid" 120; then
  die "The API did not become ready. What it said is above."
fi

# nginx started by root hands the work to an unprivileged user, who may not look into root's home or into a private
# checkout. So that user gets a copy of the page, in a directory that holds nothing else.
start_nginx() {
  if ((EUID == 0)); then
    chmod 0755 "$run_dir"
    cp -r --preserve=timestamps "$WEB_ROOT" "$run_dir/web"
    chmod -R a+rX "$run_dir/web"
    WEB_ROOT=$run_dir/web
    NGINX_USER=nobody
    if getent passwd www-data >/dev/null; then NGINX_USER=www-data; fi
    export NGINX_USER
  fi
  export WEB_ROOT
  scripts/render-nginx.sh "$run_dir"
  setpriv --pdeathsig TERM setsid nginx -e stderr -p "$run_dir" -c "$run_dir/nginx.conf" &
  front_pid=$!
}

start_vite() {
  cd "$ROOT/web"
  setpriv --pdeathsig TERM setsid node node_modules/vite/bin/vite.js --host 127.0.0.1 --port "$PORT" --strictPort &
  front_pid=$!
  cd "$ROOT"
}

if [[ $mode == dev ]]; then front=Vite front_signal=TERM; start_vite; else front=nginx front_signal=QUIT; start_nginx; fi
if ! wait_until_ready "$PORT" "$front_pid" 20; then
  die "$front did not become ready. What it said is above."
fi

show_welcome
printf 'Ready: http://localhost:%s   (data in %s, Ctrl-C stops it)\n' "$PORT" "$DATA_DIR"

code=0
wait -n -p ended "$api_pid" "$front_pid" || code=$?
if [[ $ended == "$api_pid" ]]; then front="The API"; fi
echo "$front ended by itself (exit code $code), so everything was stopped." >&2
stop_all || true
exit 1
