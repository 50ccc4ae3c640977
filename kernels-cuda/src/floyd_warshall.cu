// All shortest paths of a dense undirected graph: blocked Floyd-Warshall.
//
//   d[i,j] <- min(d[i,j], min_k d[i,k] + d[k,j])      for every block of 128 vertices k in turn
//
// Reference: Venkataraman, Sahni, Mukhopadhyaya, "A blocked all-pairs shortest-paths algorithm",
// JEA 8 (2003). Three phases for each block b:
//
//   1. the tile d[b,b] is closed by itself, in 128 dependent steps
//   2. the panel p[k,j] = closure (x) d[b,j], k the vertices of the block
//   3. every other tile: d[i,j] = min(d[i,j], min_k p[k,i] + p[k,j])
//
// in two launches on one stream: gx_floyd_warshall_panel_{f32,s32} is phase 2, gx_floyd_warshall_product_{f32,s32}
// phase 3 and the next block's phase 1, which its first thread block does when it has tile d[b+1,b+1]: nobody waits
// for the dependent steps as long as phase 3 takes longer. gx_floyd_warshall_diagonal_{f32,s32} is the first phase 1.
//
// Before: gx_floyd_warshall_fill_f32 makes d from the sparse graph. Fixed point: gx_fixed_from_f32 and
// gx_fixed_to_f32 convert before and after, in place or not.
//
// A closed tile c satisfies c (x) c = c, so phase 2 is one min-plus product of old values and needs
// no order among its pivots.
//
// Tensors
//   d         [n,n] device, ld = n, n a multiple of 128: the caller pads with infinity. Weights
//             >= 0, +infinity where there is no edge, 0 on the diagonal. In and out.
//   closure   [128,128] device scratch: the closed diagonal tile.
//   p         [128,n] device scratch.
//
// d is symmetric, and so is a closed tile: the work is on the tiles with i <= j alone, half the operations and bytes.
// Tiles below the diagonal are read nowhere; gx_floyd_warshall_mirror_f32 fills them at the end.
//
// Two arithmetics
//   f32   Sums in f32, minima on the bit patterns: floats >= 0 order as their bits do, so two
//         sums and the old value meet in one three-way integer minimum. That is 2 FADD + 1
//         VIMNMX3 for two relaxations on sm_90: 1.5 instructions each. Every value is the f32 sum
//         of a path in an association given by the block structure. Determinism: the same bits every run;
//         relative error <= hops * 2^-24.
//   s32   Fixed point, distance * 2^s rounded; __viaddmin_s32 is one VIADDMNMX on sm_90: 1
//         instruction a relaxation. Sums are exact, so the result does not depend on the order of
//         the work at all; absolute error <= hops * 2^-(s+1). Infinity is 2^30 - 1.
//
// Operations and bytes: n^3 / 2 relaxations. Filling writes 4 n^2 B, converting and
// mirroring read and write 4 n^2 B each: memory bound. Phase 3 moves 8 B per element of d
// and block of 128 pivots = 8/128 B a relaxation, plus the panels (1024 B per tile row, from L2).
//   n = 16384: 2.2e12 relaxations, 137 GB: 16 relaxations a byte. At 3.35 TB/s memory
//   allows 5.4e13 relaxations/s, issue (132 SM x 4 x 32 lanes / 1.5 x 1.755 GHz) 2.0e13: issue bound.
//
// Inner loop of phase 3, a thread and two pivots: 8 LDS.128, 128 FADD, 64 VIMNMX3 for 128
// relaxations = 1.5625 instructions each, 4 % above the ideal 1.5 (s32: 64 VIADDMNMX + 4 LDS per
// pivot = 1.0625, 6 % above 1). docs/kernels.md holds the count read from the assembled code.
//
// Grid: diagonal one block; panel four blocks for each tile, a strip of 32 columns each; product one
// block for each tile on and above the diagonal; all of 256 threads.
// Clocks on 132 SMs, t = n / 128 (reckoned, not measured): phase 3 100 t^2, phase 2 200 t, both launches 3000; phase 1
// 128 x 350, and with its tile before it 90 000, which hide behind phase 3 from n = 4000 on. What is not phase 3 is then
// 9 % at n = 4096 and 2 % at n = 16384.
//
// Shared memory, dynamic: panel 48 KB; product 64 KB, 2 blocks an SM, and 2 KB static as the diagonal.
// Limits: n <= 46336 a side by memory of the card (n^2 * 4 B), indices are 64-bit.
// Speed on a card: not measured.

