#!/usr/bin/env bash
# Brings a machine that has git, cargo and Node to the point where everything here builds.
#
# Every step looks first and does nothing when there is nothing to do, so this runs before each
# build, dev server and test. It uses no downloads besides the clients of the package registries
# (apt, npm, cargo, rustup), since many build machines reach nothing else.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STEPS=10
LOGS=.tools/log
source scripts/progress.sh

mkdir -p .tools/bin "$LOGS"
# Two setups at once would install over each other; the second waits, then finds all in place.
if command -v flock >/dev/null; then
  exec 9>.tools/setup.lock
  flock -n 9 || { echo "another setup is running, waiting for it"; flock 9; }
fi

locked_version() { # the version of crate $1 in Cargo.lock
  grep -A1 -x "name = \"$1\"" Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p' | head -n1
}

# --- what only the user can install
step "cargo and Node"
command -v cargo >/dev/null || die "cargo is missing: install Rust with rustup (https://rustup.rs)"
command -v npm >/dev/null || die "npm is missing: install Node.js 20 or newer (https://nodejs.org)"
[ -f Cargo.lock ] || die "Cargo.lock is missing: this is not a whole clone of the repository"
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || die "Node $node_major is too old: install Node.js 20 or newer"
rust_version=$(rustc --version | cut -d' ' -f2)
rust_minor=$(cut -d. -f2 <<<"$rust_version")
rust_needed=$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml | head -n1)
[ "$rust_minor" -ge "$rust_needed" ] ||
  die "rustc $rust_version is too old: 1.$rust_needed or newer is needed (rustup update stable)"
found "rustc $rust_version, Node $(node --version)"

# --- npm packages, fetched while the steps below work
# The stamp holds what the packages were installed from; a changed lock file makes it stale.
npm_stamp=node_modules/.isolite-setup
npm_state=$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)
npm_job=
if [ "$(cat "$npm_stamp" 2>/dev/null)" != "$npm_state" ] || [ ! -x node_modules/.bin/node ]; then
  (
    npm ci --no-audit --no-fund --loglevel=error &&
      echo "$npm_state" >"$npm_stamp"
  ) >"$LOGS/npm.log" 2>&1 9>&- </dev/null &
  npm_job=$!
fi
trap '[ -z "$npm_job" ] || kill "$npm_job" 2>/dev/null || true' EXIT

# --- Debian packages
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
can_be_root() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -v; }; }
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}
# The package lists of a fresh image are missing or stale: only then are they fetched.
install_packages() { apt_install "$@" || { as_root apt-get update && apt_install "$@"; }; }

step "C compilers (clang-19 makes SQLite for wasm), and pip"
packages=()
# Only tests need Python, so a machine without it is none to stop at.
python_with_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -m pip --version >/dev/null 2>&1 && command -v "$python" && return
  done
  return 1
}
if command -v apt-get >/dev/null && ! python_with_pip >/dev/null; then packages+=(python3-pip); fi
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v clang-19 >/dev/null || packages+=(clang-19)
command -v llvm-ar-19 >/dev/null || packages+=(llvm-19)
# worker-build links the system's OpenSSL.
if [ ! -x .tools/bin/worker-build ]; then
  command -v pkg-config >/dev/null || packages+=(pkg-config)
  [ -e /usr/include/openssl/ssl.h ] || packages+=(libssl-dev)
fi
if [ "${#packages[@]}" -eq 0 ]; then
  found "$(clang-19 --version | head -n1)"
elif ! command -v apt-get >/dev/null; then
  die "missing: ${packages[*]} (names as in Debian). Install a clang 19 or newer that knows" \
    "wasm32 and put it on PATH as clang-19, and its llvm-ar as llvm-ar-19."
else
  can_be_root || die "as root, run: apt-get install ${packages[*]}"
  attended apt "installing ${packages[*]}" install_packages "${packages[@]}" ||
    die "could not install: apt-get install ${packages[*]}"
fi

# --- the wasm32 standard library
step "Rust's wasm32-unknown-unknown target"
if bash scripts/wasm-target.sh --check; then
  found "in $(rustc --print sysroot)"
else
  attended wasm-target "adding the target" bash scripts/wasm-target.sh || die "no wasm32 target"
fi

# --- wasm tools
# Built almost without optimisation: that takes half the time, and only the crates that walk
# through a whole wasm file ever feel it. They share a target directory, so some dependencies too.
install_tool() { # crate, version, binaries…
  local crate=$1 version=$2 name flags=()
  shift 2
  for name in "$@"; do flags+=(--bin "$name"); done
  if [ "$crate" = wasm-bindgen-cli ]; then
    for name in walrus wasmparser wasm-bindgen-cli-support; do
      flags+=(--config "profile.dev.package.$name.opt-level=1")
    done
  fi
  CARGO_TARGET_DIR=.tools/target CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 \
    CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
    CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false \
    cargo install "$crate@$version" --debug --force --no-track --root .tools "${flags[@]}"
}
step "wasm tools (wasm-bindgen, worker-build)"
bindgen_version=$(locked_version wasm-bindgen)
worker_version=$(locked_version worker)
if [ "$(.tools/bin/wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $bindgen_version" ] ||
  [ ! -x .tools/bin/wasm-bindgen-test-runner ]; then
  attended wasm-bindgen "compiling wasm-bindgen $bindgen_version" install_tool \
    wasm-bindgen-cli "$bindgen_version" wasm-bindgen wasm-bindgen-test-runner ||
    die "could not install wasm-bindgen-cli"
