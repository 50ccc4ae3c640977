package org.geodex.backend.cpu;

import java.util.concurrent.atomic.AtomicLongArray;
import org.geodex.backend.Parallel;

/**
 * Exact median of all distances between different rows by counting: the bits of a positive float
 * order as its value, so a first pass counts the upper halves of the squared distances, a second
 * the lower halves within the one that holds the median. Squared distances are kept as f32 between
 * the passes when they fit in an eighth of the budget, else computed twice.
 */
final class MedianDistance {
  private static final int HALF = 1 << 16;

  private final DistanceTiles distances;
  private final TileGrid grid;
  private final Parallel parallel;

  MedianDistance(DistanceTiles distances, Parallel parallel) {
    this.distances = distances;
    this.grid = distances.grid();
    this.parallel = parallel;
  }

  double value() {
    long pairs = (long) grid.n() * (grid.n() - 1) / 2;
    long[] upper = count(-1);
    Place low = locate(upper, (pairs - 1) / 2);
    Place high = locate(upper, pairs / 2);
    long[] lower = count(low.bin());
    float first = join(low.bin(), locate(lower, low.rank()).bin());
    if (high.bin() != low.bin()) {
      lower = count(high.bin());
    }
    float second = join(high.bin(), locate(lower, high.rank()).bin());
    return (Math.sqrt(first) + Math.sqrt(second)) / 2;
  }

  private static float join(int upper, int lower) {
    return Float.intBitsToFloat(upper << 16 | lower);
  }

  /** A bin and the rank of a value within it. */
  private record Place(int bin, long rank) {}

  /** Where the value of this rank lies. */
  private static Place locate(long[] counts, long rank) {
    int bin = 0;
    long rest = rank;
    while (rest >= counts[bin]) {
      rest -= counts[bin++];
    }
    return new Place(bin, rest);
  }

  /** Counts of the upper halves, or of the lower halves among those with this upper half. */
  private long[] count(int upper) {
    AtomicLongArray total = new AtomicLongArray(HALF);
    parallel.forEach(
        grid.blocks(),
        block -> {
          int[] counts = new int[HALF];
          float[] squared = new float[TileGrid.SIZE * TileGrid.SIZE];
          for (int t = 0; t < grid.tiles(); t++) {
            if (t % grid.blocks() == block) {
              countTile(grid.tile(t), upper, squared, counts);
            }
          }
          for (int bin = 0; bin < HALF; bin++) {
            if (counts[bin] > 0) {
              total.addAndGet(bin, counts[bin]);
            }
          }
        });
    long[] counts = new long[HALF];
    for (int bin = 0; bin < HALF; bin++) {
      counts[bin] = total.get(bin);
    }
    return counts;
  }

  private void countTile(TileGrid.Tile tile, int upper, float[] squared, int[] counts) {
    distances.squaredDistances(tile, squared);
    boolean diagonal = tile.rowBlock() == tile.columnBlock();
    for (int i = 0; i < tile.rows(); i++) {
      for (int j = diagonal ? i + 1 : 0; j < tile.columns(); j++) {
        int bits = Float.floatToRawIntBits(squared[i * tile.columns() + j]);
        if (upper < 0) {
          counts[bits >>> 16]++;
        } else if (bits >>> 16 == upper) {
          counts[bits & (HALF - 1)]++;
        }
      }
    }
  }
}
