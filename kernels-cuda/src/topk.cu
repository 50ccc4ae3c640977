// The k nearest rows, exactly: candidates by f32 scores, ranks by f64 distances.
//
//   gx_topk_{32,64,128,256}_f32   folds one strip of scores into each row's list of best candidates
//   gx_topk_columns_{32,64,128,256}_f32   the same into each column's list: of x with itself, score
//                                 (i, j) serves row i and row j, and half of the product is enough
//   gx_topk_rerank_f64            f64 distances of the candidates, the k best in order, and whether
//                                 no row outside the list can belong to them
//   gx_topk_exact_f64             the k best of whole rows of f64 distances (the rows that were not
//                                 certified: many duplicates)
//
// Scores order like squared distances: score = yy[j] - 2 p[i,j] with p = x.y from a matrix product
// (mode 0), or p itself (mode 1: distances by the direct form). The epilogue of the distance is thus
// part of the selection: a product is written once and read once, in a strip that stays in L2, and no
// distance matrix exists.
//
// Selection: one warp a row (a column: 8 neighbouring ones a block, one sector of a row of scores, turned in
// shared memory, the next 128 rows under way meanwhile). A list of R * 32 keys lies sorted in R registers a lane; key = (score as
// an ordered integer, index), so equal scores fall to the lower index and the list is the same set
// whatever the order of the strips. A lane offers its score when it is below the list's last; offers
// are inserted one by one, by ballots and one shuffle a register.
//
// Certificate: with K candidates of row i and the largest kept score s (infinite while the list has
// room), a row outside has an f32 score of at least s. `slack` bounds how far such a score may lie
// above the true squared distance of the prepared rows: 2^-24 (2 (d + 4) |x||y| + 4 (|x|^2 + |y|^2)),
// |y| <= reach; `drift` how much preparing moves a distance: 2^-22 (|x| + reach). So every row outside
// is farther than sqrt(max(0, s + |x|^2 - slack)) - drift; when that is more than the k-th f64
// distance, the k rows are the true ones. Mode 1 compares s (1 - relative) with the k-th distance.
//
// Tensors: p [rows, columns] f32, row stride ldp: rows first_row .. , columns first_column .. of the
// score matrix; keys [n,K] u64; index [n,k] s32; distance [n,k] f64; certain [n] s32.
// Grid: _f32 ceil(rows/8) (columns: ceil(columns/8)) blocks of 256; rerank n blocks of 256; exact ceil(rows/8) blocks of 256.
//
// Operations and bytes: selection reads 4 B a pair from L2 (yy from L1) and spends about 3
// instructions on it; a row inserts about K ln(m/K) times at 12 R instructions.
//   m = 50 000, K = 32: 235 insertions a row; 1 563 warp loads. Against 2 d FLOP a pair of the product
//   (d = 768: 81 ms at the 47.3 TFLOP/s seen for cuBLAS on an H200; 42 ms for the half that x with itself
//   needs, squares of 2048 rows on the diagonal being whole) the 10 GB of L2 reads are 2 ms.
//   Re-rank: n K d f64 terms, n K d 4 B gathered: 1.2e9 terms and 4.9 GB for n = 50 000, d = 768.
// Determinism: keys are totally ordered; f64 sums by lane and a fixed tree.
// Shared memory: columns 4 KB, rerank 3 KB, static. Limits: k <= 240, columns < 2^31.
// Speed on a card: not measured.

#include "tile.cuh"

using namespace gx;

