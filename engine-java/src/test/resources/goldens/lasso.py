"""Lasso and ridge by scikit-learn on data that Java can rebuild.

Run: /usr/bin/python3 lasso.py > lasso.json
"""
import json
import platform

import numpy as np
import sklearn
from sklearn.linear_model import Lasso, Ridge


def uniform(seed, n, d):
    """Knuth's MMIX generator; the upper 24 bits of each state, in [-1, 1), are exact in f32."""
    state, out = seed, np.empty((n, d))
    for i in range(n):
        for j in range(d):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            out[i, j] = (state >> 40) / 2.0**23 - 1
    return out


def problem(seed, m, d):
    """Rows 0 … m − 1 are the context, row m mixes rows 1 and 4 and noise."""
    z = uniform(seed, m + 1, d)
    z[m] = z[1] - 0.5 * z[4] + 0.3 * z[m]
    return z.astype(np.float32).astype(float)


def ridge_optimum(x, y, penalty):
    w = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(x, y).coef_
    return float(((y - x @ w) ** 2).sum() + penalty * (w**2).sum())


def main():
    cases = []
    for seed, m, d in [(11, 12, 30), (12, 40, 24), (13, 9, 9)]:
        z = problem(seed, m, d)
        x, y = z[:m].T, z[m]
        largest = np.abs(x.T @ y).max() / d
        shares = [0.9, 0.5, 0.2, 0.05, 0.01]
        cases.append(
            {
                "seed": seed, "m": m, "d": d,
                "largest_penalty": largest,
                "shares": shares,
                "lasso": [
                    Lasso(alpha=s * largest, fit_intercept=False, tol=1e-14, max_iter=10**7)
                    .fit(x, y).coef_.tolist()
                    for s in shares
                ],
                "ridge_penalty": 0.7,
                "ridge_optimum": ridge_optimum(x, y, 0.7),
            }
        )
    print(
        json.dumps(
            {
                "tool": "scikit-learn %s, numpy %s, Python %s"
                % (sklearn.__version__, np.__version__, platform.python_version()),
                "command": "/usr/bin/python3 lasso.py > lasso.json",
                "cases": cases,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
