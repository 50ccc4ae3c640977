// All shortest paths of a dense graph: blocked Floyd-Warshall.
//
//   d[i,j] <- min(d[i,j], min_k d[i,k] + d[k,j])      for every block of 128 vertices k in turn
//
// Reference: Venkataraman, Sahni, Mukhopadhyaya, "A blocked all-pairs shortest-paths algorithm",
// JEA 8 (2003). For each block b three launches on one stream:
//
//   1. gx_floyd_warshall_diagonal_{f32,s32}: closes the tile d[b,b] by itself (128 dependent steps)
//   2. gx_floyd_warshall_panel_{f32,s32}: row panel p[k,j] = closure (x) d[b,j], column panel
//                                   q[k,i] = (d[i,b] (x) closure)^T, both with k outermost
//   3. gx_floyd_warshall_product_{f32,s32}: every other tile: d[i,j] = min(d[i,j], min_k q[k,i] + p[k,j])
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
//   closure   [2][128,128] device scratch: the closed diagonal tile and its transpose.
//   p, q      [128,n] device scratch; a symmetric graph needs p alone (q = p).
//
// A symmetric graph works on the tiles with i <= j alone: half the operations and bytes. Tiles
// below the diagonal are read nowhere; gx_floyd_warshall_mirror_f32 fills them at the end.
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
// Operations and bytes: n^3 relaxations (n^3 / 2 symmetric). Filling writes 4 n^2 B, converting and
// mirroring read and write 4 n^2 B each: memory bound. Phase 3 moves 8 B per element of d
// and block of 128 pivots = 8/128 B a relaxation, plus the panels (1024 B per tile row, from L2).
//   n = 16384, symmetric: 2.2e12 relaxations, 137 GB: 16 relaxations a byte. At 3.35 TB/s memory
//   allows 5.4e13 relaxations/s, issue (132 SM x 4 x 32 lanes / 1.5 x 1.755 GHz) 2.0e13: issue bound.
//
// Inner loop of phase 3, a thread and two pivots: 8 LDS.128, 128 FADD, 64 VIMNMX3 for 128
// relaxations = 1.5625 instructions each, 4 % above the ideal 1.5 (s32: 64 VIADDMNMX + 4 LDS per
// pivot = 1.0625, 6 % above 1). docs/kernels.md holds the count read from the assembled code.
//
// Grid: phase 1 one block, phase 2 n/128 blocks (twice that without symmetry), phase 3 one block for each
// tile, all of 256 threads.
// Phase 1 is one block for about 128 x 350 clocks; phase 2 has n/128 blocks of 128^3 relaxations.
// Both are 1 to 2 % of phase 3 at n = 16384 and dominate below n = 2000.
//
// Shared memory: phase 1 2 KB static; phase 2 96 KB dynamic; phase 3 64 KB dynamic (2 blocks an SM).
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
constexpr int kPanelShared = (kTile * kTile + kStages * kSlab * kTile) * 4;
static_assert(kProductShared == 65536, "two blocks of phase 3 fit an SM of 164 KB or more");
static_assert(kPanelShared == 98304, "phase 2 fits the 99 KB a block of sm_86 may have");

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
#pragma unroll
    for (int c = 0; c < kPerThread; c++) {
      Value* const to = &out[half * 4][c];
      to[0 * kPerThread] = Paths::relax2(to[0 * kPerThread], a0.x, b0[c], a1.x, b1[c]);
      to[1 * kPerThread] = Paths::relax2(to[1 * kPerThread], a0.y, b0[c], a1.y, b1[c]);
      to[2 * kPerThread] = Paths::relax2(to[2 * kPerThread], a0.z, b0[c], a1.z, b1[c]);
      to[3 * kPerThread] = Paths::relax2(to[3 * kPerThread], a0.w, b0[c], a1.w, b1[c]);
    }
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

/** Phase 1. One block; a thread owns rows 8 ty .. 8 ty + 7 and columns 8 tx .. 8 tx + 7. */
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
      closure[kTile * kTile + j * kTile + i] = out[r][c];
    }
  }
}

/**
 * Phase 2. Block (t, side) makes tile t of the row panel (side 0) or of the column panel (side 1)
 * and writes it back to d. The whole old tile lies in shared memory with the pivot outermost;
 * the closure streams through.
 */