namespace {

constexpr int kWarpsABlock = kTileThreads / kWarp;
constexpr int kMostCandidates = 256;
constexpr int kAtOnce = 4;  // scores of a lane that are under way together
constexpr int kStagedRows = kAtOnce * kWarp;
constexpr unsigned long long kNoKey = ~0ull;

/** Floats as integers that order alike, negative ones included. */
__device__ __forceinline__ unsigned ordered(float value) {
  const unsigned bits = __float_as_uint(value);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ __forceinline__ float unordered(unsigned bits) {
  return __uint_as_float(bits & 0x80000000u ? bits & 0x7fffffffu : ~bits);
}

__device__ __forceinline__ unsigned long long key_of(float score, int index) {
  return static_cast<unsigned long long>(ordered(score)) << 32 | static_cast<unsigned>(index);
}

/** A sorted list over a warp: entry e lies in register e / 32 of lane e % 32. */
template <typename Key, int R>
struct WarpList {
  Key entry[R];

  __device__ __forceinline__ Key last() const {
    return shuffle(entry[R - 1], kWarp - 1);
  }

  /** Puts a key that every lane holds in its place; the last entry falls out. */
  __device__ __forceinline__ void insert(Key key) {
    Key carried = key;
#pragma unroll
    for (int r = 0; r < R; r++) {
      // Lanes whose entry stays; entries are sorted, so they are the first ones.
      const int place = __popc(__ballot_sync(kAllLanes, entry[r] < key));
      if (place == kWarp) {
        continue;
      }
      const Key fallen = shuffle(entry[r], kWarp - 1);
      const Key left = shuffle_up(entry[r]);
      if (lane_id() > place) {
        entry[r] = left;
      } else if (lane_id() == place) {
        entry[r] = carried;
      }
      // From its register on, each later one takes what fell out of the one before.
      carried = fallen;
      key = smallest();
    }
  }

  __device__ static __forceinline__ Key shuffle(const Key& k, int lane) {
    return Key::shuffle(k, lane);
  }
  __device__ static __forceinline__ Key shuffle_up(const Key& k) { return Key::shuffle_up(k); }
  __device__ static __forceinline__ Key smallest() { return Key::smallest(); }
};

/** Score and index in one integer. */
struct ScoreKey {
  unsigned long long bits;

  __device__ __forceinline__ bool operator<(const ScoreKey& other) const {
    return bits < other.bits;
  }
  __device__ static __forceinline__ ScoreKey shuffle(const ScoreKey& k, int lane) {
    return {__shfl_sync(kAllLanes, k.bits, lane)};
  }
  __device__ static __forceinline__ ScoreKey shuffle_up(const ScoreKey& k) {
    return {__shfl_up_sync(kAllLanes, k.bits, 1)};
  }
  __device__ static __forceinline__ ScoreKey smallest() { return {0}; }
};

/** An f64 distance and an index. */
struct DistanceKey {
  double distance;
  int index;

  __device__ __forceinline__ bool operator<(const DistanceKey& other) const {
    return distance < other.distance || (distance == other.distance && index < other.index);
  }
  __device__ static __forceinline__ DistanceKey shuffle(const DistanceKey& k, int lane) {
    return {__shfl_sync(kAllLanes, k.distance, lane), __shfl_sync(kAllLanes, k.index, lane)};
  }
  __device__ static __forceinline__ DistanceKey shuffle_up(const DistanceKey& k) {
    return {__shfl_up_sync(kAllLanes, k.distance, 1), __shfl_up_sync(kAllLanes, k.index, 1)};
  }
  __device__ static __forceinline__ DistanceKey smallest() { return {-1.0, -1}; }
};

/** Offers the key of every lane where `offer`, in the order of the lanes. */
template <typename Key, int R>
__device__ __forceinline__ void offer_all(WarpList<Key, R>& list, const Key& mine, bool offer) {
  unsigned waiting = __ballot_sync(kAllLanes, offer);
  while (waiting != 0) {
    const int lane = __ffs(static_cast<int>(waiting)) - 1;
    waiting &= waiting - 1;
    const Key key = Key::shuffle(mine, lane);
    if (key < list.last()) {
      list.insert(key);
    }
  }
}

/** Candidates of one row of a matrix, the best ones so far: a list in memory while no warp works on it. */
template <int R>
struct Candidates {
  WarpList<ScoreKey, R> list;
  unsigned long long bar;

  __device__ __forceinline__ void open(const unsigned long long* keys, int fresh) {
#pragma unroll
    for (int r = 0; r < R; r++) {
      list.entry[r] = {fresh ? kNoKey : keys[r * kWarp + lane_id()]};
    }
    bar = list.last().bits;
  }

  /** Offers four keys of each lane. */
  __device__ __forceinline__ void offer(const ScoreKey (&key)[kAtOnce]) {
    bool better = false;
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      better |= key[q].bits < bar;
    }
    if (!__any_sync(kAllLanes, better)) {
      return;
    }
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      offer_all(list, key[q], key[q].bits < bar);
    }
    bar = list.last().bits;
  }

