// Linear layers of a transformer: y = f(x W + b) * factor + residual, each part but the product optional.
//
//   gx_linear_{f32,f16,bf16}_{64,128}  product and everything behind it in one kernel
//   gx_linear_rows_{f32,f16,bf16}      the same for at most 8 rows: a decoding step
//   gx_linear_finish_f32               what stands behind a product that cuBLAS made
//
// Tensors: x [m,k] f32 row-major, W as stored (f32, f16 or bf16 bits; widened on the way into shared memory,
// arithmetic is f32): element (output j, input p) at j * w_outer + p * w_inner elements, one of the strides is
// 1. bias [n], factor, residual and y [m,n] f32; null for none. y is none of the inputs.
// function: 0 x, 1 gelu by erf, 2 gelu by tanh, 3 x s(1.702 x), 4 max(x,0), 5 max(x,0)^2, 6 x s(x), 7 tanh, 8 s.
// Grid: ceil(n/T) x ceil(m/T) blocks of 256, T = 64 or 128 outputs a side; rows: ceil(n/32) blocks of 1024.
//
// Passes over memory: y is written once and never read; factor and residual are read once. W is read ceil(m/T)
// times and x ceil(n/T) times, from L2. After cuBLAS: y is written twice and read once. Rows: W once, which
// bounds it: n = k = 768 in f16 1.2 MB, 0.35 us at 3.35 TB/s.
// Operations: 2 m n k FLOP; m = 1024, n = 3072, k = 768: 4.8 GFLOP, 72 us at 66.9 TFLOP/s.
// Shared memory: 17 408 B (T = 64), 33 792 B (T = 128), 32 768 B (rows), static.
// Accumulation: f32 FMA, one chain an output over p ascending (rows: 32 chains added in order, or a lane's quads
// and a fixed tree): |error| <= k 2^-24 |x||w|. No atomics: the same bits every run.
// Limits: m, n < 4.1 million (T = 64); a row of x or W below 2^31 elements.
// Speed on a card: not measured.

#include "block.cuh"
#include "weights.cuh"

using namespace gx;

namespace {

constexpr int kSlab = 16;
constexpr int kMostRows = 8;
constexpr int kRowThreads = 1024;
constexpr int kRowWarps = kRowThreads / kWarp;

struct After {
  const float* bias;
  int function;
  const float* factor;
  const float* residual;
};

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

__device__ __forceinline__ float activate(int function, float x) {
  switch (function) {
    case 1: return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
    case 2: return 0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
    case 3: return x * sigmoid(1.702f * x);
    case 4: return max(x, 0.0f);
    case 5: return max(x, 0.0f) * max(x, 0.0f);
    case 6: return x * sigmoid(x);
    case 7: return tanhf(x);
    case 8: return sigmoid(x);
    default: return x;
  }
}

/** What a sum of products in column j meets; `at` is its place in y. */
struct Met {
  float sum;
  float bias;
  float factor;
  float residual;
};

__device__ __forceinline__ Met meet(const After& a, float sum, long long at, long long j) {
  return {
      sum, a.bias == nullptr ? 0.0f : a.bias[j], a.factor == nullptr ? 1.0f : a.factor[at],
      a.residual == nullptr ? 0.0f : a.residual[at]};
}

/** What is written for a sum of products. */
__device__ __forceinline__ float finish(const After& a, const Met& met) {
  return activate(a.function, met.sum + met.bias) * met.factor + met.residual;
}

__device__ __forceinline__ float finish(const After& a, float sum, long long at, long long j) {
  return finish(a, meet(a, sum, at, j));
}

/** One operand: rows are the side that a tile spans, inner is what the product sums over. */
template <typename Bits>
struct Side {
  const Bits* data;
  long long rows;
  long long row_stride;
  long long inner_stride;
  bool quads;  // four neighbours lie at a multiple of their size
};

template <typename Kind>
__device__ __forceinline__ Side<typename Kind::Bits> side(
    const typename Kind::Bits* data, long long rows, long long row_stride, long long inner_stride) {
  const long long stride = inner_stride == 1 ? row_stride : inner_stride;
  const bool quads = stride % 4 == 0 && reinterpret_cast<size_t>(data) % (4 * sizeof(*data)) == 0;
  return {data, rows, row_stride, inner_stride, quads};
}

/** A slab of kSide rows x 16 inner indices on its way through registers; 0 outside. */
template <typename Kind, int kSide>
struct Fetch {
  static constexpr int kQuads = kSide * kSlab / 4 / kTileThreads;
  float4 quad[kQuads];

