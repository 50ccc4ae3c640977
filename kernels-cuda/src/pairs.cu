// Sums of kernel values over pairs of rows: distance correlation, RBF CKA.
//
//   gx_pairs_values_f32    in place: distances d[i,j] -> exp(-d^2 / (2 sigma^2)) - 1
//   gx_pairs_row_sums_f64  sums[a,i] = sum_{j != i} k[a,i,j]
//   gx_pairs_products_f64  products[p,i] = sum_{j > i} k[a,i,j] k[b,i,j]   p = a (a + 1) / 2 + b, b <= a
//
// Tensors: k [m, rows, n] f32 row-major: of m matrices the rows first .. first + rows; sums [m, rows], products
// [m (m + 1) / 2, rows] f64.
// Grid: values ceil(count/1024) blocks of 256, count values; the others ceil(rows/8) blocks of 256 in x, a warp a row,
// and in y a matrix or a pair of them.
// Passes over memory: a sum reads its matrix once, a product the right half of both. Of m matrices each is made once,
// half of its pairs computed, and read (m + 3) / 2 times; in strips of rows where they do not fit.
// Accumulation: f64; a lane's columns ascending, lanes by a fixed tree, rows in order on the host. No atomics.
// Limits: rows < 17 billion a launch, m <= 361.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_pairs_values_f32(float* k, long long count, double sigma) {
  const double scale = -0.5 / (sigma * sigma);
  each_element(
      count, [=](long long i) { return static_cast<double>(k[i]); },
      [=](long long i, double d) { k[i] = static_cast<float>(expm1(d * d * scale)); });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_pairs_row_sums_f64(const float* k, long long rows, long long n, long long first, double* sums) {
  const long long i = row_of_warp();
  if (i >= rows) {
    return;
  }
  const long long row = blockIdx.y * rows + i;
  double sum = 0.0;
  for (long long j = lane_id(); j < n; j += kWarp) {
    if (j != first + i) {
      sum += k[row * n + j];
    }
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    sums[row] = sum;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_pairs_products_f64(const float* k, long long rows, long long n, long long first, double* products) {
  const long long i = row_of_warp();
  if (i >= rows) {
    return;
  }
  int left, right;
  upper_tile(static_cast<int>(blockIdx.y), left, right);
  const float* a = k + (left * rows + i) * n;
  const float* b = k + (right * rows + i) * n;
  double sum = 0.0;
  // Whole runs of 32 columns: every lane's columns are the same whatever the row.
  for (long long j = (first + i + 1) / kWarp * kWarp + lane_id(); j < n; j += kWarp) {
    if (j > first + i) {
      sum = fma(static_cast<double>(a[j]), static_cast<double>(b[j]), sum);
    }
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    products[blockIdx.y * rows + i] = sum;
  }
}
