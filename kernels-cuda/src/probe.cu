// Probes: what this card can do, measured by the smallest kernels that show it. They are the
// ceilings in the tables of the GPU lane, and the first kernels that a new driver runs.
//
//   gx_probe_copy_f32      y[i] = x[i];            8·n bytes; the copy bandwidth
//   gx_probe_axpy_f32      y[i] = a·x[i] + y[i];   12·n bytes, 2·n FLOP
//   gx_probe_fadd_f32      chains of c = c + a              one instruction a step and chain
//   gx_probe_addmin_f32    chains of c = min(c, c' + b)     FADD + FMNMX
//   gx_probe_viaddmin_s32  chains of c = min(a + b, c)      VIADDMNMX on sm_90
//
// Tensors: x[n], y[n] f32 in device memory, 16-byte aligned. Grid: ceil(n / 1024) blocks of 256 for the
// streams, any grid for the rates, where `steps` counts the steps of each of the 8 chains of a thread.
// Operations and bytes: as above; a rate's loop has one add to `steps` and one branch for its 8 chains.
// No shared memory. Determinism: each element belongs to one thread: the same bits every run.
// Limits: n < 2^41. Speed on a card: not measured.
#include "gx.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kPerThread = 4;
constexpr int kChains = 8;

}  // namespace

GX_GLOBAL __launch_bounds__(kThreads) gx_probe_copy_f32(const float* __restrict__ x,
                                                       float* __restrict__ y, long long n) {
  const long long first = (static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x) * kPerThread;
  if (first + kPerThread <= n) {
    *reinterpret_cast<float4*>(y + first) = *reinterpret_cast<const float4*>(x + first);
  } else {
    for (long long at = first; at < n; at++) y[at] = x[at];
  }
}

GX_GLOBAL __launch_bounds__(kThreads) gx_probe_axpy_f32(float a, const float* __restrict__ x,
                                                       float* __restrict__ y, long long n) {
  long long first = static_cast<long long>(blockIdx.x) * kThreads * kPerThread + threadIdx.x;
#pragma unroll
  for (int i = 0; i < kPerThread; i++) {
    long long at = first + i * kThreads;
    if (at < n) y[at] = a * x[at] + y[at];
  }
}

GX_GLOBAL __launch_bounds__(kThreads) gx_probe_fadd_f32(float* out, float a, int steps) {
  float c[kChains];
#pragma unroll
  for (int i = 0; i < kChains; i++) c[i] = static_cast<float>(threadIdx.x + i);
  for (int s = 0; s < steps; s++) {
#pragma unroll
    for (int i = 0; i < kChains; i++) c[i] = __fadd_rn(c[i], a);
  }
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kChains; i++) sum += c[i];
  out[static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x] = sum;
}

GX_GLOBAL __launch_bounds__(kThreads) gx_probe_addmin_f32(float* out, float a, int steps) {
  float c[kChains];
#pragma unroll
  for (int i = 0; i < kChains; i++) c[i] = static_cast<float>(threadIdx.x + i);
  for (int s = 0; s < steps; s++) {
#pragma unroll
    for (int i = 0; i < kChains; i++) c[i] = fminf(c[i], __fadd_rn(c[(i + 1) % kChains], a));
  }
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kChains; i++) sum += c[i];
  out[static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x] = sum;
}

GX_GLOBAL __launch_bounds__(kThreads) gx_probe_viaddmin_s32(int* out, int a, int steps) {
  int c[kChains];
#pragma unroll
  for (int i = 0; i < kChains; i++) c[i] = static_cast<int>(threadIdx.x) + i;
  for (int s = 0; s < steps; s++) {
#pragma unroll
    for (int i = 0; i < kChains; i++) c[i] = __viaddmin_s32(c[(i + 1) % kChains], a, c[i]);
  }
  int sum = 0;
#pragma unroll
  for (int i = 0; i < kChains; i++) sum += c[i];
  out[static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x] = sum;
}
