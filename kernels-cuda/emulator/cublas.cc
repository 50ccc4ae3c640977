// The cuBLAS v2 calls that Geodex makes, over OpenBLAS (once gxEmulatorBlas named its path) or a plain
// loop. The products are queued on the stream like kernels, so they run late too, and they check
// what they read and write.

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

extern "C" {
int gxEmulatorEnqueue(void* stream, int (*run)(void*), void* data, void (*release)(void*));
int gxEmulatorCheck(unsigned long long address, size_t bytes, int writing, const char* what);
}

namespace {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kExecutionFailed = 13 };

constexpr int kTf32 = 3;  // CUBLAS_TF32_TENSOR_OP_MATH

struct Handle {
  uint32_t magic = 0x67786268;
  void* stream = nullptr;
  int mathMode = 0;
};

bool valid(const Handle* h) { return h && h->magic == 0x67786268; }

// cblas, column-major
constexpr int kColumnMajor = 102;
using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float,
                       float*, int);
using Dgemm = void (*)(int, int, int, int, int, int, double, const double*, int, const double*, int,
                       double, double*, int);
Sgemm sgemm;
Dgemm dgemm;

inline bool product(int ta, int tb, int m, int n, int k, float alpha, const float* a, int lda,
                    const float* b, int ldb, float beta, float* c, int ldc) {
  if (!sgemm) return false;
  sgemm(kColumnMajor, 111 + ta, 111 + tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  return true;
}
inline bool product(int ta, int tb, int m, int n, int k, double alpha, const double* a, int lda,
                    const double* b, int ldb, double beta, double* c, int ldc) {
  if (!dgemm) return false;
  dgemm(kColumnMajor, 111 + ta, 111 + tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  return true;
}

template <class T>
struct Gemm {
  bool ta, tb;
  int m, n, k;
  T alpha;
  const T* a;
  long long lda, strideA;
  const T* b;
  long long ldb, strideB;
  T beta;
  T* c;
  long long ldc, strideC;
  int count;
  bool tf32;
};

// Operands as the tensor cores read them in TF32: 10 bits behind the leading one, the nearest, ties to even.
float rounded(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits += 0xfff + (bits >> 13 & 1);
  bits &= ~uint32_t(0x1fff);
  memcpy(&x, &bits, sizeof x);
  return x;
}

std::vector<float> rounded(const float* x, long long rows, long long columns, long long ld) {
  std::vector<float> copy(size_t(rows) * columns);
  for (long long j = 0; j < columns; j++) {
    for (long long i = 0; i < rows; i++) copy[j * rows + i] = rounded(x[j * ld + i]);
  }
  return copy;
}

template <class T>
int checkColumns(const T* x, long long rows, long long columns, long long ld, int writing) {
  for (long long j = 0; j < columns; j++) {
    int code = gxEmulatorCheck(reinterpret_cast<uintptr_t>(x + j * ld), size_t(rows) * sizeof(T),
                               writing, sizeof(T) == 4 ? "cublasSgemm" : "cublasDgemm");
    if (code) return code;
  }
  return 0;
}

template <class T>
int runProduct(const Gemm<T>& g, const T* a, const T* b, T* c);

template <class T>
int runOne(const Gemm<T>& g, const T* a, const T* b, T* c) {
  int code = g.k == 0 ? 0 : checkColumns(a, g.ta ? g.k : g.m, g.ta ? g.m : g.k, g.lda, 0);
  if (!code && g.k > 0) code = checkColumns(b, g.tb ? g.n : g.k, g.tb ? g.k : g.n, g.ldb, 0);
  return code ? code : runProduct(g, a, b, c);
}

// The operands may be copies on the host: only C is checked.
template <class T>
int runProduct(const Gemm<T>& g, const T* a, const T* b, T* c) {
  int code = g.beta != T(0) ? checkColumns(c, g.m, g.n, g.ldc, 0) : 0;
  if (!code) code = checkColumns(c, g.m, g.n, g.ldc, 1);
  if (code) return code;
  if (product(g.ta, g.tb, g.m, g.n, g.k, g.alpha, a, int(g.lda), b, int(g.ldb), g.beta, c, int(g.ldc))) {
    return 0;
  }
  for (int j = 0; j < g.n; j++) {
    for (int i = 0; i < g.m; i++) {
      T sum = 0;
      for (int p = 0; p < g.k; p++) {
        sum += (g.ta ? a[p + i * g.lda] : a[i + p * g.lda]) * (g.tb ? b[j + p * g.ldb] : b[p + j * g.ldb]);
      }
      T& out = c[i + j * g.ldc];
      out = g.alpha * sum + (g.beta != T(0) ? g.beta * out : T(0));
    }
  }
  return 0;
}

int runTf32(const Gemm<float>& g, const float* a, const float* b, float* c) {
  long long rowsA = g.ta ? g.k : g.m, rowsB = g.tb ? g.n : g.k;
  int code = checkColumns(a, rowsA, g.ta ? g.m : g.k, g.lda, 0);
  if (!code) code = checkColumns(b, rowsB, g.tb ? g.k : g.n, g.ldb, 0);
  if (code) return code;
  std::vector<float> left = rounded(a, rowsA, g.ta ? g.m : g.k, g.lda);
  std::vector<float> right = rounded(b, rowsB, g.tb ? g.k : g.n, g.ldb);
  Gemm<float> copy = g;
  copy.lda = rowsA;
  copy.ldb = rowsB;
  return runProduct(copy, left.data(), right.data(), c);
}
int runTf32(const Gemm<double>&, const double*, const double*, double*) { return kExecutionFailed; }

template <class T>
int runAll(void* data) {
  auto g = static_cast<Gemm<T>*>(data);
  int code = 0;
  for (int i = 0; i < g->count && !code; i++) {
    const T* a = g->a + i * g->strideA;
    const T* b = g->b + i * g->strideB;
    T* c = g->c + i * g->strideC;
    code = g->tf32 && g->k > 0 ? runTf32(*g, a, b, c) : runOne(*g, a, b, c);
  }
  return code;
}

template <class T>
void release(void* data) {
  delete static_cast<Gemm<T>*>(data);
}

template <class T>
int enqueue(Handle* h, int ta, int tb, long long m, long long n, long long k, const T* alpha, const T* a,
            long long lda, long long strideA, const T* b, long long ldb, long long strideB, const T* beta,
            T* c, long long ldc, long long strideC, long long count) {
  if (!valid(h)) return kNotInitialized;
  long long rowsA = ta ? k : m, rowsB = tb ? n : k;
  if (ta < 0 || ta > 2 || tb < 0 || tb > 2 || m < 0 || n < 0 || k < 0 || count < 0 || !alpha || !beta ||
      lda < rowsA || lda < 1 || ldb < rowsB || ldb < 1 || ldc < m || ldc < 1) {
    return kInvalidValue;
  }
  if (m == 0 || n == 0 || count == 0) return kSuccess;
  auto g = new Gemm<T>{ta != 0, tb != 0, int(m), int(n), int(k), *alpha, a, lda, strideA, b, ldb, strideB,
                       *beta, c, ldc, strideC, int(count), h->mathMode == kTf32 && sizeof(T) == 4};
  return gxEmulatorEnqueue(h->stream, runAll<T>, g, release<T>) ? kExecutionFailed : kSuccess;
}

}  // namespace

#define GX_API extern "C" __attribute__((visibility("default"))) int

// Path of an OpenBLAS to compute with. Returns 0 when it was found.
GX_API gxEmulatorBlas(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return 1;
  sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
  dgemm = reinterpret_cast<Dgemm>(dlsym(library, "cblas_dgemm"));
  return sgemm && dgemm ? 0 : 1;
}

GX_API cublasCreate_v2(Handle** h) {
  if (!h) return kInvalidValue;
  *h = new Handle;
  return kSuccess;
}
GX_API cublasDestroy_v2(Handle* h) {
  if (!valid(h)) return kNotInitialized;
  h->magic = 0;
  delete h;
  return kSuccess;
}
GX_API cublasGetVersion_v2(Handle*, int* version) {
  *version = 120600;
  return kSuccess;
}
GX_API cublasSetStream_v2(Handle* h, void* stream) {
  if (!valid(h)) return kNotInitialized;
  h->stream = stream;
  return kSuccess;
}
GX_API cublasGetStream_v2(Handle* h, void** stream) {
  if (!valid(h)) return kNotInitialized;
  *stream = h->stream;
  return kSuccess;
}
GX_API cublasSetMathMode(Handle* h, int mode) {
  if (!valid(h)) return kNotInitialized;
  h->mathMode = mode;
  return kSuccess;
}
GX_API cublasGetMathMode(Handle* h, int* mode) {
  if (!valid(h)) return kNotInitialized;
  *mode = h->mathMode;
  return kSuccess;
}
GX_API cublasSetPointerMode_v2(Handle* h, int mode) {
  return !valid(h) ? kNotInitialized : mode == 0 ? kSuccess : kInvalidValue;
}
GX_API cublasSetWorkspace_v2(Handle* h, void*, size_t) { return valid(h) ? kSuccess : kNotInitialized; }

extern "C" __attribute__((visibility("default"))) const char* cublasGetStatusName(int status) {
  switch (status) {
    case kSuccess: return "CUBLAS_STATUS_SUCCESS";
    case kNotInitialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case kInvalidValue: return "CUBLAS_STATUS_INVALID_VALUE";
    case kExecutionFailed: return "CUBLAS_STATUS_EXECUTION_FAILED";
    default: return "CUBLAS_STATUS_UNKNOWN";
  }
}
extern "C" __attribute__((visibility("default"))) const char* cublasGetStatusString(int status) {
  return cublasGetStatusName(status);
}

#define GX_GEMM(letter, type)                                                                         \
  GX_API cublas##letter##gemm_v2(Handle* h, int ta, int tb, int m, int n, int k, const type* alpha,   \
                                 const type* a, int lda, const type* b, int ldb, const type* beta,    \
                                 type* c, int ldc) {                                                  \
    return enqueue<type>(h, ta, tb, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1);        \
  }                                                                                                   \
  GX_API cublas##letter##gemmStridedBatched(                                                          \
      Handle* h, int ta, int tb, int m, int n, int k, const type* alpha, const type* a, int lda,      \
      long long strideA, const type* b, int ldb, long long strideB, const type* beta, type* c,        \
      int ldc, long long strideC, int count) {                                                        \
    return enqueue<type>(h, ta, tb, m, n, k, alpha, a, lda, strideA, b, ldb, strideB, beta, c, ldc,   \
                         strideC, count);                                                             \
  }
GX_GEMM(S, float)
GX_GEMM(D, double)
