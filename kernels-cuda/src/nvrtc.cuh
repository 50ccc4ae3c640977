// What NVRTC has to do without where CUDA's own headers are not installed: the part of
// <cuda_pipeline_primitives.h> that the kernels use.
#pragma once

/** Copies 4 or 16 bytes from global into shared memory beside the thread; zeros where `zeros` is not 0. */
__device__ __forceinline__ void __pipeline_memcpy_async(void* shared, const void* global, size_t bytes,
                                                        size_t zeros = 0) {
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const size_t from = __cvta_generic_to_global(global);
  if (bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
  } else if (zeros == 0) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(from) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, 0;" ::"r"(to), "l"(from) : "memory");
  }
}

/** Ends a group of copies. */
__device__ __forceinline__ void __pipeline_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/** Waits for the thread's groups but the newest, or for all. */
__device__ __forceinline__ void __pipeline_wait_prior(size_t left) {
  if (left == 1) {
    asm volatile("cp.async.wait_group 1;" ::: "memory");
  } else {
    asm volatile("cp.async.wait_group 0;" ::: "memory");
  }
}
