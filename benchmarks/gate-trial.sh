#!/bin/sh
# Shows what `geodex bench ab` is worth on this machine: identical builds compared RUNS times, then
# as often with a benchmark made 10 % longer. Fails on a false alarm, or when fewer than nine of ten
# planted slow-downs are found.
# usage: benchmarks/gate-trial.sh [RUNS]    PREFIX="nice -n -10" runs each comparison under a command
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
runs=${1:-10}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM

# The same build at another place.
mkdir -p "$copy/benchmarks/target"
cp "$root/jvm.options" "$copy"
cp -r "$root/benchmarks/target/benchmarks.jar" "$root/benchmarks/target/lib" "$copy/benchmarks/target"

compare() { # SEED [OPTION...]: 0 nothing slower, 6 slower
  seed=$1
  shift
  status=0
  ${PREFIX:-} "$root/geodex" bench ab --base "$root" --new "$copy" --filter PlantedBenchmark \
    --seed "$seed" --quiet "$@" || status=$?
  [ "$status" = 0 ] || [ "$status" = 6 ] || exit "$status"
}

alarms=0
found=0
i=0
while [ "$i" -lt "$runs" ]; do
  i=$((i + 1))
  compare "$i"
  if [ "$status" = 6 ]; then alarms=$((alarms + 1)); fi
  compare "$i" --new-jvm -Dgeodex.benchmarks.planted=10
  if [ "$status" = 6 ]; then found=$((found + 1)); fi
done
echo "$runs comparisons of identical builds: $alarms false alarms"
echo "$runs comparisons with 10 % planted: $found found"
[ "$alarms" = 0 ] && [ "$((10 * found))" -ge "$((9 * runs))" ]
