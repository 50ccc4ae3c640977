// Blocks of 256 threads over plain runs of elements: loops and sums in a fixed order.
#pragma once

#include "tile.cuh"

namespace gx {

constexpr int kElements = 4;  // of a thread in each_element
constexpr int kChunk = 4096;  // elements of a block's sum
constexpr int kWarps = kTileThreads / kWarp;

/** Calls f(index) for this thread's elements. Grid: ceil(count / 1024) blocks. */
template <typename F>
__device__ __forceinline__ void each_element(long long count, F f) {
  const long long first = blockIdx.x * static_cast<long long>(kElements * kTileThreads) + threadIdx.x;
#pragma unroll
  for (int e = 0; e < kElements; e++) {
    const long long i = first + e * kTileThreads;
    if (i < count) {
      f(i);
    }
  }
}

/** Combines one value of each thread of a block, the same tree every time; every thread gets it. */
template <typename F>
__device__ __forceinline__ double block_reduce(double value, F combine) {
  __shared__ double partial[kWarps];
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = combine(value, __shfl_xor_sync(kAllLanes, value, step));
  }
  __syncthreads();
  if (lane_id() == 0) {
    partial[warp_id()] = value;
  }
  __syncthreads();
  value = partial[0];
#pragma unroll
  for (int w = 1; w < kWarps; w++) {
    value = combine(value, partial[w]);
  }
  return value;
}

__device__ __forceinline__ double block_sum(double value) {
  return block_reduce(value, [](double a, double b) { return a + b; });
}

__device__ __forceinline__ double block_max(double value) {
  return block_reduce(value, [](double a, double b) { return fmax(a, b); });
}

/** sums[block] = sum of f(index) over the block's elements. Grid: ceil(count / 4096) blocks. */
template <typename F>
__device__ __forceinline__ void chunk_sum(long long count, double* sums, F f) {
  const long long first = blockIdx.x * static_cast<long long>(kChunk) + threadIdx.x;
  double sum = 0.0;
  for (int e = 0; e < kChunk; e += kTileThreads) {
    if (first + e < count) {
      sum += f(first + e);
    }
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = sum;
  }
}

/** Sum of what the blocks of another launch have left, by one block; every thread gets it. */
__device__ __forceinline__ double total(const double* sums, long long count) {
  double sum = 0.0;
  for (long long i = threadIdx.x; i < count; i += kTileThreads) {
    sum += sums[i];
  }
  return block_sum(sum);
}

}  // namespace gx
