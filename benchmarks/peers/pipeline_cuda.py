#!/usr/bin/env python3
"""PyTorch on the same card: GPT-2 forward in eager mode with all hidden states kept, and a MINE step.

Prints one JSON object: seconds of each workload, the median of the rounds after one warm-up, data on
the device, TF32 off. Without a card, exit 1.
usage: pipeline_cuda.py [--rounds R] [--cpu-smoke]
"""
import argparse
import json
import statistics
import sys
import time

import gpt2_forward
import torch

SHAPES = {"124m": (12, 768, 12, 8), "1.5b": (48, 1600, 25, 4)}
LENGTH = 512
STEPS = 200


def timed(work, rounds, wait):
    work()
    wait()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        wait()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def forward(name, dtype, rounds, wait, length, device):
    layers, width, heads, batch = SHAPES[name]
    gpt2_forward.LAYERS, gpt2_forward.WIDTH, gpt2_forward.HEADS = layers, width, heads
    generator = torch.Generator(device).manual_seed(1)
    w = gpt2_forward.weights(generator)
    w["layers"] = [{k: v.to(dtype) for k, v in layer.items()} for layer in w["layers"]]
    w = {k: v if k == "layers" else v.to(dtype) for k, v in w.items()}
    gpt2_forward.LOWEST = torch.tensor(torch.finfo(dtype).min, dtype=dtype)
    ids = torch.randint(gpt2_forward.VOCABULARY, (batch, length), generator=generator)
    with torch.no_grad():
        seconds = timed(lambda: gpt2_forward.forward(w, ids), rounds, wait)
    return {f"forward {name} {str(dtype)[6:]}, {batch} x {length}": seconds}


def mine(rounds, wait, steps, n=512, d=768):
    critic = torch.nn.Sequential(
        torch.nn.Linear(2 * d, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(),
        torch.nn.Linear(256, 1))
    optimizer = torch.optim.AdamW(critic.parameters(), lr=1e-4)
    x, y = torch.randn(n, d), torch.randn(n, d)

    def train():
        for _ in range(steps):
            optimizer.zero_grad()
            joint = critic(torch.cat((x, y), 1))
            shuffled = critic(torch.cat((x, y.roll(-1, 0)), 1))
            loss = -(joint.mean() - torch.logsumexp(shuffled, 0).squeeze() + torch.log(torch.tensor(float(n))))
            loss.backward()
            optimizer.step()

    return {f"MINE, {steps} steps, batch {n}, d={d}": timed(train, rounds, wait)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu-smoke", action="store_true", help="tiny, on the CPU: does the script run?")
    options = parser.parse_args()
    if options.cpu_smoke:
        SHAPES.update({"124m": (2, 48, 4, 2), "1.5b": (3, 40, 5, 1)})
        device, wait, length, steps = "cpu", lambda: None, 16, 2
    elif torch.cuda.is_available():
        device, wait, length, steps = "cuda", torch.cuda.synchronize, LENGTH, STEPS
        torch.backends.cuda.matmul.allow_tf32 = False
    else:
        print(json.dumps({"missing": ["torch without a CUDA device"]}))
        return 1
    if device != "cpu":
        torch.set_default_device(device)
    results = {"torch": torch.__version__, "device": device}
    for name in SHAPES:
        for dtype in (torch.float32, torch.bfloat16):
            results.update(forward(name, dtype, options.rounds, wait, length, device))
    results.update(mine(options.rounds, wait, steps))
    print(json.dumps(results, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
