/**
 * CUDA through its driver API: one interface, {@link org.geodex.cuda.CudaDriver}, with two bindings
 * (Panama, JCuda) over two drivers (the system's, and the emulator that runs kernels on the CPU).
 * {@link org.geodex.cuda.CudaContext} is what the rest of Geodex uses.
 */
package org.geodex.cuda;
