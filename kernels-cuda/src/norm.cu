// Layer norm and RMS norm of rows.
//
//   gx_norm_f32   y = (x - mean) / sqrt(var + eps) * gain + bias; with rms: y = x / sqrt(mean(x^2) + eps) * gain
//
// Tensors: x, y [n,d] f32 row-major, y may be x; gain [d]; bias [d] or null. var is divided by d.
// Grid: ceil(n/8) blocks of 256, a warp a row.
// Passes over memory: x is read once and y written once; up to d = 2048 (512 where d is no multiple of 4) the row
// stays in registers between mean, variance and result, beyond that it comes again from L1/L2, twice.
//   n = 1024, d = 768: 6.3 MB, 1.9 us at 3.35 TB/s: memory bound.
// Accumulation: f32, variance about the mean; a lane's columns ascending, lanes by a fixed tree. No atomics.
// Shared memory: none.
// Limits: n < 17 billion.
// Speed on a card: not measured.

#include "block.cuh"
#include "weights.cuh"

using namespace gx;

namespace {

constexpr int kChunks = 16;

/** One value or four neighbours. */
template <int kWide>
struct Chunk {
  float v[kWide];

  __device__ __forceinline__ void load(const float* at) {
    if constexpr (kWide == 4) {
      const float4 four = *reinterpret_cast<const float4*>(at);
      v[0] = four.x;
      v[1] = four.y;
      v[2] = four.z;
      v[3] = four.w;
    } else {
      v[0] = *at;
    }
  }

  __device__ __forceinline__ void store(float* at) const {
    if constexpr (kWide == 4) {
      *reinterpret_cast<float4*>(at) = make_float4(v[0], v[1], v[2], v[3]);
    } else {
      *at = v[0];
    }
  }
};

/** Calls f(chunk, column) for this lane's part of a row: from registers, or from memory where it does not fit. */
template <int kWide, bool kHeld, typename F>
__device__ __forceinline__ void each(Chunk<kWide> (&held)[kChunks], const float* row, int d, F f) {
  if constexpr (kHeld) {
#pragma unroll
    for (int q = 0; q < kChunks; q++) {
      const int c = (q * kWarp + lane_id()) * kWide;
      if (c < d) {
        f(held[q], c);
      }
    }
  } else {
    for (int c = lane_id() * kWide; c < d; c += kWarp * kWide) {
      Chunk<kWide> chunk;
      chunk.load(row + c);
      f(chunk, c);
    }
  }
}

template <int kWide, bool kHeld>
__device__ __forceinline__ void norm(
    const float* row, int d, const float* gain, const float* bias, float epsilon, int rms, float* y) {
  Chunk<kWide> held[kChunks];
  if constexpr (kHeld) {
#pragma unroll
    for (int q = 0; q < kChunks; q++) {
      const int c = (q * kWarp + lane_id()) * kWide;
      if (c < d) {
        held[q].load(row + c);
      }
    }
  }
  float sum = 0.0f;
  if (!rms) {
    each<kWide, kHeld>(held, row, d, [&](const Chunk<kWide>& x, int) {
      for (int e = 0; e < kWide; e++) sum += x.v[e];
    });
  }
  const float mean = rms ? 0.0f : warp_sum(sum) / static_cast<float>(d);
  float squares = 0.0f;
  each<kWide, kHeld>(held, row, d, [&](const Chunk<kWide>& x, int) {
    for (int e = 0; e < kWide; e++) squares = fmaf(x.v[e] - mean, x.v[e] - mean, squares);
  });
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(d) + epsilon);
  each<kWide, kHeld>(held, row, d, [&](const Chunk<kWide>& x, int c) {
    Chunk<kWide> weight, shift, out;
    weight.load(gain + c);
    if (bias != nullptr) {
      shift.load(bias + c);
    }
    for (int e = 0; e < kWide; e++) {
      const float value = (x.v[e] - mean) * scale;
      out.v[e] = bias == nullptr ? value * weight.v[e] : fmaf(value, weight.v[e], shift.v[e]);
    }
    out.store(y + c);
  });
}

__device__ __forceinline__ bool aligned(const void* p) { return reinterpret_cast<size_t>(p) % 16 == 0; }

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads) gx_norm_f32(
    const float* x, long long n, int d, const float* gain, const float* bias, float epsilon, int rms, float* y) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const float* row = x + i * d;
  float* out = y + i * d;
  if (d % 4 == 0 && aligned(x) && aligned(y) && aligned(gain) && aligned(bias)) {
    if (d <= kChunks * kWarp * 4) {
      norm<4, true>(row, d, gain, bias, epsilon, rms, out);
    } else {
      norm<4, false>(row, d, gain, bias, epsilon, rms, out);
    }
  } else if (d <= kChunks * kWarp) {
    norm<1, true>(row, d, gain, bias, epsilon, rms, out);
  } else {
    norm<1, false>(row, d, gain, bias, epsilon, rms, out);
  }
}
