// Distances between rows by the direct form, one tile of 128 x 128 pairs a block.
//
//   gx_pairwise_sqeuclidean_f32  out[i,j] = sum_c (x[i,c] - y[j,c])^2, its root when `root`
//   gx_pairwise_chebyshev_f32    out[i,j] = max_c |x[i,c] - y[j,c]|
//   gx_pairwise_fisher_f32       Fisher-Rao distance of normals with diagonal covariance (f32; the
//                                candidates of k-NN)
//   gx_pairwise_exact_f32, _f64  every metric with terms and sums in f64 (the specification's form)
//   gx_pairwise_expand_f32       x.y -> |x|^2 + |y|^2 - 2 x.y, clamped at 0, its root when `root`:
//                                the epilogue of the expanded form after a matrix product
//   gx_pairwise_diagonal_f32     out[i,i] = 0 of a square result that stays on the device
//
// Formulas are those of org.geodex.geodesic.Metric.
//
// Tensors: x [n,d], y [m,d], out [n,m], row-major, device memory; `ldo` is the distance between rows
// of out. Any d and any alignment: the copies to shared memory are 4 bytes each, 16 neighbouring ones
// of a row by half a warp.
// `upper`: x and y are the same rows; only tiles with i <= j are computed, each is written twice,
// and the diagonal is 0. Grid: ceil(m/128) x ceil(n/128) blocks of 256 (the f64 forms: 64 x 64
// pairs a block; `upper` there: as above).
//
// Operations and bytes: sqeuclidean FADD + FFMA, chebyshev FADD + FMNMX (|.| is a modifier) a pair
// and column: 2 n m d instructions, n m d / 64 issue slots an SM and clock. Global reads are
// (n m d / 128) * 2 * 4 B = n m d / 16 B, from L2 but for the first touch; writes n m 4 B.
//   n = m = 10 000, d = 768: 1.5e11 instructions = 4.6 ms at 132 SM x 128 lanes x 1.98 GHz; 4.8 GB
//   of L2 reads, 0.4 GB written. Issue bound for d above about 64.
//
// Shared memory: two slabs of 16 columns a side, 132 floats a column: 33 792 B, static. Two blocks
// an SM (launch bound: 128 registers).
// Accumulation: one f32 chain a pair over c ascending: relative error <= (d + 2) 2^-24, about
// sqrt(d) 2^-24 as seen. chebyshev: the difference is rounded once, so the result equals the f64
// result rounded to f32. exact: f64 chains, relative error <= (d + 2) 2^-53 before the rounding.
// No atomics; one thread owns a pair: the same bits every run. Symmetric: d(x,y) = d(y,x) bit for bit.
// Limits: n, m < 2^31 rows by the grid (y dimension 65 535 tiles = 8.4 million rows of x a launch).
// Speed on a card: not measured.

#include "tile.cuh"

using namespace gx;

