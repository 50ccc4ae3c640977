package org.geodex.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loops over tasks on several threads. */
class ParallelTest {
  /** None, one, fewer than threads, as many, many; each once, and done when the loop returns. */
  @ParameterizedTest
  @CsvSource({"1,5", "4,0", "4,1", "4,3", "4,4", "4,1000"})
  void everyTaskRunsOnce(int threads, int count) {
    try (Parallel cores = new Parallel(threads)) {
      for (int repeat = 0; repeat < 100; repeat++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        int[] plain = new int[count]; // seen without a barrier of its own
        cores.forEach(
            count,
            i -> {
              runs.incrementAndGet((int) i);
              plain[(int) i] = 1;
            });
        int[] once = new int[count];
        Arrays.fill(once, 1);
        assertArrayEquals(once, plain);
        for (int i = 0; i < count; i++) {
          assertEquals(1, runs.get(i));
        }
      }
    }
  }

  @Test
  void theFirstExceptionIsThrown() {
    try (Parallel cores = new Parallel(4)) {
      IllegalStateException planted = new IllegalStateException("planted");
      assertSame(
          planted,
          assertThrows(
              IllegalStateException.class,
              () ->
                  cores.forEach(
                      100,
                      i -> {
                        if (i == 7) {
                          throw planted;
                        }
                      })));
    }
  }

  /** All helpers wait for what another loop's caller does: it does its tasks alone. */
  @Test
  void aLoopWaitsForNoBusyThread() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          try (Parallel cores = new Parallel(3)) {
            CountDownLatch busy = new CountDownLatch(3);
            CountDownLatch free = new CountDownLatch(1);
            Thread other =
                Thread.ofPlatform()
                    .start(
                        () ->
                            cores.forEach(
                                3,
                                i -> {
                                  busy.countDown();
                                  awaitQuietly(free);
                                }));
            busy.await();
            int[] done = new int[8];
            cores.forEach(8, i -> done[(int) i] = 1);
            assertEquals(8, Arrays.stream(done).sum());
            free.countDown();
            other.join();
          }
        });
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
