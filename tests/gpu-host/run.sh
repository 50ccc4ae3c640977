#!/usr/bin/env bash
# Runs the GPU lane on this machine, from the unpacked archive: parity of every operation on both
# bindings against the specification, compute-sanitizer, ceilings and times, peers. Ends in a table;
# results/<device>.json holds the numbers. A step that cannot run counts as failed.
# Usage: run.sh [--driver emulator]: without a card, to test the lane itself; then compute-sanitizer
# and the peers are left out and the shapes are small.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
driver=system
if [ "${1:-}" = --driver ]; then driver=$2; fi
size=$([ "$driver" = emulator ] && echo small || echo full)
out=${OUT:-$here/results}
mkdir -p "$out"
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
started=$(date +%s)

java=("$here/runtime/bin/java" "@$here/jvm.options" -Xmx8g "-Dgeodex.cache=$cache"
  "-Dgeodex.cuda.driver=$driver" -Dgeodex.leaks=fail)
product="$here/lib/*"
tested="$here/tests/native-bridge:$here/tests/engine-java:$here/tests/kernels-cuda:$product"

table=()
failed=0
step() { # NAME SECONDS COMMAND...
  local name=$1 limit=$2 begin code
  shift 2
  begin=$(date +%s)
  timeout "$limit" "$@" >"$out/$name.log" 2>&1
  code=$?
  if [ $code -ne 0 ]; then
    failed=1
    tail -n 30 "$out/$name.log" | sed 's/^/    /'
  fi
  table+=("$(printf '%-28s %-7s %5d s' "$name" "$([ $code -eq 0 ] && echo passed || echo "FAILED")" "$(($(date +%s) - begin))")")
}

junit() { # ARGUMENTS...: fails when a test fails, when none ran and when one was skipped
  local log
  log=$(mktemp)
  "${java[@]}" -cp "$here/tests/console.jar:$tested" org.junit.platform.console.ConsoleLauncher execute \
    --disable-banner --details=tree --fail-if-no-tests "$@" | tee "$log"
  local code=${PIPESTATUS[0]}
  if [ "$code" -eq 0 ] && ! grep -q '\[ *0 tests skipped' "$log"; then
    echo "a test was skipped"
    code=1
  fi
  rm -f "$log"
  return "$code"
}

sanitize() { # TOOL
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not on the PATH"; return 1; }
  compute-sanitizer --tool "$1" --error-exitcode 9 --target-processes all \
    "${java[@]}" -cp "$here/tests/console.jar:$tested" org.junit.platform.console.ConsoleLauncher \
    execute --disable-banner --select-class org.geodex.backend.cuda.CudaInformationTest \
    --select-class org.geodex.backend.cuda.CudaGeometryTest
}

peers() {
  local p found=0
  for p in "$here"/benchmarks/*cuda*.py; do
    [ -e "$p" ] || continue
    found=1
    python3 "$p" || return 1
  done
  [ $found = 1 ] || { echo "no peer script in the archive"; return 1; }
}

lane() { # BINDING
  "${java[@]}" -cp "$here/benchmarks/classes:$product" org.geodex.benchmarks.GpuLane \
    "$1" "$driver" "$out/$1.json" "$size"
}

step contract 120 junit --select-class org.geodex.cuda.CudaContractTest
step parity 240 junit --select-package org.geodex.backend.cuda
if [ "$driver" = system ]; then
  step sanitizer-memcheck 120 sanitize memcheck
  step sanitizer-racecheck 120 sanitize racecheck
else
  step emulator 120 junit --select-class org.geodex.cuda.EmulatorTest
fi
step lane-panama 150 lane panama
step lane-jcuda 150 lane jcuda
if [ "$driver" = system ]; then step peers 120 peers; fi

device=$(sed -n 's/^  "device": "\(.*\)",$/\1/p' "$out/panama.json" 2>/dev/null | tr -c 'A-Za-z0-9\n' '-')
if [ -n "$device" ]; then
  {
    echo "{ \"commit\": \"$(cat "$here/commit")\", \"panama\":"
    cat "$out/panama.json"
    echo ', "jcuda":'
    cat "$out/jcuda.json" 2>/dev/null || echo null
    echo '}'
  } >"$out/$device.json"
fi

echo "GPU lane, commit $(cat "$here/commit"), ${device:-no device}, $(($(date +%s) - started)) s"
printf '%s\n' "${table[@]}"
cat "$out/lane-panama.log" 2>/dev/null
exit $failed
