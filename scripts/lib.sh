# shellcheck shell=bash
# Sourced by the other scripts: where files are stored, and the few helpers that more than one script needs.

# shellcheck disable=SC2034 # read by the scripts that source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE_DIR=${CACHE_DIR:-$HOME/.cache/status-tracker}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE_DIR/target}
export npm_config_cache=${npm_config_cache:-$CACHE_DIR/npm}
# install-tools.sh puts a Node.js into the cache when the system has none or too old a one; rustup's cargo is often
# missing from the PATH of a non-login shell.
export PATH="$CACHE_DIR/bin:$PATH:$HOME/.cargo/bin:/usr/sbin:/sbin"

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Whether the port number is usable at all: 1 to 65535.
valid_port() {
  [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && (($1 <= 65535))
}

# The inodes of the TCP sockets that listen on port $1, on any address; nothing when the port is free. The kernel's own table
# is read because it needs no tool and opens no connection.
listening_inode() {
  local tables=(/proc/net/tcp)
  [[ -e /proc/net/tcp6 ]] && tables+=(/proc/net/tcp6)
  awk -v port="$(printf '%04X' "$1")" \
    '$4 == "0A" { split($2, local, ":"); if (local[2] == port) print $10 }' "${tables[@]}"
}

# The program that listens on port $1, as far as this user may know: "nginx, process 4711".
port_owner() {
  local inode link pid
  inode=$(listening_inode "$1" | head -n 1)
  link=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null || true)
  if [[ $link =~ ^/proc/([0-9]+)/ ]]; then
    pid=${BASH_REMATCH[1]}
    printf '%s, process %s' "$(cat "/proc/$pid/comm" 2>/dev/null || echo unknown)" "$pid"
  else
    printf "another user's process"
  fi
}

# A free port below the range from which the kernel takes the client side of connections.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    [[ -z $(listening_inode "$port") ]] && printf '%s' "$port" && return
  done
  die "No free port was found between 20000 and 32000."
}

# wait_until_ready PORT PID SECONDS: polls until process PID serves /health/ready on PORT; fails when the process ends
# or the time is over. It checks that the port is the process's own, since another server would answer just as well.
wait_until_ready() {
  local deadline=$((SECONDS + $3)) inode
  while kill -0 "$2" 2>/dev/null && ((SECONDS < deadline)); do
    inode=$(listening_inode "$1" | head -n 1)
    if [[ -n $inode && -n $(find "/proc/$2/fd" -lname "socket:\[$inode\]" 2>/dev/null) ]] &&
      curl --silent --fail --output /dev/null --max-time 5 "http://127.0.0.1:$1/health/ready"; then
      return 0
    fi
    sleep 0.05
  done
  return 1
}

# wait_gone PID SECONDS: waits for a child to end. Polls, because `wait` has no time limit.
wait_gone() {
  local deadline=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# Several checkouts may share one target folder, and cargo tells their sources apart by time alone: it would take
# another checkout's newer build for ours. After a change of checkout its own sources therefore become the newest.
if [[ ! -e $CARGO_TARGET_DIR/checkout || $(<"$CARGO_TARGET_DIR/checkout") != "$ROOT" ]]; then
  find "$ROOT/api" "$ROOT/migrations" -type f -exec touch {} +
  mkdir -p "$CARGO_TARGET_DIR"
  printf '%s\n' "$ROOT" >"$CARGO_TARGET_DIR/checkout"
fi