#include "block.cuh"

using namespace gx;

namespace {

constexpr int kFixedInfinity = (1 << 30) - 1;  // twice that is still an int
constexpr int kSlab = 32;                 // pivots a stage of the copy pipeline holds
constexpr int kStages = 2;
constexpr int kSlabs = kTile / kSlab;
constexpr int kProductShared = kStages * 2 * kSlab * kTile * 4;
constexpr int kStrip = 32;                // columns of a panel that a block makes
constexpr int kPanelShared = (kTile * kStrip + kStages * kSlab * kTile) * 4;
static_assert(kProductShared == 65536, "two blocks of phase 3 fit an SM of 164 KB or more");
static_assert(kPanelShared == 49152, "three blocks of phase 2 fit an SM of 164 KB");

/** f32 sums, minima on the bit patterns of values >= 0. */
struct FloatPaths {
  using Value = float;
  using Four = float4;

  __device__ static __forceinline__ float relax(float old, float a, float b) {
    return fminf(old, a + b);
  }

  __device__ static __forceinline__ float relax2(
      float old, float a0, float b0, float a1, float b1) {
    return __int_as_float(
        __vimin3_s32(__float_as_int(old), __float_as_int(a0 + b0), __float_as_int(a1 + b1)));
  }
};

/** Fixed point with one add-and-minimum instruction. */
struct FixedPaths {
  using Value = int;
  using Four = int4;

  __device__ static __forceinline__ int relax(int old, int a, int b) {
    return __viaddmin_s32(a, b, old);
  }

  __device__ static __forceinline__ int relax2(int old, int a0, int b0, int a1, int b1) {
    return __viaddmin_s32(a1, b1, __viaddmin_s32(a0, b0, old));
  }
};

/** Four rows of outputs against two pivots. */
template <typename Paths, int C, typename Four, typename Value>
__device__ __forceinline__ void relax_rows(
    Value (*out)[C], Four a0, Four a1, const Value (&b0)[C], const Value (&b1)[C]) {
#pragma unroll
  for (int c = 0; c < C; c++) {
    out[0][c] = Paths::relax2(out[0][c], a0.x, b0[c], a1.x, b1[c]);
    out[1][c] = Paths::relax2(out[1][c], a0.y, b0[c], a1.y, b1[c]);
    out[2][c] = Paths::relax2(out[2][c], a0.z, b0[c], a1.z, b1[c]);
    out[3][c] = Paths::relax2(out[3][c], a0.w, b0[c], a1.w, b1[c]);
  }
}

/**
 * All 8 x 8 outputs of a thread against two pivots. The left operands come in two halves, so that
 * 64 outputs, 16 + 8 operands and the addresses fit the 128 registers of two blocks an SM.
 */
template <typename Paths, typename Value = typename Paths::Value>
__device__ __forceinline__ void relax_pair(
    Value (&out)[kPerThread][kPerThread], const Value* a, const Value* b) {
  using Four = typename Paths::Four;
  Value b0[kPerThread], b1[kPerThread];
  read_operands<Four>(b, b0);
  read_operands<Four>(b + kTile, b1);
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const Four a0 = *reinterpret_cast<const Four*>(a + half * 64);
    const Four a1 = *reinterpret_cast<const Four*>(a + half * 64 + kTile);
    relax_rows<Paths>(&out[half * 4], a0, a1, b0, b1);
  }
}

