// What a small network does between its products, and AdamW.
//
//   gx_network_bias_f32    in place: x[i] += bias; with relu max(0, .)
//   gx_network_pair_f32    out[i] = max(0, a[i] + b[(i + shift) mod n] + bias)
//   gx_network_mask_f32    in place: gradient = 0 where the activation is not positive
//   gx_network_halves_f32  out[i] = both[i] + both[n + (i - shift) mod n]
//   gx_network_narrow_f32  y = x, f64 to f32
//   gx_network_adamw_f32   in place: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2,
//                          w = keep w - rate m' / (sqrt(v') + eps), g scaled, m' and v' corrected
//
// Tensors: x, a, b, out, gradient, activation [n,d] f32 row-major, both [2n,d]; bias [d]; w, g, m, v any shape.
// Grid: by rows (ceil(d/256), min(n, 65535)) blocks of 256, a thread a column; else ceil(count/1024) blocks of 256,
// four elements a thread, 256 apart.
// Passes over memory: every operand is read once and every result written once. AdamW reads four values and writes
// three for each weight: 590 000 weights of a 768 x 768 layer are 16.5 MB, 4.9 us at 3.35 TB/s: memory bound.
// Accumulation: none; the sums of bias gradients are rows.cu's. The same bits every run.
// Shared memory: none. Limits: count < 2 trillion, d < 2 billion.
// Speed on a card: not measured.

#include "tile.cuh"

using namespace gx;

namespace {

constexpr int kElements = 4;
constexpr float kBeta1 = 0.9f;
constexpr float kBeta2 = 0.999f;
constexpr float kRest1 = 0.1f;    // 1 - beta, rounded once: the difference of the f32 values is
constexpr float kRest2 = 0.001f;  // 1.3e-5 of itself too small
constexpr float kEpsilon = 1e-8f;

/** Calls f(index) for this thread's elements. */
template <typename F>
__device__ __forceinline__ void each_element(long long count, F f) {
  const long long first = blockIdx.x * static_cast<long long>(kElements * kTileThreads) + threadIdx.x;
#pragma unroll
  for (int e = 0; e < kElements; e++) {
    const long long i = first + e * kTileThreads;
    if (i < count) {
      f(i);
    }
  }
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_bias_f32(float* x, const float* bias, long long n, int d, int relu) {
  const int j = blockIdx.x * kTileThreads + threadIdx.x;
  if (j >= d) {
    return;
  }
  const float shift = bias[j];
  for (long long i = blockIdx.y; i < n; i += gridDim.y) {
    const float sum = x[i * d + j] + shift;
    x[i * d + j] = relu ? fmaxf(0.0f, sum) : sum;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_pair_f32(
    const float* a, const float* b, long long n, int d, long long shift, const float* bias, float* out) {
  const int j = blockIdx.x * kTileThreads + threadIdx.x;
  if (j >= d) {
    return;
  }
  const float added = bias[j];
  for (long long i = blockIdx.y; i < n; i += gridDim.y) {
    const long long other = i + shift < n ? i + shift : i + shift - n;
    out[i * d + j] = fmaxf(0.0f, a[i * d + j] + added + b[other * d + j]);
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_mask_f32(float* gradient, const float* activation, long long count) {
  each_element(count, [=](long long i) {
    if (activation[i] <= 0.0f) {
      gradient[i] = 0.0f;
    }
  });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_halves_f32(const float* both, long long n, int d, long long shift, float* out) {
  const int j = blockIdx.x * kTileThreads + threadIdx.x;
  if (j >= d) {
    return;
  }
  for (long long i = blockIdx.y; i < n; i += gridDim.y) {
    const long long other = i >= shift ? i - shift : i - shift + n;
    out[i * d + j] = both[i * d + j] + both[(n + other) * d + j];
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_narrow_f32(const double* x, long long count, float* y) {
  each_element(count, [=](long long i) { y[i] = static_cast<float>(x[i]); });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_adamw_f32(
    float* w, const float* g, float* m, float* v, long long count, float scale, float correct1, float correct2,
    float keep, float rate) {
  each_element(count, [=](long long i) {
    const float gradient = g[i] * scale;
    const float mean = m[i] * kBeta1 + gradient * kRest1;
    const float square = v[i] * kBeta2 + gradient * gradient * kRest2;
    m[i] = mean;
    v[i] = square;
    w[i] = w[i] * keep - rate * (mean * correct1 / (sqrtf(square * correct2) + kEpsilon));
  });
}