  __device__ __forceinline__ void load(
      const Side<typename Kind::Bits>& s, long long first, long long k0, long long size) {
#pragma unroll
    for (int q = 0; q < kQuads; q++) {
      const int e = static_cast<int>(threadIdx.x) + q * kTileThreads;
      if (s.inner_stride == 1) {
        const long long row = first + e / (kSlab / 4);
        const long long k = k0 + e % (kSlab / 4) * 4;
        const long long valid = row < s.rows ? size - k : 0;
        quad[q] = load_quad<Kind>(s.data + row * s.row_stride + k, valid, s.quads);
      } else {
        const long long row = first + e % (kSide / 4) * 4;
        const long long k = k0 + e / (kSide / 4);
        const long long valid = k < size ? s.rows - row : 0;
        quad[q] = load_quad<Kind>(s.data + k * s.inner_stride + row, valid, s.quads);
      }
    }
  }

  __device__ __forceinline__ void store(bool by_inner, float (*slab)[kSide + 4]) const {
#pragma unroll
    for (int q = 0; q < kQuads; q++) {
      const int e = static_cast<int>(threadIdx.x) + q * kTileThreads;
      if (by_inner) {
        const int row = e / (kSlab / 4);
        const int k = e % (kSlab / 4) * 4;
        slab[k][row] = quad[q].x;
        slab[k + 1][row] = quad[q].y;
        slab[k + 2][row] = quad[q].z;
        slab[k + 3][row] = quad[q].w;
      } else {
        *reinterpret_cast<float4*>(&slab[e / (kSide / 4)][e % (kSide / 4) * 4]) = quad[q];
      }
    }
  }
};

/** kPer operands of this thread: the first quadrant of tile.cuh alone in a tile of 64. */
template <int kPer>
__device__ __forceinline__ void operands(const float* at, float (&out)[kPer]) {
#pragma unroll
  for (int q = 0; q < kPer; q += 4) {
    const float4 four = *reinterpret_cast<const float4*>(at + spread(q));
    out[q] = four.x;
    out[q + 1] = four.y;
    out[q + 2] = four.z;
    out[q + 3] = four.w;
  }
}

template <typename Kind, int kSide>
__device__ __forceinline__ void linear(
    long long m, long long n, long long k, const float* x, const typename Kind::Bits* w, long long w_outer,
    long long w_inner, const After& after, float* y) {
  constexpr int kPer = kSide / 16;
  __shared__ __align__(16) float left[2][kSlab][kSide + 4];
  __shared__ __align__(16) float right[2][kSlab][kSide + 4];
  const Side<float> a = side<F32>(x, m, k, 1);
  const Side<typename Kind::Bits> b = side<Kind>(w, n, w_outer, w_inner);
  const long long i0 = blockIdx.y * static_cast<long long>(kSide);
  const long long j0 = blockIdx.x * static_cast<long long>(kSide);
  const bool works = i0 + tile_row() < m && j0 + tile_column() < n;
  float out[kPer][kPer] = {};
  Fetch<F32, kSide> fa;
  Fetch<Kind, kSide> fb;
  fa.load(a, i0, 0, k);
  fb.load(b, j0, 0, k);
  fa.store(true, left[0]);
  fb.store(b.inner_stride == 1, right[0]);
  __syncthreads();
  int buffer = 0;
  for (long long k0 = 0; k0 < k; k0 += kSlab) {
    const bool more = k0 + kSlab < k;
    if (more) {
      fa.load(a, i0, k0 + kSlab, k);
      fb.load(b, j0, k0 + kSlab, k);
    }
    if (works) {
#pragma unroll
      for (int s = 0; s < kSlab; s++) {
        float p[kPer], q[kPer];
        operands<kPer>(&left[buffer][s][tile_row()], p);
        operands<kPer>(&right[buffer][s][tile_column()], q);
#pragma unroll
        for (int r = 0; r < kPer; r++) {
#pragma unroll
          for (int t = 0; t < kPer; t++) {
            out[r][t] = fmaf(p[r], q[t], out[r][t]);
          }
        }
      }
    }
    buffer ^= 1;
    if (more) {
      fa.store(true, left[buffer]);
      fb.store(b.inner_stride == 1, right[buffer]);
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kPer; r++) {
    const long long i = i0 + tile_row() + spread(r);
#pragma unroll
    for (int t = 0; t < kPer; t += kAtOnce) {
      const long long j = j0 + tile_column() + spread(t);
      at_once(
          0, 1, i < m ? n - j : 0, [&](long long e) { return meet(after, out[r][t + e], i * n + j + e, j + e); },
          [&](long long e, const Met& met) { y[i * n + j + e] = finish(after, met); });
    }
  }
}

/** W [n,k]: a warp an output, its lanes along the inputs. */
template <typename Kind>
__device__ __forceinline__ void rows_by_warp(
    int m, long long n, long long k, const float* x, const Side<typename Kind::Bits>& w, const After& after,
    float* y) {
  const long long j = blockIdx.x * static_cast<long long>(kWarp) + warp_id();
  if (j >= n) {
    return;
  }
  const bool quads = w.quads && k % 4 == 0 && reinterpret_cast<size_t>(x) % 16 == 0;
  float sum[kMostRows] = {};
  for (long long p0 = lane_id() * 4; p0 < k; p0 += kAtOnce * kWarp * 4) {
    at_once(
        p0, kWarp * 4, k,
        [&](long long p) { return load_quad<Kind>(w.data + j * w.row_stride + p, k - p, quads); },
        [&](long long p, const float4& weight) {
#pragma unroll
          for (int r = 0; r < kMostRows; r++) {
            if (r < m) {
              const float4 value = load_quad<F32>(x + r * k + p, k - p, quads);
              sum[r] = fmaf(value.x, weight.x, sum[r]);
              sum[r] = fmaf(value.y, weight.y, sum[r]);
              sum[r] = fmaf(value.z, weight.z, sum[r]);
              sum[r] = fmaf(value.w, weight.w, sum[r]);
            }
          }
        });
  }
#pragma unroll
  for (int r = 0; r < kMostRows; r++) {
    if (r < m) {
      const float total = warp_sum(sum[r]);
      if (lane_id() == 0) {
        y[r * n + j] = finish(after, total, r * n + j, j);
      }
    }
  }
}

/** W [k,n]: a lane an output, the warps share the inputs; their sums are added in order. */
template <typename Kind>
__device__ __forceinline__ void rows_by_lane(
    int m, long long n, long long k, const float* x, const Side<typename Kind::Bits>& w, const After& after,
    float* y) {
  __shared__ float partial[kWarp][kMostRows][kWarp];
  const long long j = blockIdx.x * static_cast<long long>(kWarp) + lane_id();
  float sum[kMostRows] = {};
  if (j < n) {
#pragma unroll 2
    for (long long p0 = warp_id(); p0 < k; p0 += kAtOnce * kRowWarps) {
      at_once(
          p0, kRowWarps, k, [&](long long p) { return Kind::widen(w.data[p * w.inner_stride + j]); },
          [&](long long p, float weight) {
#pragma unroll
            for (int r = 0; r < kMostRows; r++) {
              if (r < m) {
                sum[r] = fmaf(x[r * k + p], weight, sum[r]);
              }
            }
          });
    }
  }
#pragma unroll
  for (int r = 0; r < kMostRows; r++) {
    partial[warp_id()][r][lane_id()] = sum[r];
  }
  __syncthreads();
  const int r = warp_id();
  if (r < m && j < n) {
    float total = 0.0f;
    for (int part = 0; part < kWarp; part++) {
      total += partial[part][r][lane_id()];
    }
    y[r * n + j] = finish(after, total, r * n + j, j);
  }
}

}  // namespace

#define GX_LINEAR(kind, bits, name)                                                                            \
  GX_GLOBAL __launch_bounds__(kTileThreads) gx_linear_##name##_64(                                             \
      long long m, long long n, long long k, const float* x, const bits* w, long long w_outer,                 \
      long long w_inner, const float* bias, int function, const float* factor, const float* residual,          \
      float* y) {                                                                                              \
    linear<kind, 64>(m, n, k, x, w, w_outer, w_inner, After{bias, function, factor, residual}, y);             \
  }                                                                                                            \
  GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_linear_##name##_128(                                         \
      long long m, long long n, long long k, const float* x, const bits* w, long long w_outer,                 \
      long long w_inner, const float* bias, int function, const float* factor, const float* residual,          \
      float* y) {                                                                                              \
    linear<kind, 128>(m, n, k, x, w, w_outer, w_inner, After{bias, function, factor, residual}, y);            \
  }                                                                                                            \
  GX_GLOBAL __launch_bounds__(kRowThreads) gx_linear_rows_##name(                                              \
      int m, long long n, long long k, const float* x, const bits* w, long long w_outer, long long w_inner,    \
      const float* bias, int function, const float* factor, const float* residual, float* y) {                 \
    const Side<bits> weights = side<kind>(w, n, w_outer, w_inner);                                             \
    const After after = {bias, function, factor, residual};                                                    \
    if (w_inner == 1) {                                                                                        \
      rows_by_warp<kind>(m, n, k, x, weights, after, y);                                                       \
    } else {                                                                                                   \
      rows_by_lane<kind>(m, n, k, x, weights, after, y);                                                       \
    }                                                                                                          \
  }

GX_LINEAR(F32, float, f32)
GX_LINEAR(F16, unsigned short, f16)
GX_LINEAR(Bf16, unsigned short, bf16)

GX_GLOBAL __launch_bounds__(kTileThreads) gx_linear_finish_f32(
    long long m, long long n, const float* bias, int function, const float* factor, const float* residual,
    float* y) {
  const After after = {bias, function, factor, residual};
  each_row(
      m, static_cast<int>(n), [=](long long i, int j) { return meet(after, y[i * n + j], i * n + j, j); },
      [=](long long i, int j, const Met& met) { y[i * n + j] = finish(after, met); });
}