/** Where this thread's part of a slab begins: a warp copies one row of 128 values at a time. */
template <typename Value>
__device__ __forceinline__ const Value* slab_part(const Value* rows, long long ld) {
  return rows + warp_id() * ld + lane_id() * 4;
}

/** Starts the copy of kSlab rows of 128 values, `ld` apart, into slab[k][0..128). */
template <typename Value>
__device__ __forceinline__ void copy_slab(Value* slab, const Value* part, long long ld) {
  Value* to = slab + threadIdx.x * 4;
#pragma unroll
  for (int c = 0; c < kSlab / kWarps; c++) {
    __pipeline_memcpy_async(to + c * kWarps * kTile, part + c * kWarps * ld, 16);
  }
}

template <typename Value, typename Four>
__device__ __forceinline__ void load_tile(
    Value (&out)[kPerThread][kPerThread], const Value* tile, long long ld) {
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
    read_operands<Four>(tile + (tile_row() + spread(r)) * ld + tile_column(), out[r]);
  }
}

template <typename Value, typename Four>
__device__ __forceinline__ void store_tile(
    Value* tile, long long ld, const Value (&out)[kPerThread][kPerThread]) {
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
    Value* row = tile + (tile_row() + spread(r)) * ld + tile_column();
    *reinterpret_cast<Four*>(row) = {out[r][0], out[r][1], out[r][2], out[r][3]};
    *reinterpret_cast<Four*>(row + 64) = {out[r][4], out[r][5], out[r][6], out[r][7]};
  }
}

/** Phase 1, by a whole block; a thread owns rows 8 ty .. 8 ty + 7 and columns 8 tx .. 8 tx + 7. */
template <typename Paths, typename Value = typename Paths::Value>
__device__ __forceinline__ void close_diagonal(Value* d, long long n, int block, Value* closure) {
  __shared__ Value row[2][kTile];
  __shared__ Value column[2][kTile];
  const int ty = static_cast<int>(threadIdx.x) / 16;
  const int tx = static_cast<int>(threadIdx.x) % 16;
  Value* tile = d + block * kTile * n + block * kTile;
  Value out[kPerThread][kPerThread];
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
#pragma unroll
    for (int c = 0; c < kPerThread; c++) {
      out[r][c] = tile[(ty * kPerThread + r) * n + tx * kPerThread + c];
    }
  }
  for (int group = 0; group < kTile / kPerThread; group++) {
#pragma unroll
    for (int s = 0; s < kPerThread; s++) {
      // Two buffers: a thread that is ahead writes the one that nobody still reads.
      const int buffer = s & 1;
      if (ty == group) {
#pragma unroll
        for (int c = 0; c < kPerThread; c++) {
          row[buffer][tx * kPerThread + c] = out[s][c];
        }
      }
      if (tx == group) {
#pragma unroll
        for (int r = 0; r < kPerThread; r++) {
          column[buffer][ty * kPerThread + r] = out[r][s];
        }
      }
      __syncthreads();
#pragma unroll
      for (int r = 0; r < kPerThread; r++) {
        const Value a = column[buffer][ty * kPerThread + r];
#pragma unroll
        for (int c = 0; c < kPerThread; c++) {
          out[r][c] = Paths::relax(out[r][c], a, row[buffer][tx * kPerThread + c]);
        }
      }
    }
  }
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
#pragma unroll
    for (int c = 0; c < kPerThread; c++) {
      const int i = ty * kPerThread + r;
      const int j = tx * kPerThread + c;
      tile[i * n + j] = out[r][c];
      closure[i * kTile + j] = out[r][c];
    }
  }
}

/**
 * Phase 2. Four blocks make tile t of the panel, 32 columns each, and write it back to d. The old values lie in shared
 * memory with the pivot outermost; the closure streams through.
 */
