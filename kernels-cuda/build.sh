#!/usr/bin/env bash
# Builds what the machine's tools allow, and says in build.properties what was built and why not:
#
#   kernels/<file>.fatbin                 with nvcc: one for each src/<file>.cu, cubins and PTX
#   kernels/resources.tsv                 with nvcc: registers, shared memory, spills by ptxas
#   kernels/emulator/libcuda.so.1 ...     with g++: the emulated driver, cuBLAS and the kernels
#   kernels/forward/libcublas.so.12       with g++: JCublas's library over libcublas.so.13
#   kernels/src/*, kernels/kernels.def    always: for compilation at first use (NVRTC)
#
# Usage: build.sh CLASSES [TEST_CLASSES]    the folders that go into the jar (and the tests')
# Only what is older than its sources is built again. Variables: NVCC, CXX (programs; `none` for
# without), GX_ARCHITECTURES, GX_JOBS.
#
# With the nvcc of `reference` the build is strict: a file that does not compile, or a spill that
# kernels.def does not allow, ends it. Another one takes the architectures that it knows; one that
# cannot compile the first file (a host compiler that it refuses, say) leaves the sources to NVRTC.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
classes=$1
tests=${2:-}
out="$classes/org/geodex/kernels"
work="$here/target/native"
jobs=${GX_JOBS:-$(nproc 2>/dev/null || echo 2)}
reference=13.0
# The one list of architectures. PTX is added for the last one: newer cards compile it themselves.
wanted=${GX_ARCHITECTURES:-"80 90 100"}
mkdir -p "$out/src" "$out/emulator" "$out/forward" "$work"

find_program() { # VALUE DEFAULT...: prints the program, or nothing
  if [ "$1" = none ]; then return; fi
  local p
  for p in $1 "${@:2}"; do
    if command -v "$p" >/dev/null 2>&1; then command -v "$p"; return; fi
  done
}
nvcc=$(find_program "${NVCC:-}" nvcc /usr/local/cuda/bin/nvcc)
cxx=$(find_program "${CXX:-}" g++)

