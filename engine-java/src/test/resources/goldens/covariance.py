"""Distances between shrunk covariances by SciPy's matrix square root and logarithm, on data that Java can rebuild.

Run: /usr/bin/python3 covariance.py > covariance.json
"""
import json
import platform

import numpy as np
import scipy
from scipy.linalg import inv, logm, norm, sqrtm

from lasso import uniform


def covariance(x, shrinkage):
    c = np.cov(x.T)
    return (1 - shrinkage) * c + shrinkage * np.trace(c) / len(c) * np.eye(len(c))


def case(seed, n, m, d, shrinkage):
    z = uniform(seed, n + m, d)
    z[n:] *= 1 + np.arange(d) / d
    a, b = covariance(z[:n], shrinkage), covariance(z[n:], shrinkage)
    root = sqrtm(a)
    squared = np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(root @ b @ root)).real
    inverse = inv(root)
    return {
        "seed": seed,
        "n": n,
        "m": m,
        "d": d,
        "shrinkage": shrinkage,
        "bures_wasserstein": float(np.sqrt(squared)),
        "affine_invariant": float(norm(logm(inverse @ b @ inverse).real)),
        "log_euclidean": float(norm((logm(a) - logm(b)).real)),
    }


if __name__ == "__main__":
    cases = [case(21, 4, 5, 30, 0.5), case(22, 20, 30, 6, 0.1), case(23, 3, 3, 64, 0.3)]
    tool = "scipy %s, numpy %s, Python %s" % (scipy.__version__, np.__version__, platform.python_version())
    print(json.dumps({"tool": tool, "command": "/usr/bin/python3 covariance.py > covariance.json", "cases": cases}, indent=1))
