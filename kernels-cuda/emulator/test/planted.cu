// Kernels with one planted mistake each, and their right twins: the emulator must report the first
// and pass the second. EmulatorTest launches them all.
#include "gx.cuh"

namespace {
constexpr int kTile = 32;
}

// Each thread takes its neighbour's value through shared memory; needs the barrier.
GX_GLOBAL gx_planted_barrier_missing(const float* x, float* y, int n) {
  __shared__ float tile[128];
  tile[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = tile[(threadIdx.x + 1) % 128] + static_cast<float>(n);
}
GX_GLOBAL gx_planted_barrier_right(const float* x, float* y, int n) {
  __shared__ float tile[128];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = tile[(threadIdx.x + 1) % 128] + static_cast<float>(n);
}

// The second use of a tile: the barrier at the loop's end is missing.
GX_GLOBAL gx_planted_reuse_missing(const float* x, float* y, int n) {
  __shared__ float tile[64];
  float sum = 0.0f;
  for (int i = 0; i < n; i += 64) {
    tile[threadIdx.x] = x[i + static_cast<int>(threadIdx.x)];
    __syncthreads();
    sum += tile[63 - threadIdx.x];
  }
  y[threadIdx.x] = sum;
}
GX_GLOBAL gx_planted_reuse_right(const float* x, float* y, int n) {
  __shared__ float tile[64];
  float sum = 0.0f;
  for (int i = 0; i < n; i += 64) {
    tile[threadIdx.x] = x[i + static_cast<int>(threadIdx.x)];
    __syncthreads();
    sum += tile[63 - threadIdx.x];
    __syncthreads();
  }
  y[threadIdx.x] = sum;
}

// Warp-synchronous exchange through shared memory without and with __syncwarp.
GX_GLOBAL gx_planted_warp_missing(const float* x, float* y) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = tile[threadIdx.x ^ 1];
}
GX_GLOBAL gx_planted_warp_right(const float* x, float* y) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  y[threadIdx.x] = tile[threadIdx.x ^ 1];
}

// Half the block skips the barrier's branch and the others wait in a warp collective.
GX_GLOBAL gx_planted_diverged(float* y) {
  if (threadIdx.x < 16) {
    __syncwarp(0xffffffffu);
  } else {
    __syncthreads();
  }
  y[threadIdx.x] = 1.0f;
}

// One element past the end; n is the length of both.
GX_GLOBAL gx_planted_write_outside(float* y, int n) {
  int at = static_cast<int>(threadIdx.x);
  if (at <= n) y[at] = 1.0f;
}
GX_GLOBAL gx_planted_read_outside(const float* x, float* y, int n) {
  int at = static_cast<int>(threadIdx.x);
  if (at < n) y[at] = x[at + 1];
}
GX_GLOBAL gx_planted_shared_outside(float* y) {
  GX_DYNAMIC_SHARED(float, tile);
  tile[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x];
}

// y was never written.
GX_GLOBAL gx_planted_read_unwritten(float* y, int n) {
  int at = static_cast<int>(threadIdx.x);
  if (at < n) y[at] += 1.0f;
}
GX_GLOBAL gx_planted_shared_unwritten(float* y) {
  __shared__ float tile[64];
  if (threadIdx.x > 0) tile[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x];
}
GX_GLOBAL gx_planted_misaligned(const float* x, float* y) {
  float4 v = *reinterpret_cast<const float4*>(x + threadIdx.x);
  y[threadIdx.x] = v.x + v.y + v.z + v.w;
}

// Adds 1 to x[n,m] by tiles of 32 x 8; the wrong one leaves out the last, partial column of tiles
// when m is no multiple of 32 (its launcher rounds down), the right one guards the edge.
GX_GLOBAL gx_planted_tile_edge(const float* x, float* y, int n, int m, int tiles) {
  int column = static_cast<int>(blockIdx.x) * kTile + static_cast<int>(threadIdx.x);
  int row = static_cast<int>(blockIdx.y) * 8 + static_cast<int>(threadIdx.y);
  if (static_cast<int>(blockIdx.x) < tiles && row < n && column < m) {
    y[row * m + column] = x[row * m + column] + 1.0f;
  }
}
// Forgets that rows end: in the last tile it writes into the next row.
GX_GLOBAL gx_planted_tile_row(const float* x, float* y, int n, int m) {
  int column = static_cast<int>(blockIdx.x) * kTile + static_cast<int>(threadIdx.x);
  int row = static_cast<int>(blockIdx.y) * 8 + static_cast<int>(threadIdx.y);
  if (row < n) y[row * m + column] = x[row * m + column] + 1.0f;
}

