package org.geodex.alignment;

import java.util.List;
import java.util.Map;

/**
 * The result of one setting for one map on one split: what a resumed run does not do again.
 *
 * @param key hash of the data and of everything that the result depends on
 * @param direction {@code global_intermediate} or {@code intermediate_local}
 * @param measures on the test rows, by name
 * @param bound of the diagonal Gaussian KL, from the residual on the validation rows
 * @param boundFailing columns whose validation residual is too large for the bound
 * @param boundOnTest the same from the test rows' own residual, which cannot be violated
 * @param best epoch of the weights that were kept; −1 for a closed form
 * @param curve empty for a closed form
 * @param penalty of the ridge regression, NaN for others
 */
record AlignmentCell(
    String key,
    String setting,
    String direction,
    int seed,
    int split,
    Map<String, Double> measures,
    double bound,
    int boundFailing,
    double boundOnTest,
    int best,
    List<MapTraining.Epoch> curve,
    double penalty,
    double seconds) {}
