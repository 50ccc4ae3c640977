package org.geodex.analysis;

import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.alignment.AlignmentMeasures;
import org.geodex.alignment.AlignmentReport;
import org.geodex.alignment.AlignmentResult;
import org.geodex.alignment.AlignmentStudy;
import org.geodex.alignment.LossWeights;
import org.geodex.alignment.ScaleRows;
import org.geodex.alignment.ScaleRows.Pool;
import org.geodex.alignment.Setting;
import org.geodex.alignment.TrainingParameters;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.report.Report;
import org.geodex.scale.Partition;

/**
 * A short alignment of the scales inside an analysis: the full loss beside the maps of closed form,
 * two splits of the documents, no trained estimators among the measures. {@code geodex align} does
 * the rest.
 */
final class AlignmentSection {
  private static final String SETTINGS = "full,baseline,procrustes,moments,ridge";
  private static final int SEEDS = 2;

  /** Fewer rows leave a fifth of them too few to be measured. */
  private static final int MIN_ROWS = 200;

  /** A small critic and few epochs: a figure of an overview, not of a study. */
  private static final TrainingParameters TRAINING =
      new TrainingParameters(
          List.of(128), List.of(128, 64), 128, 30, 5, 1e-3, 1e-2, 1, 0.99, 15, 0.5);

  /** With fewer documents the rows are sentences. */
  private static final int ENOUGH_DOCUMENTS = 200;

  private AlignmentSection() {}

  static Void add(
      Backend backend,
      Report report,
      String prefix,
      String model,
      LayerStates states,
      Partition partition,
      LayerAnalysis.Settings settings) {
    boolean byDocument = states.documentLengths().length >= ENOUGH_DOCUMENTS;
    AlignmentStudy.Plan plan =
        new AlignmentStudy.Plan(
            Setting.parse(SETTINGS, new LossWeights(0.1, 0.1, 0.01), Map.of()),
            TRAINING,
            SEEDS,
            1,
            settings.seed(),
            new AlignmentMeasures.Extent(false, false));
    String heading = model.isEmpty() ? "" : model + ": ";
    try (ScaleRows rows =
        ScaleRows.of(
            states,
            partition,
            byDocument ? Pool.DOCUMENT : Pool.SENTENCE,
            settings.maxRows(),
            settings.seed())) {
      if (rows.rows() < MIN_ROWS) {
        throw new InputException(
            "%d %s are too few to hold a fifth back, expected at least %d",
            rows.rows(), byDocument ? "documents" : "sentences", MIN_ROWS);
      }
      AlignmentStudy study = new AlignmentStudy(List.of(backend), rows, plan, null, () -> {});
      AlignmentResult result = AlignmentResult.of(study, plan);
      AlignmentReport.add(report, prefix, heading, result);
      report.results().put(prefix + "_alignment", result.summary());
    } catch (InputException e) {
      // A short text has too few documents or sentences to hold any back.
      report.section(
          prefix + "-alignment",
          heading + "alignment of the scales",
          "Left out: " + e.getMessage());
    }
    return null;
  }
}
