// Shortest paths from many sources on a sparse graph: 32 sources a block, one in each lane.
//
//   gx_shortest_paths_f32   d[s,v] = min over paths from s to v of the sum of weights
//
// Bellman-Ford by pulling, on vertices numbered so that neighbours are near (reverse Cuthill-McKee; the caller's work).
// A sweep first marks who borders on a vertex that fell in the last one; then a warp takes a marked vertex, looks up
// 32 of its neighbours at once, and for those that fell takes d[u] + w for its 32 sources in one 128-byte read. Sweeps
// go up and down in turns and end when no distance falls. Distances are updated in place, so news travels several
// edges a sweep. The 32 warps work on 32 neighbours in the numbering, and the caller puts sources side by side that
// are near each other, so that their waves run through the same vertices and find them in L1.
//
// Tensors
//   start [n+1], column [arcs] s32, weight [arcs] f32 >= 0: the graph by rows, both directions of an
//   edge present; zero weights are edges. source [count] s32, numbers of the graph as it is given here.
//   work [blocks, n, 32] f32 scratch: a block's distances, the 32 sources side by side.
//   out f32, rows of n: source i in row row[i] (null: i), vertex v as the user numbers it in column v; place [n] s32 is
//   v's number here. +infinity where there is no path. sweeps [blocks] s32.
// Grid: ceil(count / 32) blocks of 1024 threads.
// Dynamic shared memory: three bits a vertex: 12 ceil(n/32) bytes, at most 98 304.
// Limits: n <= 262 144.
//
// Determinism: d[v] = min_u fl(d[u] + w) has one greatest solution, because rounding is monotone;
// any order of relaxations that begins above it ends in it. So the bits do not depend on the order of
// the warps, and are those of Dijkstra's algorithm in f32: the least sum from the source onward.
// Relative error <= hops 2^-24.
//
// Operations and bytes, a block: 4 B of columns for each arc of a vertex that fell or is marked; for arcs from a fallen
// vertex 4 B of weight, 128 B of distances and 32 additions and minima. Simulated sweeps over k-NN graphs of 20 000
// points (k = 15; lines of an L1 of 160 KB; the program is not kept):
//                               vertices marked   arcs that carry news   lines from beyond L1, an arc
//   swiss roll                  10.8 times        4.4 times              0.4    (57 and 56 in the order of the data,
//   sheet of 12 dimensions       4.9              3.2                    2.0     3.5 and 3.4     with every vertex
//   64 independent normals       3.8              2.6                    2.1     2.5 and 2.3     looked at each time)
//   400 000 arcs, 625 blocks: 625 * 400 000 * (3 * 132 + 10 * 4) B = 109 GB from L1, some 65 GB of it from L2 and HBM;
//   2.4e10 relaxations; Floyd-Warshall does 4e12 on half a matrix.
// The rule between the two is in org.geodex.backend.cuda.ShortestPathRule.
// Registers: 64 at most (1024 threads). Speed on a card: not measured.

#include "warp.cuh"

using namespace gx;

