package org.geodex.entropy;

/**
 * What is done to the rows before their second moment is taken, in this order.
 *
 * @param centre subtract the column means
 * @param unitRows bring each row to length 1; a row without a direction adds nothing
 */
public record RowForm(boolean centre, boolean unitRows) {
  /** The rows as they are. */
  public static final RowForm RAW = new RowForm(false, false);

  /** Unit length about the origin: the coding length of Tan, Li and Huang. */
  public static final RowForm UNIT = new RowForm(false, true);

  /** Centred: covariances. */
  public static final RowForm CENTRED = new RowForm(true, false);

  /** Centred, then unit length: the effective rank of Diff-eRank. */
  public static final RowForm CENTRED_UNIT = new RowForm(true, true);
}
