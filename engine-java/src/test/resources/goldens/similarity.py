"""Entropies and similarities by NumPy, SciPy and scikit-learn, in f64, on data that Java can rebuild.

Run: /usr/bin/python3 similarity.py > similarity.json
"""
import json
import platform

import numpy as np
import scipy
import sklearn
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, spearmanr
from sklearn.neighbors import NearestNeighbors


def uniform(seed, n, d):
    """Knuth's MMIX generator; the upper 24 bits of each state, in [-1, 1), are exact in f32."""
    state, out = seed, np.empty((n, d))
    for i in range(n):
        for j in range(d):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            out[i, j] = (state >> 40) / 2.0**23 - 1
    return out


def pair(seed, n, dx, dy, offset):
    x = uniform(seed, n, dx)
    noise = uniform(seed + 1, n, dy)
    y = np.empty((n, dy))
    for j in range(dy):
        y[:, j] = x[:, j % dx] + 0.5 * noise[:, j]
    return (x + offset).astype(np.float32).astype(float), y.astype(np.float32).astype(float)


def shannon(p):
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def unit(z):
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def entropies(x):
    n, d = x.shape
    c = x - x.mean(0)
    z = unit(c)
    p = np.clip(np.linalg.eigvalsh(z.T @ z), 0, None)
    p /= p.sum()
    v = np.clip(np.linalg.eigvalsh(c.T @ c), 0, None)
    s = np.linalg.svd(x, compute_uv=False)
    u = unit(x)
    logdet = np.linalg.slogdet(np.eye(d) + d / (n * 0.25) * u.T @ u)[1]
    return {
        "coding-length": (n + d) / 2 * logdet,
        "coding-length-normalized": logdet / (d * np.log(1 + 1 / 0.25)),
        "matrix": shannon(p),
        "effective-rank": float(np.exp(shannon(p))),
        "renyi-2": float(-np.log((p**2).sum())),
        "renyi-0.5": float(np.log((p[p > 1e-14] ** 0.5).sum()) / 0.5),
        "rankme": float(np.exp(shannon(s / s.sum()))),
        "participation-ratio": float(v.sum() ** 2 / (v**2).sum()),
        "isoscore": isoscore(v),
    }


def isoscore(v):
    """Rudman et al. 2022, in the steps of the paper."""
    d = len(v)
    hat = np.sqrt(d) * v / np.linalg.norm(v)
    delta = np.linalg.norm(hat - 1) / np.sqrt(2 * (d - np.sqrt(d)))
    phi = (d - delta**2 * (d - np.sqrt(d))) ** 2 / d**2
    return float((d * phi - 1) / (d - 1))


def hsic_unbiased(k, l):
    n = len(k)
    k, l = k.copy(), l.copy()
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    one = np.ones(n)
    return (
        np.trace(k @ l)
        + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (one @ k @ l @ one)
    ) / (n * (n - 3))


def centre(k):
    return k - k.mean(0) - k.mean(1, keepdims=True) + k.mean()


def u_centre(a):
    n = len(a)
    u = a - a.sum(0) / (n - 2) - a.sum(1, keepdims=True) / (n - 2) + a.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(u, 0)
    return u


def cosine(f, k, l):
    return float(f(k, l) / np.sqrt(f(k, k) * f(l, l)))


def rbf(x):
    d = pdist(x)
    return squareform(np.exp(-(d**2) / (2 * np.median(d) ** 2))) + np.eye(len(x))


def cca(x, y):
    qx, _ = np.linalg.qr(x - x.mean(0))
    qy, _ = np.linalg.qr(y - y.mean(0))
    return np.linalg.svd(qx.T @ qy)


def reduce(x, share):
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    keep = int(np.searchsorted(np.cumsum(s**2) / (s**2).sum(), share)) + 1
    return u[:, :keep] * s[:keep]


def pwcca(x, y):
    c = x - x.mean(0)
    u, rho, _ = cca(x, y)
    h = np.linalg.qr(c)[0] @ u[:, : len(rho)]
    alpha = np.abs(h.T @ c).sum(1)
    return float((alpha * rho).sum() / alpha.sum())


def mutual_knn(x, y, k):
    def neighbours(z):
        return NearestNeighbors(n_neighbors=k, metric="cosine").fit(z).kneighbors(
            return_distance=False
        )

    a, b = neighbours(x), neighbours(y)
    return float(np.mean([len(set(i) & set(j)) / k for i, j in zip(a, b)]))


def similarities(x, y):
    n = len(x)
    k, l = x @ x.T, y @ y.T
    a, b = squareform(pdist(x)), squareform(pdist(y))

    def hsic(p, q):
        return (centre(p) * centre(q)).sum()

    def u_product(p, q):
        return (u_centre(p) * u_centre(q)).sum() / (n * (n - 3))

    values = {
        "cka": cosine(hsic, k, l),
        "cka-debiased": cosine(hsic_unbiased, centre(k), centre(l)),
        "cka-rbf": cosine(hsic, rbf(x), rbf(y)),
        "procrustes": float(np.sqrt(1 - procrustes(pad(x, y), pad(y, x))[2])),
        "distance-correlation": float(np.sqrt(cosine(hsic, a, b))),
        "distance-correlation-unbiased": cosine(u_product, a, b),
        "rsa-spearman": float(spearmanr(pdist(x), pdist(y))[0]),
        "rsa-pearson": float(pearsonr(pdist(x), pdist(y))[0]),
        "mutual-knn": mutual_knn(x, y, 5),
    }
    if n > max(x.shape[1], y.shape[1]):
        values["cca"] = float(cca(x, y)[1].mean())
        values["pwcca"] = pwcca(x, y)
        values["svcca-0.8"] = float(cca(reduce(x, 0.8), reduce(y, 0.8))[1].mean())
    return values


def pad(x, y):
    return np.pad(x, ((0, 0), (0, max(0, y.shape[1] - x.shape[1]))))


cases = []
for seed, n, dx, dy, offset in [(1, 60, 8, 5, 0), (2, 20, 30, 40, 0), (3, 301, 6, 9, 1), (4, 7, 3, 3, 0)]:
    x, y = pair(seed, n, dx, dy, offset)
    cases.append(
        {
            "seed": seed, "n": n, "dx": dx, "dy": dy, "offset": offset,
            "entropy": entropies(x),
            "similarity": similarities(x, y),
        }
    )
print(
    json.dumps(
        {
            "tool": "numpy %s, scipy %s, scikit-learn %s, Python %s"
            % (np.__version__, scipy.__version__, sklearn.__version__, platform.python_version()),
            "command": "/usr/bin/python3 similarity.py > similarity.json",
            "cases": cases,
        },
        indent=1,
    )
)
