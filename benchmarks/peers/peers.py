#!/usr/bin/env python3
"""One workload by another library, on inputs that Geodex wrote: prints one JSON object.

usage: peers.py NAME [NUMBER ...] [INPUT.npy ...] [--rounds R]
    {"peer": "Faiss IndexFlatL2", "version": "1.7.3", "seconds": [of each call]}
or  {"missing": "No module named 'faiss'"} where the library is not installed.
`geodex bench peers` runs it beside the benchmark of the same workload (peers.json). Each function
returns name, version, and the call to time; a fourth value multiplies the time where the call does
a part of the work, and then the name says so.
"""
import argparse
import json
import math
import time

ENOUGH = 5  # seconds of calls after which a round ends


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


def scipy_dijkstra(graph):
    import numpy as np
    import scipy
    from scipy.sparse.csgraph import dijkstra

    n = graph.shape[0]
    sources = np.arange(0, n, max(1, n // 500))  # one search a source, so the time is their number's
    return (
        f"SciPy Dijkstra, {len(sources)} sources x {n / len(sources):g},",
        scipy.__version__,
        lambda: dijkstra(graph, directed=False, indices=sources),
        n / len(sources),
    )


def neighbour_graph(x, k):
    from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(x, k, mode="distance")
    return graph.maximum(graph.T)


def scipy_geodesic(x):
    return scipy_dijkstra(neighbour_graph(x, 15))


def scipy_chain(n):
    import numpy as np
    from scipy.sparse import coo_matrix

    ends = (np.arange(n - 1), np.arange(1, n))
    return scipy_dijkstra(coo_matrix((np.ones(n - 1), ends), (n, n)).tocsr())


def scipy_spiral(n, k):
    import numpy as np

    t = 20 * np.pi * np.arange(1, n + 1) / n
    return scipy_dijkstra(neighbour_graph(np.c_[t * np.cos(t), t * np.sin(t)], k))


def sklearn_isomap(x):
    import sklearn
    from sklearn.manifold import Isomap

    return (
        "scikit-learn Isomap",
        sklearn.__version__,
        lambda: Isomap(n_neighbors=15, n_components=2).fit(x),
    )


def npeet_ksg(x, y, k=4):
    """KSG 1 as NPEET's published code has it: SciPy's k-d tree in the max norm, all cores."""
    import numpy as np
    import scipy
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    def mean_digamma(points, radius):
        counts = cKDTree(points).query_ball_point(
            points, radius, p=np.inf, workers=-1, return_length=True)
        return np.mean(digamma(counts))

    def information():
        joint = np.hstack((x, y))
        radius = cKDTree(joint).query(joint, k + 1, p=np.inf, workers=-1)[0][:, k]
        radius = np.nextafter(radius, 0)
        margins = mean_digamma(x, radius) + mean_digamma(y, radius)
        return digamma(k) + digamma(len(x)) - margins

    return "NPEET's algorithm, SciPy", scipy.__version__, information


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


def numpy_cka_table(pairs, x, y):
    peer, version, pair = numpy_cka(x, y)
    return f"{peer}, one pair x {pairs},", version, pair, pairs


def numpy_cka_rbf(rows, x, y):
    import numpy as np

    x, y = x[:rows], y[:rows]

    def kernel(d2):
        return double_centre(np.exp(-d2 / (2 * np.median(d2))))

    def cka():
        a, b = kernel(squared_distances(x)), kernel(squared_distances(y))
        return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())

    return "NumPy", np.__version__, cka


def numpy_matrix_entropy(layers, x):
    import numpy as np

    def entropy():
        z = x.astype(np.float64)
        z -= z.mean(0)
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        p = np.linalg.eigvalsh(z.T @ z)
        p = p[p > 0] / p.sum()
        return -(p * np.log(p)).sum()

    return f"NumPy, f64, one layer x {layers},", np.__version__, entropy, layers


def lasso_problems(z, tokens=128):
    """Columns and target of each problem, and the penalty above which nothing is selected."""
    import numpy as np

    for block in z.reshape(-1, tokens + 1, z.shape[1]):
        x, y = np.asfortranarray(block[:tokens].T), block[tokens].copy()
        yield x, y, np.abs(x.T @ y).max() / len(y)


def sklearn_lasso(z):
    import sklearn
    from sklearn.linear_model import Lasso

    problems = list(lasso_problems(z))

    def one_penalty():
        for x, y, most in problems:
            Lasso(alpha=0.3 * most, fit_intercept=False, tol=1e-4, copy_X=False).fit(x, y)

    return "scikit-learn Lasso", sklearn.__version__, one_penalty


def sklearn_lasso_path(z, part=4):
    import numpy as np
    import sklearn
    from sklearn.linear_model import lasso_path

    problems = list(lasso_problems(z))[::part]

    def paths():
        for x, y, most in problems:
            lasso_path(x, y, alphas=most * np.geomspace(1, 1e-2, 50), tol=1e-4)

    name = f"scikit-learn lasso_path, every {part}th problem x {part},"
    return name, sklearn.__version__, paths, part


def torch_mine_step():
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


def torch_alignment_step(n=512, d=768):
    """The full loss of `geodex align`: a map d -> 256 -> d and a critic, clipped and stepped."""
    import torch

    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(d, 256), torch.nn.ReLU(), torch.nn.Linear(256, d))
    critic = torch.nn.Sequential(
        torch.nn.Linear(2 * d, 512), torch.nn.ReLU(), torch.nn.Linear(512, 256), torch.nn.ReLU(),
        torch.nn.Linear(256, 1))
    map_steps = torch.optim.AdamW(net.parameters(), lr=1e-4)
    critic_steps = torch.optim.AdamW(critic.parameters(), lr=1e-4)
    z, start, target = torch.randn(n, d), torch.randn(n, d), torch.randn(n, d)
    geodesic = torch.cdist(target, target)
    squared_geodesic = (geodesic ** 2).sum()
    off_diagonal = 1 - torch.eye(n)
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
        bound = joint.mean() - (torch.logsumexp(marginal, 0).sum() - math.log(n))
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

    return "PyTorch", torch.__version__, step


