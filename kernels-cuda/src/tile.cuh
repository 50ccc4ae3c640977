// The 128 x 128 tile that the pairwise, product and min-plus kernels share.
//
// A block has 256 threads in 8 warps; a thread owns 8 x 8 outputs as four quadrants of 4 x 4:
// rows {row(0..3), row(0..3) + 64}, columns likewise. A warp is 4 lanes down and 8 across, so for
// one inner index it reads 4 + 8 distinct 16-byte words from shared memory: each of its four
// 128-bit loads is one conflict-free pass, and 4 loads feed 64 inner operations a thread.
//
// Operands lie in shared memory with the inner index outermost: slab[k][0..128).
#pragma once

#include "warp.cuh"

namespace gx {

constexpr int kTile = 128;         // outputs a block computes in each direction
constexpr int kTileThreads = 256;  // threads of such a block
constexpr int kPerThread = 8;      // outputs a thread computes in each direction

/** First row of this thread's upper quadrants; the lower ones are 64 further. */
__device__ __forceinline__ int tile_row() {
  const int warp = threadIdx.x >> 5;
  const int lane = threadIdx.x & 31;
  return (warp & 3) * 16 + (lane >> 3) * 4;
}

/** First column of this thread's left quadrants; the right ones are 64 further. */
__device__ __forceinline__ int tile_column() {
  const int warp = threadIdx.x >> 5;
  const int lane = threadIdx.x & 31;
  return (warp >> 2) * 32 + (lane & 7) * 4;
}

/** Offset of output r in 0..7 from tile_row() (or tile_column()). */
__device__ __forceinline__ constexpr int spread(int r) { return (r & 3) + (r >> 2) * 64; }

template <typename T4, typename T>
__device__ __forceinline__ void read_four(const T* at, T* out) {
  const T4 four = *reinterpret_cast<const T4*>(at);
  out[0] = four.x;
  out[1] = four.y;
  out[2] = four.z;
  out[3] = four.w;
}

/** Reads 8 operands: four from `at` on, four 64 further. */
template <typename T4, typename T>
__device__ __forceinline__ void read_operands(const T* at, T (&out)[kPerThread]) {
  read_four<T4>(at, out);
  read_four<T4>(at + 64, out + 4);
}

/** Tile t of the upper triangle, counted column by column: t = j (j + 1) / 2 + i with i <= j. */
__device__ __forceinline__ void upper_tile(int t, int& i, int& j) {
  j = static_cast<int>((sqrtf(8.0f * static_cast<float>(t) + 1.0f) - 1.0f) * 0.5f);
  while ((j + 1) * (j + 2) / 2 <= t) {
    j++;
  }
  while (j * (j + 1) / 2 > t) {
    j--;
  }
  i = t - j * (j + 1) / 2;
}

constexpr int kMirrorTile = 32;

/**
 * Copies what lies above the diagonal of d[n,n], transposed, below it; both sides in whole lines.
 * Grid: t (t + 1) / 2 blocks of kTileThreads, t = ceil(n/32).
 */
template <typename T>
__device__ __forceinline__ void mirror_upper(T* d, long long n) {
  __shared__ T tile[kMirrorTile][kMirrorTile + 1];
  int i, j;
  upper_tile(static_cast<int>(blockIdx.x), i, j);
  const long long i0 = i * static_cast<long long>(kMirrorTile);
  const long long j0 = j * static_cast<long long>(kMirrorTile);
  const int x = lane_id();
  for (int y = warp_id(); y < kMirrorTile; y += kTileThreads / kWarp) {
    if (i0 + y < n && j0 + x < n) {
      tile[y][x] = d[(i0 + y) * n + j0 + x];
    }
  }
  __syncthreads();
  for (int y = warp_id(); y < kMirrorTile; y += kTileThreads / kWarp) {
    if (j0 + y < n && j0 + y > i0 + x) {
      d[(j0 + y) * n + i0 + x] = tile[x][y];
    }
  }
}

}  // namespace gx
