package org.geodex.alignment;

import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * One map to learn on one split of the documents: rows of a source and a target scale in three
 * parts, their column scales from the training part, geodesic distances between the targets of each
 * part, and the closed-form maps, each fitted when first asked for.
 *
 * <p>Owns all of it. Reading it from several threads is safe.
 */
public final class AlignmentProblem implements AutoCloseable {
  private final Part training;
  private final Part validation;
  private final Part test;
  private final ColumnScale sourceScale;
  private final ColumnScale targetScale;
  private AffineMap procrustes;
  private AffineMap ridge;
  private AffineMap moments;

  /** The rows of one part. */
  static final class Part implements AutoCloseable {
    private final Matrix.Owned source;
    private final Matrix.Owned target;
    private final Matrix.Owned geodesic;
    private Matrix.Owned sourceStandard;
    private Matrix.Owned targetStandard;

    Part(Backend backend, Matrix source, Matrix target, int[] rows, int neighbours) {
      RowSample sample = new RowSample(rows);
      this.source = sample.of(source);
      this.target = sample.of(target);
      this.geodesic = backend.adopt(GeodesicStress.distances(backend, this.target, neighbours));
    }

    private void standardize(Backend backend, ColumnScale from, ColumnScale to) {
      sourceStandard = backend.adopt(from.standardize(backend, source));
      targetStandard = backend.adopt(to.standardize(backend, target));
    }

    Matrix source() {
      return source;
    }

    Matrix target() {
      return target;
    }

    /** Geodesic distances between the targets. */
    Matrix geodesic() {
      return geodesic;
    }

    AlignmentLoss.Part lossPart(Matrix start) {
      return new AlignmentLoss.Part(sourceStandard, start, targetStandard, geodesic);
    }

    @Override
    public void close() {
      source.close();
      target.close();
      geodesic.close();
      if (sourceStandard != null) {
        sourceStandard.close();
      }
      if (targetStandard != null) {
        targetStandard.close();
      }
    }
  }

  /**
   * Cuts source and target.
   *
   * @param source [n,d]
   * @param target [n,d], row i belonging to row i of the source
   * @param neighbours of the geodesic graph
   */
  public AlignmentProblem(
      Backend backend, Matrix source, Matrix target, DocumentSplit split, int neighbours) {
    this.training = new Part(backend, source, target, split.training(), neighbours);
    this.validation = new Part(backend, source, target, split.validation(), neighbours);
    this.test = new Part(backend, source, target, split.test(), neighbours);
    this.sourceScale = ColumnScale.of(backend, training.source());
    this.targetScale = ColumnScale.of(backend, training.target());
    training.standardize(backend, sourceScale, targetScale);
    validation.standardize(backend, sourceScale, targetScale);
  }

  Part training() {
    return training;
  }

  Part validation() {
    return validation;
  }

  Part test() {
    return test;
  }

  ColumnScale sourceScale() {
    return sourceScale;
  }

  ColumnScale targetScale() {
    return targetScale;
  }

  int columns() {
    return training.source().columns();
  }

  /** The source rows of a part under a map, in standard deviations of the target. */
  Matrix.Owned standardized(Backend backend, ScaleMap map, Part part) {
    try (Matrix.Owned mapped = map.apply(backend, part.source())) {
      return backend.adopt(targetScale.standardize(backend, mapped));
    }
  }

  synchronized AffineMap procrustes(Backend backend) {
    if (procrustes == null) {
      procrustes = AffineMap.procrustes(backend, training.source(), training.target());
    }
    return procrustes;
  }

  synchronized AffineMap ridge(Backend backend) {
    if (ridge == null) {
      ridge =
          AffineMap.ridge(
              backend,
              training.source(),
              training.target(),
              validation.source(),
              validation.target());
    }
    return ridge;
  }

  synchronized AffineMap moments(Backend backend) {
    if (moments == null) {
      moments = AffineMap.moments(backend, training.source(), training.target());
    }
    return moments;
  }

  @Override
  public void close() {
    training.close();
    validation.close();
    test.close();
    for (AffineMap map : new AffineMap[] {procrustes, ridge, moments}) {
      if (map != null) {
        map.close();
      }
    }
  }
}
