#!/usr/bin/env python3
"""Peer of AlignmentStepBenchmark: one training step with the full loss of `geodex align` in torch.

Map 768 -> 256 -> 768, critic 1536 -> 512 -> 256 -> 1, 512 rows, both clipped and stepped by AdamW.
Prints one JSON object: median seconds of a step.
usage: alignment_step.py [--rows 512] [--width 768] [--steps 40] [--seed 1] [--threads N]
"""
import argparse
import json
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("skipped: this script needs torch")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int)
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    n, d = a.rows, a.width
    net = torch.nn.Sequential(torch.nn.Linear(d, 256), torch.nn.ReLU(), torch.nn.Linear(256, d))
    critic = torch.nn.Sequential(
        torch.nn.Linear(2 * d, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(),
        torch.nn.Linear(256, 1))
    map_steps = torch.optim.AdamW(net.parameters(), lr=1e-4)
    critic_steps = torch.optim.AdamW(critic.parameters(), lr=1e-4)
    z, start, target = torch.randn(n, d), torch.randn(n, d), torch.randn(n, d)
    geodesic = torch.cdist(target, target)
    probes, length = n // 4, 0.5 * d ** 0.5

    def step():
        map_steps.zero_grad()
        critic_steps.zero_grad()
        h = torch.randn(probes, d)
        h *= length / h.norm(dim=1, keepdim=True)
        out = net(torch.cat((z, z[:probes] + h, z[:probes] - h)))
        u = start + out[:n]
        residual = ((u - target) ** 2).mean()
        # The fastest form in torch: pdist and cdist have slow gradients.
        squares = (u ** 2).sum(1)
        square = (squares[:, None] + squares[None] - 2 * u @ u.t()).clamp_min(1e-6) * off_diagonal
        distance = (square + 1e-12).sqrt()
        stress = 1 - (distance * geodesic).sum() ** 2 / (square.sum() * squared_geodesic)
        joint = critic(torch.cat((u, target), 1))
        marginal = critic(torch.cat((u, target.roll(-7, 0)), 1))
        bound = joint.mean() - (torch.logsumexp(marginal, 0).sum() - log_n)
        bend = out[n:n + probes] - 2 * out[:probes] + out[n + probes:]
        curvature = (bend ** 2).sum(1).mean() / length ** 2
        # The map weighs the bound by 0.1; the critic climbs the bound itself.
        loss = 0.1 * (residual + stress) - 0.1 * bound + 0.01 * curvature
        loss.backward()
        for p in critic.parameters():
            p.grad *= 10
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
        torch.nn.utils.clip_grad_norm_(critic.parameters(), 1)
        map_steps.step()
        critic_steps.step()
        return float(loss)

    off_diagonal = 1 - torch.eye(n)
    squared_geodesic = (geodesic ** 2).sum()
    log_n = float(torch.log(torch.tensor(float(n))))
    for _ in range(5):
        step()
    seconds = []
    for _ in range(a.steps):
        begin = time.perf_counter()
        value = step()
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({
        "torch": torch.__version__, "threads": torch.get_num_threads(),
        "seconds": sorted(seconds)[len(seconds) // 2], "value": value}))


if __name__ == "__main__":
    main()
