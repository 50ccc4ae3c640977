// Matrix products for cards without cuBLAS, and products of centred f32 data in f64.
//
//   gx_gemm_f32     c[m,n] = op(a)[m,k] . op(b)[k,n], all f32
//   gx_product_f64  c[i,j] = s_i s_j sum_k w_k (op(a) - centre_a)[i,k] (op(b) - centre_b)[k,j]: f32
//                   data, f64 terms, sums and result: moments, Gram matrices, cross moments
//   gx_product_total_f64  adds the parts that gx_product_f64 made of a long inner index, in order
//   gx_mirror_f64   copies the upper triangle of c[n,n] below the diagonal
//
// Tensors: row-major, device memory. An operand's element (row, inner) lies at row * stride_row +
// inner * stride_inner elements; one of the two strides is 1. c has no gaps. A centre is indexed by
// row where centre_by_row, else by the inner index; null for none. weight [k] and scale [max(m,n)] f64, null for 1,
// bring centred rows to unit length: by weight 1/|z|^2 where rows are the inner index (moments), by scale where they
// are outer (Gram).
// Grid: ceil(n/128) x ceil(m/128) blocks of 256 (f64: 64 x 64 outputs a block). `upper` (f64): only
// tiles with a part on or above the diagonal. f64, z: parts of `part` inner indices; part z goes to c + z m n.
// A moment of 100 000 rows of 768 columns has 78 tiles alone, fewer than an H100 has multiprocessors; org.geodex.
// backend.cuda.CudaAlgebra cuts it by its shape.
//
// Operations and bytes: 2 m n k FLOP; each operand is read ceil(n/128) (ceil(m/128)) times from L2.
//   f32: 8 LDS.128 feed 128 FFMA per two inner indices: 94 % of the issue slots are FFMA.
//   m = n = 10 000, k = 768: 154 GFLOP, 2.3 ms at 66.9 TFLOP/s; 4.8 GB from L2.
// Shared memory: f32 33 792 B, f64 16 896 B, static.
// Accumulation: one chain an output over the inner index ascending, f32 by FMA: |error| <=
// k 2^-24 |a||b|; f64 likewise with 2^-53, parts in order. No atomics: the same bits every run.
// Limits: m, n < 8.3 million rows a launch.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