template <typename Paths, typename Value = typename Paths::Value>
__device__ __forceinline__ void make_panel(
    Value* d, long long n, int block, const Value* closure, Value* p, Value* q, int symmetric) {
  using Four = typename Paths::Four;
  GX_DYNAMIC_SHARED(Value, shared);
  Value* old = shared;
  Value* slabs = shared + kTile * kTile;
  const int t = static_cast<int>(blockIdx.x);
  const int side = static_cast<int>(blockIdx.y);
  if (t == block) {
    return;
  }
  const bool transposed = symmetric ? t < block : side == 1;
  Value* tile = transposed ? d + static_cast<long long>(t) * kTile * n + block * kTile
                           : d + static_cast<long long>(block) * kTile * n + t * kTile;
  // out[i,j] = min_k closure[i,k] + old[k,j], so the left operand with k outermost is the transpose.
  const Value* left = side == 0 ? closure + kTile * kTile : closure;
  const Value* part = slab_part(left, kTile);
  copy_slab(slabs, part, kTile);
  __pipeline_commit();
  for (int e = static_cast<int>(threadIdx.x); e < kTile * kTile; e += kTileThreads) {
    const int i = e / kTile;
    const int j = e % kTile;
    old[transposed ? j * kTile + i : e] = tile[i * n + j];
  }
  __syncthreads();
  Value out[kPerThread][kPerThread];
  load_tile<Value, Four>(out, old, kTile);
  for (int s = 0; s < kSlabs; s++) {
    if (s + 1 < kSlabs) {
      part += kSlab * kTile;
      copy_slab(slabs + (s + 1) % kStages * kSlab * kTile, part, kTile);
    }
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    const Value* a = slabs + s % kStages * kSlab * kTile + tile_row();
    const Value* b = old + s * kSlab * kTile + tile_column();
#pragma unroll 2
    for (int k = 0; k < kSlab; k += 2) {
      relax_pair<Paths>(out, a + k * kTile, b + k * kTile);
    }
    __syncthreads();
  }
  store_tile<Value, Four>((side == 0 ? p : q) + static_cast<long long>(t) * kTile, n, out);
  if (!transposed) {
    store_tile<Value, Four>(tile, n, out);
    return;
  }
#pragma unroll
  for (int r = 0; r < kPerThread; r++) {
#pragma unroll
    for (int c = 0; c < kPerThread; c++) {
      tile[(tile_column() + spread(c)) * n + tile_row() + spread(r)] = out[r][c];
    }
  }
}

/** Phase 3, the n^3 part: d[i,j] = min(d[i,j], min_k q[k,i] + p[k,j]) for one tile a block. */
template <typename Paths, typename Value = typename Paths::Value>
__device__ __forceinline__ void relax_tiles(
    Value* d, long long n, int block, const Value* p, const Value* q, int symmetric) {
  using Four = typename Paths::Four;
  GX_DYNAMIC_SHARED(Value, shared);
  int i, j;
  if (symmetric) {
    upper_tile(static_cast<int>(blockIdx.x), i, j);
  } else {
    const int tiles = static_cast<int>(n / kTile);
    i = static_cast<int>(blockIdx.x) / tiles;
    j = static_cast<int>(blockIdx.x) % tiles;
  }
  if (i == block || j == block) {
    return;
  }
  const Value* left = slab_part(q + i * kTile, n);
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
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads)
    gx_floyd_warshall_diagonal_f32(float* d, long long n, int block, float* closure) {
  close_diagonal<FloatPaths>(d, n, block, closure);
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_floyd_warshall_panel_f32(
    float* d, long long n, int block, const float* closure, float* p, float* q, int symmetric) {
  make_panel<FloatPaths>(d, n, block, closure, p, q, symmetric);
}

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_floyd_warshall_product_f32(
    float* d, long long n, int block, const float* p, const float* q, int symmetric) {
  relax_tiles<FloatPaths>(d, n, block, p, q, symmetric);
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
    int* d, long long n, int block, const int* closure, int* p, int* q, int symmetric) {
  make_panel<FixedPaths>(d, n, block, closure, p, q, symmetric);
}

GX_GLOBAL __launch_bounds__(kTileThreads, 2) gx_floyd_warshall_product_s32(
    int* d, long long n, int block, const int* p, const int* q, int symmetric) {
  relax_tiles<FixedPaths>(d, n, block, p, q, symmetric);
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
