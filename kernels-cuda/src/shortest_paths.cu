// Shortest paths from many sources on a sparse graph: 32 sources a block, one in each lane.
//
//   gx_shortest_paths_f32   d[s,v] = min over paths from s to v of the sum of weights
//
// Bellman-Ford by pulling, with a bit for every vertex whose distances fell in the last sweep: a warp
// takes a vertex, looks up 32 of its neighbours' bits at once, and for those that are set takes
// d[u] + w for its 32 sources in one 128-byte read. Sweeps end when no distance falls. Distances are
// updated in place, so news travels several edges a sweep; a k-NN graph needs about as many sweeps
// as its paths have edges (7 to 9 at n = 5 000 .. 20 000, k = 15).
//
// Tensors
//   start [n+1], column [arcs] s32, weight [arcs] f32 >= 0: the graph by rows, both directions of an
//   edge present; zero weights are edges. source [sources] s32.
//   work [blocks, n, 32] f32 scratch: a block's distances, the 32 sources side by side.
//   out [count, n] f32: row r belongs to source[first + r]; +infinity where there is no path.
//   sweeps [blocks] s32.
// Grid: ceil(sources / 32) blocks of 1024 threads, or fewer in turns (first, count).
// Dynamic shared memory: two bits a vertex: 8 ceil(n/32) bytes, at most 98 304.
// Limits: n <= 393 216.
//
// Determinism: d[v] = min_u fl(d[u] + w) has one greatest solution, because rounding is monotone;
// any order of relaxations that begins above it ends in it. So the bits do not depend on the order of
// the warps, and are those of Dijkstra's algorithm in f32: the least sum from the source onward.
// Relative error <= hops 2^-24.
//
// Operations and bytes, a block and sweep: 4 B of columns an arc; for arcs from a changed vertex 4 B of
// weight, 128 B of distances and 32 additions and minima.
//   n = 20 000, 400 000 arcs, 8 sweeps, half of the arcs live: 625 blocks * 8 * (1.6 + 26.4) MB =
//   140 GB from L2 and HBM, 2.6e10 relaxations; Floyd-Warshall does 4e12 on half a matrix.
// The rule between the two is in org.geodex.backend.cuda.ShortestPathRule.
// Registers: 64 at most (1024 threads). Speed on a card: not measured.

#include "warp.cuh"

using namespace gx;

namespace {

constexpr int kThreads = 1024;
constexpr int kWarps = kThreads / kWarp;
constexpr int kAtOnce = 4;  // reads of a warp under way together
constexpr float kInfinity = __builtin_huge_valf();

__device__ __forceinline__ bool bit_of(const unsigned* bits, int v) {
  return (bits[v / 32] >> (v % 32) & 1u) != 0;
}

/** min(best, d[u] + w) over the lanes in `live`; each lane for its own source. */
__device__ __forceinline__ float relax_live(
    float best, unsigned live, const float* d, int neighbour, float weight) {
  int lane = 0;
  while (live != 0) {
    float from[kAtOnce], edge[kAtOnce];
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      // Where fewer than four are left, the last one is read again: the minimum does not mind.
      lane = live != 0 ? __ffs(static_cast<int>(live)) - 1 : lane;
      live &= live - 1;
      const int u = __shfl_sync(kAllLanes, neighbour, lane);
      edge[q] = __shfl_sync(kAllLanes, weight, lane);
      from[q] = load_shared_value(d + static_cast<long long>(u) * kWarp + lane_id());
    }
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      best = fminf(best, from[q] + edge[q]);
    }
  }
  return best;
}

/** Vertex v against its changed neighbours; true where the distance of a lane fell. */
__device__ __forceinline__ bool pull(
    const int* start, const int* column, const float* weight, const unsigned* changed, float* d,
    int v) {
  float best = kInfinity;
  const int end = start[v + 1];
  for (int e0 = start[v]; e0 < end; e0 += kWarp) {
    const int e = e0 + lane_id();
    const int u = e < end ? column[e] : -1;
    const unsigned live = __ballot_sync(kAllLanes, u >= 0 && bit_of(changed, u));
    if (live != 0) {
      best = relax_live(best, live, d, u, e < end ? weight[e] : 0.0f);
    }
  }
  float* mine = d + static_cast<long long>(v) * kWarp + lane_id();
  if (!__any_sync(kAllLanes, best < kInfinity)) {
    return false;
  }
  const bool fell = best < load_shared_value(mine);
  if (fell) {
    store_shared_value(mine, best);
  }
  return __any_sync(kAllLanes, fell) != 0;
}

}  // namespace

GX_GLOBAL __launch_bounds__(kThreads) gx_shortest_paths_f32(
    const int* start, const int* column, const float* weight, int n, const int* source, int first,
    int count, float* work, float* out, int* sweeps) {
  GX_DYNAMIC_SHARED(unsigned, bits);
  const int words = (n + 31) / 32;
  unsigned* changed = bits;
  unsigned* falling = bits + words;
  float* d = work + blockIdx.x * (static_cast<long long>(n) * kWarp);
  const int row = first + blockIdx.x * kWarp + lane_id();
  const bool used = row < first + count;
  const int from = used ? source[row] : -1;
  for (int w = static_cast<int>(threadIdx.x); w < words; w += kThreads) {
    changed[w] = 0;
    falling[w] = 0;
  }
  for (int v = warp_id(); v < n; v += kWarps) {
    d[static_cast<long long>(v) * kWarp + lane_id()] = v == from ? 0.0f : kInfinity;
  }
  __syncthreads();
  if (warp_id() == 0 && used) {
    atomicOr(&changed[from / 32], 1u << (from % 32));
  }
  __syncthreads();
  int sweep = 0;
  bool more = true;
  while (more) {
    sweep++;
    bool mine = false;
    for (int v = warp_id(); v < n; v += kWarps) {
      if (pull(start, column, weight, changed, d, v)) {
        mine = true;
        if (lane_id() == 0) {
          atomicOr(&falling[v / 32], 1u << (v % 32));
        }
      }
    }
    more = __syncthreads_or(mine) != 0;
    unsigned* old = changed;
    changed = falling;
    falling = old;
    for (int w = static_cast<int>(threadIdx.x); w < words; w += kThreads) {
      falling[w] = 0;
    }
    __syncthreads();
  }
  // Transposed on the way out: a lane takes a vertex, and 32 rows read the same 32 lines of L1.
  for (int v0 = warp_id() * kWarp; v0 < n; v0 += kThreads) {
    const int v = v0 + lane_id();
    for (int s = 0; s < kWarp; s++) {
      const int r = blockIdx.x * kWarp + s;
      if (v < n && r < count) {
        out[r * static_cast<long long>(n) + v] = d[static_cast<long long>(v) * kWarp + s];
      }
    }
  }
  if (threadIdx.x == 0) {
    sweeps[blockIdx.x] = sweep;
  }
}
