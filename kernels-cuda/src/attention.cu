// Attention of all sequences and heads: P = softmax(scale Q K^T + bias + mask), out = P V.
//
//   gx_attention_{64,128,256}_f32         out, and where asked the weights P, span and entropy of each query
//   gx_attention_values_{64,128,256}_f32  out = P V for weights that are there
//   gx_attention_statistics_f64           span and entropy of each head, summed over the tokens in a fixed order
//
// The number is the most columns of a head. Tensors, f32: q [batch*queries], k and v [batch*key_stride] rows, ldq,
// ldk, ldv elements apart, head h from column h*head_size on; out [batch*queries, heads*head_size]; weights
// [batch*heads*queries, keys]; spans [batch*heads*queries, 2] (sum p |i-j|, -sum p ln p); mask [batch*keys] of 0
// or -inf; bias [heads, 2*keys-1], column keys-1 for the query's own place. Null for none.
// Query i stands at place past+i, past = keys-queries. causal: it sees keys 0 .. past+i. A query without any key
// attends evenly to the keys that causal allows.
// Grid: (ceil(queries/64), heads, batch) blocks of 256: one block, 64 queries of one head; the longest causal
// tiles first. Statistics: one block a head.
//
// Passes over memory: without weights no n x n value leaves the chip (online softmax over tiles of 32 keys, as
// FlashAttention): q is read once, out written once, k and v read ceil(queries/64) times, from L2. With weights they
// are written once, from scores computed a second time. Span and entropy come from the same pass.
// Operations: 4 batch heads queries keys head_size FLOP, half of it causal; with weights 6.
// Shared memory, dynamic: 4 (D (68 + 36) + 32 C + 64 36 + 3 64) B, D the head's size, C = 64, 128 or 256:
//   D = 64: 45 056 B.
// Accumulation: f32; a key tile's products in order, tiles in order; maxima by a fixed tree. The same bits every run.
// Limits: head_size <= 256.
// Speed on a card: not measured.

#include "tile.cuh"

using namespace gx;

namespace {

constexpr int kQueries = 64;
constexpr int kKeys = 32;
constexpr int kQueryPitch = kQueries + 4;
constexpr int kKeyPitch = kKeys + 4;
constexpr int kGroup = 4;          // queries of a thread
constexpr int kAcross = 16;        // threads side by side
constexpr int kRowThreads = 4;     // threads that share a row of scores
constexpr float kNone = -kInfinity;

struct Problem {
  int queries;
  int keys;
  int key_stride;
  int head_size;
  float scale;
  int causal;
  const float* mask;
  const float* bias;

  __device__ __forceinline__ int past() const { return keys - queries; }
  __device__ __forceinline__ int visible(int i) const { return causal ? past() + i + 1 : keys; }
};

template <int kPer>
struct Shared {
  float* q;      // [head_size][68]
  float* k;      // [head_size][36]
  float* v;      // [32][16 kPer]
  float* s;      // [64][36]
  float* alpha;  // [64]
  float* most;   // [64]
  float* inverse;

