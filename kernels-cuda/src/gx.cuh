// What every kernel file shares. Built by nvcc or NVRTC for the card and by g++ for the emulator.
#pragma once

#ifdef GX_EMULATOR
// Dynamic shared memory, 16-byte aligned: `GX_DYNAMIC_SHARED(float, tile)` declares `float* tile`.
#define GX_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(gx_emu_dynamic_shared())
#else
#ifdef __CUDACC_RTC__
#include "nvrtc.cuh"
#else
#include <cuda_pipeline_primitives.h>
#endif
#define GX_DYNAMIC_SHARED(type, name)                        \
  extern __shared__ __align__(16) unsigned char gx_shared[]; \
  type* const name = reinterpret_cast<type*>(gx_shared)
#endif

#define GX_GLOBAL extern "C" __global__ void

namespace gx {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffu;

// By their bits, since NVRTC has neither INFINITY nor a builtin for it.
constexpr float kInfinity = __builtin_bit_cast(float, 0x7f800000);
constexpr double kInfinity64 = __builtin_bit_cast(double, 0x7ff0000000000000);

__host__ __device__ constexpr long long ceil_div(long long a, long long b) { return (a + b - 1) / b; }

}  // namespace gx
