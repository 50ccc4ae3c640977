#!/usr/bin/env bash
# Counts the instructions a relaxation in the inner loop of Floyd-Warshall's main phase, as assembled
# for sm_90, and fails when one is more than 15 % above the ideal in the kernel's header. After a build
# with nvcc; needs cuobjdump and nvdisasm (of any CUDA from 13 on, on the PATH or in CUDA_TOOLS).
# Usage: kernels-cuda/instructions.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image="$here/target/native/floyd_warshall.fatbin"
[ -s "$image" ] || { echo "instructions.sh: no $image: build with nvcc first" >&2; exit 2; }
PATH="${CUDA_TOOLS:+$CUDA_TOOLS:}$PATH:/usr/local/cuda/bin"
command -v cuobjdump >/dev/null || { echo "instructions.sh: cuobjdump is not on the PATH" >&2; exit 4; }

# The loop with the fewest instructions a relaxation (the dependent steps of phase 1 need more): from a backward
# branch's target to the branch. A relaxation is an FADD (f32) or a VIADDMNMX (s32).
cuobjdump -arch sm_90 -sass "$image" | awk '
  function hex(s,   i, v) {
    v = 0
    for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
    return v
  }
  function judge(   i, from, n, relaxations, best, instructions, ideal) {
    if (kernel !~ /^gx_floyd_warshall_product_/) return
    for (i = 1; i <= count; i++) {
      if (!(i in target) || target[i] >= address[i]) continue
      n = relaxations = 0
      for (from = i; from >= 1 && address[from] >= target[i]; from--) {
        n++
        if (code[from] ~ (kernel ~ /f32$/ ? "^FADD" : "^VIADDMNMX")) relaxations++
      }
      if (relaxations && (!best || n / relaxations < instructions / best)) { best = relaxations; instructions = n }
    }
    ideal = kernel ~ /f32$/ ? 1.5 : 1
    if (!best) { printf "%s: no loop with relaxations found\n", kernel; failed = 1; return }
    printf "%s: %d instructions for %d relaxations, %.3f each, ideal %.1f, %.1f %% above\n", kernel,
      instructions, best, instructions / best, ideal, 100 * (instructions / best / ideal - 1)
    if (instructions / best > 1.15 * ideal) failed = 1
    seen++
  }
  /Function :/ { judge(); kernel = $3; count = 0; delete target; delete code; delete address }
  /^[ \t]+\/\*[0-9a-f]+\*\/[ \t]+[@A-Z]/ {
    split($0, half, /\*\//)
    at = half[1]; sub(/.*\/\*/, "", at)
    text = half[2]; sub(/^[ \t]+/, "", text); sub(/^@!?U?P[0-9T]+[ \t]+/, "", text)
    count++
    address[count] = hex(at)
    split(text, word, /[ \t]+/)
    code[count] = word[1]
    if (word[1] ~ /^BRA/ && match(text, /0x[0-9a-f]+/)) target[count] = hex(substr(text, RSTART + 2, RLENGTH - 2))
  }
  END { judge(); exit failed || seen != 2 }'