namespace {

constexpr int kSlab = 16;
constexpr int kPitch = 132;

struct Operand {
  const float* data;
  long long rows;
  long long row_stride;
  long long inner_stride;
};

/** Starts the copy of 128 rows at inner indices k0 .. k0 + 15; 0 beyond the inner size. */
__device__ __forceinline__ void copy_slab(
    float (*slab)[kPitch], const Operand& x, long long first, long long k0, long long size) {
  if (x.inner_stride == 1) {
    const int k = static_cast<int>(threadIdx.x) % kSlab;
    const int row = static_cast<int>(threadIdx.x) / kSlab;
    const bool inside = k0 + k < size;
    const float* from = x.data + (inside ? k0 + k : 0);
#pragma unroll 1
    for (int r = 0; r < kTile; r += kTileThreads / kSlab) {
      const long long source = min(first + row + r, x.rows - 1);
      __pipeline_memcpy_async(&slab[k][row + r], from + source * x.row_stride, 4, inside ? 0 : 4);
    }
    return;
  }
  const int row = static_cast<int>(threadIdx.x) % kTile;
  const int k = static_cast<int>(threadIdx.x) / kTile;
  const float* from = x.data + min(first + row, x.rows - 1) * x.row_stride;
#pragma unroll 1
  for (int q = 0; q < kSlab; q += kTileThreads / kTile) {
    const bool inside = k0 + k + q < size;
    const long long inner = inside ? k0 + k + q : 0;
    __pipeline_memcpy_async(&slab[k + q][row], from + inner * x.inner_stride, 4, inside ? 0 : 4);
  }
}

constexpr int kWide = 64;
constexpr int kWidePer = 4;
constexpr int kWideSlab = 16;
constexpr int kWidePitch = 66;

/** A centred element, widened. */
__device__ __forceinline__ double centred(
    const Operand& x, const double* centre, int by_row, long long row, long long inner) {
  const double value = x.data[row * x.row_stride + inner * x.inner_stride];
  return centre == nullptr ? value : value - centre[by_row ? row : inner];
}

__device__ __forceinline__ void load_centred(
    double (*slab)[kWidePitch], const Operand& x, const double* centre, int by_row,
    const double* weight, long long first, long long k0, long long size) {
  for (int e = static_cast<int>(threadIdx.x); e < kWide * kWideSlab; e += kTileThreads) {
    // Neighbouring threads read neighbouring elements, whichever way the operand lies.
    const int row = x.inner_stride == 1 ? e / kWideSlab : e % kWide;
    const int k = x.inner_stride == 1 ? e % kWideSlab : e / kWide;
    const bool inside = first + row < x.rows && k0 + k < size;
    const double value = inside ? centred(x, centre, by_row, first + row, k0 + k) : 0.0;
    slab[k][row] = weight == nullptr || !inside ? value : value * weight[k0 + k];
  }
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_gemm_f32(
    long long m, long long n, long long k, const float* a, long long a_row, long long a_inner,
    const float* b, long long b_row, long long b_inner, float* c) {
  __shared__ __align__(16) float left[2][kSlab][kPitch];
  __shared__ __align__(16) float right[2][kSlab][kPitch];
  const Operand x = {a, m, a_row, a_inner};
  const Operand y = {b, n, b_row, b_inner};
  const long long i0 = blockIdx.y * static_cast<long long>(kTile);
  const long long j0 = blockIdx.x * static_cast<long long>(kTile);
  float out[kPerThread][kPerThread] = {};
  copy_slab(left[0], x, i0, 0, k);
  copy_slab(right[0], y, j0, 0, k);
  __pipeline_commit();
  int buffer = 0;
  for (long long k0 = 0; k0 < k; k0 += kSlab) {
    if (k0 + kSlab < k) {
      copy_slab(left[buffer ^ 1], x, i0, k0 + kSlab, k);
      copy_slab(right[buffer ^ 1], y, j0, k0 + kSlab, k);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
#pragma unroll 2
    for (int s = 0; s < kSlab; s++) {
      float p[kPerThread], q[kPerThread];
      read_operands<float4>(&left[buffer][s][tile_row()], p);
      read_operands<float4>(&right[buffer][s][tile_column()], q);
#pragma unroll
      for (int r = 0; r < kPerThread; r++) {
#pragma unroll
        for (int t = 0; t < kPerThread; t++) {
          out[r][t] = fmaf(p[r], q[t], out[r][t]);
        }
      }
    }
    buffer ^= 1;
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
    const long long i = i0 + tile_row() + spread(r);
#pragma unroll
    for (int t = 0; t < kPerThread; t++) {
      const long long j = j0 + tile_column() + spread(t);
      if (i < m && j < n) {
        c[i * n + j] = out[r][t];
      }
    }
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_product_f64(
    long long m, long long n, long long k,
    const float* a, long long a_row, long long a_inner, const double* a_centre, int a_by_row,
    const float* b, long long b_row, long long b_inner, const double* b_centre, int b_by_row,
    const double* weight, const double* scale, long long part, double* c, int upper) {
  if (upper && blockIdx.y > blockIdx.x) {
    return;
  }
  __shared__ double left[kWideSlab][kWidePitch];
  __shared__ double right[kWideSlab][kWidePitch];
  const Operand x = {a, m, a_row, a_inner};
  const Operand y = {b, n, b_row, b_inner};
  const long long i0 = blockIdx.y * static_cast<long long>(kWide);
  const long long j0 = blockIdx.x * static_cast<long long>(kWide);
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
  const long long end = min(k, (blockIdx.z + 1) * part);
  c += blockIdx.z * m * n;
  double out[kWidePer][kWidePer] = {};
  for (long long k0 = blockIdx.z * part; k0 < end; k0 += kWideSlab) {
    load_centred(left, x, a_centre, a_by_row, weight, i0, k0, end);
    load_centred(right, y, b_centre, b_by_row, nullptr, j0, k0, end);
    __syncthreads();
#pragma unroll 2
    for (int s = 0; s < kWideSlab; s++) {
#pragma unroll
      for (int r = 0; r < kWidePer; r++) {
#pragma unroll
        for (int t = 0; t < kWidePer; t++) {
          out[r][t] = fma(left[s][ty + r * 16], right[s][tx + t * 16], out[r][t]);
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kWidePer; r++) {
#pragma unroll
    for (int t = 0; t < kWidePer; t++) {
      const long long i = i0 + ty + r * 16;
      const long long j = j0 + tx + t * 16;
      if (i < m && j < n) {
        c[i * n + j] = scale == nullptr ? out[r][t] : out[r][t] * scale[i] * scale[j];
      }
    }
  }
}

/** c[m,n] = sum of parts[count,m,n], with `upper` of the tiles on and above the diagonal alone. Reads 8 count B an output. */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_product_total_f64(
    const double* parts, int count, long long m, long long n, double* c, int upper) {
  const long long outputs = m * n;
  // Whole tiles, as they were made: what reads the triangle reads the tiles on the diagonal.
  const auto wanted = [=](long long e) { return !upper || e % n / kWide >= e / n / kWide; };
  each_element(
      outputs,
      [=](long long e) {
        double sum = 0.0;
        for (int p = 0; wanted(e) && p < count; p++) {
          sum += parts[p * outputs + e];
        }
        return sum;
      },
      [=](long long e, double sum) {
        if (wanted(e)) {
          c[e] = sum;
        }
      });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_mirror_f64(double* c, long long n) {
  mirror_upper(c, n);
}