  __device__ __forceinline__ Shared(float* memory, int head_size) {
    q = memory;
    k = q + head_size * kQueryPitch;
    v = k + head_size * kKeyPitch;
    s = v + kKeys * kAcross * kPer;
    alpha = s + kQueries * kKeyPitch;
    most = alpha + kQueries;
    inverse = most + kQueries;
  }
};

/** Rows first .. first + count of one head, transposed: to[column][row]; rows from `valid` on are 0. */
__device__ __forceinline__ void load_transposed(
    const float* from, long long ld, int head_size, int count, int valid, float* to, int pitch) {
  for (int e = static_cast<int>(threadIdx.x); e < count * head_size; e += kTileThreads) {
    const int row = e / head_size;
    const int c = e % head_size;
    to[c * pitch + row] = row < valid ? from[row * ld + c] : 0.0f;
  }
}

template <int kPer>
__device__ __forceinline__ void load_values(const float* from, long long ld, int head_size, int valid, float* to) {
  constexpr int kColumns = kAcross * kPer;
  for (int e = static_cast<int>(threadIdx.x); e < kKeys * kColumns; e += kTileThreads) {
    const int row = e / kColumns;
    const int c = e % kColumns;
    to[e] = row < valid && c < head_size ? from[row * ld + c] : 0.0f;
  }
}

/** The first key of the sequence that is no padding; `keys` when there is none. Every thread gets it. */
__device__ __forceinline__ int first_key(const Problem& p, int b) {
  if (p.mask == nullptr) {
    return 0;
  }
  __shared__ int least[kTileThreads / kWarp];
  int first = p.keys;
  for (int j = static_cast<int>(threadIdx.x); j < p.keys && first == p.keys; j += kTileThreads) {
    if (p.mask[static_cast<long long>(b) * p.keys + j] == 0.0f) {
      first = j;
    }
  }
  first = __reduce_min_sync(kAllLanes, first);
  if (lane_id() == 0) {
    least[warp_id()] = first;
  }
  __syncthreads();
  for (int w = 0; w < kTileThreads / kWarp; w++) {
    first = min(first, least[w]);
  }
  return first;
}

/** Scores of 64 queries and the 32 keys from j0 on; -inf where a query may not look. */
template <int kPer>
__device__ __forceinline__ void scores(
    const Problem& p, const Shared<kPer>& sh, int b, int h, int i0, int rows, int j0, int first) {
  const int r0 = static_cast<int>(threadIdx.x) / kAcross * kGroup;
  const int c0 = static_cast<int>(threadIdx.x) % kAcross * 2;
  if (r0 >= rows) {
    return;
  }
  float sum[kGroup][2] = {};
#pragma unroll 4
  for (int c = 0; c < p.head_size; c++) {
    const float4 q = *reinterpret_cast<const float4*>(&sh.q[c * kQueryPitch + r0]);
    const float2 k = *reinterpret_cast<const float2*>(&sh.k[c * kKeyPitch + c0]);
    sum[0][0] = fmaf(q.x, k.x, sum[0][0]);
    sum[0][1] = fmaf(q.x, k.y, sum[0][1]);
    sum[1][0] = fmaf(q.y, k.x, sum[1][0]);
    sum[1][1] = fmaf(q.y, k.y, sum[1][1]);
    sum[2][0] = fmaf(q.z, k.x, sum[2][0]);
    sum[2][1] = fmaf(q.z, k.y, sum[2][1]);
    sum[3][0] = fmaf(q.w, k.x, sum[3][0]);
    sum[3][1] = fmaf(q.w, k.y, sum[3][1]);
  }
#pragma unroll
  for (int r = 0; r < kGroup; r++) {
    const int i = i0 + r0 + r;
#pragma unroll
    for (int e = 0; e < 2; e++) {
      const int j = j0 + c0 + e;
      float score = kNone;
      if (r0 + r < rows && j < p.visible(i)) {
        if (first >= p.visible(i)) {
          score = 0.0f;
        } else {
          score = p.scale * sum[r][e];
          if (p.bias != nullptr) {
            score += p.bias[static_cast<long long>(h) * (2 * p.keys - 1) + j - (p.past() + i) + p.keys - 1];
          }
          if (p.mask != nullptr) {
            score += p.mask[static_cast<long long>(b) * p.keys + j];
          }
        }
      }
      sh.s[(r0 + r) * kKeyPitch + c0 + e] = score;
    }
  }
}

/** Sum over the four threads of a row, the same tree every time. */
__device__ __forceinline__ float row_sum(float value) {
  value += __shfl_xor_sync(kAllLanes, value, 1);
  value += __shfl_xor_sync(kAllLanes, value, 2);
  return value;
}

/** Largest score so far, and what the sums over e^(score - largest) have come to. */
struct Row {
  float most = kNone;
  float total = 0.0f;
  float span = 0.0f;
  float excess = 0.0f;  // sum e^(s - most) (s - most)
};

/** Turns a tile of scores into e^(score - largest so far) and keeps the row's sums. */
template <int kPer>
__device__ __forceinline__ void soften(const Problem& p, const Shared<kPer>& sh, int i0, int j0, Row& row) {
  const int r = static_cast<int>(threadIdx.x) / kRowThreads;
  const int part = static_cast<int>(threadIdx.x) % kRowThreads * (kKeys / kRowThreads);
  float* s = &sh.s[r * kKeyPitch + part];
  float most = row.most;
#pragma unroll
  for (int e = 0; e < kKeys / kRowThreads; e++) {
    most = max(most, s[e]);
  }
  most = max(most, __shfl_xor_sync(kAllLanes, most, 1));
  most = max(most, __shfl_xor_sync(kAllLanes, most, 2));
  float total = 0.0f, span = 0.0f, excess = 0.0f;
#pragma unroll
  for (int e = 0; e < kKeys / kRowThreads; e++) {
    const float above = s[e] - most;
    const float weight = s[e] == kNone ? 0.0f : expf(above);
    s[e] = weight;
    total += weight;
    if (weight > 0.0f) {
      span = fmaf(weight, fabsf(static_cast<float>(p.past() + i0 + r - (j0 + part + e))), span);
      excess = fmaf(weight, above, excess);
    }
  }
  total = row_sum(total);
  span = row_sum(span);
  excess = row_sum(excess);
  const float lower = row.most == kNone ? 0.0f : row.most - most;
  const float alpha = expf(lower);
  row.excess = fmaf(alpha, fmaf(lower, row.total, row.excess), excess);
  row.span = fmaf(alpha, row.span, span);
  row.total = fmaf(alpha, row.total, total);
  row.most = most;
  if (part == 0) {
    sh.alpha[r] = alpha;
  }
}

/** acc += weights of the tile times its values. */
template <int kPer>
__device__ __forceinline__ void add_values(const Shared<kPer>& sh, float (&acc)[kGroup][kPer]) {
  const int r0 = static_cast<int>(threadIdx.x) / kAcross * kGroup;
  const int c0 = static_cast<int>(threadIdx.x) % kAcross;
#pragma unroll 2
  for (int j = 0; j < kKeys; j += 4) {
    float4 w[kGroup];
#pragma unroll
    for (int r = 0; r < kGroup; r++) {
      w[r] = *reinterpret_cast<const float4*>(&sh.s[(r0 + r) * kKeyPitch + j]);
    }
#pragma unroll
    for (int u = 0; u < kPer; u++) {
      const float* v = &sh.v[j * kAcross * kPer + c0 + u * kAcross];
      const float v0 = v[0], v1 = v[kAcross * kPer], v2 = v[2 * kAcross * kPer], v3 = v[3 * kAcross * kPer];
#pragma unroll
      for (int r = 0; r < kGroup; r++) {
        acc[r][u] = fmaf(w[r].x, v0, acc[r][u]);
        acc[r][u] = fmaf(w[r].y, v1, acc[r][u]);
        acc[r][u] = fmaf(w[r].z, v2, acc[r][u]);
        acc[r][u] = fmaf(w[r].w, v3, acc[r][u]);
      }
    }
  }
}

/** out of this thread's queries, each times its factor (null for 1). */
template <int kPer>
__device__ __forceinline__ void write_values(
    const float (&acc)[kGroup][kPer], const float* factor, int rows, int head_size, long long ldo, float* out) {
  const int r0 = static_cast<int>(threadIdx.x) / kAcross * kGroup;
  const int c0 = static_cast<int>(threadIdx.x) % kAcross;
#pragma unroll
  for (int r = 0; r < kGroup; r++) {
    if (r0 + r < rows) {
      const float scale = factor == nullptr ? 1.0f : factor[r0 + r];
#pragma unroll
      for (int u = 0; u < kPer; u++) {
        const int c = c0 + u * kAcross;
        if (c < head_size) {
          out[(r0 + r) * ldo + c] = acc[r][u] * scale;
        }
      }
    }
  }
}

template <int kPer>
__device__ __forceinline__ void attention(
    const Problem& p, const float* q, long long ldq, const float* k, long long ldk, const float* v, long long ldv,
    float* out, float* weights, float* spans) {
  GX_DYNAMIC_SHARED(float, memory);
  const Shared<kPer> sh(memory, p.head_size);
  const int b = static_cast<int>(blockIdx.z);
  const int h = static_cast<int>(blockIdx.y);
  const int heads = static_cast<int>(gridDim.y);
  const int i0 = static_cast<int>(gridDim.x - 1 - blockIdx.x) * kQueries;
  const int rows = min(kQueries, p.queries - i0);
  const int end = p.visible(i0 + rows - 1);
  const int first = first_key(p, b);
  const long long query = static_cast<long long>(b) * p.queries + i0;
  const long long key = static_cast<long long>(b) * p.key_stride;
  const float* head_k = k + key * ldk + static_cast<long long>(h) * p.head_size;
  const float* head_v = v + key * ldv + static_cast<long long>(h) * p.head_size;
  load_transposed(
      q + query * ldq + static_cast<long long>(h) * p.head_size, ldq, p.head_size, kQueries, rows, sh.q, kQueryPitch);
  const int r0 = static_cast<int>(threadIdx.x) / kAcross * kGroup;
  const int mine = static_cast<int>(threadIdx.x) / kRowThreads;
  float acc[kGroup][kPer] = {};
  Row row;
  for (int j0 = 0; j0 < end; j0 += kKeys) {
    load_transposed(head_k + j0 * ldk, ldk, p.head_size, kKeys, end - j0, sh.k, kKeyPitch);
    if (out != nullptr) {
      load_values<kPer>(head_v + j0 * ldv, ldv, p.head_size, end - j0, sh.v);
    }
    __syncthreads();
    scores<kPer>(p, sh, b, h, i0, rows, j0, first);
    __syncthreads();
    // A warp has eight rows; the four threads of a row are neighbours. Whole warps without a query rest.
    if (mine / 8 * 8 < rows) {
      if (mine >= rows) {  // rows of this warp's last group that `scores` left untouched
        for (int e = 0; e < kKeys / kRowThreads; e++) {
          sh.s[mine * kKeyPitch + static_cast<int>(threadIdx.x) % kRowThreads * (kKeys / kRowThreads) + e] = kNone;
        }
      }
      soften<kPer>(p, sh, i0, j0, row);
    }
    __syncthreads();
    if (out != nullptr && r0 < rows) {
#pragma unroll
      for (int r = 0; r < kGroup; r++) {
        const float alpha = sh.alpha[r0 + r];
#pragma unroll
        for (int u = 0; u < kPer; u++) {
          acc[r][u] *= alpha;
        }
      }
      add_values<kPer>(sh, acc);
    }
    __syncthreads();
  }
  if (threadIdx.x % kRowThreads == 0 && mine < rows) {
    sh.most[mine] = row.most;
    sh.inverse[mine] = 1.0f / row.total;
    if (spans != nullptr) {
      const long long at = (static_cast<long long>(b) * heads + h) * p.queries + i0 + mine;
      spans[2 * at] = row.span / row.total;
      spans[2 * at + 1] = logf(row.total) - row.excess / row.total;
    }
  }
  __syncthreads();
  if (out != nullptr) {
    const long long ldo = static_cast<long long>(heads) * p.head_size;
    write_values<kPer>(
        acc, sh.inverse, rows, p.head_size, ldo, out + query * ldo + static_cast<long long>(h) * p.head_size);
  }
  if (weights == nullptr) {
    return;
  }
  float* to = weights + ((static_cast<long long>(b) * heads + h) * p.queries + i0) * p.keys;
  for (int j0 = 0; j0 < p.keys; j0 += kKeys) {
    if (j0 < end) {
      load_transposed(head_k + j0 * ldk, ldk, p.head_size, kKeys, end - j0, sh.k, kKeyPitch);
      __syncthreads();
      scores<kPer>(p, sh, b, h, i0, rows, j0, first);
      __syncthreads();
    }
    for (int e = static_cast<int>(threadIdx.x); e < rows * kKeys; e += kTileThreads) {
      const int r = e / kKeys;
      const int j = j0 + e % kKeys;
      if (j < p.keys) {
        const float score = j < end ? sh.s[r * kKeyPitch + e % kKeys] : kNone;
        to[static_cast<long long>(r) * p.keys + j] =
            score == kNone ? 0.0f : expf(score - sh.most[r]) * sh.inverse[r];
      }
    }
  }
}

template <int kPer>
__device__ __forceinline__ void attention_values(
    const Problem& p, const float* weights, const float* v, long long ldv, float* out) {
  GX_DYNAMIC_SHARED(float, memory);
  const Shared<kPer> sh(memory, 0);
  const int b = static_cast<int>(blockIdx.z);
  const int h = static_cast<int>(blockIdx.y);
  const int heads = static_cast<int>(gridDim.y);
  const int i0 = static_cast<int>(blockIdx.x) * kQueries;
  const int rows = min(kQueries, p.queries - i0);
  const float* head_v = v + static_cast<long long>(b) * p.key_stride * ldv + static_cast<long long>(h) * p.head_size;
  const float* from = weights + ((static_cast<long long>(b) * heads + h) * p.queries + i0) * p.keys;
  float acc[kGroup][kPer] = {};
  for (int j0 = 0; j0 < p.keys; j0 += kKeys) {
    load_values<kPer>(head_v + j0 * ldv, ldv, p.head_size, p.keys - j0, sh.v);
    for (int e = static_cast<int>(threadIdx.x); e < kQueries * kKeys; e += kTileThreads) {
      const int r = e / kKeys;
      const int j = j0 + e % kKeys;
      sh.s[r * kKeyPitch + e % kKeys] =
          r < rows && j < p.keys ? from[static_cast<long long>(r) * p.keys + j] : 0.0f;
    }
    __syncthreads();
    if (static_cast<int>(threadIdx.x) / kAcross * kGroup < rows) {
      add_values<kPer>(sh, acc);
    }
    __syncthreads();
  }
  const long long ldo = static_cast<long long>(heads) * p.head_size;
  const long long query = static_cast<long long>(b) * p.queries + i0;
  write_values<kPer>(
      acc, nullptr, rows, p.head_size, ldo, out + query * ldo + static_cast<long long>(h) * p.head_size);
}

}  // namespace

