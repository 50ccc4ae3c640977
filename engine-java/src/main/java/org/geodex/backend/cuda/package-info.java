/**
 * The CUDA backend: every family of {@link org.geodex.backend.Backend} over the kernels of {@code
 * kernels-cuda}. What it leaves to the host is listed by {@link
 * org.geodex.backend.Backend#hostOperations()}.
 */
package org.geodex.backend.cuda;
