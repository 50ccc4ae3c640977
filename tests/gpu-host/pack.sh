#!/usr/bin/env bash
# Packs what a GPU machine without Java needs into one archive: a runtime, the jars, the fatbins, the
# tests, the benchmarks. Usage: tests/gpu-host/pack.sh [OUT.tar.xz]; build first with
# `mvn -B package -DskipTests`. On the machine: tar xf (without xz: python3 -m tarfile -e), then
# ./run.sh.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-$root/tests/target/geodex-gpu-host.tar.xz}
limit=$((48 << 20))
# The test launcher is no dependency of the project; Maven fetches it for the archive.
launcher=org.junit.platform:junit-platform-console-standalone:6.1.3

jdk=${JAVA_HOME:-}
if ! grep -q '^JAVA_VERSION="25' "$jdk/release" 2>/dev/null; then
  jdk=
  for home in /usr/lib/jvm/* /opt/java/* /opt/jdk* "${HOME:-}"/.sdkman/candidates/java/*; do
    if [ -x "$home/bin/jlink" ] && grep -q '^JAVA_VERSION="25' "$home/release" 2>/dev/null; then jdk=$home; fi
  done
fi
[ -n "$jdk" ] || { echo "pack.sh: no JDK 25 with jlink found; set JAVA_HOME" >&2; exit 4; }

jar="$root/engine-java/target/geodex.jar"
lib="$root/engine-java/target/lib"
for needed in "$jar" "$lib" "$root/benchmarks/target/classes" "$root/native-bridge/target/test-classes" \
  "$root/kernels-cuda/target/test-classes"; do
  [ -e "$needed" ] || { echo "pack.sh: $needed is missing: mvn -B package -DskipTests" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Without fatbins the card would be asked to compile the kernels, and nobody would see why.
(cd "$work" && "$jdk/bin/jar" xf "$lib"/kernels-cuda-*.jar org/geodex/kernels/build.properties)
if ! grep -qx fatbin=built "$work/org/geodex/kernels/build.properties"; then
  echo "pack.sh: this build has no fatbins (no nvcc, or -Dfast): mvn -B package -DskipTests, with nvcc" >&2
  exit 2
fi
rm -r "$work/org"
host="$work/geodex-gpu-host"
mkdir -p "$host/lib" "$host/tests" "$host/benchmarks/peers"

"$jdk/bin/jlink" --output "$host/runtime" --strip-debug --no-header-files --no-man-pages \
  --compress zip-0 --add-modules \
  java.base,java.logging,java.management,java.sql,java.xml,jdk.incubator.vector,jdk.management,jdk.unsupported,jdk.zipfs
cp "$jar" "$host/lib/"
# What the lane does not touch: charts, terminal, tokenizers, the probes' classifier.
for file in "$lib"/*.jar; do
  case $(basename "$file") in
    echarts-* | tokenizers-* | api-* | jna-* | jline-* | commons-compress-* | progressbar-*) ;;
    tribuo-* | protobuf-* | opencsv-* | commons-collections* | commons-lang3-* | commons-io-* | commons-text-*) ;;
    *) cp "$file" "$host/lib/" ;;
  esac
done
# Uncompressed, so that xz can do better than the jars, and without what the lane does not use:
# OpenBLAS's JNI bindings, the shipped models.
for file in "$host"/lib/*natives*.jar "$host"/lib/openblas-*.jar "$host"/lib/geodex.jar; do
  mkdir "$work/jar"
  (cd "$work/jar" && "$jdk/bin/jar" xf "$file" && find . -name 'libjniopenblas*' -delete &&
    rm -rf org/geodex/models && mv META-INF/MANIFEST.MF "$work/manifest" &&
    "$jdk/bin/jar" --create --no-compress --file "$file" --manifest "$work/manifest" ./*)
  rm -r "$work/jar"
done
cp -r "$root/native-bridge/target/test-classes" "$host/tests/native-bridge"
cp -r "$root/engine-java/target/test-classes" "$host/tests/engine-java"
cp -r "$root/kernels-cuda/target/test-classes" "$host/tests/kernels-cuda"
cp -r "$root/benchmarks/target/classes" "$host/benchmarks/classes"
cp "$root"/benchmarks/peers/*cuda*.py "$root/benchmarks/peers/gpt2_forward.py" "$host/benchmarks/peers/"
(cd "$root" && mvn -B -q ${MAVEN_ARGUMENTS:-} -N org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact="$launcher" -DoutputDirectory="$host/tests" -Dmdep.useBaseVersion=true)
mv "$host"/tests/junit-platform-console-standalone-*.jar "$host/tests/console.jar"
cp "$root/jvm.options" "$host/"
cp "$root/tests/gpu-host/run.sh" "$host/"
git -C "$root" rev-parse --short HEAD >"$host/commit" 2>/dev/null || echo unknown >"$host/commit"

mkdir -p "$(dirname "$out")"
XZ_OPT=${XZ_OPT:--6 -T0} tar -C "$work" -cJf "$out" geodex-gpu-host
size=$(stat -c %s "$out")
echo "$out: $((size >> 20)) MiB"
[ "$size" -lt "$limit" ] || { echo "pack.sh: larger than $((limit >> 20)) MiB" >&2; exit 1; }
