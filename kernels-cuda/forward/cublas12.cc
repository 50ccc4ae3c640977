// libcublas.so.12 for a machine that has libcublas.so.13 only: JCublas2 12.6 is linked against the
// older name. Both have the same v2 functions; each stub jumps to its namesake, so the arguments stay
// where they are. What the newer library lacks gives CUBLAS_STATUS_NOT_SUPPORTED.
//
// Only the functions that Geodex calls. The libcublas.so.13 is the one that the process has loaded
// already, else the linker's.

#include <dlfcn.h>

#include <cstdio>

#define GX_FUNCTIONS(F)                                                                             \
  F(cublasCreate_v2) F(cublasDestroy_v2) F(cublasGetVersion_v2) F(cublasSetStream_v2)               \
  F(cublasGetStream_v2) F(cublasSetMathMode) F(cublasGetMathMode) F(cublasSetPointerMode_v2)        \
  F(cublasGetPointerMode_v2) F(cublasSetWorkspace_v2) F(cublasGetStatusName)                        \
  F(cublasGetStatusString) F(cublasGetProperty) F(cublasSgemm_v2) F(cublasDgemm_v2)                 \
  F(cublasSgemmStridedBatched) F(cublasDgemmStridedBatched) F(cublasSgemmBatched)                   \
  F(cublasDgemmBatched) F(cublasSgemv_v2) F(cublasDgemv_v2) F(cublasSsyrk_v2) F(cublasDsyrk_v2)

extern "C" {
int gx_not_supported() { return 15; }

#define GX_TARGET(name) __attribute__((visibility("hidden"))) void* gx_target_##name;
GX_FUNCTIONS(GX_TARGET)
}

#if defined(__x86_64__)
#define GX_STUB(name)                       \
  asm(".text\n.globl " #name "\n.type " #name ",@function\n" #name ":\n" \
      "  jmp *gx_target_" #name "(%rip)\n.size " #name ",.-" #name "\n");
#elif defined(__aarch64__)
#define GX_STUB(name)                       \
  asm(".text\n.globl " #name "\n.type " #name ",%function\n" #name ":\n" \
      "  adrp x16, gx_target_" #name "\n  ldr x16, [x16, #:lo12:gx_target_" #name "]\n  br x16\n" \
      ".size " #name ",.-" #name "\n");
#endif
GX_FUNCTIONS(GX_STUB)

namespace {

__attribute__((constructor)) void resolve() {
  void* library = dlopen("libcublas.so.13", RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
  if (!library) library = dlopen("libcublas.so.13", RTLD_LAZY | RTLD_LOCAL);
  if (!library) fprintf(stderr, "libcublas.so.12 (forwarding): %s\n", dlerror());
#define GX_RESOLVE(name)                                             \
  gx_target_##name = library ? dlsym(library, #name) : nullptr;      \
  if (!gx_target_##name) gx_target_##name = reinterpret_cast<void*>(&gx_not_supported);
  GX_FUNCTIONS(GX_RESOLVE)
}

}  // namespace
