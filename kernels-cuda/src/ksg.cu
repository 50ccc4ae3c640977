// Neighbour counts of Kraskov, Stoegbauer and Grassberger (Phys. Rev. E 69, 066138, 2004), exact.
//
//   gx_ksg_counts_f32   for row i: the distance to its k-th neighbour in the joint space, where the
//                       joint distance is max(dx, dy) or max(dx, dy, dz), and how many rows lie within it
//                       in each marginal space
//
//   variant 1: strictly within the radius. Variant 2: within or on the largest dx (dy) of the k
//   neighbours. With z (Frenzel and Pompe, Phys. Rev. Lett. 99, 204101, 2007): strictly within the
//   radius in the spaces (x,z), (y,z) and z; variant 1 alone.
//
// One pass over the pairs: the tile kernels of pairwise.cu write the marginal distances of all rows, each pair
// once for both of its places, or of a strip where they do not fit, and this kernel reads them, most of the times
// from L2: a block's row of both spaces is 8 n bytes. Geodesic KSG hands its distance matrices over in
// the same place. A permuted y is `order`: entry (i, j) of y is dy[order[i], order[j]], so a batch of B
// permutations (grid y) needs no second distance matrix.
//
// Exact counts from f32 distances. `band` is the relative error c of an f32 distance (0 for max norm,
// whose f32 value is the f64 value rounded once, and 0 with null points for distances that are the
// truth themselves). Rows of which f32 cannot decide, the ones within (1 +- c) of the radius, are
// decided by f64 distances from the points. Usually that is the k-th neighbour alone.
//
//   1. the k-th smallest f32 joint distance t, by four passes of an 8-bit radix count over the bits
//      (floats >= 0 order as their bits)
//   2. the radius T: the k-th smallest f64 joint distance, looked for within (1 +- 2c) t
//   3. the counts, f64 within (1 +- c) T
//
// Tensors: dx, dy, dz [rows, n] f32, row stride ld, row r is observation first + r (dy with `order`:
// the whole matrix [n, n]); px [n, wx], py [n, wy], pz [n, wz] f32 points or null; order [B, n] s32 or
// null; count_x, count_y, count_z [B, n] s32.
// Grid: (rows, B) blocks of 256, one row each.
//
// Operations and bytes: of both distances of a pair 4 reads for the radix count and 2 for the radius, of
// each 2 for its count: 64 B a pair from L2 (104 with z).
//   n = 10 000: 6.4 GB, about 1.3 ms at 5 TB/s, and 0.8 GB written and read once. The distances themselves:
//   wx + wy instructions a pair of the half; n = 10 000, wx + wy = 1 536: 1.5e11 instructions, 4.6 ms at
//   132 SM x 128 lanes x 1.98 GHz.
// Shared memory: 4 KB static. Determinism: counts are integers and radii maxima or fixed trees.
// Limits: k <= 1 024 (variant 2 keeps the k neighbours).
// Speed on a card: not measured.

#include "tile.cuh"

using namespace gx;

namespace {

constexpr int kMostNeighbours = 1024;
constexpr int kBins = 256;
constexpr int kWarps = kTileThreads / kWarp;

struct Space {
  const float* distance;  // this row's distances
  const float* points;
  int width;
  const int* order;  // of y: the row that stands at j
  long long self;    // this row's point
};

struct Rows {
  Space x, y, z;
  bool has_z;
  bool euclidean;
  int i;
  int n;
};

__device__ __forceinline__ float at(const Space& s, int j) {
  return s.distance[s.order == nullptr ? j : s.order[j]];
}

__device__ __forceinline__ float joint(const Rows& rows, int j) {
  float value = fmaxf(at(rows.x, j), at(rows.y, j));
  return rows.has_z ? fmaxf(value, at(rows.z, j)) : value;
}

/** The f64 distance in one space; a warp works together and every lane gets it. */
__device__ __forceinline__ double exact_distance(const Rows& rows, const Space& s, int j) {
  const int other = s.order == nullptr ? j : s.order[j];
  if (s.points == nullptr) {
    return s.distance[other];
  }
  const float* a = s.points + s.self * s.width;
  const float* b = s.points + static_cast<long long>(other) * s.width;
  double value = 0.0;
  for (int c = lane_id(); c < s.width; c += kWarp) {
    const double difference = static_cast<double>(a[c]) - b[c];
    value = rows.euclidean ? fma(difference, difference, value) : fmax(value, fabs(difference));
  }
  return rows.euclidean ? sqrt(warp_sum(value)) : warp_max(value);
}

__device__ __forceinline__ double exact_joint(const Rows& rows, int j) {
  double value = fmax(exact_distance(rows, rows.x, j), exact_distance(rows, rows.y, j));
  return rows.has_z ? fmax(value, exact_distance(rows, rows.z, j)) : value;
}

/** Sum over the block; every thread gets it. */
__device__ __forceinline__ int block_sum(int value, int* partial) {
  value = warp_sum(value);
  __syncthreads();
  if (lane_id() == 0) {
    partial[warp_id()] = value;
  }
  __syncthreads();
  int sum = 0;
  for (int w = 0; w < kWarps; w++) {
    sum += partial[w];
  }
  return sum;
}

__device__ __forceinline__ double block_min(double value, double* partial) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = fmin(value, __shfl_xor_sync(kAllLanes, value, step));
  }
  __syncthreads();
  if (lane_id() == 0) {
    partial[warp_id()] = value;
  }
  __syncthreads();
  double least = partial[0];
  for (int w = 1; w < kWarps; w++) {
    least = fmin(least, partial[w]);
  }
  return least;
}

