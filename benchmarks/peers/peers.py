#!/usr/bin/env python3
"""One workload by another library, on inputs that Geodex wrote: prints one JSON object.

usage: peers.py NAME [INPUT.npy ...] [--rounds R]
    {"peer": "Faiss IndexFlatL2", "version": "1.7.3", "seconds": [first is warm-up, left out], ...}
or  {"missing": "No module named 'faiss'"} where the library is not installed.
`geodex bench peers` runs it beside the benchmark of the same workload (peers.json).
"""
import argparse
import json
import time


def faiss_knn(x):
    import faiss

    def search():
        index = faiss.IndexFlatL2(x.shape[1])
        index.add(x)
        return index.search(x, 16)

    return "Faiss IndexFlatL2", faiss.__version__, search


def sklearn_knn(x):
    import sklearn
    from sklearn.neighbors import NearestNeighbors

    def search():
        return NearestNeighbors(n_neighbors=15, algorithm="brute", n_jobs=-1).fit(x).kneighbors()

    return "scikit-learn brute", sklearn.__version__, search


def numpy_pairwise(x):
    import numpy as np

    def syrk_form():
        s = (x * x).sum(1)
        d = x @ x.T  # NumPy calls syrk for a matrix and its own transpose
        d *= -2
        d += s[:, None]
        d += s
        return np.maximum(d, 0, out=d)

    return "NumPy, syrk form", np.__version__, syrk_form


def torch_pairwise(x):
    import torch

    rows = torch.from_numpy(x)
    return "PyTorch cdist", torch.__version__, lambda: torch.cdist(rows, rows).square_()


def scipy_geodesic(x):
    import scipy
    from scipy.sparse.csgraph import dijkstra
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(x, 15, mode="distance")
    graph = graph.maximum(graph.T)
    return "SciPy Dijkstra", scipy.__version__, lambda: dijkstra(graph, directed=False)


def numpy_kl_gaussian(p, q):
    import numpy as np
    from scipy.linalg import solve_triangular

    def moments(rows):
        wide = rows.astype(np.float64)
        mean = wide.mean(0)
        wide -= mean
        return mean, np.linalg.cholesky(wide.T @ wide / (len(rows) - 1))

    def kl():
        (mean_p, lp), (mean_q, lq) = moments(p), moments(q)
        quotient = solve_triangular(lq, lp, lower=True)
        shift = solve_triangular(lq, mean_q - mean_p, lower=True)
        return 0.5 * ((quotient**2).sum() + shift @ shift - len(lp)) + np.log(
            np.diag(lq) / np.diag(lp)
        ).sum()

    return "NumPy + LAPACK, f64", np.__version__, kl


def sklearn_kl_knn(p, q):
    import numpy as np
    import sklearn
    from sklearn.neighbors import NearestNeighbors

    def kl():
        search = NearestNeighbors(algorithm="brute", n_jobs=-1)
        rho = search.fit(p).kneighbors(p, 6)[0][:, 5]
        nu = search.fit(q).kneighbors(p, 5)[0][:, 4]
        return p.shape[1] * np.mean(np.log(nu / rho)) + np.log(len(q) / (len(p) - 1))

    return "scikit-learn brute", sklearn.__version__, kl


def squared_distances(x):
    import numpy as np

    s = (x * x).sum(1)
    return np.maximum(s[:, None] + s[None] - 2 * (x @ x.T), 0)


def double_centre(a):
    return a - a.mean(0) - a.mean(1, keepdims=True) + a.mean()


def numpy_distance_correlation(x, y):
    import numpy as np

    def correlation():
        a = double_centre(np.sqrt(squared_distances(x)))
        b = double_centre(np.sqrt(squared_distances(y)))
        return np.sqrt((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))

    return "NumPy", np.__version__, correlation


def numpy_cka(x, y):
    import numpy as np

    def cka():
        a, b = x.astype(np.float64), y.astype(np.float64)
        a -= a.mean(0)
        b -= b.mean(0)
        norm = np.linalg.norm
        return norm(b.T @ a) ** 2 / (norm(a.T @ a) * norm(b.T @ b))

    return "NumPy, f64", np.__version__, cka


def numpy_cka_rbf(x, y):
    import numpy as np

    x, y = x[:4096], y[:4096]

    def kernel(d2):
        return double_centre(np.exp(-d2 / (2 * np.median(d2))))

    def cka():
        a, b = kernel(squared_distances(x)), kernel(squared_distances(y))
        return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())

    return "NumPy", np.__version__, cka


def numpy_matrix_entropy(x):
    import numpy as np

    def entropy():
        z = x.astype(np.float64)
        z -= z.mean(0)
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        p = np.linalg.eigvalsh(z.T @ z)
        p = p[p > 0] / p.sum()
        return -(p * np.log(p)).sum()

    return "NumPy, f64", np.__version__, entropy


def torch_mine_step():
    import math

    import torch

    torch.manual_seed(1)
    net = torch.nn.Sequential(
        torch.nn.Linear(1536, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256),
        torch.nn.ReLU(), torch.nn.Linear(256, 1))
    adam = torch.optim.AdamW(net.parameters(), lr=1e-4)
    x, y = torch.randn(512, 768), torch.randn(512, 768)

    def step():
        adam.zero_grad()
        joint = net(torch.cat((x, y), 1))
        marginal = net(torch.cat((x, y[torch.randperm(512)]), 1))
        loss = torch.logsumexp(marginal, 0).sum() - math.log(512) - joint.mean()
        loss.backward()
        adam.step()
        return loss

    return "PyTorch", torch.__version__, step


def run(name, inputs, rounds):
    try:
        import numpy as np

        peer, version, call = globals()[name](*[np.load(path) for path in inputs])
    except ImportError as missing:
        return {"missing": str(missing)}
    call()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return {"peer": peer, "version": version, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("inputs", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.name, arguments.inputs, arguments.rounds)))


if __name__ == "__main__":
    main()
