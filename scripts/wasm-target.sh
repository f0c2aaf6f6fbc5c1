#!/usr/bin/env bash
# Gives rustc the standard library for wasm32-unknown-unknown.
#
# rustup has it ready-made. Where rustup cannot download, it is built once from Debian's package of
# the same Rust version's sources and laid into the sysroot, where cargo finds it like rustup's.
#
#   wasm-target.sh                 rustup first, then from source
#   wasm-target.sh --check         succeeds if rustc can use the target now
#   wasm-target.sh --from-source   from source, without asking rustup

set -euo pipefail

TARGET=wasm32-unknown-unknown
SYSROOT=$(rustc --print sysroot)
LIB=$SYSROOT/lib/rustlib/$TARGET
STAMP=$LIB/built-from-source
RUST_VERSION=$(rustc --version | cut -d' ' -f2)
SUITES="trixie-backports testing unstable"

usable() {
  echo 'pub fn probe() -> String { String::new() }' |
    rustc --target "$TARGET" --crate-type rlib --emit metadata -o "$1/probe.rmeta" - 2>/dev/null
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case "${1:-}" in
  --check) usable "$work"; exit ;;
  --from-source) ask_rustup=no ;;
  *) ask_rustup=yes ;;
esac

# Ours for another rustc: a rustup update leaves it behind, and it would hide the right one.
if [ -e "$STAMP" ]; then rm -rf "$LIB"; fi

if [ "$ask_rustup" = yes ] && command -v rustup >/dev/null; then
  if RUSTUP_MAX_RETRIES=1 timeout 120 rustup target add "$TARGET" </dev/null && usable "$work"; then
    exit 0
  fi
  echo "rustup could not add $TARGET"
fi

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  echo "no Debian to take Rust's sources from: run 'rustup target add $TARGET' with internet access"
  exit 1
}

# --- the sources of the same version, from the mirror this system already uses
mirror=$(apt-get indextargets --format '$(SITE)' | grep -E '/debian/?$' | head -n1 || true)
[ -n "$mirror" ] || { echo "apt knows no Debian mirror"; exit 1; }
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/download"
# Own lists and an own cache: the system's package sources stay as they are.
apt_options=(
  -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache"
  -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)"
)
version=
for suite in $SUITES; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
    >"$work/sources.list"
  echo "looking for rust-src $RUST_VERSION in $suite"
  apt-get "${apt_options[@]}" update || continue
  version=$(apt-cache "${apt_options[@]}" madison rust-src |
    awk -F'|' '{ gsub(/ /, "", $2); print $2 }' | grep -F "$RUST_VERSION+" | head -n1 || true)
  [ -z "$version" ] || break
done
[ -n "$version" ] || { echo "Debian has no rust-src $RUST_VERSION"; exit 1; }
(cd "$work/download" && apt-get "${apt_options[@]}" download "rust-src=$version")
dpkg-deb --fsys-tarfile "$work"/download/rust-src_*.deb |
  tar -x -C "$work" "./usr/src/rustc-$RUST_VERSION/library"

# --- the build
source_home=$SYSROOT/lib/rustlib/src/rust
if [ ! -e "$source_home/library" ]; then
  mkdir -p "$source_home"
  # Only for the build: left there, it would be in the way of rustup's own rust-src.
  trap 'rm -rf "$work" "$source_home/library"' EXIT
  mv "$work/usr/src/rustc-$RUST_VERSION/library" "$source_home/library"
fi
crate=$work/empty
mkdir -p "$crate/src" && : >"$crate/src/lib.rs"
cat >"$crate/Cargo.toml" <<'END'
[package]
name = "empty"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[workspace]
END
# Without the bitcode, `lto = true` in a later build finds nothing to work on.
(cd "$crate" && RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Cembed-bitcode=yes" CARGO_TARGET_DIR="$crate/target" \
  cargo build --release -Zbuild-std=std,panic_abort,test --target "$TARGET")
rm -rf "$LIB" && mkdir -p "$LIB/lib"
find "$crate/target/$TARGET/release/deps" -name '*.rlib' ! -name 'libempty*' \
  -exec cp {} "$LIB/lib/" \;
echo "$RUST_VERSION" >"$STAMP"
usable "$work"
