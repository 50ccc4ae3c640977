// Per-row and per-column sums, and rows made ready for the k-NN candidates.
//
//   gx_row_scales_f64    scale[i] = a sum over row i that a metric divides by
//   gx_rows_prepare_f32  z = rows whose euclidean distance orders like the metric, and |z|^2
//   gx_column_sums_f64   one chunk's column sums: sum_i (x[i,c] - centre[c])^power, power 1 or 2
//   gx_column_total_f64  adds the chunks of gx_column_sums_f64 in order
//   gx_row_lengths_f64   |x_i - c|^2 and |x_i|^2 for every row
//   gx_row_longest_f32   the largest finite value of every row of x >= 0, 0 where there is none
//
// Row scales (kind): 0 squared norm (cosine); 1 norm (angular); 2 sum (categorical).
// Prepared rows (kind): 0 x - centre (euclidean); 1 x / |x| (cosine, angular); 2 sqrt(x / sum).
//
// Tensors: x [n,d] f32; scale [n] f64; z [n,d] f32; square [n] f32; sums [chunks,d] f64; centre [d] f64.
// Grid: rows: ceil(n/8) blocks of 256, a warp a row. Columns: ceil(d/32) x chunks blocks of 256: a
// warp reads 32 columns of a row, 8 warps take every eighth row of the chunk.
// Operations and bytes: x is read once (prepare: twice, the second time from L1/L2) and z written once: memory bound.
//   n = 100 000, d = 768: 0.31 GB a pass, 0.09 ms at 3.35 TB/s.
// Accumulation: f64; a lane sums every 32nd column, the lanes by a fixed tree; a chunk's 8 partial sums
// and the chunks in ascending order. The cut depends on n alone: the same bits every run.
// Shared memory: 2 KB static (columns). Limits: d < 2 million, n < 17 billion.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

namespace {

/** Sum over a row of f(value, column); every lane gets it. */
template <typename F>
__device__ __forceinline__ double row_sum(const float* row, int d, F f) {
  double sum = 0.0;
  for (int c = lane_id(); c < d; c += kWarp) {
    sum += f(static_cast<double>(row[c]), c);
  }
  return warp_sum(sum);
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_row_scales_f64(const float* x, long long n, int d, int kind, double* scale) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const double sum =
      row_sum(x + i * d, d, [kind](double v, int) { return kind == 2 ? v : v * v; });
  if (lane_id() == 0) {
    scale[i] = kind == 1 ? sqrt(sum) : sum;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_rows_prepare_f32(
    const float* x, long long n, int d, int kind, const double* centre, float* z, float* square) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const float* row = x + i * d;
  double scale = 1.0;
  if (kind != 0) {
    scale = row_sum(row, d, [kind](double v, int) { return kind == 2 ? v : v * v; });
    scale = kind == 1 ? 1.0 / sqrt(scale) : 1.0 / scale;
  }
  double sum = 0.0;
  along_row(
      d,
      [=](long long c) {
        const double value = row[c];
        return static_cast<float>(kind == 0 ? value - centre[c] : kind == 1 ? value * scale : sqrt(value * scale));
      },
      [&](long long c, float ready) {
        z[i * d + c] = ready;
        sum += static_cast<double>(ready) * ready;
      });
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    square[i] = static_cast<float>(sum);
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_column_sums_f64(
    const float* x, long long n, int d, long long rows_a_chunk, const double* centre, int power,
    double* sums) {
  __shared__ double partial[kTileThreads / kWarp][kWarp];
  const int c = blockIdx.x * kWarp + lane_id();
  const long long from = blockIdx.y * rows_a_chunk;
  const long long to = min(n, from + rows_a_chunk);
  double sum = 0.0;
  if (c < d) {
    const double middle = centre == nullptr ? 0.0 : centre[c];
    for (long long i = from + warp_id(); i < to; i += kTileThreads / kWarp) {
      const double value = x[i * d + c] - middle;
      sum += power == 1 ? value : value * value;
    }
  }
  partial[warp_id()][lane_id()] = sum;
  __syncthreads();
  if (warp_id() == 0 && c < d) {
    for (int w = 1; w < kTileThreads / kWarp; w++) {
      sum += partial[w][lane_id()];
    }
    sums[blockIdx.y * static_cast<long long>(d) + c] = sum;
  }
}

/** total[c] = (sum over chunks of sums[chunk,c]) / divisor + centre[c]. */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_column_total_f64(
    const double* sums, int chunks, int d, double divisor, const double* centre, double* total) {
  const int c = blockIdx.x * kTileThreads + static_cast<int>(threadIdx.x);
  if (c >= d) {
    return;
  }
  double sum = 0.0;
  for (int chunk = 0; chunk < chunks; chunk++) {
    sum += sums[chunk * static_cast<long long>(d) + c];
  }
  total[c] = sum / divisor + (centre == nullptr ? 0.0 : centre[c]);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_row_lengths_f64(
    const float* x, long long n, int d, const double* centre, double* centred, double* raw) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const double square = row_sum(x + i * d, d, [centre](double v, int c) {
    const double deviation = v - (centre == nullptr ? 0.0 : centre[c]);
    return deviation * deviation;
  });
  const double whole = row_sum(x + i * d, d, [](double v, int) { return v * v; });
  if (lane_id() == 0) {
    centred[i] = square;
    raw[i] = whole;
  }
}

/** Rows are `ld` apart. */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_row_longest_f32(
    const float* x, long long n, int columns, long long ld, float* longest) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const float* row = x + i * ld;
  float largest = 0.0f;
#pragma unroll 4
  for (int c = lane_id(); c < columns; c += kWarp) {
    const float value = row[c];
    largest = value < kInfinity ? fmaxf(largest, value) : largest;
  }
  largest = warp_max(largest);
  if (lane_id() == 0) {
    longest[i] = largest;
  }
}