def torch_forward(batch, length):
    import gpt2_forward
    import torch

    weights, ids = gpt2_forward.random_inputs(batch, length)

    def run():
        with torch.no_grad():
            return gpt2_forward.forward(weights, ids)

    return "PyTorch", torch.__version__, run


def torch_decode(steps=64):
    import gpt2_forward
    import torch

    weights, ids = gpt2_forward.random_inputs(1, 16)

    def run():
        with torch.no_grad():
            gpt2_forward.decode(weights, ids, steps)

    return f"PyTorch, {steps} steps x 1/{steps},", torch.__version__, run, 1 / steps


def onnx_forward(batch, length):
    import tempfile

    import gpt2_forward
    import onnxruntime

    weights, ids = gpt2_forward.random_inputs(batch, length)
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        gpt2_forward.export(weights, ids, file.name)
        session = onnxruntime.InferenceSession(file.name, providers=["CPUExecutionProvider"])
    ids = ids.numpy()
    return "ONNX Runtime", onnxruntime.__version__, lambda: session.run(None, {"ids": ids})


def run(name, arguments, rounds):
    """Seconds of up to so many calls after a first one, which counts alone when it is long."""
    try:
        import numpy as np

        inputs = [np.load(a) if a.endswith(".npy") else int(a) for a in arguments]
        peer, version, call, *factor = globals()[name](*inputs)
    except ImportError as missing:
        return {"missing": str(missing)}

    def timed():
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    first = timed()
    seconds = [first] if first > ENOUGH else []
    while len(seconds) < rounds and sum(seconds) < ENOUGH:
        seconds.append(timed())
    return {"peer": peer, "version": version, "seconds": [math.prod([s, *factor]) for s in seconds]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(run(options.name, options.arguments, options.rounds)))


if __name__ == "__main__":
    main()
