#!/usr/bin/env python3
"""Peers of the divergence and information estimators: prints one JSON object, seconds and values.

NPEET is restated after its published code (KSG 1 over scipy's k-d tree in the max norm, all cores);
k-NN KL over scikit-learn; Gaussian KL over NumPy f64; the MINE step over torch.
usage: information.py [--only ksg,knn,gaussian,mine] [--dims 1,5,20] [--n 10000] [--seed 1]
"""
import argparse
import json
import sys
import time

try:
    import numpy as np
except ImportError:
    sys.exit("skipped: this script needs numpy")


def timed(work, repeats):
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        value = work()
        seconds.append(time.perf_counter() - start)
    return {"seconds": sorted(seconds)[len(seconds) // 2], "value": value}


def npeet_mi(x, y, k):
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    joint = np.hstack((x, y))
    radius = cKDTree(joint).query(joint, k + 1, p=np.inf, workers=-1)[0][:, k]
    radius = np.nextafter(radius, 0)

    def mean_digamma(points):
        tree = cKDTree(points)
        count = tree.query_ball_point(
            points, radius, p=np.inf, workers=-1, return_length=True)
        return np.mean(digamma(count))

    return float(digamma(k) + digamma(len(x)) - mean_digamma(x) - mean_digamma(y))


def ksg(arguments, result):
    for d in arguments.dims:
        random = np.random.default_rng(arguments.seed)
        x = random.normal(size=(arguments.n, d))
        y = 0.6 * x + 0.8 * random.normal(size=x.shape)
        repeats = 3 if d <= 5 else 1
        if d <= 5:
            result[f"npeet ksg {d}+{d}"] = timed(lambda: npeet_mi(x, y, 4), repeats)
        else:
            start = time.perf_counter()
            value = npeet_mi(x, y, 4)
            result[f"npeet ksg {d}+{d}"] = {
                "seconds": time.perf_counter() - start, "value": value}


def knn_kl(arguments, result):
    from sklearn.neighbors import NearestNeighbors

    random = np.random.default_rng(arguments.seed)
    p = random.normal(size=(arguments.n, 64)).astype(np.float32)
    q = (1.1 * random.normal(size=(arguments.n, 64)) + 0.2).astype(np.float32)

    def value():
        search = NearestNeighbors(algorithm="brute", n_jobs=-1)
        rho = search.fit(p).kneighbors(p, 6)[0][:, 5]
        nu = search.fit(q).kneighbors(p, 5)[0][:, 4]
        n, m = len(p), len(q)
        return float(64 * np.mean(np.log(nu / rho)) + np.log(m / (n - 1)))

    result["sklearn knn kl d=64"] = timed(value, 3)


def gaussian_kl(arguments, result):
    random = np.random.default_rng(arguments.seed)
    n, d = 8192, 768
    p = random.normal(size=(n, d)).astype(np.float32)
    q = (1.1 * random.normal(size=(n, d)) + 0.2).astype(np.float32)

    def value():
        from scipy.linalg import solve_triangular

        def moments(rows):
            wide = rows.astype(np.float64)
            mean = wide.mean(0)
            wide -= mean
            return mean, wide.T @ wide / (len(rows) - 1)

        mean_p, cov_p = moments(p)
        mean_q, cov_q = moments(q)
        lp, lq = np.linalg.cholesky(cov_p), np.linalg.cholesky(cov_q)
        quotient = solve_triangular(lq, lp, lower=True)
        shift = solve_triangular(lq, mean_q - mean_p, lower=True)
        return float(0.5 * ((quotient ** 2).sum() + shift @ shift - d) +
                     np.log(np.diag(lq)).sum() - np.log(np.diag(lp)).sum())

    result["numpy gaussian kl 8192x768"] = timed(value, 5)


def mine_step(arguments, result):
    import torch

    torch.manual_seed(arguments.seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(1536, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256),
        torch.nn.ReLU(), torch.nn.Linear(256, 1))
    adam = torch.optim.AdamW(net.parameters(), lr=1e-4)
    x, y = torch.randn(512, 768), torch.randn(512, 768)

    def step():
        adam.zero_grad()
        joint = net(torch.cat((x, y), 1))
        marginal = net(torch.cat((x, y[torch.randperm(512)]), 1))
        loss = torch.logsumexp(marginal, 0).sum() - np.log(512) - joint.mean()
        loss.backward()
        adam.step()
        return float(loss)

    for _ in range(10):
        step()
    result["torch mine step"] = timed(step, 30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="ksg,knn,gaussian,mine")
    parser.add_argument("--dims", default="1,5,20")
    parser.add_argument("--n", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.dims = [int(d) for d in arguments.dims.split(",")]
    result = {}
    parts = {"ksg": ksg, "knn": knn_kl, "gaussian": gaussian_kl, "mine": mine_step}
    for name in arguments.only.split(","):
        try:
            parts[name](arguments, result)
        except ImportError as missing:
            result[name] = f"skipped: {missing}"
        print(json.dumps(result), file=sys.stderr)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
