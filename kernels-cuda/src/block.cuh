// Blocks of 256 threads over elements, rows and columns: loops and sums in a fixed order.
//
// What memory bounds needs reads under way: 3.35 TB/s for about 700 ns on 132 multiprocessors are 18 KB on each, so
// 2048 threads with one f32 each (8 KB) reach less than half of the bandwidth. A thread here reads four things before
// it writes the first: the compiler may not move a read over a write that could go to the same place.
#pragma once

#include "tile.cuh"

namespace gx {

constexpr int kAtOnce = 4;    // reads of a thread that are under way together
constexpr int kChunk = 4096;  // elements of a block's sum
constexpr int kWarps = kTileThreads / kWarp;

/** The row of this warp. Grid: ceil(rows / 8) blocks. */
__device__ __forceinline__ long long row_of_warp() {
  return blockIdx.x * static_cast<long long>(kWarps) + warp_id();
}

/** write(i, read(i)) for i = first, first + step, .. below `end`, four of them: all reads, then all writes. */
template <typename Read, typename Write>
__device__ __forceinline__ void at_once(long long first, long long step, long long end, Read read, Write write) {
  decltype(read(first)) value[kAtOnce];
#pragma unroll
  for (int e = 0; e < kAtOnce; e++) {
    if (first + e * step < end) {
      value[e] = read(first + e * step);
    }
  }
#pragma unroll
  for (int e = 0; e < kAtOnce; e++) {
    if (first + e * step < end) {
      write(first + e * step, value[e]);
    }
  }
}

/** write(i, read(i)) for this thread's elements. Grid: ceil(count / 1024) blocks. */
template <typename Read, typename Write>
__device__ __forceinline__ void each_element(long long count, Read read, Write write) {
  at_once(blockIdx.x * static_cast<long long>(kAtOnce * kTileThreads) + threadIdx.x, kTileThreads, count, read, write);
}

/** write(i, j, read(i, j)) for n rows of d columns, a thread a column. Grid: (ceil(d/256), min(ceil(n/4), 65535)). */
template <typename Read, typename Write>
__device__ __forceinline__ void each_row(long long n, int d, Read read, Write write) {
  const int j = static_cast<int>(blockIdx.x * kTileThreads + threadIdx.x);
  if (j >= d) {
    return;
  }
  const long long step = gridDim.y * static_cast<long long>(kAtOnce);
  for (long long i = blockIdx.y * static_cast<long long>(kAtOnce); i < n; i += step) {
    at_once(
        i, 1, n, [&](long long row) { return read(row, j); },
        [&](long long row, const auto& value) { write(row, j, value); });
  }
}

/** write(j, read(j)) for the columns of a row, by a warp. */
template <typename Read, typename Write>
__device__ __forceinline__ void along_row(long long d, Read read, Write write) {
  for (long long j = lane_id(); j < d; j += kAtOnce * kWarp) {
    at_once(j, kWarp, d, read, write);
  }
}

/** write(j, read(j)) for 128 columns of a row, by a warp. Grid: (ceil(rows/8), ceil(d/128)). */
template <typename Read, typename Write>
__device__ __forceinline__ void along_part(long long d, Read read, Write write) {
  at_once(blockIdx.y * static_cast<long long>(kAtOnce * kWarp) + lane_id(), kWarp, d, read, write);
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

/** sums[block] = sum of term(i, read(i)) over the block's elements. Grid: ceil(count / 4096) blocks. */
template <typename Read, typename Term>
__device__ __forceinline__ void chunk_sum(long long count, double* sums, Read read, Term term) {
  const long long first = blockIdx.x * static_cast<long long>(kChunk) + threadIdx.x;
  double sum = 0.0;
  for (int e = 0; e < kChunk; e += kAtOnce * kTileThreads) {
    at_once(first + e, kTileThreads, count, read, [&](long long i, const auto& value) { sum += term(i, value); });
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