namespace {

constexpr int kThreads = 1024;
constexpr int kWarps = kThreads / kWarp;
constexpr int kAtOnce = 8;  // reads of a warp under way together

__device__ __forceinline__ bool bit_of(const unsigned* bits, int v) {
  return (bits[v / 32] >> (v % 32) & 1u) != 0;
}

/**
 * Calls f(v) for those of this warp's vertices whose bit is set, up or down: bit w of every word is warp w's, so that
 * the warps work on neighbours at the same time. A warp looks through 1024 vertices at once.
 */
template <typename F>
__device__ __forceinline__ void each_marked(const unsigned* bits, int words, bool down, F f) {
  const int chunks = (words + kWarp - 1) / kWarp;
  for (int c = 0; c < chunks; c++) {
    const int first = (down ? chunks - 1 - c : c) * kWarp;
    const int word = first + lane_id();
    unsigned marked = __ballot_sync(kAllLanes, word < words && (bits[word] >> warp_id() & 1u) != 0);
    while (marked != 0) {
      const int lane = down ? kWarp - 1 - __clz(static_cast<int>(marked)) : __ffs(static_cast<int>(marked)) - 1;
      marked &= ~(1u << lane);
      f((first + lane) * 32 + warp_id());
    }
  }
}

__device__ __forceinline__ void set_bit(unsigned* bits, int v) { atomicOr(&bits[v / 32], 1u << (v % 32)); }

/** min(best, d[u] + w) over the lanes in `live`; each lane for its own source. */
__device__ __forceinline__ float relax_live(
    float best, unsigned live, const float* d, int neighbour, float weight) {
  int lane = 0;
  while (live != 0) {
    float from[kAtOnce], edge[kAtOnce];
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      // Where fewer than eight are left, the last one is read again: the minimum does not mind.
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

/** Vertex v against its neighbours that fell; true where the distance of a lane falls. */
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
    const int* start, const int* column, const float* weight, int n, const int* source, const int* row, int count,
    const int* place, float* work, float* out, int* sweeps) {
  GX_DYNAMIC_SHARED(unsigned, bits);
  const int words = (n + 31) / 32;
  unsigned* changed = bits;
  unsigned* falling = bits + words;
  unsigned* marked = bits + 2 * words;
  float* d = work + blockIdx.x * (static_cast<long long>(n) * kWarp);
  const int first = static_cast<int>(blockIdx.x) * kWarp;
  const bool used = first + lane_id() < count;
  const int from = used ? source[first + lane_id()] : -1;
  for (int w = static_cast<int>(threadIdx.x); w < 3 * words; w += kThreads) {
    bits[w] = 0;
  }
  for (int v = warp_id(); v < n; v += kWarps) {
    d[static_cast<long long>(v) * kWarp + lane_id()] = v == from ? 0.0f : kInfinity;
  }
  __syncthreads();
  if (warp_id() == 0 && used) {
    set_bit(changed, from);
  }
  __syncthreads();
  int sweep = 0;
  bool more = true;
  while (more) {
    each_marked(changed, words, false, [&](int v) {
      for (int e = start[v] + lane_id(); e < start[v + 1]; e += kWarp) {
        set_bit(marked, column[e]);
      }
    });
    __syncthreads();
    bool mine = false;
    each_marked(marked, words, sweep % 2 == 1, [&](int v) {
      if (pull(start, column, weight, changed, d, v)) {
        mine = true;
        if (lane_id() == 0) {
          set_bit(falling, v);
        }
      }
    });
    sweep++;
    more = __syncthreads_or(mine) != 0;
    unsigned* old = changed;
    changed = falling;
    falling = old;
    for (int w = static_cast<int>(threadIdx.x); w < words; w += kThreads) {
      falling[w] = 0;
      marked[w] = 0;
    }
    __syncthreads();
  }
  // Transposed on the way out: a lane takes a vertex, and its 32 distances are one line of L1.
  for (int v0 = warp_id() * kWarp; v0 < n; v0 += kThreads) {
    const int v = v0 + lane_id();
    if (v < n) {
      const float* distances = d + static_cast<long long>(place[v]) * kWarp;
      for (int s = 0; s < kWarp && first + s < count; s += kAtOnce) {
        float distance[kAtOnce];
#pragma unroll
        for (int q = 0; q < kAtOnce; q++) {
          distance[q] = distances[s + q];
        }
#pragma unroll
        for (int q = 0; q < kAtOnce; q++) {
          const int i = first + s + q;
          if (i < count) {
            out[(row == nullptr ? i : row[i]) * static_cast<long long>(n) + v] = distance[q];
          }
        }
      }
    }
  }
  if (threadIdx.x == 0) {
    sweeps[blockIdx.x] = sweep;
  }
}
