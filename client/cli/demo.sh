#!/usr/bin/env bash
# Shows the daemon against the emulator, without an account:
#
#   client/cli/demo.sh BIN_DIR    with daytonad, daytonactl and daytona-emulator in BIN_DIR
#
# Builds a snapshot, creates a sandbox from it and takes it through its life, builds another with local files, creates
# and mounts a volume. Stops everything it started. Exits with 0 only if every step succeeded.
set -euo pipefail

bin=$(cd "${1:?usage: demo.sh BIN_DIR}" && pwd)
work=$(mktemp -d)
emulator='' daemon=''

finish() {
  local status=$?
  trap - EXIT
  for pid in $daemon $emulator; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  if ((status != 0)); then
    printf '\nThe demo failed (status %d).\n' "$status" >&2
    for log in emulator daytonad; do
      [[ ! -s $work/$log.log ]] || tail -n 20 "$work/$log.log" | sed "s/^/$log: /" >&2
    done
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
headline() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }

# Shows a command line and runs it; keeps its output in $work/out, too.
run() {
  printf '%s$ %s%s\n' "$dim" "$(printf '%q ' "$@" | sed 's/ $//')" "$plain"
  "$@" 2>&1 | tee "$work/out"
}
expect() { grep -qE "$1" "$work/out" || fail "expected to see: $1"; }
daytonactl() { "$bin/daytonactl" "$@"; }

# Waits up to 20 s until a command succeeds, while process $1 lives.
await() {
  local pid=$1 tries
  shift
  for ((tries = 0; tries < 200; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    kill -0 "$pid" 2>/dev/null || fail 'a program ended before it was ready'
    sleep 0.1
  done
  fail "not ready after 20 s: $*"
}

headline 'The emulator stands in for Daytona, and the daemon beside the application'
"$bin/daytona-emulator" --listen 127.0.0.1:0 --api-key demo-key >"$work/emulator.out" 2>"$work/emulator.log" &
emulator=$!
await "$emulator" grep -q '^listening on ' "$work/emulator.out"
url=$(sed -n 's/^listening on //p' "$work/emulator.out")
export DAYTONAD_ADDRESS="unix:$work/d.sock"
DAYTONA_API_KEY=demo-key "$bin/daytonad" --api-url "$url" --listen "$DAYTONAD_ADDRESS" >"$work/daytonad.log" 2>&1 &
daemon=$!
await "$daemon" daytonactl health
echo "The emulator serves $url, the daemon $DAYTONAD_ADDRESS"
run daytonactl health

headline 'A snapshot is built from a Dockerfile, its log comes live'
printf 'FROM python:3.12-slim\nRUN pip install --no-cache-dir requests\nWORKDIR /srv\n' >"$work/Dockerfile"
cd "$work"
run daytonactl snapshot create demo-python --dockerfile Dockerfile
expect '^Step 3/3 : WORKDIR /srv'
expect '^demo-python +active'
run daytonactl snapshot list
expect '^demo-python +active'

headline 'A sandbox is created from it'
run daytonactl sandbox create demo --snapshot demo-python --label team=demo --env GREETING=hello
expect '^demo +started +demo-python'

headline 'It is found, read and listed'
run daytonactl sandbox find --label team=demo
expect '^Name: +demo$'
run daytonactl sandbox get demo --output json
expect '"state_text": "started"'
run daytonactl sandbox list
expect '^demo +started'

headline 'It is stopped, started and deleted'
run daytonactl sandbox stop demo
expect '^demo +stopped'
run daytonactl sandbox start demo
expect '^demo +started'
run daytonactl sandbox delete demo --wait
expect ' +destroyed'

headline 'Another is built with files of this machine'
mkdir -p project/app
echo 'print("hello")' >project/app/main.py
printf 'FROM python:3.12-slim\nCOPY app /srv/app\n' >project/Dockerfile
run daytonactl sandbox create demo-files --dockerfile project/Dockerfile --context project
expect '^demo-files +started'
run daytonactl context upload project/app --archive-path app
expect '^app +[0-9a-f]{32} +yes$'
run daytonactl sandbox delete demo-files --wait

headline 'A volume is made, mounted and deleted'
run daytonactl volume create demo-data --wait
expect '^demo-data +ready'
run daytonactl sandbox create demo-mount --snapshot demo-python --volume demo-data:/data
expect '^demo-mount +started'
run daytonactl sandbox get demo-mount
expect '^Volume: +.*:/data$'
run daytonactl sandbox delete demo-mount --wait
run daytonactl volume delete demo-data --wait
run daytonactl snapshot delete demo-python --wait

headline 'The daemon ends cleanly'
echo "kill -TERM $daemon"
kill -TERM "$daemon"
status=0
wait "$daemon" || status=$?
daemon=''
((status == 0)) || fail "daytonad ended with status $status"
echo 'daytonad finished its calls and ended with status 0.'
