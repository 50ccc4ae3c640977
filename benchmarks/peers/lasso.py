"""scikit-learn's Lasso on 512 problems of 128 tokens x 768, beside LassoBenchmark. Prints JSON.

Run: /usr/bin/python3 lasso.py
"""
import json
import sys
import time

try:
    import numpy as np
    import sklearn
    from sklearn.linear_model import Lasso, lasso_path
except ImportError as missing:
    print(json.dumps({"skipped": str(missing)}))
    sys.exit(0)

PROBLEMS, TOKENS, D, SHARE = 512, 128, 768, 0.3


def manifold(seed, n, d):
    """A curved 12-dimensional sheet in d dimensions with a little noise, f32."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 12), dtype=np.float32)
    w = rng.standard_normal((12, d), dtype=np.float32)
    return np.tanh(z @ w) + np.float32(0.05) * rng.standard_normal((n, d), dtype=np.float32)


z = manifold(1, PROBLEMS * (TOKENS + 1), D).reshape(PROBLEMS, TOKENS + 1, D)
problems = [(np.asfortranarray(p[:TOKENS].T), p[TOKENS].copy()) for p in z]
alphas = [np.abs(x.T @ y).max() / D for x, y in problems]


def one_penalty():
    return [
        Lasso(alpha=SHARE * a, fit_intercept=False, tol=1e-4, copy_X=False).fit(x, y).coef_
        for (x, y), a in zip(problems, alphas)
    ]


def path():
    for (x, y), a in zip(problems, alphas):
        lasso_path(x, y, alphas=a * np.geomspace(1, 1e-2, 50), tol=1e-4)


def seconds(call, rounds):
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


nonzero = np.mean([(w != 0).sum() for w in one_penalty()])
print(
    json.dumps(
        {
            "scikit-learn": sklearn.__version__,
            "mean_nonzero": float(nonzero),
            "one_penalty": seconds(one_penalty, 3),
            "path_of_50": seconds(path, 1),
        }
    )
)
