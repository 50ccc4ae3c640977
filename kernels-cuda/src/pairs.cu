// Sums of kernel values over pairs of rows: distance correlation, RBF CKA.
//
//   gx_pairs_values_f32    in place: distances d[i,j] -> d, or exp(-d^2 / (2 sigma^2))
//   gx_pairs_row_sums_f64  sums[i] = sum_{j != i} k[i,j]
//   gx_pairs_products_f64  products[i] = sum_{j > i} a[i,j] b[i,j]
//
// Tensors: k, a, b strips [rows, n] f32 row-major of the rows first .. first + rows; sums, products [rows] f64.
// Grid: values ceil(count/1024) blocks of 256, count = rows n; the others ceil(rows/8) blocks of 256, a warp a row.
// Passes over memory: each reads its strips once; a product reads the right half of both. Of m matrices a strip is
// made once and read m + 1 times, from L2: the strips of all of them are chosen to fit there.
// Accumulation: f64; a lane's columns ascending, lanes by a fixed tree, rows in order on the host. No atomics.
// Limits: rows < 17 billion a launch.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_pairs_values_f32(float* k, long long count, double sigma) {
  const double scale = -0.5 / (sigma * sigma);
  each_element(
      count, [=](long long i) { return static_cast<double>(k[i]); },
      [=](long long i, double d) { k[i] = static_cast<float>(exp(d * d * scale)); });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_pairs_row_sums_f64(const float* k, long long rows, long long n, long long first, double* sums) {
  const long long i = row_of_warp();
  if (i >= rows) {
    return;
  }
  double sum = 0.0;
  for (long long j = lane_id(); j < n; j += kWarp) {
    if (j != first + i) {
      sum += k[i * n + j];
    }
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    sums[i] = sum;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_pairs_products_f64(
    const float* a, const float* b, long long rows, long long n, long long first, double* products) {
  const long long i = row_of_warp();
  if (i >= rows) {
    return;
  }
  double sum = 0.0;
  // Whole runs of 32 columns: every lane's columns are the same whatever the row.
  for (long long j = (first + i + 1) / kWarp * kWarp + lane_id(); j < n; j += kWarp) {
    if (j > first + i) {
      sum = fma(static_cast<double>(a[i * n + j]), static_cast<double>(b[i * n + j]), sum);
    }
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    products[i] = sum;
  }
}