else
  found "wasm-bindgen $bindgen_version"
fi
if [ "$(.tools/bin/worker-build --version 2>/dev/null)" != "$worker_version" ]; then
  attended worker-build "compiling worker-build $worker_version" install_tool \
    worker-build "$worker_version" worker-build || die "could not install worker-build"
else
  found "worker-build $worker_version"
fi
rm -rf .tools/target

# --- npm packages, again
step "npm packages"
if [ -n "$npm_job" ]; then
  await "$npm_job" npm "npm ci" || die "npm ci failed"
  npm_job=
else
  found "as in package-lock.json"
fi

# --- crates, and SQLite's source
step "crates, and SQLite's source for wasm"
if ! cargo metadata --offline --format-version 1 >/dev/null 2>&1; then
  attended cargo "fetching the crates of Cargo.lock" cargo fetch || die "cargo fetch failed"
fi
if bash scripts/sqlite-source.sh --check; then
  found "SQLite $(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' .tools/sqlite3/sqlite3.h)"
else
  attended sqlite "fetching SQLite's source" bash scripts/sqlite-source.sh || die "no source of SQLite"
fi

# --- libSQL's client for Python
# Beside the system's packages, which pip may not touch on some systems. The client is compiled for one
# version of Python, so the stamp has that as well.
step "libSQL's client for Python (for the tests)"
client=tests/clients/python/requirements.txt
if ! python=$(python_with_pip); then
  missing "a Python 3 with pip; until it is there, the tests of this client fail"
else
  client_state="$("$python" -c 'import sys; print(sys.executable, sys.version)') $(cat "$client")"
  if [ "$(cat .tools/python/.isolite-setup 2>/dev/null)" = "$client_state" ]; then
    found "$(grep -v '^#' "$client")"
  else
    rm -rf .tools/python
    if attended python "fetching $(grep -v '^#' "$client")" "$python" -m pip install --no-deps \
      --only-binary :all: --no-input --target .tools/python --requirement "$client"; then
      {
        echo '#!/bin/sh'
        echo '# Python with the packages of ../python.'
        echo 'export PYTHONPATH="$(dirname "$0")/../python"'
        echo "exec '$("$python" -c 'import sys; print(sys.executable)')' \"\$@\""
      } >.tools/bin/client-python
      chmod +x .tools/bin/client-python
      echo "$client_state" >.tools/python/.isolite-setup
    else
      rm -rf .tools/python .tools/bin/client-python
      missing "this client; until it is there, its tests fail"
    fi
  fi
fi

# --- Litestream
# Its wheel has the program itself, so this needs Python for nothing but pip.
step "Litestream (for the tests)"
litestream=tests/clients/litestream/requirements.txt
if ! python=$(python_with_pip); then
  missing "a Python 3 with pip; until it is there, the tests of backups fail"
elif [ "$(cat .tools/litestream/.isolite-setup 2>/dev/null)" = "$(cat "$litestream")" ]; then
  found "$(grep -v '^#' "$litestream")"
else
  rm -rf .tools/litestream
  if attended litestream "fetching $(grep -v '^#' "$litestream")" "$python" -m pip install --no-deps \
    --only-binary :all: --no-input --target .tools/litestream --requirement "$litestream"; then
    ln -sfn ../litestream/bin/litestream .tools/bin/litestream
    cat "$litestream" >.tools/litestream/.isolite-setup
  else
    rm -rf .tools/litestream .tools/bin/litestream
    missing "Litestream; until it is there, the tests of backups fail"
  fi
fi

# --- Chromium
# tests/support/browser.mjs looks in the same places.
step "Chromium (for the tests of the console)"
browser() {
  local path
  for path in "${ISOLITE_CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser \
    /usr/bin/google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    /Applications/Chromium.app/Contents/MacOS/Chromium; do
    [ -n "$path" ] && [ -x "$path" ] && echo "$path" && return
  done
  return 1
}
without_browser="until there is one, the tests of the console are skipped"
if browser >/dev/null; then
  found "$(browser)"
elif ! command -v apt-get >/dev/null; then
  missing "a Chromium or Chrome: install one, or name it in ISOLITE_CHROMIUM; $without_browser"
elif ! can_be_root; then
  missing "Chromium: as root, run apt-get install chromium; $without_browser"
elif ! attended chromium "installing chromium" install_packages chromium; then
  missing "Chromium, which apt-get did not install; $without_browser"
fi

# --- the local secret
step "admin token for local use"
if [ -f .dev.vars ] && grep -q '^ISOLITE_ADMIN_TOKEN=.' .dev.vars; then
  found ".dev.vars"
else
  (umask 077 && printf 'ISOLITE_ADMIN_TOKEN="%s"\n' \
    "$(node -p 'crypto.randomBytes(24).toString("hex")')" >>.dev.vars)
  chmod 600 .dev.vars
  done_now "a random one is in .dev.vars"
fi
