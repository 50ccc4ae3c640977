// Losses of small networks: values, and gradients by the outputs.
//
//   gx_loss_donsker_varadhan_f64  bound = mean joint - L, L = ln mean exp shuffled; average = ln of the moving average
//                              of exp L; gradient of -bound: -1/n, and exp(shuffled - average) / n
//   gx_loss_info_nce_f64       terms[i] = s_ii - ln sum_j exp s_ij; gradient of -bound: softmax_i(s)_j / n - (i == j) / n
//   gx_loss_residual_f64       gradient = factor (u - v); sums[block] = sum (u - v)^2
//   gx_loss_total_f64          value = plus + scale * sum of sums
//   gx_loss_centre_f32         out = (x - mean) scale
//   gx_loss_diagonal_f32       squares[i] = x[i,i]
//   gx_loss_distances_f64      in place: products -> distances e; sums of e delta, e^2, delta^2 for every row
//   gx_loss_stress_f64         a, b, c the totals: value = 1 - a^2 / (b c), ratio = a / b, factor = 4 a / (b c)
//   gx_loss_stress_weights_f32 in place: distances -> w = factor (ratio - delta / e), 0 where e is; row_sums = sum_j w
//   gx_loss_stress_gradient_f32  gradient += weight (row_sum x - product) scale
//   gx_loss_curvature_f64      bend = y[n + p] + y[n + probes + p] - 2 y[p]: sums[p] = sum bend^2, gradient of the two
//                              factor bend, gradient[p] -= 2 factor bend
//   gx_loss_pull_f64           factor = weight, where limited at most |gradient| / |added|
//   gx_loss_pull_f32           gradient += factor added
//
// Tensors: scores [2n] f32, joint and then shuffled, or [n,n]; average, bound, value, factor of pull one f32 each, an
// average of NaN is none; u, v, x, y, gradient, added, product [n,d] f32 row-major; scale [d] f32 or 0; mean [d] f64;
// products, geodesic delta [n,n] f32; sums, terms f64, of the distances [3,n]; factors ratio, factor f64.
// Grid: a warp a row: ceil(n/8) blocks of 256; elements of rows (ceil(d/256), min(ceil(n/4), 65535)) (centre, stress
// gradient), else ceil(count/1024); sums of elements ceil(count/4096); what ends in one value one block.
// Passes over memory: residual reads two and writes one; of the stress the [n,n] matrices are read twice and written
// twice beside its two products of 2 n^2 d operations each; curvature reads three rows and writes three.
// Accumulation: f64, a thread's or lane's elements ascending, then a fixed tree. The same bits every run.
// Shared memory: 64 bytes where there is a sum. Limits: n < 17 billion, count < 2 trillion.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

