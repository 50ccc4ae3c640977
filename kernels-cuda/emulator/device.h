// CUDA C++ for g++: what a .cu file may use when it is built for the emulator. Put in front of every
// source by `-include`; the sources themselves do not know it. Everything that needs the state of a
// running block is a function of the runtime (runtime.cc); the rest is plain C++.
//
// Not here, so kept out of the sources or behind `#ifndef GX_EMULATOR`: inline PTX, textures, half
// types, cooperative groups, clusters, __device__ variables, and `extern __shared__` (written as
// GX_DYNAMIC_SHARED, see src/gx.cuh).
#pragma once

#include <algorithm>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

#define GX_EMULATOR 1

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__

// ---------------------------------------------------------------------------------------- types

#define GX_VECTOR2(name, scalar, bytes)      \
  struct alignas(bytes) name {               \
    scalar x, y;                             \
  };                                         \
  inline name make_##name(scalar x, scalar y) { return {x, y}; }
#define GX_VECTOR3(name, scalar)             \
  struct name {                              \
    scalar x, y, z;                          \
  };                                         \
  inline name make_##name(scalar x, scalar y, scalar z) { return {x, y, z}; }
#define GX_VECTOR4(name, scalar, bytes)      \
  struct alignas(bytes) name {               \
    scalar x, y, z, w;                       \
  };                                         \
  inline name make_##name(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

GX_VECTOR2(float2, float, 8)
GX_VECTOR2(int2, int, 8)
GX_VECTOR2(uint2, unsigned, 8)
GX_VECTOR2(double2, double, 16)
GX_VECTOR2(longlong2, long long, 16)
GX_VECTOR2(ulonglong2, unsigned long long, 16)
GX_VECTOR3(float3, float)
GX_VECTOR3(int3, int)
GX_VECTOR3(uint3, unsigned)
GX_VECTOR4(float4, float, 16)
GX_VECTOR4(int4, int, 16)
GX_VECTOR4(uint4, unsigned, 16)
GX_VECTOR4(uchar4, unsigned char, 4)
GX_VECTOR4(short4, short, 8)

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

// -------------------------------------------------------------------------------------- runtime

extern "C" {
// The same for the whole life of a thread, so the compiler may keep them: `const`.
uint3 gx_emu_thread_idx() __attribute__((const));
uint3 gx_emu_block_idx() __attribute__((const));
uint3 gx_emu_block_dim() __attribute__((const));
uint3 gx_emu_grid_dim() __attribute__((const));
void* gx_emu_dynamic_shared() __attribute__((const));

enum gx_emu_vote { GX_EMU_COUNT, GX_EMU_AND, GX_EMU_OR };
// Block barrier; the result is the vote over the predicates of all threads.
int gx_emu_barrier(enum gx_emu_vote vote, int predicate);

enum gx_emu_collective {
  GX_EMU_SYNC,
  GX_EMU_SHUFFLE,
  GX_EMU_BALLOT,
  GX_EMU_MATCH,
  GX_EMU_ADD,
  GX_EMU_MIN_S,
  GX_EMU_MAX_S,
  GX_EMU_MIN_U,
  GX_EMU_MAX_U,
  GX_EMU_BIT_AND,
  GX_EMU_BIT_OR,
  GX_EMU_BIT_XOR
};
// Warp collective of the lanes in `mask`: every lane gives a value (and for a shuffle the lane it
// reads); all go on when the last one has come.
uint64_t gx_emu_warp(enum gx_emu_collective kind, unsigned mask, uint64_t value, unsigned source);
unsigned gx_emu_lane() __attribute__((const));
unsigned gx_emu_active_mask();

// Checks an atomic access and tells the race detector that it is one.
void gx_emu_atomic(const void* address, unsigned bytes);

// cp.async: the copy happens when the group is waited for, never earlier.
void gx_emu_copy_async(void* shared, const void* global, size_t bytes, size_t zero_fill);
void gx_emu_copy_commit();
void gx_emu_copy_wait(unsigned newest_left);

void gx_emu_trap(const char* why) __attribute__((noreturn));
long long gx_emu_clock();

// Called by a kernel library while it loads, once for each kernel.
void gx_emu_register(const char* name, void (*invoke)(void**), unsigned count, const unsigned* sizes,
                     unsigned max_threads, unsigned max_dynamic_shared);
}

#define threadIdx (gx_emu_thread_idx())
#define blockIdx (gx_emu_block_idx())
#define blockDim (gx_emu_block_dim())
#define gridDim (gx_emu_grid_dim())
constexpr int warpSize = 32;