  __device__ __forceinline__ void close(unsigned long long* keys) const {
#pragma unroll
    for (int r = 0; r < R; r++) {
      keys[r * kWarp + lane_id()] = list.entry[r].bits;
    }
  }
};

/** The key of a candidate: its product and its squared length, or its distance. */
__device__ __forceinline__ ScoreKey score_key(float p, const float* yy, int mode, int candidate) {
  return {key_of(mode == 0 ? fmaf(-2.0f, p, yy[candidate]) : p, candidate)};
}

template <int R>
__device__ __forceinline__ void fold_rows(
    const float* p, long long ldp, int rows, int columns, const float* yy, int mode,
    int first_row, int first_column, int same, unsigned long long* keys, int fresh) {
  const int row = blockIdx.x * kWarpsABlock + warp_id();
  if (row >= rows) {
    return;
  }
  unsigned long long* mine = keys + (first_row + row) * static_cast<long long>(R * kWarp);
  Candidates<R> candidates;
  candidates.open(mine, fresh);
  const float* scores = p + row * ldp;
  const int self = same ? first_row + row - first_column : -1;
  for (int c0 = 0; c0 < columns; c0 += kAtOnce * kWarp) {
    ScoreKey key[kAtOnce];
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      const int c = c0 + q * kWarp + lane_id();
      key[q] = {kNoKey};
      if (c < columns && c != self) {
        key[q] = score_key(scores[c], yy, mode, first_column + c);
      }
    }
    candidates.offer(key);
  }
  candidates.close(mine);
}

/** A block's eight columns of a strip, 128 rows at a time; a thread has four of the values. */
struct ColumnStage {
  float value[kWarpsABlock][kStagedRows + 4];

  /** Four rows' values of a column, the rows 32 apart: 8 lanes read one sector. */
  __device__ static __forceinline__ void read(
      const float* p, long long ldp, int rows, int columns, int r0, float (&into)[kAtOnce]) {
    const int column = blockIdx.x * kWarpsABlock + threadIdx.x % kWarpsABlock;
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      const int row = r0 + q * kWarp + static_cast<int>(threadIdx.x) / kWarpsABlock;
      into[q] = row < rows && column < columns ? p[row * ldp + column] : 0.0f;
    }
  }

  __device__ __forceinline__ void put(const float (&values)[kAtOnce]) {
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      value[threadIdx.x % kWarpsABlock][q * kWarp + threadIdx.x / kWarpsABlock] = values[q];
    }
  }
};

template <int R>
__device__ __forceinline__ void fold_columns(
    const float* p, long long ldp, int rows, int columns, const float* yy, int mode,
    int first_row, int first_column, int same, unsigned long long* keys, int fresh) {
  __shared__ ColumnStage stage;
  const int column = blockIdx.x * kWarpsABlock + warp_id();
  const bool mine = column < columns;
  const int self = same ? first_column + column - first_row : -1;
  unsigned long long* list = keys + (first_column + column) * static_cast<long long>(R * kWarp);
  Candidates<R> candidates;
  if (mine) {
    candidates.open(list, fresh);
  }
  float next[kAtOnce];
  ColumnStage::read(p, ldp, rows, columns, 0, next);
  for (int r0 = 0; r0 < rows; r0 += kStagedRows) {
    __syncthreads();
    stage.put(next);
    __syncthreads();
    ColumnStage::read(p, ldp, rows, columns, r0 + kStagedRows, next);
    if (!mine) {
      continue;
    }
    ScoreKey key[kAtOnce];
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      const int staged = q * kWarp + lane_id();
      const int r = r0 + staged;
      key[q] = {kNoKey};
      if (r < rows && r != self) {
        key[q] = score_key(stage.value[warp_id()][staged], yy, mode, first_row + r);
      }
    }
    candidates.offer(key);
  }
  if (mine) {
    candidates.close(list);
  }
}

