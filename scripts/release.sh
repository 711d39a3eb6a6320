#!/usr/bin/env bash
# Packs what an operator needs into one archive beside the build: the program, the page, the nginx templates, the docs.
# The same commit and toolchain give the same bytes: order, times and owners are fixed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

scripts/install-tools.sh run
cargo build --release --locked --bin status-tracker
scripts/build-web.sh

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
name=status-tracker-$version-linux-$(uname -m)
out=$CARGO_TARGET_DIR/archive
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/$name/bin" "$work/$name/scripts"
cp "$CARGO_TARGET_DIR/release/status-tracker" "$work/$name/bin/"
cp -r web/dist "$work/$name/web"
cp -r deploy docs openapi CHANGELOG.md LICENSE README.md "$work/$name/"
cp scripts/lib.sh scripts/render-nginx.sh "$work/$name/scripts/"
tar --create --gzip --file "$out/$name.tar.gz" --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner \
  --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" "$name"
(cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
printf 'Written: %s\n' "$out/$name.tar.gz"
