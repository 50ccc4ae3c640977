"""NumPy's entropies and similarities on two cores, beside EntropyBenchmark, CkaBenchmark and
DistanceCorrelationBenchmark. Prints one JSON object; needs NumPy.

Run: /usr/bin/python3 similarity.py [rounds]
"""
import json
import sys
import time

try:
    import numpy as np
except ImportError as missing:
    print(json.dumps({"skipped": str(missing)}))
    sys.exit(0)


def manifold(seed, n, d):
    """A curved 12-dimensional sheet in d dimensions with a little noise, f32."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 12))
    return (np.tanh(z @ rng.standard_normal((12, d))) + 0.05 * rng.standard_normal((n, d))).astype(
        np.float32
    )


def matrix_entropy(x):
    z = x.astype(np.float64)
    z -= z.mean(0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    p = np.linalg.eigvalsh(z.T @ z)
    p = p[p > 0] / p.sum()
    return -(p * np.log(p)).sum()


def cka(x, y):
    a, b = x.astype(np.float64), y.astype(np.float64)
    a -= a.mean(0)
    b -= b.mean(0)
    return np.linalg.norm(b.T @ a) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))


def squared_distances(x):
    s = (x * x).sum(1)
    return np.maximum(s[:, None] + s[None] - 2 * (x @ x.T), 0)


def double_centre(a):
    return a - a.mean(0) - a.mean(1, keepdims=True) + a.mean()


def cka_rbf(x, y):
    def kernel(d2):
        return double_centre(np.exp(-d2 / (2 * np.median(d2))))

    a, b = kernel(squared_distances(x)), kernel(squared_distances(y))
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


def distance_correlation(x, y):
    a = double_centre(np.sqrt(squared_distances(x)))
    b = double_centre(np.sqrt(squared_distances(y)))
    return np.sqrt((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def median_seconds(call, rounds):
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    x, y = manifold(1, 8192, 768), manifold(2, 8192, 768)
    small_x, small_y = x[:4096].copy(), y[:4096].copy()
    big = np.random.default_rng(3).standard_normal((2048, 2048)).astype(np.float32)
    seconds = median_seconds(lambda: big @ big, 5)
    print(
        json.dumps(
            {
                "numpy": np.__version__,
                "sgemm_gflops": 2 * 2048**3 / seconds / 1e9,
                "matrix_entropy_8192x768": median_seconds(lambda: matrix_entropy(x), rounds),
                "cka_8192x768": median_seconds(lambda: cka(x, y), rounds),
                "cka_rbf_4096x768": median_seconds(lambda: cka_rbf(small_x, small_y), rounds),
                "distance_correlation_4096x768": median_seconds(
                    lambda: distance_correlation(small_x, small_y), rounds
                ),
            }
        )
    )


main()
