#!/usr/bin/env bash
# Builds the kernels for the emulator and runs a C++ program on them.
# Usage: try.sh PROGRAM.cc [ARGUMENTS]   e.g. try.sh test/try_probe.cc
# With GX_SEEDS=n it runs n times, each with another order of threads.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
native="$here/../target/native"
NVCC=none "$here/../build.sh" "$native/try"
program="$native/$(basename "$1" .cc)"
g++ -std=c++17 -O2 -Wall -Wextra -I "$here" -o "$program" "$1" "$native/libcuda.so.1" \
  -Wl,-rpath,"$native"
shift
for seed in $(seq 1 "${GX_SEEDS:-1}"); do
  GEODEX_EMULATOR_SEED=$seed "$program" "$native/kernels.so" "$@"
done
