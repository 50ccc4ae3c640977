#!/usr/bin/env bash
# Writes what ptxas said about every kernel into docs/kernels.md, between its two markers, after a
# build with nvcc. Usage: kernels-cuda/resources.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
page="$here/../docs/kernels.md"
table="$here/target/native/resources.tsv"
[ -s "$table" ] || { echo "resources.sh: no $table: build with nvcc first" >&2; exit 2; }

begin='<!-- resources: kernels-cuda/resources.sh -->'
end='<!-- end of resources -->'
if ! grep -qF "$begin" "$page"; then
  printf '\n## Registers, shared memory, spills\n\n%s\n%s\n' "$begin" "$end" >>"$page"
fi

rows() {
  echo "As ptxas of CUDA $("${NVCC:-nvcc}" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p') reports them;"
  echo "shared memory is the static part, dynamic stands in \`kernels.def\`. A spill that \`kernels.def\`"
  echo "does not allow fails the build."
  echo
  echo "| kernel | registers sm_80 / sm_90 / sm_100 | shared bytes | stack bytes | spilled bytes (stores + loads) |"
  echo "| --- | --- | --- | --- | --- |"
  awk -F'\t' '
    { k = $1; if (!(k in seen)) { seen[k] = 1; order[++n] = k }
      regs[k, $2] = $3; if ($4 > smem[k]) smem[k] = $4; if ($5 > stack[k]) stack[k] = $5
      s = $6 + $7; if (s > spill[k]) spill[k] = s }
    END { for (i = 1; i <= n; i++) { k = order[i]
      printf "| `%s` | %s / %s / %s | %d | %d | %d |\n", k, regs[k, "sm_80"], regs[k, "sm_90"],
        regs[k, "sm_100"], smem[k], stack[k], spill[k] } }' "$table"
}

rows >"$here/target/native/resources.md"
awk -v begin="$begin" -v end="$end" -v table="$here/target/native/resources.md" '
  $0 == begin { print; print ""; while ((getline line < table) > 0) print line; print ""; skip = 1 }
  $0 == end { skip = 0 }
  !skip && $0 != begin { print }' "$page" >"$page.part"
mv "$page.part" "$page"