template <typename Paths, typename Value = typename Paths::Value>
__device__ __forceinline__ void make_panel(
    Value* d, long long n, int block, const Value* closure, Value* p) {
  using Four = typename Paths::Four;
  GX_DYNAMIC_SHARED(Value, shared);
  Value* old = shared;
  Value* slabs = shared + kTile * kStrip;
  const int t = static_cast<int>(blockIdx.x) * kStrip / kTile;
  if (t == block) {
    return;
  }
  const bool transposed = t < block;
  const long long first = blockIdx.x * static_cast<long long>(kStrip);
  Value* strip = transposed ? d + first * n + block * kTile : d + static_cast<long long>(block) * kTile * n + first;
  // out[i,j] = min_k closure[k,i] + old[k,j]
  const Value* part = slab_part(closure, kTile);
  copy_slab(slabs, part, kTile);
  __pipeline_commit();
  for (int e = static_cast<int>(threadIdx.x) * 4; e < kTile * kStrip; e += kTileThreads * 4) {
    if (transposed) {
      const int j = e / 4 % kStrip;  // a lane's column, so that its four values fall into four rows without conflict
      const int k = e / 4 / kStrip * 4;
      const Four values = *reinterpret_cast<const Four*>(strip + j * n + k);
      old[k * kStrip + j] = values.x;
      old[(k + 1) * kStrip + j] = values.y;
      old[(k + 2) * kStrip + j] = values.z;
      old[(k + 3) * kStrip + j] = values.w;
    } else {
      *reinterpret_cast<Four*>(old + e) = *reinterpret_cast<const Four*>(strip + e / kStrip * n + e % kStrip);
    }
  }
  __syncthreads();
  // A warp is 4 lanes down and 8 across, a lane four rows and four columns.
  const int row = warp_id() * 16 + lane_id() / 8 * 4;
  const int column = lane_id() % 8 * 4;
  Value out[4][4];
#pragma unroll
  for (int r = 0; r < 4; r++) {
    read_four<Four>(old + (row + r) * kStrip + column, out[r]);
  }
  for (int s = 0; s < kSlabs; s++) {
    if (s + 1 < kSlabs) {
      part += kSlab * kTile;
      copy_slab(slabs + (s + 1) % kStages * kSlab * kTile, part, kTile);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    const Value* a = slabs + s % kStages * kSlab * kTile + row;
    const Value* b = old + s * kSlab * kStrip + column;
#pragma unroll 4
    for (int k = 0; k < kSlab; k += 2) {
      Value b0[4], b1[4];
      read_four<Four>(b + k * kStrip, b0);
      read_four<Four>(b + (k + 1) * kStrip, b1);
      const Four a0 = *reinterpret_cast<const Four*>(a + k * kTile);
      const Four a1 = *reinterpret_cast<const Four*>(a + (k + 1) * kTile);
      relax_rows<Paths>(out, a0, a1, b0, b1);
    }
    __syncthreads();
  }
  Value* panel = p + first + column;
#pragma unroll
  for (int r = 0; r < 4; r++) {
    const Four across = {out[r][0], out[r][1], out[r][2], out[r][3]};
    *reinterpret_cast<Four*>(panel + (row + r) * n) = across;
    if (transposed) {
      const Four down = {out[0][r], out[1][r], out[2][r], out[3][r]};
      *reinterpret_cast<Four*>(strip + (column + r) * n + row) = down;
    } else {
      *reinterpret_cast<Four*>(strip + (row + r) * n + column) = across;
    }
  }
}

/** Phase 3, the n^3 part: d[i,j] = min(d[i,j], min_k p[k,i] + p[k,j]) for one tile a block; then the next phase 1. */
template <typename Paths, typename Value = typename Paths::Value>
__device__ __forceinline__ void relax_tiles(
    Value* d, long long n, int block, const Value* p, Value* closure) {
  using Four = typename Paths::Four;
  GX_DYNAMIC_SHARED(Value, shared);
  const int next = block + 1;
  // The first block changes places with that of the next tile on the diagonal.
  const int diagonal = next < n / kTile ? next * (next + 1) / 2 + next : 0;
  int t = static_cast<int>(blockIdx.x);
  t = t == 0 ? diagonal : t == diagonal ? 0 : t;
  int i, j;
  upper_tile(t, i, j);
  if (i == block || j == block) {
    return;
  }
  const Value* left = slab_part(p + i * kTile, n);
  const Value* right = slab_part(p + j * kTile, n);
  copy_slab(shared, left, n);
  copy_slab(shared + kSlab * kTile, right, n);
  __pipeline_commit();
  Value* tile = d + static_cast<long long>(i) * kTile * n + j * kTile;
  Value out[kPerThread][kPerThread];
  load_tile<Value, Four>(out, tile, n);
#pragma unroll 1
  for (int s = 0; s < kSlabs; s++) {
    if (s + 1 < kSlabs) {
      Value* next = shared + (s + 1) % kStages * 2 * kSlab * kTile;
      left += kSlab * n;
      right += kSlab * n;
      copy_slab(next, left, n);
      copy_slab(next + kSlab * kTile, right, n);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    const Value* a = shared + s % kStages * 2 * kSlab * kTile + tile_row();
    const Value* b = shared + (s % kStages * 2 + 1) * kSlab * kTile + tile_column();
#pragma unroll 2
    for (int k = 0; k < kSlab; k += 2) {
      relax_pair<Paths>(out, a + k * kTile, b + k * kTile);
    }
    __syncthreads();
  }
  store_tile<Value, Four>(tile, n, out);
  if (i == next && j == next) {
    __syncthreads();
    close_diagonal<Paths>(d, n, next, closure);
  }
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_floyd_warshall_diagonal_f32(float* d, long long n, int block, float* closure) {
  close_diagonal<FloatPaths>(d, n, block, closure);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_floyd_warshall_panel_f32(
    float* d, long long n, int block, const float* closure, float* p) {
  make_panel<FloatPaths>(d, n, block, closure, p);
}

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_floyd_warshall_product_f32(
    float* d, long long n, int block, const float* p, float* closure) {
  relax_tiles<FloatPaths>(d, n, block, p, closure);
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_floyd_warshall_mirror_f32(float* d, long long n) {
  mirror_upper(d, n);
}

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_floyd_warshall_diagonal_s32(int* d, long long n, int block, int* closure) {
  close_diagonal<FixedPaths>(d, n, block, closure);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_floyd_warshall_panel_s32(
    int* d, long long n, int block, const int* closure, int* p) {
  make_panel<FixedPaths>(d, n, block, closure, p);
}

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_floyd_warshall_product_s32(
    int* d, long long n, int block, const int* p, int* closure) {
  relax_tiles<FixedPaths>(d, n, block, p, closure);
}

/**
 * Row blockIdx.x of the dense matrix: the weights of its arcs, 0 on the diagonal, else infinity. Rows
 * from `vertices` on have no arcs.
 */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_floyd_warshall_fill_f32(
    const int* start, const int* column, const float* weight, int vertices, float* d, long long n) {
  const long long i = blockIdx.x;
  float* row = d + i * n;
  for (long long c = threadIdx.x * 4LL; c < n; c += kTileThreads * 4) {
    *reinterpret_cast<float4*>(row + c) = {kInfinity, kInfinity, kInfinity, kInfinity};
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    row[i] = 0.0f;
  }
  if (i < vertices) {
    for (int a = start[i] + static_cast<int>(threadIdx.x); a < start[i + 1]; a += kTileThreads) {
      row[column[a]] = weight[a];
    }
  }
}

/** Distances to fixed point and back: round(d * scale), infinity to 2^30 - 1. */
GX_GLOBAL __launch_bounds__(kTileThreads) gx_fixed_from_f32(const float* x, long long count, float scale, int* out) {
  each_element(
      count, [=](long long i) { return x[i]; },
      [=](long long i, float value) { out[i] = value < kInfinity ? __float2int_rn(value * scale) : kFixedInfinity; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_fixed_to_f32(const int* x, long long count, float scale, float* out) {
  each_element(
      count, [=](long long i) { return x[i]; },
      [=](long long i, int value) { out[i] = value < kFixedInfinity ? static_cast<float>(value) / scale : kInfinity; });
}
