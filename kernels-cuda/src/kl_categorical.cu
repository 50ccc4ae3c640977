// Kullback-Leibler divergence of categorical rows, in nats.
//
//   gx_log_probabilities_f64     l[i,c] = ln p[i,c], p the row over its sum, or softmax of logits
//   gx_kl_categorical_f32        out[i,j] = sum_c p (ln p[i,c] - ln q[j,c]), every row of p against
//                                every row of q, rounded to f32
//   gx_kl_categorical_rows_f64   the same for the pairs (i, i)
//
// p = 0 adds 0; p > 0 with q = 0 gives +infinity. (Cover, Thomas, Elements of Information Theory, 2.26.)
//
// Tensors: x [n,d] f32; lp [n,d], lq [m,d] f64 logarithms (-infinity for 0); out [n,m] f32, [n] f64.
// Grid: logarithms and rows: ceil(n/8) blocks of 256, a warp a row; matrix: ceil(m/64) x ceil(n/64)
// blocks of 256, a thread 4 x 4 pairs.
// Operations and bytes: matrix: n m d times DADD + DFMA (DADD + DMUL + DADD and a selection in the 16
// columns of a tile where a q is 0), n d exponentials (once per 64 columns of out). (n m d / 64) * 2 * 8 B
// from L2.
//   n = m = 4 096, d = 1 024: 3.4e10 f64 operations, 2 ms at 17 Tflop/s of f64; 4.3 GB of L2 reads.
// Shared memory: 25 344 B static. Accumulation: f64, columns ascending (matrix), lanes and a fixed tree
// (rows): the difference of the logarithms is formed before it is summed, so equal rows give 0.
// The same bits every run. Limits: n, m < 4 million rows a launch.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

namespace {

constexpr int kWide = 64;
constexpr int kWidePer = 4;
constexpr int kWideSlab = 16;
constexpr int kWidePitch = 66;

__device__ __forceinline__ double term(double p, double lp, double lq) {
  return p > 0.0 ? p * (lp - lq) : 0.0;
}

/** The columns of a slab; `zeros`: a q is 0 and its logarithm infinite. */
template <bool zeros>
__device__ __forceinline__ void add_slab(
    double (&sums)[kWidePer][kWidePer], const double (&p)[kWideSlab][kWidePitch],
    const double (&a)[kWideSlab][kWidePitch], const double (&b)[kWideSlab][kWidePitch]) {
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
#pragma unroll 2
  for (int k = 0; k < kWideSlab; k++) {
#pragma unroll
    for (int r = 0; r < kWidePer; r++) {
      const double weight = p[k][ty + r * 16];
      const double log_p = a[k][ty + r * 16];
#pragma unroll
      for (int t = 0; t < kWidePer; t++) {
        const double log_q = b[k][tx + t * 16];
        sums[r][t] = zeros ? sums[r][t] + term(weight, log_p, log_q)
                           : fma(weight, log_p - log_q, sums[r][t]);
      }
    }
  }
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_log_probabilities_f64(const float* x, long long n, int d, int logits, double* out) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const float* row = x + i * d;
  double largest = 0.0;
  if (logits) {
    largest = -kInfinity64;
    for (int c = lane_id(); c < d; c += kWarp) {
      largest = fmax(largest, static_cast<double>(row[c]));
    }
    largest = warp_max(largest);
  }
  double sum = 0.0;
  for (int c = lane_id(); c < d; c += kWarp) {
    const double value = row[c];
    sum += logits ? exp(value - largest) : value;
  }
  sum = warp_sum(sum);
  const double shift = log(sum);
  along_row(
      d, [=](long long c) { return row[c]; },
      [=](long long c, double value) { out[i * d + c] = logits ? value - largest - shift : log(value / sum); });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_kl_categorical_f32(
    const double* lp, long long n, const double* lq, long long m, int d, float* out) {
  __shared__ double p[kWideSlab][kWidePitch];
  __shared__ double a[kWideSlab][kWidePitch];
  __shared__ double b[kWideSlab][kWidePitch];
  const long long i0 = blockIdx.y * static_cast<long long>(kWide);
  const long long j0 = blockIdx.x * static_cast<long long>(kWide);
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
  double sums[kWidePer][kWidePer] = {};
  for (int c0 = 0; c0 < d; c0 += kWideSlab) {
    bool zero = false;
    for (int e = static_cast<int>(threadIdx.x); e < kWide * kWideSlab; e += kTileThreads) {
      const int row = e / kWideSlab;
      const int c = e % kWideSlab;
      const bool inside = c0 + c < d;
      a[c][row] = inside ? lp[min(i0 + row, n - 1) * d + c0 + c] : 0.0;
      b[c][row] = inside ? lq[min(j0 + row, m - 1) * d + c0 + c] : 0.0;
      const double weight = inside ? exp(a[c][row]) : 0.0;
      p[c][row] = weight;
      if (weight == 0.0) {
        a[c][row] = 0.0;  // 0 (0 - ln q) is 0 without asking, but for q = 0
      }
      zero |= b[c][row] == -kInfinity64;
    }
    if (__syncthreads_or(zero)) {
      add_slab<true>(sums, p, a, b);
    } else {
      add_slab<false>(sums, p, a, b);
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kWidePer; r++) {
#pragma unroll
    for (int t = 0; t < kWidePer; t++) {
      const long long i = i0 + ty + r * 16;
      const long long j = j0 + tx + t * 16;
      if (i < n && j < m) {
        out[i * m + j] = static_cast<float>(sums[r][t]);
      }
    }
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_kl_categorical_rows_f64(
    const double* lp, const double* lq, long long n, int d, double* out) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  double sum = 0.0;
  along_row(
      d, [=](long long c) { return make_double2(lp[i * d + c], lq[i * d + c]); },
      [&](long long, double2 log) { sum += term(exp(log.x), log.x, log.y); });
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    out[i] = sum;
  }
}
