// Warps: indices, reductions in a fixed tree.
#pragma once

#include "gx.cuh"

namespace gx {

__device__ __forceinline__ int lane_id() { return static_cast<int>(threadIdx.x % kWarp); }
__device__ __forceinline__ int warp_id() { return static_cast<int>(threadIdx.x / kWarp); }

/** Sum over the lanes of a warp, the same tree every time; every lane gets it. */
template <typename T>
__device__ __forceinline__ T warp_sum(T value) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, step);
  }
  return value;
}

template <typename T>
__device__ __forceinline__ T warp_max(T value) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = max(value, __shfl_xor_sync(kAllLanes, value, step));
  }
  return value;
}

/**
 * Reads and writes of one 32-bit word that other warps of the block may touch at the same time. Whole
 * words, no order: for values that only ever fall and are read until none falls.
 */
__device__ __forceinline__ float load_shared_value(const float* at) {
#ifdef GX_EMULATOR
  return gx_emu::atomic(const_cast<float*>(at), [](float value) { return value; });
#else
  float value;
  asm volatile("ld.relaxed.cta.global.f32 %0, [%1];" : "=f"(value) : "l"(at) : "memory");
  return value;
#endif
}

__device__ __forceinline__ void store_shared_value(float* at, float value) {
#ifdef GX_EMULATOR
  gx_emu::atomic(at, [value](float) { return value; });
#else
  asm volatile("st.relaxed.cta.global.f32 [%0], %1;" ::"l"(at), "f"(value) : "memory");
#endif
}

}  // namespace gx
