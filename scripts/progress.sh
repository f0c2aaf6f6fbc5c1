# What the setup shows while it works: numbered steps, and a sign of life for anything slow.
#
# A command's own output goes to a log and is shown only when it fails. A terminal sees one line
# that counts the seconds; a log file gets a plain line every 15 seconds instead.

step_number=0

step() { # title
  step_number=$((step_number + 1))
  echo "[$step_number/$STEPS] $1"
}

found() { echo "      found: $1"; }

missing() { echo "      missing: $1" >&2; }

done_now() { echo "      done: $1"; }

die() {
  echo "setup: $*" >&2
  exit 1
}

# How far a log is: the crates compiled so far of those locked, or its last line.
stage() { # log
  local compiled locked
  compiled=$(grep -c '^ *Compiling ' "$1" || true)
  locked=$(sed -n 's/^ *Locking \([0-9]*\) packages.*/\1/p' "$1" | tail -n1)
  if [ -n "$locked" ] && [ "$compiled" -gt 0 ]; then
    # Locked are all platforms' crates: a bit more than are compiled.
    echo "$compiled of at most $locked crates"
  else
    tail -n1 "$1" | tr -d '\r' | tr -s ' ' | cut -c1-60
  fi
}

await() { # pid, log name, label
  local pid=$1 log=$LOGS/$2.log label=$3 begin=$SECONDS status=0 seconds
  while kill -0 "$pid" 2>/dev/null; do
    seconds=$((SECONDS - begin))
    if [ -t 1 ]; then
      printf '\r\033[K      %s: %d s  %s' "$label" "$seconds" "$(stage "$log")"
    elif [ "$seconds" -gt 0 ] && [ $((seconds % 15)) -eq 0 ]; then
      echo "      $label: $seconds s  $(stage "$log")"
    fi
    sleep 1
  done
  [ ! -t 1 ] || printf '\r\033[K'
  wait "$pid" || status=$?
  if [ "$status" -eq 0 ]; then
    done_now "$label ($((SECONDS - begin)) s)"
  else
    tail -n 30 "$log" >&2
    echo "      failed: $label; the whole output is in $log" >&2
  fi
  return "$status"
}

attended() { # log name, label, command…
  local log=$1 label=$2
  shift 2
  echo "      $label …"
  "$@" >"$LOGS/$log.log" 2>&1 9>&- </dev/null &
  await "$!" "$log" "$label"
}