/** The k-th smallest joint distance in f32, row i itself left out. */
__device__ __forceinline__ float kth_joint(const Rows& rows, int k, int* bins, int* chosen) {
  unsigned prefix = 0;
  int left = k;
  for (int shift = 24; shift >= 0; shift -= 8) {
    for (int b = static_cast<int>(threadIdx.x); b < kBins; b += kTileThreads) {
      bins[b] = 0;
    }
    __syncthreads();
    for (int j = static_cast<int>(threadIdx.x); j < rows.n; j += kTileThreads) {
      const unsigned bits = __float_as_uint(joint(rows, j));
      const bool same = shift == 24 || bits >> (shift + 8) == prefix >> (shift + 8);
      if (j != rows.i && same) {
        atomicAdd(&bins[bits >> shift & 0xffu], 1);
      }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      int bin = 0;
      int before = 0;
      while (before + bins[bin] < left) {
        before += bins[bin];
        bin++;
      }
      chosen[0] = bin;
      chosen[1] = before;
    }
    __syncthreads();
    prefix |= static_cast<unsigned>(chosen[0]) << shift;
    left -= chosen[1];
  }
  return __uint_as_float(prefix);
}

/** The sums of f(j) over the rows other than i for which `inside` holds, with f called by a warp. */
template <typename Undecided, typename F>
__device__ __forceinline__ void each_undecided(const Rows& rows, Undecided undecided, F f) {
  for (int j0 = warp_id() * kWarp; j0 < rows.n; j0 += kTileThreads) {
    const int j = j0 + lane_id();
    unsigned open = __ballot_sync(kAllLanes, j < rows.n && j != rows.i && undecided(j));
    while (open != 0) {
      const int lane = __ffs(static_cast<int>(open)) - 1;
      open &= open - 1;
      f(j0 + lane);
    }
  }
}

/** The k-th smallest joint distance in f64: beyond those certainly less, the next ones in order. */
__device__ __forceinline__ double exact_radius(
    const Rows& rows, int k, float low, float high, int* partial, double* least) {
  int sure = 0;
  for (int j = static_cast<int>(threadIdx.x); j < rows.n; j += kTileThreads) {
    sure += j != rows.i && joint(rows, j) < low ? 1 : 0;
  }
  int rank = block_sum(sure, partial);
  double radius = -1.0;
  const auto undecided = [&](int j) {
    const float value = joint(rows, j);
    return value >= low && value <= high;
  };
  while (rank < k) {
    double next = kInfinity64;
    int copies = 0;
    each_undecided(rows, undecided, [&](int j) {
      const double value = exact_joint(rows, j);
      if (value > radius && value < next) {
        next = value;
        copies = 0;
      }
      copies += value == next ? 1 : 0;
    });
    const double lowest = block_min(next, least);
    rank += block_sum(lane_id() == 0 && next == lowest ? copies : 0, partial);
    radius = lowest;
    if (lowest == kInfinity64) {
      break;
    }
  }
  return radius;
}

/** Rows within a radius of one space, or of the maximum of two. */
__device__ __forceinline__ int within(
    const Rows& rows, const Space& s, const Space* also, double radius, bool border, float band,
    int* partial) {
  const float middle = static_cast<float>(radius);
  const float low = middle * (1.0f - band);
  const float high = middle * (1.0f + band);
  const auto value = [&](int j) {
    return also == nullptr ? at(s, j) : fmaxf(at(s, j), at(*also, j));
  };
  int count = 0;
  for (int j = static_cast<int>(threadIdx.x); j < rows.n; j += kTileThreads) {
    count += j != rows.i && value(j) < low ? 1 : 0;
  }
  each_undecided(
      rows, [&](int j) { return value(j) >= low && value(j) <= high; },
      [&](int j) {
        double distance = exact_distance(rows, s, j);
        if (also != nullptr) {
          distance = fmax(distance, exact_distance(rows, *also, j));
        }
        const bool inside = border ? distance <= radius : distance < radius;
        count += inside && lane_id() == 0 ? 1 : 0;
      });
  return block_sum(count, partial);
}

