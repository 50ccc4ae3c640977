// What a small network does between its products, and AdamW.
//
//   gx_network_bias_f32    in place: x[i] += bias; with relu max(0, .)
//   gx_network_pair_f32    out[i] = max(0, a[i] + b[(i + shift) mod n] + bias)
//   gx_network_mask_f32    in place: gradient = 0 where the activation is not positive
//   gx_network_halves_f32  out[i] = both[i] + both[n + (i - shift) mod n]
//   gx_network_narrow_f32  y = x, f64 to f32
//   gx_network_add_f32     out = a + b
//   gx_network_probe_f32   x[n + p] = x[p] + step[p], x[n + probes + p] = x[p] - step[p]
//   gx_network_gather_pairs_f32  out[i,j] = x[index[i],index[j]]
//   gx_network_squares_f64 sums[block] = sum x^2 of 4096 elements
//   gx_network_advance_f64 t = t + 1, scale = min(1, limit / sqrt(sum of sums)), c1 = 1 / (1 - b1^t), c2 likewise
//   gx_network_adamw_f32   in place: m = b1 m + (1 - b1) scale g, v = b2 v + (1 - b2) (scale g)^2,
//                          w = keep w - rate c1 m / (sqrt(c2 v) + eps)
//
// Tensors: x, a, b, out, gradient, activation, step [n,d] f32 row-major, both [2n,d]; bias [d]; w, g, m, v any shape;
// index f32, exact below 2^24; factors t, scale, c1, c2 f32; sums f64.
// Grid: by rows (ceil(d/256), min(ceil(n/4), 65535)) blocks of 256, four rows of a column a thread; else
// ceil(count/1024) blocks of 256, four elements a thread, 256 apart; squares ceil(count/4096); advance one block.
// Passes over memory: every operand is read once and every result written once. AdamW reads four values and writes
// three for each weight: 590 000 weights of a 768 x 768 layer are 16.5 MB, 4.9 us at 3.35 TB/s: memory bound.
// Accumulation: f64, a thread's elements ascending, threads by a fixed tree; the sums of bias gradients are rows.cu's.
// The same bits every run. What varies from step to step is read from memory, so that a step can be a graph.
// Shared memory: 64 bytes where there is a sum. Limits: count < 2 trillion, d < 2 billion.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

namespace {

constexpr float kBeta1 = 0.9f;
constexpr float kBeta2 = 0.999f;
constexpr float kRest1 = 0.1f;    // 1 - beta, rounded once: the difference of the f32 values is
constexpr float kRest2 = 0.001f;  // 1.3e-5 of itself too small
constexpr float kEpsilon = 1e-8f;

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_bias_f32(float* x, const float* bias, long long n, int d, int relu) {
  each_row(
      n, d, [=](long long i, int j) { return x[i * d + j] + bias[j]; },
      [=](long long i, int j, float sum) { x[i * d + j] = relu ? fmaxf(0.0f, sum) : sum; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_pair_f32(
    const float* a, const float* b, long long n, int d, long long shift, const float* bias, float* out) {
  each_row(
      n, d,
      [=](long long i, int j) {
        const long long other = i + shift < n ? i + shift : i + shift - n;
        return make_float3(a[i * d + j], bias[j], b[other * d + j]);
      },
      [=](long long i, int j, float3 parts) { out[i * d + j] = fmaxf(0.0f, parts.x + parts.y + parts.z); });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_mask_f32(float* gradient, const float* activation, long long count) {
  each_element(
      count, [=](long long i) { return activation[i]; },
      [=](long long i, float value) {
        if (value <= 0.0f) {
          gradient[i] = 0.0f;
        }
      });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_halves_f32(const float* both, long long n, int d, long long shift, float* out) {
  each_row(
      n, d,
      [=](long long i, int j) {
        const long long other = i >= shift ? i - shift : i - shift + n;
        return make_float2(both[i * d + j], both[(n + other) * d + j]);
      },
      [=](long long i, int j, float2 halves) { out[i * d + j] = halves.x + halves.y; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_narrow_f32(const double* x, long long count, float* y) {
  each_element(
      count, [=](long long i) { return x[i]; }, [=](long long i, double value) { y[i] = static_cast<float>(value); });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_add_f32(const float* a, const float* b, long long count, float* out) {
  each_element(
      count, [=](long long i) { return a[i] + b[i]; }, [=](long long i, float sum) { out[i] = sum; });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_probe_f32(float* x, long long n, long long probes, int d, const float* step) {
  each_element(
      probes * d, [=](long long i) { return make_float2(x[i], step[i]); },
      [=](long long i, float2 at) {
        x[n * d + i] = at.x + at.y;
        x[(n + probes) * d + i] = at.x - at.y;
      });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_gather_pairs_f32(const float* x, long long n, const float* index, long long count, float* out) {
  each_row(
      count, static_cast<int>(count),
      [=](long long i, int j) {
        return x[static_cast<long long>(index[i]) * n + static_cast<long long>(index[j])];
      },
      [=](long long i, int j, float value) { out[i * count + j] = value; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_squares_f64(const float* x, long long count, double* sums) {
  chunk_sum(
      count, sums, [=](long long i) { return static_cast<double>(x[i]); },
      [](long long, double value) { return value * value; });
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_network_advance_f64(const double* sums, long long count, double limit, float* factors) {
  const double norm = sqrt(total(sums, count));
  if (threadIdx.x == 0) {
    const double steps = factors[0] + 1.0;
    factors[0] = static_cast<float>(steps);
    factors[1] = norm > limit ? static_cast<float>(limit / norm) : 1.0f;
    factors[2] = static_cast<float>(1.0 / (1.0 - pow(0.9, steps)));
    factors[3] = static_cast<float>(1.0 / (1.0 - pow(0.999, steps)));
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_network_adamw_f32(
    float* w, const float* g, float* m, float* v, long long count, const float* factors, float keep, float rate) {
  const float scale = factors[1];
  const float correct1 = factors[2];
  const float correct2 = factors[3];
  each_element(
      count, [=](long long i) { return make_float4(w[i], g[i], m[i], v[i]); },
      [=](long long i, float4 old) {
        const float gradient = old.y * scale;
        const float mean = old.z * kBeta1 + gradient * kRest1;
        const float square = old.w * kBeta2 + gradient * gradient * kRest2;
        m[i] = mean;
        v[i] = square;
        w[i] = old.x * keep - rate * (mean * correct1 / (sqrtf(square * correct2) + kEpsilon));
      });
}
