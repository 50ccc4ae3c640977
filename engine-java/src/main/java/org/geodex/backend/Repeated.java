package org.geodex.backend;

/** Work that is done many times on the same matrices; see {@link Backend#repeated}. */
public interface Repeated extends AutoCloseable {
  /** Does it once more. */
  void run();

  @Override
  default void close() {}
}