namespace {

constexpr double kNegligible = 1e-20;  // of a gradient by a score: subnormal numbers behind it help nobody

__device__ __forceinline__ float score_gradient(double value) {
  return value < kNegligible ? 0.0f : static_cast<float>(value);
}

/** ln(exp a + exp b). */
__device__ __forceinline__ double log_sum(double a, double b) {
  const double largest = fmax(a, b);
  return largest + log(exp(a - largest) + exp(b - largest));
}

__device__ __forceinline__ float scale_of(const float* scale, int j) { return scale == nullptr ? 1.0f : scale[j]; }

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_donsker_varadhan_f64(
    const float* scores, long long n, double memory, float* average, float* gradient, float* bound) {
  const float* shuffled = scores + n;
  double joint = 0.0;
  double largest = -kInfinity64;
  for (long long i = threadIdx.x; i < n; i += kTileThreads) {
    joint += scores[i];
    largest = fmax(largest, static_cast<double>(shuffled[i]));
  }
  joint = block_sum(joint);
  largest = block_max(largest);
  double sum = 0.0;
  for (long long i = threadIdx.x; i < n; i += kTileThreads) {
    sum += exp(shuffled[i] - largest);
  }
  const double log_mean = largest + log(block_sum(sum) / n);
  const double before = *average;
  const bool begun = before == before;  // not NaN
  const double log_average = begun ? log_sum(log(memory) + before, log1p(-memory) + log_mean) : log_mean;
  for (long long i = threadIdx.x; i < n; i += kTileThreads) {
    gradient[i] = -1.0f / n;
    gradient[n + i] = score_gradient(exp(shuffled[i] - log_average) / n);
  }
  __syncthreads();  // every thread has read the average
  if (threadIdx.x == 0) {
    *average = static_cast<float>(log_average);
    *bound = static_cast<float>(joint / n - log_mean);
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_loss_info_nce_f64(const float* scores, long long n, float* gradient, double* terms) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const float* row = scores + i * n;
  double largest = -kInfinity64;
  for (long long j = lane_id(); j < n; j += kWarp) {
    largest = fmax(largest, static_cast<double>(row[j]));
  }
  largest = warp_max(largest);
  double sum = 0.0;
  for (long long j = lane_id(); j < n; j += kWarp) {
    sum += exp(row[j] - largest);
  }
  const double log_total = largest + log(warp_sum(sum));
  if (lane_id() == 0) {
    terms[i] = row[i] - log_total;
  }
  if (gradient == nullptr) {
    return;
  }
  along_row(
      n, [=](long long j) { return row[j]; },
      [=](long long j, float score) {
        const float value = score_gradient(exp(score - log_total) / n);
        gradient[i * n + j] = i == j ? value - 1.0f / n : value;
      });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_residual_f64(
    const float* u, const float* v, long long count, float factor, float* gradient, double* sums) {
  chunk_sum(
      count, sums, [=](long long i) { return u[i] - v[i]; },
      [=](long long i, float difference) {
        if (gradient != nullptr) {
          gradient[i] = factor * difference;
        }
        return static_cast<double>(difference) * difference;
      });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_loss_total_f64(const double* sums, long long count, double scale, double plus, float* value) {
  const double sum = total(sums, count);
  if (threadIdx.x == 0) {
    *value = static_cast<float>(plus + scale * sum);
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_loss_centre_f32(const float* x, const double* mean, const float* scale, long long n, int d, float* out) {
  each_row(
      n, d, [=](long long i, int j) { return (x[i * d + j] - mean[j]) * scale_of(scale, j); },
      [=](long long i, int j, double value) { out[i * d + j] = static_cast<float>(value); });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_diagonal_f32(const float* x, long long n, float* squares) {
  each_element(
      n, [=](long long i) { return x[i * n + i]; }, [=](long long i, float square) { squares[i] = square; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_distances_f64(
    float* products, const float* squares, const float* geodesic, long long n, double* sums) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  double a = 0.0;
  double b = 0.0;
  double c = 0.0;
  const double own = squares[i];
  along_row(
      n, [=](long long j) { return make_float3(products[i * n + j], geodesic[i * n + j], squares[j]); },
      [&](long long j, float3 pair) {
        const double square = i == j ? 0.0 : fmax(0.0, own + pair.z - 2.0 * pair.x);
        const double distance = sqrt(square);
        const double delta = pair.y;
        products[i * n + j] = static_cast<float>(distance);
        a += distance * delta;
        b += square;
        c += delta * delta;
      });
  a = warp_sum(a);
  b = warp_sum(b);
  c = warp_sum(c);
  if (lane_id() == 0) {
    sums[i] = a;
    sums[n + i] = b;
    sums[2 * n + i] = c;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_loss_stress_f64(const double* sums, long long n, double* factors, float* value) {
  const double a = total(sums, n);
  const double b = total(sums + n, n);
  const double c = total(sums + 2 * n, n);
  if (threadIdx.x == 0) {
    const bool defined = b > 0.0 && c > 0.0;
    factors[0] = defined ? a / b : 0.0;
    factors[1] = defined ? 4.0 * a / b / c : 0.0;
    *value = c == 0.0 ? 0.0f : b == 0.0 ? 1.0f : static_cast<float>(1.0 - a / b * (a / c));
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_stress_weights_f32(
    float* distances, const float* geodesic, const double* factors, long long n, float* row_sums) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const double ratio = factors[0];
  const double factor = factors[1];
  double sum = 0.0;
  along_row(
      n, [=](long long j) { return make_float2(distances[i * n + j], geodesic[i * n + j]); },
      [&](long long j, float2 pair) {
        const double distance = pair.x;
        const double w = distance > 0.0 ? factor * (ratio - pair.y / distance) : 0.0;
        distances[i * n + j] = static_cast<float>(w);
        sum += static_cast<float>(w);
      });
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    row_sums[i] = static_cast<float>(sum);
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_stress_gradient_f32(
    const float* x, const float* product, const float* row_sums, const float* scale, float weight, long long n, int d,
    float* gradient) {
  each_row(
      n, d,
      [=](long long i, int j) {
        const float pull = row_sums[i] * x[i * d + j] - product[i * d + j];
        return gradient[i * d + j] + weight * pull * scale_of(scale, j);
      },
      [=](long long i, int j, float sum) { gradient[i * d + j] = sum; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_curvature_f64(
    const float* y, long long n, long long probes, int d, float factor, float* gradient, double* sums) {
  const long long p = row_of_warp();
  if (p >= probes) {
    return;
  }
  const long long plus = (n + p) * d;
  const long long minus = (n + probes + p) * d;
  double sum = 0.0;
  along_row(
      d,
      [=](long long j) {
        const float bend = y[plus + j] + y[minus + j] - 2.0f * y[p * d + j];
        return make_float2(bend, gradient == nullptr ? 0.0f : gradient[p * d + j]);
      },
      [&](long long j, float2 at) {
        sum += static_cast<double>(at.x) * at.x;
        if (gradient != nullptr) {
          const float part = factor * at.x;
          gradient[p * d + j] = at.y - 2.0f * part;
          gradient[plus + j] = part;
          gradient[minus + j] = part;
        }
      });
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    sums[p] = sum;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_loss_pull_f64(
    const double* gradient, const double* added, long long blocks, double weight, int limited, float* factor) {
  const double limit = sqrt(total(gradient, blocks));
  const double length = sqrt(total(added, blocks));
  if (threadIdx.x == 0) {
    *factor = static_cast<float>(limited && length > 0.0 ? fmin(weight, limit / length) : weight);
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_loss_pull_f32(float* gradient, const float* added, long long count, const float* factor) {
  const float by = *factor;
  each_element(
      count, [=](long long i) { return gradient[i] + by * added[i]; },
      [=](long long i, float sum) { gradient[i] = sum; });
}
