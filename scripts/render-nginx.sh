#!/usr/bin/env bash
# Writes a complete nginx configuration into a directory: render-nginx.sh RUN_DIR
# From the environment: PORT, API_PORT, WEB_ROOT; optionally LISTEN_ADDR (default: this machine only), PUBLIC_URL (its
# host is answered besides localhost), NGINX_TRUSTED_PROXIES (addresses and networks of proxies in front of this nginx, whose
# X-Forwarded-For it believes; default: none) and NGINX_USER (set when started as root).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

run_dir=$(realpath "${1:?which directory?}")
: "${PORT:?}" "${API_PORT:?}" "${WEB_ROOT:?}"
valid_port "$PORT" || die "PORT is not a port number: $PORT"
valid_port "$API_PORT" || die "API_PORT is not a port number: $API_PORT"

# The values are put inside quotes in nginx's language: any character that could end the quotes or name a variable is
# refused.
for value in "$run_dir" "$WEB_ROOT"; do
  [[ $value != *[\"\'\\\$\;\{\}]* && $value != *$'\n'* ]] || die "This path cannot be used in nginx's configuration: $value"
done

addresses=()
names="localhost 127.0.0.1 [::1]"
if [[ -n ${LISTEN_ADDR:-} ]]; then
  [[ $LISTEN_ADDR =~ ^([0-9.]+|\[[0-9a-fA-F:]+\]|\*)$ ]] || die "LISTEN_ADDR must be an address such as 0.0.0.0 or [::]: $LISTEN_ADDR"
  addresses+=("$LISTEN_ADDR")
  # This machine itself always gets in; 0.0.0.0 and * are all of its addresses.
  [[ $LISTEN_ADDR =~ ^(0\.0\.0\.0|\*|127\.0\.0\.1)$ ]] || addresses+=(127.0.0.1)
  [[ " $names " == *" $LISTEN_ADDR "* || $LISTEN_ADDR =~ ^(0\.0\.0\.0|\[::\]|\*)$ ]] || names+=" $LISTEN_ADDR"
else
  addresses+=(127.0.0.1)
  # Browsers try ::1 first for localhost; a machine without IPv6 would fail to bind it.
  if grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then addresses+=("[::1]"); fi
fi
if [[ ${PUBLIC_URL:-} =~ ^https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+) ]] && [[ " $names " != *" ${BASH_REMATCH[1]} "* ]]; then
  names+=" ${BASH_REMATCH[1]}"
fi

listen="" listen_default=""
for address in "${addresses[@]}"; do
  listen+="    listen $address:$PORT;"$'\n'
  listen_default+="    listen $address:$PORT default_server;"$'\n'
done

real_ip="    # set_real_ip_from: nobody."
if [[ -n ${NGINX_TRUSTED_PROXIES:-} ]]; then
  [[ $NGINX_TRUSTED_PROXIES =~ ^[0-9a-fA-F:./,[:space:]]+$ ]] ||
    die "NGINX_TRUSTED_PROXIES must be addresses and networks such as 10.0.0.0/8, 2001:db8::7: $NGINX_TRUSTED_PROXIES"
  real_ip=""
  for proxy in ${NGINX_TRUSTED_PROXIES//,/ }; do
    [[ $proxy != */0 ]] || die "NGINX_TRUSTED_PROXIES must not hold every address there is: $proxy"
    real_ip+="    set_real_ip_from $proxy;"$'\n'
  done
  real_ip+=$'    real_ip_header X-Forwarded-For;\n    real_ip_recursive on;'
fi

render() {
  local text
  text=$(<"$ROOT/deploy/nginx/$1.template")
  text=${text//@USER@/"${NGINX_USER:+user $NGINX_USER;}"}
  text=${text//@RUN_DIR@/"$run_dir"}
  text=${text//@WEB_ROOT@/"$WEB_ROOT"}
  text=${text//@API_ADDR@/"127.0.0.1:$API_PORT"}
  text=${text//@LISTEN@/"${listen%$'\n'}"}
  text=${text//@LISTEN_DEFAULT@/"${listen_default%$'\n'}"}
  text=${text//@REAL_IP@/"$real_ip"}
  text=${text//@SERVER_NAMES@/"$names"}
  if [[ $text =~ @[A-Z_]+@ ]]; then die "deploy/nginx/$1.template names ${BASH_REMATCH[0]}, which nobody fills in."; fi
  printf '%s\n' "$text" >"$run_dir/$1"
}
# A browser that once got this header never comes back over plain HTTP, so it is sent only where there is TLS.
hsts="# Not served over TLS."
if [[ ${PUBLIC_URL:-} == https://* ]]; then
  hsts='add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;'
fi
printf '%s\n' "$hsts" >"$run_dir/hsts.conf"
render nginx.conf
render status-tracker.conf
render problems.conf
cp "$ROOT/deploy/nginx/security-headers.conf" "$ROOT/deploy/nginx/problem-headers.conf" "$run_dir/"
