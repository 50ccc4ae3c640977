// Weights as files store them, widened where they are read.
#pragma once

#include "gx.cuh"

namespace gx {

struct F32 {
  using Bits = float;
  static __device__ __forceinline__ float widen(float value) { return value; }
  static __device__ __forceinline__ float4 quad(const float* at) { return *reinterpret_cast<const float4*>(at); }
};

/** What two 16-bit formats share; `Widen` turns the bits into the value. */
template <typename Widen>
struct Halves {
  using Bits = unsigned short;
  static __device__ __forceinline__ float widen(unsigned short bits) { return Widen::of(bits); }
  static __device__ __forceinline__ float4 quad(const unsigned short* at) {
    const uint2 four = *reinterpret_cast<const uint2*>(at);
    return make_float4(
        Widen::of(static_cast<unsigned short>(four.x & 0xffffu)), Widen::of(static_cast<unsigned short>(four.x >> 16)),
        Widen::of(static_cast<unsigned short>(four.y & 0xffffu)), Widen::of(static_cast<unsigned short>(four.y >> 16)));
  }
};

struct WidenF16 {
  static __device__ __forceinline__ float of(unsigned short bits) {
#ifdef GX_EMULATOR
    const unsigned sign = (bits & 0x8000u) << 16;
    const unsigned rest = bits & 0x7fffu;
    if (rest >= 0x7c00u) {  // infinity, NaN
      return __uint_as_float(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
    }
    // The exponent moves from bias 15 to 127 by a product, which also makes denormals right.
    return __uint_as_float(sign | __float_as_uint(__uint_as_float(rest << 13) * 0x1p112f));
#else
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
#endif
  }
};

struct WidenBf16 {
  static __device__ __forceinline__ float of(unsigned short bits) {
    return __uint_as_float(static_cast<unsigned>(bits) << 16);
  }
};

using F16 = Halves<WidenF16>;
using Bf16 = Halves<WidenBf16>;

/** Four neighbours widened, 0 from `valid` on; `aligned`: `at` may be read in one piece. */
template <typename Kind>
__device__ __forceinline__ float4 load_quad(const typename Kind::Bits* at, long long valid, bool aligned) {
  if (aligned && valid >= 4) {
    return Kind::quad(at);
  }
  float4 out = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (valid > 0) out.x = Kind::widen(at[0]);
  if (valid > 1) out.y = Kind::widen(at[1]);
  if (valid > 2) out.z = Kind::widen(at[2]);
  if (valid > 3) out.w = Kind::widen(at[3]);
  return out;
}

}  // namespace gx