inline void __syncthreads() { gx_emu_barrier(GX_EMU_COUNT, 0); }
inline int __syncthreads_count(int predicate) { return gx_emu_barrier(GX_EMU_COUNT, predicate); }
inline int __syncthreads_and(int predicate) { return gx_emu_barrier(GX_EMU_AND, predicate); }
inline int __syncthreads_or(int predicate) { return gx_emu_barrier(GX_EMU_OR, predicate); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { gx_emu_warp(GX_EMU_SYNC, mask, 0, 0); }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
inline void __nanosleep(unsigned) {}
inline long long clock64() { return gx_emu_clock(); }
inline void __trap() { gx_emu_trap("__trap()"); }

// --------------------------------------------------------------------------- warp collectives

namespace gx_emu {
template <class T>
inline uint64_t bits(T value) {
  static_assert(sizeof(T) <= 8, "a warp collective takes at most 8 bytes");
  uint64_t out = 0;
  __builtin_memcpy(&out, &value, sizeof(T));
  return out;
}
template <class T>
inline T unbits(uint64_t value) {
  T out;
  __builtin_memcpy(&out, &value, sizeof(T));
  return out;
}
template <class T>
inline T shuffle(unsigned mask, T value, unsigned source) {
  return unbits<T>(gx_emu_warp(GX_EMU_SHUFFLE, mask, bits(value), source));
}
}  // namespace gx_emu

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  unsigned lane = gx_emu_lane();
  return gx_emu::shuffle(mask, value, (lane & ~(width - 1u)) | (source & (width - 1u)));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  unsigned lane = gx_emu_lane();
  unsigned first = lane & ~(width - 1u);
  return gx_emu::shuffle(mask, value, lane < first + delta ? lane : lane - delta);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  unsigned lane = gx_emu_lane();
  unsigned last = lane | (width - 1u);
  return gx_emu::shuffle(mask, value, lane + delta > last ? lane : lane + delta);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  unsigned lane = gx_emu_lane();
  unsigned other = lane ^ unsigned(lanes);
  return gx_emu::shuffle(mask, value, other > (lane | (width - 1u)) ? lane : other);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return unsigned(gx_emu_warp(GX_EMU_BALLOT, mask, predicate != 0, 0));
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
inline unsigned __activemask() { return gx_emu_active_mask(); }
template <class T>
inline unsigned __match_any_sync(unsigned mask, T value) {
  return unsigned(gx_emu_warp(GX_EMU_MATCH, mask, gx_emu::bits(value), 0));
}
inline unsigned __reduce_add_sync(unsigned mask, unsigned v) {
  return unsigned(gx_emu_warp(GX_EMU_ADD, mask, v, 0));
}
inline int __reduce_add_sync(unsigned mask, int v) {
  return int(gx_emu_warp(GX_EMU_ADD, mask, unsigned(v), 0));
}
inline unsigned __reduce_min_sync(unsigned mask, unsigned v) {
  return unsigned(gx_emu_warp(GX_EMU_MIN_U, mask, v, 0));
}
inline unsigned __reduce_max_sync(unsigned mask, unsigned v) {
  return unsigned(gx_emu_warp(GX_EMU_MAX_U, mask, v, 0));
}
inline int __reduce_min_sync(unsigned mask, int v) {
  return int(gx_emu_warp(GX_EMU_MIN_S, mask, uint64_t(int64_t(v)), 0));
}
inline int __reduce_max_sync(unsigned mask, int v) {
  return int(gx_emu_warp(GX_EMU_MAX_S, mask, uint64_t(int64_t(v)), 0));
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned v) {
  return unsigned(gx_emu_warp(GX_EMU_BIT_AND, mask, v, 0));
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned v) {
  return unsigned(gx_emu_warp(GX_EMU_BIT_OR, mask, v, 0));
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned v) {
  return unsigned(gx_emu_warp(GX_EMU_BIT_XOR, mask, v, 0));
}

// --------------------------------------------------------------------------------------- atomics

namespace gx_emu {
// Out of line and not instrumented: one indivisible step of one thread.
template <class T, class F>
__attribute__((noinline, no_sanitize("thread"))) T atomic(T* address, F next) {
  gx_emu_atomic(address, sizeof(T));
  T old = *address;
  *address = next(old);
  return old;
}
}  // namespace gx_emu

template <class T>
inline T atomicAdd(T* a, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [v](T old) { return T(old + v); });
}
template <class T>
inline T atomicSub(T* a, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [v](T old) { return T(old - v); });
}
template <class T>
inline T atomicMin(T* a, std::common_type_t<T> v) {
  static_assert(std::is_integral_v<T>, "CUDA has no atomicMin for this type");
  return gx_emu::atomic(a, [v](T old) { return v < old ? v : old; });
}
template <class T>
inline T atomicMax(T* a, std::common_type_t<T> v) {
  static_assert(std::is_integral_v<T>, "CUDA has no atomicMax for this type");
  return gx_emu::atomic(a, [v](T old) { return v > old ? v : old; });
}
template <class T>
inline T atomicExch(T* a, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [v](T) { return v; });
}
template <class T>
inline T atomicCAS(T* a, std::common_type_t<T> compare, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [compare, v](T old) { return old == compare ? v : old; });
}
template <class T>
inline T atomicAnd(T* a, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [v](T old) { return T(old & v); });
}
template <class T>
inline T atomicOr(T* a, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [v](T old) { return T(old | v); });
}
template <class T>
inline T atomicXor(T* a, std::common_type_t<T> v) {
  return gx_emu::atomic(a, [v](T old) { return T(old ^ v); });
}
inline unsigned atomicInc(unsigned* a, unsigned limit) {
  return gx_emu::atomic(a, [limit](unsigned old) { return old >= limit ? 0u : old + 1; });
}