#define GX_ATTENTION(columns)                                                                                   \
  GX_GLOBAL __launch_bounds__(kTileThreads) gx_attention_##columns##_f32(                                       \
      int queries, int keys, int key_stride, int head_size, float scale, int causal, const float* q,            \
      long long ldq, const float* k, long long ldk, const float* v, long long ldv, const float* mask,           \
      const float* bias, float* out, float* weights, float* spans) {                                            \
    const Problem p = {queries, keys, key_stride, head_size, scale, causal, mask, bias};                        \
    attention<columns / kAcross>(p, q, ldq, k, ldk, v, ldv, out, weights, spans);                               \
  }                                                                                                             \
  GX_GLOBAL __launch_bounds__(kTileThreads) gx_attention_values_##columns##_f32(                                \
      int queries, int keys, int key_stride, int head_size, const float* weights, const float* v,               \
      long long ldv, float* out) {                                                                              \
    const Problem p = {queries, keys, key_stride, head_size, 1.0f, 0, nullptr, nullptr};                        \
    attention_values<columns / kAcross>(p, weights, v, ldv, out);                                               \
  }

GX_ATTENTION(64)
GX_ATTENTION(128)
GX_ATTENTION(256)

GX_GLOBAL __launch_bounds__(kTileThreads) gx_attention_statistics_f64(
    const float* spans, int batch, int queries, int keys, const float* mask, double* sums) {
  __shared__ double span[kTileThreads];
  __shared__ double entropy[kTileThreads];
  const int h = static_cast<int>(blockIdx.x);
  const int heads = static_cast<int>(gridDim.x);
  const int t = static_cast<int>(threadIdx.x);
  double s = 0.0, e = 0.0;
  for (long long n = t; n < static_cast<long long>(batch) * queries; n += kTileThreads) {
    const long long b = n / queries;
    const long long i = n % queries;
    // Padding is no token: its row does not count.
    if (mask == nullptr || mask[b * keys + keys - queries + i] == 0.0f) {
      const float* at = spans + 2 * ((b * heads + h) * queries + i);
      s += at[0];
      e += at[1];
    }
  }
  span[t] = s;
  entropy[t] = e;
  __syncthreads();
  for (int step = kTileThreads / 2; step > 0; step /= 2) {
    if (t < step) {
      span[t] += span[t + step];
      entropy[t] += entropy[t + step];
    }
    __syncthreads();
  }
  if (t == 0) {
    sums[2 * h] = span[0];
    sums[2 * h + 1] = entropy[0];
  }
}