/** Variant 2: the k neighbours, ties by lower index, and their extent in each space. */
__device__ __forceinline__ void extents(
    const Rows& rows, int k, double radius, float low, float high, int* partial, int* list,
    double* least, double& extent_x, double& extent_y) {
  // Certain ones and f64-closer ones first; then the equals, lowest index first.
  if (threadIdx.x == 0) {
    partial[kWarps] = 0;
  }
  __syncthreads();
  for (int j = static_cast<int>(threadIdx.x); j < rows.n; j += kTileThreads) {
    if (j != rows.i && joint(rows, j) < low) {
      list[atomicAdd(&partial[kWarps], 1)] = j;
    }
  }
  each_undecided(
      rows,
      [&](int j) {
        const float value = joint(rows, j);
        return value >= low && value <= high;
      },
      [&](int j) {
        if (exact_joint(rows, j) < radius && lane_id() == 0) {
          list[atomicAdd(&partial[kWarps], 1)] = j;
        }
      });
  __syncthreads();
  int size = partial[kWarps];
  int after = -1;
  while (size < k) {
    double next = kInfinity64;
    each_undecided(
        rows,
        [&](int j) {
          const float value = joint(rows, j);
          return j > after && value >= low && value <= high;
        },
        [&](int j) {
          if (j < next && exact_joint(rows, j) == radius) {
            next = j;
          }
        });
    after = static_cast<int>(block_min(next, least));
    if (threadIdx.x == 0) {
      list[size] = after;
    }
    size++;
  }
  __syncthreads();
  double x = 0.0;
  double y = 0.0;
  for (int e = warp_id(); e < k; e += kWarps) {
    x = fmax(x, exact_distance(rows, rows.x, list[e]));
    y = fmax(y, exact_distance(rows, rows.y, list[e]));
  }
  extent_x = -block_min(-x, least);
  extent_y = -block_min(-y, least);
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads) gx_ksg_counts_f32(
    const float* dx, const float* dy, const float* dz, long long ld, int n, int first,
    const float* px, int wx, const float* py, int wy, const float* pz, int wz, const int* order,
    int k, int variant, int euclidean, float band, int* count_x, int* count_y, int* count_z) {
  __shared__ int bins[kBins];
  __shared__ int chosen[2];
  __shared__ int partial[kWarps + 1];
  __shared__ double least[kWarps];
  __shared__ int list[kMostNeighbours];
  const int row = static_cast<int>(blockIdx.x);
  const int i = first + row;
  const int* shuffled = order == nullptr ? nullptr : order + static_cast<long long>(blockIdx.y) * n;
  const long long y_row = shuffled == nullptr ? row : shuffled[i];
  Rows rows;
  rows.x = {dx + row * ld, px, wx, nullptr, i};
  rows.y = {dy + y_row * ld, py, wy, shuffled, shuffled == nullptr ? i : y_row};
  rows.has_z = dz != nullptr;
  rows.z = {rows.has_z ? dz + row * ld : nullptr, pz, wz, nullptr, i};
  rows.euclidean = euclidean != 0;
  rows.i = i;
  rows.n = n;
  const float kth = kth_joint(rows, k, bins, chosen);
  const long long to = static_cast<long long>(blockIdx.y) * n + i;
  if (kth == kInfinity) {
    if (threadIdx.x == 0) {
      count_x[to] = -1;
      count_y[to] = -1;
    }
    return;
  }
  const float low = kth * (1.0f - 2.0f * band);
  const float high = kth * (1.0f + 2.0f * band);
  const double radius = exact_radius(rows, k, low, high, partial, least);
  int nx, ny;
  if (variant == 2) {
    double extent_x, extent_y;
    extents(rows, k, radius, low, high, partial, list, least, extent_x, extent_y);
    nx = within(rows, rows.x, nullptr, extent_x, true, band, partial);
    ny = within(rows, rows.y, nullptr, extent_y, true, band, partial);
  } else {
    const Space* also = rows.has_z ? &rows.z : nullptr;
    nx = within(rows, rows.x, also, radius, false, band, partial);
    ny = within(rows, rows.y, also, radius, false, band, partial);
  }
  if (rows.has_z) {
    const int nz = within(rows, rows.z, nullptr, radius, false, band, partial);
    if (threadIdx.x == 0) {
      count_z[to] = nz;
    }
  }
  if (threadIdx.x == 0) {
    count_x[to] = nx;
    count_y[to] = ny;
  }
}
