#!/usr/bin/env python3
"""Peers of the CUDA backend on the same card: torch.cdist, cdist + topk, the f32 product alone, CuPy.

Prints one JSON object: seconds of each workload, the median of the rounds after one warm-up, data on
the device. A package that is not installed is named under "missing"; without any, exit 1.
usage: geometry_cuda.py [--n N] [--rounds R]
"""
import argparse
import json
import statistics
import sys
import time

D = 768
K = 15
STRIP = 2048  # rows of a strip, so that n x n need not lie on the card


def timed(work, synchronize, rounds):
    work()
    synchronize()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        synchronize()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def with_torch(n, rounds):
    import torch

    if not torch.cuda.is_available():
        raise ImportError("torch without a CUDA device")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(1)
    x = torch.randn(n, D, device="cuda")
    out = torch.empty(STRIP, n, device="cuda")

    def cdist():
        for i in range(0, n, STRIP):
            torch.cdist(x[i : i + STRIP], x)

    def neighbours():
        for i in range(0, n, STRIP):
            torch.cdist(x[i : i + STRIP], x).topk(K + 1, largest=False)

    def product():
        for i in range(0, n, STRIP):
            part = x[i : i + STRIP]
            torch.mm(part, x.T, out=out[: part.shape[0]])

    name = f"n={n} d={D}"
    wait = torch.cuda.synchronize
    return {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(),
        f"torch.cdist {name}": timed(cdist, wait, rounds),
        f"torch.cdist + topk k={K} {name}": timed(neighbours, wait, rounds),
        f"torch f32 product {name}": timed(product, wait, rounds),
    }


def with_cupy(n, rounds):
    import cupy

    x = cupy.random.default_rng(1).standard_normal((n, D), dtype=cupy.float32)
    squares = (x * x).sum(axis=1)

    def distances():
        for i in range(0, n, STRIP):
            part = squares[i : i + STRIP, None] + squares - 2 * (x[i : i + STRIP] @ x.T)
            cupy.sqrt(cupy.maximum(part, 0, out=part), out=part)

    wait = cupy.cuda.Device().synchronize
    return {"cupy": cupy.__version__, f"cupy distances n={n} d={D}": timed(distances, wait, rounds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results, missing = {}, []
    for peer in (with_torch, with_cupy):
        try:
            results.update(peer(options.n, options.rounds))
        except ImportError as reason:
            missing.append(str(reason))
    if missing:
        results["missing"] = missing
    print(json.dumps(results, indent=2))
    return 1 if len(missing) == 2 else 0


if __name__ == "__main__":
    sys.exit(main())
