#!/usr/bin/env bash
# Runs the GPU lane on this machine, from the unpacked archive: the contract of both bindings, parity
# of every operation on both against the specification, ceilings and times of every kernel, peers,
# kernels compiled by NVRTC, compute-sanitizer. Ends in a table; benchmarks/results/<device>.json
# holds the numbers, logs.tar.gz what every step said, both after every step. A step that cannot run,
# a skipped test and a step that the 8 minutes cut short or leave no time for count as failed; what a
# step had found until then is kept.
# Usage: run.sh [--driver emulator]: without a card, to test the lane itself; then compute-sanitizer
# and the peers are left out and the shapes are small. LIMIT=SECONDS in all, OUT=FOLDER of the results.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
driver=system
if [ "${1:-}" = --driver ]; then driver=$2; fi
size=$([ "$driver" = emulator ] && echo small || echo full)
out=${OUT:-$here/benchmarks/results}
whole=${LIMIT:-470}
mkdir -p "$out"
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
logs=$cache/logs # one archive of them comes back
mkdir "$logs"
started=$(date +%s)

# The toolkit's programs, where they are not on the PATH.
PATH=$PATH:/usr/local/cuda/bin

# cuBLAS and NVRTC of Python's packages, wherever this machine's python3 keeps them.
packages=$(python3 -c 'import glob, nvidia; print(":".join(d for p in nvidia.__path__ for d in glob.glob(p + "/*/lib")))' 2>/dev/null)

java=("$here/runtime/bin/java" "@$here/jvm.options" -Xmx8g "-Dgeodex.cache=$cache"
  "-Dgeodex.cuda.path=$packages"
  "-Dgeodex.cuda.driver=$driver")
leaks=-Dgeodex.leaks=fail # of tests alone: it slows allocations inside of timed regions
product="$here/lib/*"
tested="$here/tests/engine-java:$here/tests/native-bridge:$here/tests/kernels-cuda:$product"

table=()
steps=()
failed=0
step() { # NAME COMMAND...
  local name=$1 begin code left state=passed
  shift
  begin=$(date +%s)
  left=$((whole - begin + started))
  if [ "$left" -gt 0 ]; then
    # A new shell, so that functions have a limit too; what it started ends with it.
    limited "$left" "$@" >"$logs/$name.log" 2>&1
    code=$?
  else
    echo "no time left" >"$logs/$name.log"
    code=124
  fi
  if [ $code -ne 0 ]; then
    failed=1
    state=FAILED
    if [ $code -eq 143 ]; then echo "cut short: $whole s are over" >>"$logs/$name.log"; fi
    tail -n 30 "$logs/$name.log" | sed 's/^/    /'
  fi
  table+=("$(printf '%-28s %-7s %5d s' "$name" $state "$(($(date +%s) - begin))")")
  steps+=("\"$name\": \"$state, $(($(date +%s) - begin)) s\"")
  keep
}

limited() { # SECONDS COMMAND...: `timeout` for a function of this script
  local seconds=$1 worker clock code
  shift
  set -m
  "$@" &
  worker=$!
  (sleep "$seconds" && kill -- -"$worker") >/dev/null 2>&1 &
  clock=$!
  disown "$clock" # no word about its end
  set +m
  wait "$worker"
  code=$?
  # All of both: no sleep outlives the run, and nothing that takes its time to end the step.
  kill -KILL -- -"$clock" -"$worker" 2>/dev/null
  return $code
}

keep() { # the files of the results, from what there is so far
  local part
  device=$(cat "$logs"/{panama,jcuda}.json 2>/dev/null | sed -n 's/^  "device" : "\(.*\)",$/\1/p' |
    head -n 1 | tr -c 'A-Za-z0-9\n' '-')
  {
    echo "{ \"commit\": \"$(cat "$here/commit")\", \"steps\": { $(IFS=, && echo "${steps[*]}") }"
    for part in panama jcuda peers_geometry peers_pipeline; do
      echo ", \"$part\":"
      cat "$logs/$part.json" 2>/dev/null || echo null
    done
    echo '}'
  } >"$cache/results.json"
  rm -f "$out/no-device.json"
  mv "$cache/results.json" "$out/${device:-no-device}.json"
  tar -C "$cache" -czf "$out/logs.tar.gz" logs
}