namespace {

constexpr int kSlab = 16;   // columns of x and y in shared memory at a time
constexpr int kPitch = 132; // floats from one column of a slab to the next

struct SquaredDifference {
  __device__ static __forceinline__ float step(float sum, float a, float b) {
    const float difference = a - b;
    return fmaf(difference, difference, sum);
  }
};

struct LargestDifference {
  __device__ static __forceinline__ float step(float largest, float a, float b) {
    return fmaxf(largest, fabsf(a - b));
  }
};

/**
 * Starts the copy of columns c0 .. c0 + 15 of rows first .. first + 127, transposed. A row beyond the
 * last one repeats it (its outputs are never written); a column beyond d is 0 in both operands.
 */
__device__ __forceinline__ void copy_slab(
    float (*slab)[kPitch], const float* x, long long rows, int d, long long first, int c0) {
  const int column = static_cast<int>(threadIdx.x) % kSlab;
  const int row = static_cast<int>(threadIdx.x) / kSlab;
  const bool inside = c0 + column < d;
  const float* from = x + (inside ? c0 + column : 0);
  // Not unrolled: the row addresses would be kept in registers through the whole inner loop.
#pragma unroll 1
  for (int r = 0; r < kTile; r += kTileThreads / kSlab) {
    const long long source = min(first + row + r, rows - 1);
    __pipeline_memcpy_async(&slab[column][row + r], from + source * d, 4, inside ? 0 : 4);
  }
}

/** The tile of pairs of this block: while one slab is worked on, the next is on its way. */
template <typename Metric>
__device__ __forceinline__ void pair_tile(
    float (&out)[kPerThread][kPerThread],
    const float* x, long long n, const float* y, long long m, int d, long long i0, long long j0) {
  __shared__ __align__(16) float a[2][kSlab][kPitch];
  __shared__ __align__(16) float b[2][kSlab][kPitch];
  copy_slab(a[0], x, n, d, i0, 0);
  copy_slab(b[0], y, m, d, j0, 0);
  __pipeline_commit();
  int buffer = 0;
  for (int c0 = 0; c0 < d; c0 += kSlab) {
    if (c0 + kSlab < d) {
      copy_slab(a[buffer ^ 1], x, n, d, i0, c0 + kSlab);
      copy_slab(b[buffer ^ 1], y, m, d, j0, c0 + kSlab);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
#pragma unroll 4
    for (int k = 0; k < kSlab; k++) {
      float left[kPerThread], right[kPerThread];
      read_operands<float4>(&a[buffer][k][tile_row()], left);
      read_operands<float4>(&b[buffer][k][tile_column()], right);
#pragma unroll
      for (int r = 0; r < kPerThread; r++) {
#pragma unroll
        for (int c = 0; c < kPerThread; c++) {
          out[r][c] = Metric::step(out[r][c], left[r], right[c]);
        }
      }
    }
    buffer ^= 1;
    __syncthreads();
  }
}

template <typename Metric>
__device__ __forceinline__ void pairwise(
    const float* x, long long n, const float* y, long long m, int d,
    float* out, long long ldo, int root, int upper) {
  if (upper && blockIdx.y > blockIdx.x) {
    return;
  }
  const long long i0 = blockIdx.y * static_cast<long long>(kTile);
  const long long j0 = blockIdx.x * static_cast<long long>(kTile);
  float value[kPerThread][kPerThread] = {};
  pair_tile<Metric>(value, x, n, y, m, d, i0, j0);
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
    const long long i = i0 + tile_row() + spread(r);
#pragma unroll
    for (int c = 0; c < kPerThread; c++) {
      const long long j = j0 + tile_column() + spread(c);
      if (i < n && j < m) {
        const float distance = root ? sqrtf(value[r][c]) : value[r][c];
        out[i * ldo + j] = distance;
        if (upper && blockIdx.x != blockIdx.y) {
          out[j * ldo + i] = distance;
        }
      }
    }
  }
}

// ------------------------------------------------------------------------------ f64, every metric

constexpr int kWide = 64;      // pairs a block computes in each direction
constexpr int kWidePer = 4;    // pairs a thread computes in each direction
constexpr int kWideSlab = 16;
constexpr int kWidePitch = 66;

/** The order of org.geodex.geodesic.Metric. */
enum MetricCode {
  kEuclidean,
  kSqeuclidean,
  kCosine,
  kAngular,
  kFisherRaoCategorical,
  kFisherRaoNormal,
  kChebyshev
};

struct Sums {
  double first;
  double second;
};

/** One column of a pair. `xs` and `ys` are the rows' scales (see gx_row_scales_f64). */
template <int Code>
__device__ __forceinline__ void accumulate(Sums& s, double a, double b, double xs, double ys) {
  if constexpr (Code == kEuclidean || Code == kSqeuclidean) {
    const double difference = a - b;
    s.first = fma(difference, difference, s.first);
  } else if constexpr (Code == kChebyshev) {
    s.first = fmax(s.first, fabs(a - b));
  } else if constexpr (Code == kCosine) {
    s.first = fma(a, b, s.first);
  } else {
    // Angular: the rows at one length. Categorical: the roots at one sum. Both products are rounded: one of them
    // inside a fused multiply-add would keep equal rows apart.
    const double scaled_a = __dmul_rn(a, ys);
    const double scaled_b = __dmul_rn(b, xs);
    const double left = Code == kAngular ? scaled_a : sqrt(scaled_a);
    const double right = Code == kAngular ? scaled_b : sqrt(scaled_b);
    const double minus = left - right;
    const double plus = left + right;
    s.first = fma(minus, minus, s.first);
    s.second = fma(plus, plus, s.second);
  }
}

template <int Code>
__device__ __forceinline__ double finish(const Sums& s, double xs, double ys) {
  if constexpr (Code == kEuclidean) {
    return sqrt(s.first);
  } else if constexpr (Code == kSqeuclidean || Code == kChebyshev) {
    return s.first;
  } else if constexpr (Code == kCosine) {
    return 1.0 - fmin(1.0, fmax(-1.0, s.first / sqrt(xs * ys)));
  } else {
    const double angle = 2.0 * atan2(sqrt(s.first), sqrt(s.second));
    return Code == kAngular ? angle : 2.0 * angle;
  }
}

/** 8 asinh^2 of one coordinate of two normals. */
__device__ __forceinline__ double fisher_term(double mean, double sx, double sy) {
  const double deviation = sx - sy;
  const double z2 = (mean * mean * 0.5 + deviation * deviation) / (4.0 * sx * sy);
  const double asinh = log1p(sqrt(z2) + z2 / (1.0 + sqrt(1.0 + z2)));
  return 8.0 * asinh * asinh;
}

__device__ __forceinline__ float fisher_term(float mean, float sx, float sy) {
  const float deviation = sx - sy;
  const float z2 = (mean * mean * 0.5f + deviation * deviation) / (4.0f * sx * sy);
  const float asinh = log1pf(sqrtf(z2) + z2 / (1.0f + sqrtf(1.0f + z2)));
  return 8.0f * asinh * asinh;
}

template <typename Out>
__device__ __forceinline__ void put_pair(
    Out* out, long long ldo, long long i, long long j, double value, int upper) {
  out[i * ldo + j] = static_cast<Out>(upper && i == j ? 0.0 : value);
  if (upper && blockIdx.x != blockIdx.y) {
    out[j * ldo + i] = static_cast<Out>(value);
  }
}

/** Shared memory of the f64 form: one slab of each side; two of each for normals (mean, deviation). */
struct WideSlabs {
  float a[2][kWideSlab][kWidePitch];
  float b[2][kWideSlab][kWidePitch];
};

/** Columns c0 .. c0 + 15 of both sides; `end` is the first column that does not belong to them. */
__device__ __forceinline__ void load_wide(
    WideSlabs& slabs, int part, const float* x, long long n, const float* y, long long m, int d,
    long long i0, long long j0, int c0, int end) {
  for (int e = static_cast<int>(threadIdx.x); e < kWide * kWideSlab; e += kTileThreads) {
    const int row = e / kWideSlab;
    const int column = e % kWideSlab;
    const bool inside = c0 + column < end;
    slabs.a[part][column][row] = inside ? x[min(i0 + row, n - 1) * d + c0 + column] : 0.0f;
    slabs.b[part][column][row] = inside ? y[min(j0 + row, m - 1) * d + c0 + column] : 0.0f;
  }
}

template <int Code>
__device__ __forceinline__ void step_wide(
    Sums (&sums)[kWidePer][kWidePer], const WideSlabs& slabs, int columns,
    const double (&xs)[kWidePer], const double (&ys)[kWidePer]) {
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
  for (int k = 0; k < columns; k++) {
#pragma unroll
    for (int r = 0; r < kWidePer; r++) {
#pragma unroll
      for (int c = 0; c < kWidePer; c++) {
        if constexpr (Code == kFisherRaoNormal) {
          const double mean = static_cast<double>(slabs.a[0][k][ty + r * 16]) -
                              slabs.b[0][k][tx + c * 16];
          sums[r][c].first +=
              fisher_term(mean, static_cast<double>(slabs.a[1][k][ty + r * 16]),
                          static_cast<double>(slabs.b[1][k][tx + c * 16]));
        } else {
          accumulate<Code>(sums[r][c], slabs.a[0][k][ty + r * 16], slabs.b[0][k][tx + c * 16],
                           xs[r], ys[c]);
        }
      }
    }
  }
}

__device__ __forceinline__ double finish_wide(int metric, const Sums& s, double xs, double ys) {
  switch (metric) {
    case kEuclidean:
    case kFisherRaoNormal: return finish<kEuclidean>(s, xs, ys);
    case kCosine: return finish<kCosine>(s, xs, ys);
    case kAngular: return finish<kAngular>(s, xs, ys);
    case kFisherRaoCategorical: return finish<kFisherRaoCategorical>(s, xs, ys);
    default: return s.first;
  }
}

template <typename Out>
__device__ __forceinline__ void exact(
    int metric, const float* x, long long n, const double* x_scale, const float* y, long long m,
    const double* y_scale, int d, Out* out, long long ldo, int upper) {
  if (upper && blockIdx.y > blockIdx.x) {
    return;
  }
  __shared__ WideSlabs slabs;
  const long long i0 = blockIdx.y * static_cast<long long>(kWide);
  const long long j0 = blockIdx.x * static_cast<long long>(kWide);
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
  double xs[kWidePer], ys[kWidePer];
#pragma unroll
  for (int r = 0; r < kWidePer; r++) {
    xs[r] = x_scale == nullptr ? 1.0 : x_scale[min(i0 + ty + r * 16, n - 1)];
    ys[r] = y_scale == nullptr ? 1.0 : y_scale[min(j0 + tx + r * 16, m - 1)];
  }
  const bool normal = metric == kFisherRaoNormal;
  const int end = normal ? d / 2 : d;
  Sums sums[kWidePer][kWidePer] = {};
  for (int c0 = 0; c0 < end; c0 += kWideSlab) {
    load_wide(slabs, 0, x, n, y, m, d, i0, j0, c0, end);
    if (normal) {
      load_wide(slabs, 1, x, n, y, m, d, i0, j0, end + c0, d);
    }
    __syncthreads();
    const int columns = min(kWideSlab, end - c0);
    switch (metric) {
      case kCosine: step_wide<kCosine>(sums, slabs, columns, xs, ys); break;
      case kAngular: step_wide<kAngular>(sums, slabs, columns, xs, ys); break;
      case kFisherRaoCategorical:
        step_wide<kFisherRaoCategorical>(sums, slabs, columns, xs, ys);
        break;
      case kFisherRaoNormal: step_wide<kFisherRaoNormal>(sums, slabs, columns, xs, ys); break;
      case kChebyshev: step_wide<kChebyshev>(sums, slabs, columns, xs, ys); break;
      default: step_wide<kSqeuclidean>(sums, slabs, columns, xs, ys); break;
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kWidePer; r++) {
#pragma unroll
    for (int c = 0; c < kWidePer; c++) {
      const long long i = i0 + ty + r * 16;
      const long long j = j0 + tx + c * 16;
      if (i < n && j < m) {
        put_pair(out, ldo, i, j, finish_wide(metric, sums[r][c], xs[r], ys[c]), upper);
      }
    }
  }
}

/** f32 Fisher-Rao distances of normals: one coordinate is a mean and a deviation. */
__device__ __forceinline__ void fisher_rao_normal(
    const float* x, long long n, const float* y, long long m, int d, float* out, long long ldo) {
  __shared__ WideSlabs slabs;
  const int half = d / 2;
  const long long i0 = blockIdx.y * static_cast<long long>(kWide);
  const long long j0 = blockIdx.x * static_cast<long long>(kWide);
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
  float sums[kWidePer][kWidePer] = {};
  for (int c0 = 0; c0 < half; c0 += kWideSlab) {
    load_wide(slabs, 0, x, n, y, m, d, i0, j0, c0, half);
    load_wide(slabs, 1, x, n, y, m, d, i0, j0, half + c0, d);
    __syncthreads();
    for (int k = 0; k < min(kWideSlab, half - c0); k++) {
#pragma unroll
      for (int r = 0; r < kWidePer; r++) {
#pragma unroll
        for (int c = 0; c < kWidePer; c++) {
          const float mean = slabs.a[0][k][ty + r * 16] - slabs.b[0][k][tx + c * 16];
          sums[r][c] += fisher_term(mean, slabs.a[1][k][ty + r * 16], slabs.b[1][k][tx + c * 16]);
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kWidePer; r++) {
#pragma unroll
    for (int c = 0; c < kWidePer; c++) {
      const long long i = i0 + ty + r * 16;
      const long long j = j0 + tx + c * 16;
      if (i < n && j < m) {
        out[i * ldo + j] = sqrtf(sums[r][c]);
      }
    }
  }
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_pairwise_sqeuclidean_f32(
    const float* x, long long n, const float* y, long long m, int d,
    float* out, long long ldo, int root, int upper) {
  pairwise<SquaredDifference>(x, n, y, m, d, out, ldo, root, upper);
}

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_pairwise_chebyshev_f32(
    const float* x, long long n, const float* y, long long m, int d,
    float* out, long long ldo, int root, int upper) {
  pairwise<LargestDifference>(x, n, y, m, d, out, ldo, root, upper);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_pairwise_fisher_f32(
    const float* x, long long n, const float* y, long long m, int d, float* out, long long ldo) {
  fisher_rao_normal(x, n, y, m, d, out, ldo);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_pairwise_exact_f32(
    int metric, const float* x, long long n, const double* xs, const float* y, long long m,
    const double* ys, int d, float* out, long long ldo, int upper) {
  exact(metric, x, n, xs, y, m, ys, d, out, ldo, upper);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_pairwise_exact_f64(
    int metric, const float* x, long long n, const double* xs, const float* y, long long m,
    const double* ys, int d, double* out, long long ldo, int upper) {
  exact(metric, x, n, xs, y, m, ys, d, out, ldo, upper);
}

/** In place over products[n,m]; 4 B read and 4 B written a pair. Grid: ceil(m/1024) x n. */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_pairwise_expand_f32(
    float* products, long long n, long long m, const float* xx, const float* yy, int root, int same) {
  const long long j = (blockIdx.x * static_cast<long long>(kTileThreads) + threadIdx.x) * 4;
  for (long long i = blockIdx.y; i < n; i += gridDim.y) {
    float* row = products + i * m;
    const float x = xx[i];
    const auto distance = [&](float product, float y, long long column) {
      const float square = fmaxf(0.0f, fmaf(-2.0f, product, x + y));
      return same && i == column ? 0.0f : root ? sqrtf(square) : square;
    };
    if (m % 4 == 0 && reinterpret_cast<size_t>(products) % 16 == 0 && j < m) {
      const float4 p = *reinterpret_cast<const float4*>(row + j);
      const float4 y = *reinterpret_cast<const float4*>(yy + j);
      *reinterpret_cast<float4*>(row + j) = {
          distance(p.x, y.x, j), distance(p.y, y.y, j + 1), distance(p.z, y.z, j + 2),
          distance(p.w, y.w, j + 3)};
    } else {
      for (long long c = j; c < min(m, j + 4); c++) {
        row[c] = distance(row[c], yy[c], c);
      }
    }
  }
}

/** out[i,i] = 0: the distance of a row from itself, without rounding. Grid: ceil(n/256). */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_pairwise_diagonal_f32(float* out, long long n) {
  const long long i = blockIdx.x * static_cast<long long>(kTileThreads) + threadIdx.x;
  if (i < n) {
    out[i * n + i] = 0.0f;
  }
}
