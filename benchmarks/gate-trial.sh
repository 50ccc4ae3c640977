#!/bin/sh
# Shows what `geodex bench ab` is worth on this machine: identical builds compared RUNS times, each
# time followed by a comparison with a benchmark made 10 % longer. Fails on a false alarm, or when
# fewer than nine of ten planted slow-downs are found. Prints every comparison with the machine's
# load before it; benchmarks/results/gate-trial.txt is what it printed last.
# usage: benchmarks/gate-trial.sh [RUNS [FIRST_SEED]]    (a part, where the machine is shared)
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
runs=${1:-10}
first=${2:-1}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM

# The same build at another place.
mkdir -p "$copy/benchmarks/target"
cp "$root/jvm.options" "$copy"
cp -r "$root/benchmarks/target/benchmarks.jar" "$root/benchmarks/target/lib" "$copy/benchmarks/target"

compare() { # WHAT SEED [OPTION...]: status 0 nothing slower, 6 slower
  echo
  echo "$1, seed $2, load $(cut -d ' ' -f 1 /proc/loadavg):"
  seed=$2
  shift 2
  status=0
  "$root/geodex" bench ab --base "$root" --new "$copy" --filter PlantedBenchmark \
    --seed "$seed" --quiet "$@" || status=$?
  [ "$status" = 0 ] || [ "$status" = 6 ] || exit "$status"
}

echo "benchmarks/gate-trial.sh $runs $first, $(date -u +%F)"
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"
start=$(date +%s)
alarms=0
found=0
i=$first
while [ "$i" -lt "$((first + runs))" ]; do
  compare "identical builds" "$i"
  if [ "$status" = 6 ]; then alarms=$((alarms + 1)); fi
  compare "10 % planted" "$i" --new-jvm -Dgeodex.benchmarks.planted=10
  if [ "$status" = 6 ]; then found=$((found + 1)); fi
  i=$((i + 1))
done
echo
echo "$runs comparisons of identical builds: $alarms false alarms"
echo "$runs comparisons with 10 % planted: $found found"
echo "$(($(date +%s) - start)) seconds"
[ "$alarms" = 0 ] && [ "$((10 * found))" -ge "$((9 * runs))" ]