nvcc_release() { "$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p'; }

# Those of the wanted architectures that nvcc knows; all of them where it cannot tell.
known_architectures() {
  local known a list=()
  known=$("$nvcc" --list-gpu-arch 2>/dev/null) || known=
  for a in $wanted; do
    if [ -z "$known" ] || grep -qx "compute_$a" <<<"$known"; then list+=("$a"); fi
  done
  echo "${list[*]}"
}
release=
architectures=$wanted
if [ -n "$nvcc" ]; then
  release=$(nvcc_release)
  architectures=$(known_architectures)
fi

# True when TARGET is missing or older than one of the SOURCES.
outdated() { # TARGET SOURCES...
  [ -e "$1" ] || return 0
  local s
  for s in "${@:2}"; do [ "$s" -nt "$1" ] && return 0; done
  return 1
}

# Runs a command in the background, at most $jobs at a time; `finish` waits and fails if one failed.
running=0
start() {
  if [ "$running" -ge "$jobs" ]; then wait -n; running=$((running - 1)); fi
  "$@" &
  running=$((running + 1))
}
finish() {
  while [ "$running" -gt 0 ]; do wait -n; running=$((running - 1)); done
}

# The entries of kernels.def, one a line: file|name|(parameters)|(block)|dynamic|"grid"
entries() {
  sed -e 's://.*$::' "$here/kernels.def" | tr '\n' ' ' | sed -e 's/GX_/\nGX_/g' |
    sed -n -e 's/^GX_KERNEL( *\([a-z0-9_]*\) *, *\([a-z0-9_]*\) *, *\(([^)]*)\) *, *\(([^)]*)\) *, *\([0-9]*\) *, *\("[^"]*"\) *) *$/\1|\2|\3|\4|\5|\6/p'
}

allowed_spill() { # KERNEL: bytes that GX_ALLOW_SPILL(kernel, bytes, "why") grants
  sed -n -e "s/^GX_ALLOW_SPILL( *$1 *, *\([0-9]*\) *,.*/\1/p" "$here/kernels.def" | head -n 1
}

copy_if_changed() { cmp -s "$1" "$2" || cp "$1" "$2"; }

# Holds what the programs are called with; newer than what was built with other flags.
stamp() { # NAME TEXT
  if [ "$(cat "$work/$1.flags" 2>/dev/null)" != "$2" ]; then echo "$2" >"$work/$1.flags"; fi
}

headers=("$here"/src/*.cuh)
sources=("$here"/src/*.cu)

check_definitions() {
  local stated found
  stated=$(entries | cut -d'|' -f2 | sort)
  found=$(grep -ho 'gx_[a-z0-9_]* *(' "${sources[@]}" /dev/null | wc -l)
  [ -n "$stated" ] && [ "$found" -gt 0 ] || { echo "kernels.def: no entry could be read" >&2; exit 1; }
  local count
  count=$(grep -c '^GX_KERNEL(' "$here/kernels.def")
  [ "$count" = "$(echo "$stated" | wc -l)" ] ||
    { echo "kernels.def: $count entries, but only $(echo "$stated" | wc -l) could be read" >&2; exit 1; }
  [ -z "$(echo "$stated" | uniq -d)" ] ||
    { echo "kernels.def: listed twice: $(echo "$stated" | uniq -d)" >&2; exit 1; }
}

# ------------------------------------------------------------------------------------ nvcc

compile_fatbin() { # SOURCE
  local name gencode=() a last
  name=$(basename "$1" .cu)
  for a in $architectures; do gencode+=(-gencode "arch=compute_$a,code=sm_$a"); last=$a; done
  gencode+=(-gencode "arch=compute_$last,code=compute_$last")
  if ! "$nvcc" -std=c++17 -O3 -fatbin "${gencode[@]}" -Xptxas -v -I "$here/src" -t 2 \
    -o "$work/$name.fatbin.part" "$1" >"$work/$name.ptxas" 2>&1; then
    cat "$work/$name.ptxas" >&2
    return 1
  fi
  grep -i 'warning' "$work/$name.ptxas" >&2 || true
  mv "$work/$name.fatbin.part" "$work/$name.fatbin"
}

# ptxas -v as a table: kernel, architecture, registers, shared bytes, stack, spill stores and loads.
resources() {
  cat "$work"/*.ptxas | awk -v OFS='\t' '
    /Compiling entry function/ { split($0, q, "\047"); kernel = q[2]; arch = q[4]; stack = st = ld = 0 }
    /bytes stack frame/ { stack = $1; st = $5; ld = $9 }
    /Used [0-9]+ registers/ {
      smem = 0
      for (i = 1; i <= NF; i++) { if ($i == "Used") regs = $(i + 1); if ($i ~ /^smem/) smem = $(i - 2) }
      print kernel, arch, regs, smem, stack, st, ld
    }' | LC_ALL=C sort
}

check_spills() {
  local bad=0 kernel arch regs smem stack st ld
  while IFS=$'\t' read -r kernel arch regs smem stack st ld; do
    local allowed
    allowed=$(allowed_spill "$kernel")
    if [ "$((st + ld))" -gt "${allowed:-0}" ]; then
      echo "$kernel on $arch spills: $st bytes stored, $ld loaded; ${allowed:-0} allowed (GX_ALLOW_SPILL in kernels.def)" >&2
      bad=1
    fi
  done <"$work/resources.tsv"
  if [ "$release" = "$reference" ]; then return $bad; fi
}

# Whether this nvcc can be used; if not, prints why. The first file tells.
why_no_fatbins() {
  local s="$here/src/probe.cu" log="$work/probe.ptxas"
  if [ -z "$architectures" ]; then
    echo "nvcc $release knows none of the architectures $wanted"
    return
  fi
  stamp nvcc "$nvcc $release $architectures"
  outdated "$work/probe.fatbin" "$s" "${headers[@]}" "$work/nvcc.flags" || return 0
  if ! compile_fatbin "$s"; then
    if [ "$release" = "$reference" ]; then exit 1; fi
    echo "nvcc $release did not compile: $(grep -im 1 'fatal\|error' "$log" | tr -s ' \n' ' ')"
  fi
}

build_fatbins() {
  local s name
  for s in "${sources[@]}"; do
    name=$(basename "$s" .cu)
    if outdated "$work/$name.fatbin" "$s" "${headers[@]}" "$work/nvcc.flags"; then
      start compile_fatbin "$s"
    fi
  done
  finish
  for s in "$work"/*.fatbin; do
    name=$(basename "$s" .fatbin)
    [ -e "$here/src/$name.cu" ] || { rm -f "$s" "$work/$name.ptxas" "$out/$name.fatbin"; continue; }
    copy_if_changed "$s" "$out/$name.fatbin"
  done
  resources >"$work/resources.tsv"
  check_spills
  copy_if_changed "$work/resources.tsv" "$out/resources.tsv"
}

# --------------------------------------------------------------------------------- emulator

flags=(-std=c++17 -O2 -g1 -fPIC -fvisibility=hidden -Wall -Wextra -Werror)
# The kernels: every load and store calls the emulator (tsan's instrumentation, not its library).
# No contraction and no vectors, so that a sum means what it says.
kernel_flags=(-std=c++17 -O2 -g1 -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unknown-pragmas
  -Wno-unused-function -fno-tree-vectorize -fno-tree-slp-vectorize -ffp-contract=off -fno-exceptions
  -fsanitize=thread,alignment --param tsan-instrument-func-entry-exit=0)
if grep -qw avx2 /proc/cpuinfo 2>/dev/null && grep -qw fma /proc/cpuinfo; then
  kernel_flags+=(-mfma) # fmaf() as one instruction; these libraries serve this machine only
fi

compile_runtime() { "$cxx" "${flags[@]}" -c -o "$2" "$1"; }

# SOURCE OBJECT: the source with its registrations behind it.
compile_kernels() {
  local name wrapper
  name=$(basename "$1" .cu)
  wrapper="$work/$name.emulator.cc"
  {
    echo "#include \"$1\""
    if [ "$(dirname "$1")" = "$here/src" ]; then
      entries | awk -F'|' -v file="$name" \
        '$1 == file { printf "GX_EMU_REGISTER(%s, %s, %s, %s)\n", $2, $3, $4, $5 }'
    fi
  } >"$wrapper"
  "$cxx" "${kernel_flags[@]}" -x c++ -include "$here/emulator/device.h" -I "$here/src" -c -o "$2" "$wrapper"
}

link() { # OUTPUT SONAME INPUTS...
  "$cxx" -shared -Wl,-soname,"$2" -Wl,-z,defs -o "$1.part" "${@:3}" -ldl
  strip --strip-debug "$1.part" 2>/dev/null || true
  mv "$1.part" "$1"
}

build_emulator() {
  stamp cxx "$cxx ${flags[*]} ${kernel_flags[*]}"
  local emu=("$here"/emulator/*.h "$work/cxx.flags") s o objects=() tested=()
  for s in emulator/runtime emulator/driver emulator/cublas forward/cublas12 emulator/test/nvrtc; do
    o="$work/$(basename "$s").o"
    if outdated "$o" "$here/$s.cc" "${emu[@]}"; then
      start compile_runtime "$here/$s.cc" "$o"
    fi
  done
  for s in "${sources[@]}"; do
    o="$work/$(basename "$s" .cu).kernels.o"
    objects+=("$o")
    if outdated "$o" "$s" "${headers[@]}" "${emu[@]}" "$here/kernels.def"; then
      start compile_kernels "$s" "$o"
    fi
  done
  for s in "$here"/emulator/test/*.cu; do
    [ -e "$s" ] || continue
    o="$work/$(basename "$s" .cu).kernels.o"
    tested+=("$o")
    if outdated "$o" "$s" "${headers[@]}" "${emu[@]}"; then start compile_kernels "$s" "$o"; fi
  done
  finish
  local lib="$work/libcuda.so.1"
  if outdated "$lib" "$work/runtime.o" "$work/driver.o"; then
    link "$lib" libcuda.so.1 "$work/runtime.o" "$work/driver.o"
  fi
  if outdated "$work/libcublas.so.12" "$work/cublas.o"; then
    link "$work/libcublas.so.12" libcublas.so.12 "$work/cublas.o" "$lib"
  fi
  if outdated "$work/forward.so" "$work/cublas12.o"; then
    link "$work/forward.so" libcublas.so.12 "$work/cublas12.o"
  fi
  copy_if_changed "$work/forward.so" "$out/forward/libcublas.so.12"
  if outdated "$work/kernels.so" "${objects[@]}" "$lib"; then
    link "$work/kernels.so" geodex-kernels.so "${objects[@]}" "$lib"
  fi
  for s in libcuda.so.1 libcublas.so.12 kernels.so; do
    copy_if_changed "$work/$s" "$out/emulator/$s"
  done
  if [ -n "$tests" ]; then build_test_libraries "${tested[@]}"; fi
}

# Planted mistakes, and stand-ins for the libraries of a machine with CUDA 13.
build_test_libraries() { # OBJECTS OF PLANTED KERNELS...
  local target="$tests/org/geodex/kernels/emulator" lib="$work/libcuda.so.1"
  mkdir -p "$target"
  if outdated "$work/planted.so" "$@" "$lib"; then
    link "$work/planted.so" geodex-planted.so "$@" "$lib"
  fi
  if outdated "$work/libcublas.so.13" "$work/cublas.o"; then
    link "$work/libcublas.so.13" libcublas.so.13 "$work/cublas.o" "$lib"
  fi
  if outdated "$work/libnvrtc.so.13" "$work/nvrtc.o"; then
    link "$work/libnvrtc.so.13" libnvrtc.so.13 "$work/nvrtc.o"
  fi
  local s
  for s in planted.so libcublas.so.13 libnvrtc.so.13; do copy_if_changed "$work/$s" "$target/$s"; done
}

# -------------------------------------------------------------------------------------- all

main() {
  check_definitions
  for s in "${sources[@]}" "${headers[@]}"; do copy_if_changed "$s" "$out/src/$(basename "$s")"; done
  copy_if_changed "$here/kernels.def" "$out/kernels.def"
  (cd "$here/src" && printf '%s\n' *.cuh) >"$out/src/headers.txt"

  {
    echo "# What kernels-cuda/build.sh found and built."
    why=
    if [ -n "$nvcc" ]; then why=$(why_no_fatbins); fi
    if [ -n "$nvcc" ] && [ -z "$why" ]; then
      build_fatbins
      echo "fatbin=built"
      echo "nvcc=$release"
      echo "architectures=$architectures"
    else
      rm -f "$out"/*.fatbin "$out/resources.tsv"
      if [ -n "$why" ]; then
        echo "kernels-cuda: $why; the kernels are compiled at first use, where NVRTC is found" >&2
        echo "fatbin=$why"
      elif [ "${NVCC:-}" = none ]; then
        echo "fatbin=left out of this build (-Dfast); mvn package makes it"
      else
        echo "fatbin=nvcc was not found when this was built (PATH, /usr/local/cuda/bin)"
      fi
    fi
    if [ "$(uname -s)" != Linux ]; then
      echo "emulator=only for Linux, this is $(uname -s)"
    elif [ -z "$cxx" ]; then
      rm -f "$out"/emulator/*.so* "$out"/forward/*.so*
      echo "emulator=g++ was not found when this was built"
    else
      build_emulator
      echo "emulator=built"
      echo "cxx=$("$cxx" -dumpfullversion)"
    fi
    echo "commit=$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)"
  } >"$work/build.properties"
  copy_if_changed "$work/build.properties" "$out/build.properties"
}

# On one line: bash has then read the whole file before it starts.
main; exit