// -------------------------------------------------------------------------------- loads, stores

template <class T>
inline T __ldg(const T* p) { return *p; }
template <class T>
inline T __ldcs(const T* p) { return *p; }
template <class T>
inline T __ldcg(const T* p) { return *p; }
template <class T>
inline T __ldca(const T* p) { return *p; }
template <class T>
inline T __ldlu(const T* p) { return *p; }
template <class T>
inline void __stcs(T* p, T v) { *p = v; }
template <class T>
inline void __stcg(T* p, T v) { *p = v; }
template <class T>
inline void __stwb(T* p, T v) { *p = v; }

// <cuda_pipeline_primitives.h>
inline void __pipeline_memcpy_async(void* shared, const void* global, size_t bytes,
                                    size_t zero_fill = 0) {
  gx_emu_copy_async(shared, global, bytes, zero_fill);
}
inline void __pipeline_commit() { gx_emu_copy_commit(); }
inline void __pipeline_wait_prior(unsigned newest_left) { gx_emu_copy_wait(newest_left); }

// ------------------------------------------------------------------------------------ arithmetic

#define GX_MIN_MAX(type, least, most)                        \
  inline type min(type a, type b) { return least; }          \
  inline type max(type a, type b) { return most; }
GX_MIN_MAX(int, a < b ? a : b, a > b ? a : b)
GX_MIN_MAX(unsigned, a < b ? a : b, a > b ? a : b)
GX_MIN_MAX(long, a < b ? a : b, a > b ? a : b)
GX_MIN_MAX(unsigned long, a < b ? a : b, a > b ? a : b)
GX_MIN_MAX(long long, a < b ? a : b, a > b ? a : b)
GX_MIN_MAX(unsigned long long, a < b ? a : b, a > b ? a : b)
GX_MIN_MAX(float, __builtin_fminf(a, b), __builtin_fmaxf(a, b))
GX_MIN_MAX(double, __builtin_fmin(a, b), __builtin_fmax(a, b))

// DPX (sm_90 in hardware, everywhere in software). The sum wraps.
inline int gx_emu_wrap(int a, int b) { return int(unsigned(a) + unsigned(b)); }
inline int __viaddmin_s32(int a, int b, int c) { return min(gx_emu_wrap(a, b), c); }
inline int __viaddmax_s32(int a, int b, int c) { return max(gx_emu_wrap(a, b), c); }
inline unsigned __viaddmin_u32(unsigned a, unsigned b, unsigned c) { return min(a + b, c); }
inline unsigned __viaddmax_u32(unsigned a, unsigned b, unsigned c) { return max(a + b, c); }
inline int __viaddmin_s32_relu(int a, int b, int c) { return max(__viaddmin_s32(a, b, c), 0); }
inline int __viaddmax_s32_relu(int a, int b, int c) { return max(__viaddmax_s32(a, b, c), 0); }
inline int __vimin3_s32(int a, int b, int c) { return min(min(a, b), c); }
inline int __vimax3_s32(int a, int b, int c) { return max(max(a, b), c); }
inline unsigned __vimin3_u32(unsigned a, unsigned b, unsigned c) { return min(min(a, b), c); }
inline unsigned __vimax3_u32(unsigned a, unsigned b, unsigned c) { return max(max(a, b), c); }
inline int __vimin_s32_relu(int a, int b) { return max(min(a, b), 0); }
inline int __vimax_s32_relu(int a, int b) { return max(max(a, b), 0); }
inline int __vibmin_s32(int a, int b, bool* first) {
  *first = a <= b;
  return min(a, b);
}
inline int __vibmax_s32(int a, int b, bool* first) {
  *first = a >= b;
  return max(a, b);
}

inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
inline int __clz(int v) { return v ? __builtin_clz(unsigned(v)) : 32; }
inline int __clzll(long long v) { return v ? __builtin_clzll((unsigned long long)v) : 64; }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __ffsll(long long v) { return __builtin_ffsll(v); }
inline unsigned __brev(unsigned v) {
  v = (v >> 1 & 0x55555555u) | (v & 0x55555555u) << 1;
  v = (v >> 2 & 0x33333333u) | (v & 0x33333333u) << 2;
  v = (v >> 4 & 0x0f0f0f0fu) | (v & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(v);
}
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(uint64_t(a) * b >> 32); }
inline int __mulhi(int a, int b) { return int(int64_t(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

inline int __float_as_int(float v) { return gx_emu::unbits<int>(gx_emu::bits(v)); }
inline unsigned __float_as_uint(float v) { return gx_emu::unbits<unsigned>(gx_emu::bits(v)); }
inline float __int_as_float(int v) { return gx_emu::unbits<float>(gx_emu::bits(v)); }
inline float __uint_as_float(unsigned v) { return gx_emu::unbits<float>(gx_emu::bits(v)); }
inline long long __double_as_longlong(double v) { return gx_emu::unbits<long long>(gx_emu::bits(v)); }
inline double __longlong_as_double(long long v) { return gx_emu::unbits<double>(gx_emu::bits(v)); }

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float __fsqrt_rn(float v) { return __builtin_sqrtf(v); }
inline float __frsqrt_rn(float v) { return 1.0f / __builtin_sqrtf(v); }
inline float __frcp_rn(float v) { return 1.0f / v; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline int __float2int_rn(float v) { return int(__builtin_rintf(v)); }
inline int __float2int_rd(float v) { return int(__builtin_floorf(v)); }
inline int __float2int_ru(float v) { return int(__builtin_ceilf(v)); }
inline int __float2int_rz(float v) { return int(v); }
inline unsigned __float2uint_rn(float v) { return unsigned(__builtin_rintf(v)); }
inline float __int2float_rn(int v) { return float(v); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float v) { return __builtin_expf(v); }
inline float __logf(float v) { return __builtin_logf(v); }
inline float __log2f(float v) { return __builtin_log2f(v); }
inline float __powf(float a, float b) { return __builtin_powf(a, b); }
inline float __saturatef(float v) { return v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f; }
inline float rsqrtf(float v) { return 1.0f / __builtin_sqrtf(v); }
inline double rsqrt(double v) { return 1.0 / __builtin_sqrt(v); }
inline float fdividef(float a, float b) { return a / b; }
inline float sinpif(float v) { return float(__builtin_sin(M_PI * double(v))); }
inline float cospif(float v) { return float(__builtin_cos(M_PI * double(v))); }
inline float norm3df(float a, float b, float c) { return __builtin_sqrtf(a * a + b * b + c * c); }

// ---------------------------------------------------------------------------------- registration

namespace gx_emu {
template <class... P>
struct Call {
  template <auto Kernel, size_t... I>
  __attribute__((no_sanitize("thread"))) static void go(void** p, std::index_sequence<I...>) {
    Kernel(*static_cast<std::remove_cv_t<P>*>(p[I])...);
  }
  template <auto Kernel>
  __attribute__((no_sanitize("thread"))) static void invoke(void** p) {
    go<Kernel>(p, std::index_sequence_for<P...>());
  }
  static constexpr unsigned sizes[sizeof...(P) + 1] = {unsigned(sizeof(P))..., 0};
};
template <class... P>
constexpr Call<P...> call_of(void (*)(P...)) { return {}; }

constexpr unsigned threads(unsigned x, unsigned y, unsigned z) { return x * y * z; }

struct Registration {
  template <class... P>
  Registration(const char* name, Call<P...>, void (*invoke)(void**), unsigned threads,
               unsigned dynamic) {
    gx_emu_register(name, invoke, sizeof...(P), Call<P...>::sizes, threads, dynamic);
  }
};
}  // namespace gx_emu

// One entry of kernels.def, after the source that holds the kernel: checks the parameters against
// the definition and makes the kernel known by its name.
#define GX_EMU_REGISTER(name, parameters, block, dynamic)                                          \
  static_assert(std::is_same_v<decltype(name), void parameters>,                                   \
                #name ": kernels.def and the source disagree about the parameters");              \
  static const gx_emu::Registration gx_emu_registration_##name(                                    \
      #name, gx_emu::call_of(&name), &decltype(gx_emu::call_of(&name))::template invoke<&name>,    \
      gx_emu::threads block, dynamic);