// What must come out right: votes, shuffles, atomics, cp.async, early return.
GX_GLOBAL gx_emulated_collectives(const int* x, int* y, unsigned* histogram, int n) {
  __shared__ unsigned bins[8];
  if (threadIdx.x < 8) bins[threadIdx.x] = 0;
  __syncthreads();
  int lane = static_cast<int>(threadIdx.x) % 32;
  int at = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  int v = at < n ? x[at] : 0;
  atomicAdd(&bins[v & 7], 1u);
  int sum = v;
  for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(gx::kAllLanes, sum, d);
  int scan = v;
  for (int d = 1; d < 32; d *= 2) {
    int other = __shfl_up_sync(gx::kAllLanes, scan, d);
    if (lane >= d) scan += other;
  }
  unsigned odd = __ballot_sync(gx::kAllLanes, v & 1);
  unsigned same = __match_any_sync(gx::kAllLanes, v & 3);
  int half = __shfl_sync(gx::kAllLanes, v, 0, 16);
  int most = __reduce_max_sync(gx::kAllLanes, v);
  int any = __syncthreads_count(v == 7);
  if (threadIdx.x < 8) atomicAdd(&histogram[threadIdx.x], bins[threadIdx.x]);
  if (at >= n) return;
  y[at * 8 + 0] = sum;
  y[at * 8 + 1] = scan;
  y[at * 8 + 2] = static_cast<int>(odd);
  y[at * 8 + 3] = static_cast<int>(same);
  y[at * 8 + 4] = half;
  y[at * 8 + 5] = most;
  y[at * 8 + 6] = any;
  y[at * 8 + 7] = __viaddmin_s32(v, 3, 9);
}
template <bool Wait>
__device__ __forceinline__ void copied(const float* x, float* y) {
  GX_DYNAMIC_SHARED(float, tile);
  __pipeline_memcpy_async(tile + threadIdx.x * 4, x + threadIdx.x * 4, 16);
  __pipeline_commit();
  if (Wait) __pipeline_wait_prior(0);
  __syncthreads();
  int other = static_cast<int>(blockDim.x * 4 - 1 - threadIdx.x);
  y[threadIdx.x] = tile[other];
}
GX_GLOBAL gx_planted_copy_missing(const float* x, float* y) { copied<false>(x, y); }
GX_GLOBAL gx_planted_copy_right(const float* x, float* y) { copied<true>(x, y); }

// A copy into what others may still read; it is waited for behind a barrier, but was under way before.
template <bool Barrier>
__device__ __forceinline__ void copied_over(const float* x, float* y) {
  GX_DYNAMIC_SHARED(float, tile);
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  int other = static_cast<int>(blockDim.x - 1 - threadIdx.x);
  float sum = tile[other];
  if (Barrier) __syncthreads();
  __pipeline_memcpy_async(tile + threadIdx.x, x + threadIdx.x, 4);
  __pipeline_commit();
  __syncthreads();
  __pipeline_wait_prior(0);
  __syncthreads();
  y[threadIdx.x] = sum + tile[other];
}
GX_GLOBAL gx_planted_copy_over_missing(const float* x, float* y) { copied_over<false>(x, y); }
GX_GLOBAL gx_planted_copy_over_right(const float* x, float* y) { copied_over<true>(x, y); }

#define GX_P(name, parameters, block, dynamic) GX_EMU_REGISTER(name, parameters, block, dynamic)
GX_P(gx_planted_barrier_missing, (const float*, float*, int), (128, 1, 1), 0)
GX_P(gx_planted_barrier_right, (const float*, float*, int), (128, 1, 1), 0)
GX_P(gx_planted_reuse_missing, (const float*, float*, int), (64, 1, 1), 0)
GX_P(gx_planted_reuse_right, (const float*, float*, int), (64, 1, 1), 0)
GX_P(gx_planted_warp_missing, (const float*, float*), (64, 1, 1), 0)
GX_P(gx_planted_warp_right, (const float*, float*), (64, 1, 1), 0)
GX_P(gx_planted_diverged, (float*), (32, 1, 1), 0)
GX_P(gx_planted_write_outside, (float*, int), (128, 1, 1), 0)
GX_P(gx_planted_read_outside, (const float*, float*, int), (128, 1, 1), 0)
GX_P(gx_planted_shared_outside, (float*), (64, 1, 1), 1024)
GX_P(gx_planted_read_unwritten, (float*, int), (128, 1, 1), 0)
GX_P(gx_planted_shared_unwritten, (float*), (64, 1, 1), 0)
GX_P(gx_planted_misaligned, (const float*, float*), (32, 1, 1), 0)
GX_P(gx_planted_tile_edge, (const float*, float*, int, int, int), (32, 8, 1), 0)
GX_P(gx_planted_tile_row, (const float*, float*, int, int), (32, 8, 1), 0)
GX_P(gx_emulated_collectives, (const int*, int*, unsigned*, int), (128, 1, 1), 0)
GX_P(gx_planted_copy_missing, (const float*, float*), (64, 1, 1), 1024)
GX_P(gx_planted_copy_over_missing, (const float*, float*), (64, 1, 1), 256)
GX_P(gx_planted_copy_over_right, (const float*, float*), (64, 1, 1), 256)
GX_P(gx_planted_copy_right, (const float*, float*), (64, 1, 1), 1024)
