#!/usr/bin/env python3
"""Bytes that each memory-bound kernel has under way on a multiprocessor of sm_90, read off its code.

Memory delivers its bandwidth only to who asks enough at once (Little's law): on an H100 3.35 TB/s for about
700 ns on 132 multiprocessors are 18 KB on each, of what is read. Counted are loads that nothing waits for
yet, in the order of the code, times the threads that fit; the best place of a kernel counts, so that a high
number proves nothing and a low one is a fault.

Usage: kernels-cuda/in_flight.py LANE.json   (after a build with nvcc; LANE.json: of tests/gpu-host/run.sh, it
names the kernels that are held against the copy bandwidth). Needs cuobjdump and nvdisasm, of any CUDA from 13
on, on the PATH or in CUDA_TOOLS.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NATIVE = HERE / "target/native"
ARCHITECTURE = "sm_90"
THREADS, REGISTERS, SHARED = 2048, 65536, 227 * 1024  # of a multiprocessor
RESERVED = 1024  # shared bytes that the driver takes of each block


def tool(name):
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("CUDA_TOOLS", ""), os.environ["PATH"]]))
    if not found:
        sys.exit(f"in_flight.py: {name} is not on the PATH")
    os.environ["PATH"] = f"{pathlib.Path(found).parent}{os.pathsep}{os.environ['PATH']}"
    return found


def code():
    """Instructions of each kernel, without their predicates."""
    cuobjdump = tool("cuobjdump")
    for image in sorted(NATIVE.glob("*.fatbin")):
        text = subprocess.run([cuobjdump, "-arch", ARCHITECTURE, "-sass", image], check=True, capture_output=True, text=True)
        for part in text.stdout.split("Function : ")[1:]:
            lines = re.findall(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?(.*?)\s*;", part)
            yield part.split()[0], lines


def width(operation):
    sizes = {".128": 16, ".64": 8, ".U16": 2, ".S16": 2, ".U8": 1, ".S8": 1}
    return next((size for mark, size in sizes.items() if mark in operation), 4)


def most_under_way(instructions):
    """The most bytes of a thread's global loads that no instruction has asked for yet."""
    waiting, best = {}, 0  # register: (place, bytes) of its load
    for place, line in enumerate(instructions):
        operation = line.split()[0]
        registers = [int(r) for r in re.findall(r"\bR(\d+)\b", line)]
        load = re.match(r"LDG\S*\s+(?:P\d,\s*)?R(\d+)", line)
        asked = [waiting[r][0] for r in (registers[1:] if load else registers) if r in waiting]
        if asked:  # loads return in order
            waiting = {r: w for r, w in waiting.items() if w[0] > max(asked)}
        if load:
            size = width(operation)
            for word in range(max(1, size // 4)):
                waiting[int(load[1]) + word] = (place, size)
            best = max(best, sum(dict(waiting.values()).values()))
    return best


def blocks():
    """Threads and dynamic shared bytes of each kernel's block."""
    pattern = r"GX_KERNEL\(\w+, (\w+),.*?\((\d+), 1, 1\), (\d+),"
    text = (HERE / "kernels.def").read_text()
    return {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(pattern, text, re.S)}


def resident(registers, shared, threads):
    """Threads of a kernel that a multiprocessor holds."""
    of_registers = REGISTERS // (-(-registers // 8) * 8 * threads)
    return threads * min(THREADS // threads, of_registers, SHARED // (shared + RESERVED))


def main():
    lane = json.loads(pathlib.Path(sys.argv[1]).read_text())
    lane = lane.get("panama", lane)
    bound = {name: row for name, row in lane["kernels"].items() if row.get("unit") == "B/s"}
    rows = [line.split("\t") for line in (NATIVE / "resources.tsv").read_text().splitlines()]
    used = {r[0]: (int(r[2]), int(r[3])) for r in rows if r[1] == ARCHITECTURE}
    block = blocks()
    print("| kernel | threads a multiprocessor | bytes a thread | KB under way | % of copy bandwidth |")
    print("| --- | --- | --- | --- | --- |")
    for name, instructions in sorted(code()):
        if name in bound:
            threads = resident(used[name][0], used[name][1] + block[name][1], block[name][0])
            bytes_ = most_under_way(instructions)
            part = "not measured" if "emulator" in lane["device"].lower() else round(bound[name]["percent_of_ceiling"])
            print(f"| `{name}` | {threads} | {bytes_} | {threads * bytes_ / 1024:.0f} | {part} |")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
