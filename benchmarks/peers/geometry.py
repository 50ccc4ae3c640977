#!/usr/bin/env python3
"""Peers of the geometry commands on two cores: Faiss, NumPy, SciPy, scikit-learn.

Prints one JSON object: seconds of each workload, the median of the rounds after one warm-up. The
data is the manifold of the benchmarks (another generator, the same distribution).
usage: geometry.py [--only knn,pairwise,geodesic,isomap,chain,spiral2,spiral5] [--n N] [--rounds R]
                   [--seed S] [--share F]
--share F: Dijkstra from a share F of the sources, seconds divided by F (its cost is one search each)
"""
import argparse
import json
import time

try:
    import numpy as np
except ImportError as missing:
    print(json.dumps({"skipped": str(missing)}))
    raise SystemExit(0)


def manifold(seed, n, d=768):
    """A curved 12-dimensional sheet in d dimensions with a little noise, f32."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 12))
    x = np.tanh(z @ rng.standard_normal((12, d))) + 0.05 * rng.standard_normal((n, d))
    return x.astype(np.float32)


def timed(work, rounds):
    if rounds > 1:
        work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]


def knn(x, rounds):
    import faiss

    def search():
        index = faiss.IndexFlatL2(x.shape[1])
        index.add(x)
        return index.search(x, 16)

    return timed(search, rounds)


def pairwise(x, rounds):
    def syrk_form():
        s = (x * x).sum(1)
        d = x @ x.T  # NumPy calls syrk for a matrix and its own transpose
        d *= -2
        d += s[:, None]
        d += s
        return np.maximum(d, 0, out=d)

    return timed(syrk_form, rounds)


def graph(x, k=15):
    from sklearn.neighbors import kneighbors_graph

    g = kneighbors_graph(x, k, mode="distance")
    return g.maximum(g.T)


def all_pairs(g, rounds):
    from scipy.sparse.csgraph import dijkstra

    sources = np.arange(int(SHARE * g.shape[0]))
    return timed(lambda: dijkstra(g, directed=False, indices=sources), rounds) / SHARE


def geodesic(x, rounds):
    return all_pairs(graph(x), rounds)


def chain(n, rounds):
    from scipy.sparse import coo_matrix

    ends = (np.arange(n - 1), np.arange(1, n))
    return all_pairs(coo_matrix((np.ones(n - 1), ends), (n, n)).tocsr(), rounds)


def spiral(n, k, rounds):
    t = 20 * np.pi * np.arange(1, n + 1) / n
    return all_pairs(graph(np.c_[t * np.cos(t), t * np.sin(t)], k), rounds)


def spiral2(n, rounds):
    return spiral(n, 2, rounds)


def spiral5(n, rounds):
    return spiral(n, 5, rounds)


def isomap(x, rounds):
    from sklearn.manifold import Isomap

    return timed(lambda: Isomap(n_neighbors=15, n_components=2).fit(x), rounds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="knn,pairwise,geodesic,isomap,chain,spiral2,spiral5")
    parser.add_argument("--n", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1)
    a = parser.parse_args()
    global SHARE
    SHARE = a.share
    sizes = {"knn": 20000, "pairwise": 10000, "geodesic": 5000, "isomap": 5000}
    result = {}
    for name in a.only.split(","):
        n = a.n or sizes.get(name, 2000)
        try:
            data = manifold(a.seed, n) if name in sizes else n
            result[f"{name} n={n}"] = globals()[name](data, a.rounds)
        except ImportError as missing:
            result[name] = f"skipped: {missing}"
    print(json.dumps(result))


main()