junit() { # JVM OPTION, ARGUMENTS...: fails when a test fails, when none ran and when one was skipped
  local log option=$1 code
  shift
  log=$(mktemp -p "$cache")
  "${java[@]}" "$leaks" "$option" -cp "$here/tests/console.jar:$tested" \
    org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors \
    --config junit.jupiter.extensions.autodetection.enabled=true \
    --details=tree --fail-if-no-tests "$@" | tee "$log"
  code=${PIPESTATUS[0]}
  if [ "$code" -eq 0 ] && ! grep -Eq '\[ *0 tests (skipped|aborted)' "$log"; then
    echo "the console's summary is missing"
    code=1
  fi
  if grep -Eq '\[ *[1-9][0-9]* (tests|containers) (skipped|aborted)' "$log"; then
    echo "a test was skipped"
    code=1
  fi
  return "$code"
}

parity() { # BINDING
  junit "-Dgeodex.cuda.binding=$1" --select-package org.geodex.backend.cuda \
    --exclude-classname '.*(KernelsDocumented|CudaSmallDevice)Test'
}

# Our kernels alone: cuBLAS's are not ours to judge, nor are the calls in it that it expects to fail.
sanitize() { # TOOL
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not on the PATH"; return 1; }
  local help option ours=()
  help=$(compute-sanitizer --help)
  for option in --kernel-name --kernel-regex --filter; do # as versions call it
    if [[ $help == *"$option"* ]]; then ours=("$option" kns=gx_); break; fi
  done
  compute-sanitizer --tool "$1" "${ours[@]}" --report-api-errors no --error-exitcode 9 --target-processes all \
    "${java[@]}" "$leaks" -cp "$here/benchmarks/classes:$product" org.geodex.benchmarks.GpuLane \
    panama "$driver" "$cache/sanitized.json" small
}

peers() {
  local p found=0 json code
  for p in "$here"/benchmarks/peers/*cuda*.py; do
    [ -e "$p" ] || continue
    found=1
    json=peers_$(basename "$p" _cuda.py).json
    python3 "$p" | tee "$cache/$json"
    code=${PIPESTATUS[0]}
    # Whole, or none: the results quote it.
    python3 -m json.tool "$cache/$json" >/dev/null && mv "$cache/$json" "$logs/$json"
    [ "$code" -eq 0 ] || return 1
  done
  [ $found = 1 ] || { echo "no peer script in the archive"; return 1; }
}

lane() { # BINDING
  "${java[@]}" -cp "$here/benchmarks/classes:$product" org.geodex.benchmarks.GpuLane \
    "$1" "$driver" "$logs/$1.json" "$size"
}

step contract junit -Dgeodex.lane=contract --select-class org.geodex.cuda.CudaContractTest
if [ "$driver" != system ]; then step emulator junit -Dgeodex.lane=emulator --select-class org.geodex.cuda.EmulatorTest; fi
step parity-panama parity panama
step lane-panama lane panama
step parity-jcuda parity jcuda
step lane-jcuda lane jcuda
if [ "$driver" = system ]; then
  step peers peers
  step nvrtc junit -Dgeodex.lane=nvrtc --select-class org.geodex.cuda.NvrtcTest
  step nvrtc-contract junit -Dgeodex.cuda.images=sources --select-class org.geodex.cuda.CudaContractTest
  step sanitizer-memcheck sanitize memcheck
  step sanitizer-racecheck sanitize racecheck
fi

{
  cat "$logs/lane-panama.log" 2>/dev/null
  echo
  echo "GPU lane, commit $(cat "$here/commit"), ${device:-no device}, $(($(date +%s) - started)) s"
  printf '%s\n' "${table[@]}"
} | tee "$out/table.txt"
exit $failed
