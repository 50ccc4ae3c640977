// Rows taken from tables, and rows moved between matrices.
//
//   gx_embed_f32      out[i] = a[ia[i]] + b[ib[i]] + c[ic[i]], tables f32, f16 or bf16 as stored
//   gx_copy_rows_f32  y[target(i)] = x[source(i)]
//
// Tensors: tables [rows,d] row-major with their ids [n] (b, c null for none), type 0 f32, 1 f16, 2 bf16; out [n,d].
// Copies: rows of d values, ldx and ldy apart. source(i) = index[i] (type 0 int; 1 f32, exact below 2^24), or with
// index null i / source_group * source_stride + source_first + i % source_group; target(i) likewise without index.
// Grid: (ceil(n/8), ceil(d/128)) blocks of 256, a warp 128 columns of a row.
// Passes over memory: each row that is needed is read once, the result written once.
// Accumulation: f32 in the order of the tables. No atomics: the same bits every run. Limits: none on n.
// Speed on a card: not measured.

#include "block.cuh"
#include "weights.cuh"

using namespace gx;

namespace {

__device__ __forceinline__ float element(const void* table, int type, long long at) {
  switch (type) {
    case 1: return F16::widen(static_cast<const unsigned short*>(table)[at]);
    case 2: return Bf16::widen(static_cast<const unsigned short*>(table)[at]);
    default: return static_cast<const float*>(table)[at];
  }
}

/** A row's number: an int, or (type 1) an f32 that holds one. */
__device__ __forceinline__ long long row_at(const void* index, int type, long long i) {
  return type == 1 ? static_cast<long long>(static_cast<const float*>(index)[i]) : static_cast<const int*>(index)[i];
}

__device__ __forceinline__ long long place(long long i, long long group, long long stride, long long first) {
  return i / group * stride + first + i % group;
}

}  // namespace

GX_GLOBAL __launch_bounds__(kTileThreads) gx_embed_f32(
    long long n, int d, const void* a, int type_a, const int* ids_a, const void* b, int type_b, const int* ids_b,
    const void* c, int type_c, const int* ids_c, float* out) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const long long row_a = static_cast<long long>(ids_a[i]) * d;
  const long long row_b = b == nullptr ? 0 : static_cast<long long>(ids_b[i]) * d;
  const long long row_c = c == nullptr ? 0 : static_cast<long long>(ids_c[i]) * d;
  along_part(
      d,
      [=](long long j) {
        float sum = element(a, type_a, row_a + j);
        if (b != nullptr) {
          sum += element(b, type_b, row_b + j);
        }
        if (c != nullptr) {
          sum += element(c, type_c, row_c + j);
        }
        return sum;
      },
      [=](long long j, float sum) { out[i * d + j] = sum; });
}

GX_GLOBAL __launch_bounds__(kTileThreads) gx_copy_rows_f32(
    long long n, int d, const float* x, long long ldx, const void* index, int type, long long source_group,
    long long source_stride, long long source_first, float* y, long long ldy, long long target_group,
    long long target_stride, long long target_first) {
  const long long i = row_of_warp();
  if (i >= n) {
    return;
  }
  const long long source =
      index == nullptr ? place(i, source_group, source_stride, source_first) : row_at(index, type, i);
  const float* from = x + source * ldx;
  float* to = y + place(i, target_group, target_stride, target_first) * ldy;
  along_part(
      d, [=](long long j) { return from[j]; }, [=](long long j, float value) { to[j] = value; });
}