/** The order of org.geodex.geodesic.Metric. */
enum MetricCode {
  kEuclidean,
  kSqeuclidean,
  kCosine,
  kAngular,
  kFisherRaoCategorical,
  kFisherRaoNormal,
  kChebyshev
};

/** The distance of two rows in f64; one warp, every lane gets it. */
__device__ __forceinline__ double row_distance(
    int metric, const float* x, const float* y, int d, double xs, double ys) {
  double first = 0.0;
  double second = 0.0;
  const int end = metric == kFisherRaoNormal ? d / 2 : d;
  for (int c = lane_id(); c < end; c += kWarp) {
    const double a = x[c];
    const double b = y[c];
    if (metric == kEuclidean || metric == kSqeuclidean) {
      first = fma(a - b, a - b, first);
    } else if (metric == kChebyshev) {
      first = fmax(first, fabs(a - b));
    } else if (metric == kCosine) {
      first = fma(a, b, first);
    } else if (metric == kFisherRaoNormal) {
      const double sx = x[end + c];
      const double sy = y[end + c];
      const double z2 = ((a - b) * (a - b) * 0.5 + (sx - sy) * (sx - sy)) / (4.0 * sx * sy);
      const double asinh = log1p(sqrt(z2) + z2 / (1.0 + sqrt(1.0 + z2)));
      first += 8.0 * asinh * asinh;
    } else {
      // Rounded, not fused into the difference: equal rows are at 0.
      const double scaled_a = __dmul_rn(a, ys);
      const double scaled_b = __dmul_rn(b, xs);
      const double left = metric == kAngular ? scaled_a : sqrt(scaled_a);
      const double right = metric == kAngular ? scaled_b : sqrt(scaled_b);
      first = fma(left - right, left - right, first);
      second = fma(left + right, left + right, second);
    }
  }
  first = metric == kChebyshev ? warp_max(first) : warp_sum(first);
  second = warp_sum(second);
  switch (metric) {
    case kEuclidean:
    case kFisherRaoNormal: return sqrt(first);
    case kCosine: return 1.0 - fmin(1.0, fmax(-1.0, first / sqrt(xs * ys)));
    case kAngular: return 2.0 * atan2(sqrt(first), sqrt(second));
    case kFisherRaoCategorical: return 4.0 * atan2(sqrt(first), sqrt(second));
    default: return first;
  }
}

/** The euclidean distance of the prepared rows that a distance stands for. */
__device__ __forceinline__ double prepared_distance(int metric, double distance) {
  switch (metric) {
    case kSqeuclidean: return sqrt(distance);
    case kCosine: return sqrt(2.0 * distance);
    case kAngular: return 2.0 * sin(0.5 * distance);
    case kFisherRaoCategorical: return 2.0 * sin(0.25 * distance);
    default: return distance;
  }
}

/** The k best of one row of distances, k at most R * 32. */
template <int R>
__device__ __forceinline__ void select_row(
    const double* distances, int columns, int skip, int k, int* index, double* distance) {
  WarpList<DistanceKey, R> list;
#pragma unroll
  for (int r = 0; r < R; r++) {
    list.entry[r] = {kInfinity64, 0x7fffffff};
  }
  for (int c0 = 0; c0 < columns; c0 += kAtOnce * kWarp) {
    DistanceKey key[kAtOnce];
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      const int c = c0 + q * kWarp + lane_id();
      key[q] = {kInfinity64, 0x7fffffff};
      if (c < columns && c != skip) {
        key[q] = {distances[c], c};
      }
    }
#pragma unroll
    for (int q = 0; q < kAtOnce; q++) {
      offer_all(list, key[q], key[q] < list.last());
    }
  }
#pragma unroll
  for (int r = 0; r < R; r++) {
    const int rank = r * kWarp + lane_id();
    if (rank < k) {
      index[rank] = list.entry[r].index;
      distance[rank] = list.entry[r].distance;
    }
  }
}

}  // namespace

