package org.geodex.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AheadTest {
  private final List<Integer> made = new CopyOnWriteArrayList<>();
  private final Set<Integer> open = ConcurrentHashMap.newKeySet();

  private AutoCloseable make(int index) {
    made.add(index);
    open.add(index);
    return () -> open.remove(index);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void comeInOrderAndAreAllClosed(boolean ahead) throws Exception {
    try (Ahead<AutoCloseable> things = new Ahead<>(ahead, 4, this::make)) {
      for (int i = 0; i < 4; i++) {
        things.take().close();
      }
    }
    assertEquals(List.of(0, 1, 2, 3), made);
    assertEquals(Set.of(), open);
  }

  /** What was made ahead and never taken is closed too. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stopsInTheMiddle(boolean ahead) throws Exception {
    try (Ahead<AutoCloseable> things = new Ahead<>(ahead, 4, this::make)) {
      things.take().close();
      things.take().close();
    }
    assertEquals(ahead ? 3 : 2, made.size());
    assertEquals(Set.of(), open);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFailureArrivesWhereItIsTaken(boolean ahead) throws Exception {
    IllegalArgumentException failure = new IllegalArgumentException("layer 1");
    try (Ahead<AutoCloseable> things =
        new Ahead<>(
            ahead,
            3,
            i -> {
              if (i == 1) {
                throw failure;
              }
              return make(i);
            })) {
      things.take().close();
      assertSame(failure, assertThrows(IllegalArgumentException.class, things::take));
    }
    assertEquals(Set.of(), open);
  }
}