#define GX_TOPK(K)                                                                            \
  GX_GLOBAL __launch_bounds__(kTileThreads) gx_topk_##K##_f32(                                \
      const float* p, long long ldp, int rows, int columns, const float* yy, int mode,        \
      int first_row, int first_column, int same, unsigned long long* keys, int fresh) {       \
    fold_rows<K / kWarp>(p, ldp, rows, columns, yy, mode, first_row, first_column, same,      \
                         keys, fresh);                                                        \
  }                                                                                           \
  GX_GLOBAL __launch_bounds__(kTileThreads) gx_topk_columns_##K##_f32(                        \
      const float* p, long long ldp, int rows, int columns, const float* yy, int mode,        \
      int first_row, int first_column, int same, unsigned long long* keys, int fresh) {       \
    fold_columns<K / kWarp>(p, ldp, rows, columns, yy, mode, first_row, first_column, same,   \
                            keys, fresh);                                                     \
  }

GX_TOPK(32)
GX_TOPK(64)
GX_TOPK(128)
GX_TOPK(256)

GX_GLOBAL __launch_bounds__(kTileThreads) gx_topk_rerank_f64(
    int metric, int mode, const float* x, const double* xs, const float* y, const double* ys, int d,
    const unsigned long long* keys, int candidates, int k, const float* xx, double reach,
    double relative, int* index, double* distance, int* certain) {
  __shared__ double found[kMostCandidates];
  __shared__ int row[kMostCandidates];
  const long long i = blockIdx.x;
  const unsigned long long* mine = keys + i * candidates;
  for (int c = warp_id(); c < candidates; c += kWarpsABlock) {
    const int j = mine[c] == kNoKey ? -1 : static_cast<int>(mine[c] & 0xffffffffu);
    double value = kInfinity64;
    if (j >= 0) {
      value = row_distance(metric, x + i * d, y + static_cast<long long>(j) * d, d,
                           xs == nullptr ? 1.0 : xs[i], ys == nullptr ? 1.0 : ys[j]);
    }
    if (lane_id() == 0) {
      found[c] = value;
      row[c] = j;
    }
  }
  __syncthreads();
  // Ranks by counting: at most 256 candidates, and every pair is compared once a thread.
  const int c = static_cast<int>(threadIdx.x);
  if (c >= candidates || row[c] < 0) {
    return;
  }
  const DistanceKey key = {found[c], row[c]};
  int rank = 0;
  for (int other = 0; other < candidates; other++) {
    rank += row[other] >= 0 && DistanceKey{found[other], row[other]} < key ? 1 : 0;
  }
  if (rank < k) {
    index[i * k + rank] = row[c];
    distance[i * k + rank] = found[c];
  }
  if (rank == k - 1) {
    const unsigned long long last = mine[candidates - 1];
    bool sure = last == kNoKey;
    if (!sure && mode == 0) {
      const double unit = 5.9604644775390625e-8;  // 2^-24
      const double square = xx[i];
      const double length = sqrt(square);
      const double slack =
          unit * (2.0 * (d + 4) * length * reach + 4.0 * (square + reach * reach));
      const double score = unordered(static_cast<unsigned>(last >> 32));
      const double outside =
          sqrt(fmax(0.0, score + square - slack)) - 4.0 * unit * (length + reach);
      // A score that overflowed certifies nothing.
      sure = score < 3e38 && outside > prepared_distance(metric, found[c]);
    } else if (!sure) {
      const double score = unordered(static_cast<unsigned>(last >> 32));
      sure = score < 3e38 && score * (1.0 - relative) > found[c];
    }
    certain[i] = sure ? 1 : 0;
  }
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_topk_exact_f64(
    const double* distances, long long ld, int rows, int columns, const int* self, int k,
    int* index, double* distance) {
  const int row = blockIdx.x * kWarpsABlock + warp_id();
  if (row >= rows) {
    return;
  }
  const int skip = self == nullptr ? -1 : self[row];
  const double* from = distances + row * ld;
  int* to = index + row * static_cast<long long>(k);
  double* lengths = distance + row * static_cast<long long>(k);
  if (k <= kWarp) {
    select_row<1>(from, columns, skip, k, to, lengths);
  } else if (k <= 4 * kWarp) {
    select_row<4>(from, columns, skip, k, to, lengths);
  } else {
    select_row<kMostCandidates / kWarp>(from, columns, skip, k, to, lengths);
  }
}
