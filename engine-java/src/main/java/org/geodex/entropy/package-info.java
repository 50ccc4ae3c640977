/**
 * How many directions a set of rows uses, and how evenly: coding length, matrix entropies and
 * ranks. Everything is a function of the eigenvalues of one second-moment matrix ({@link
 * org.geodex.entropy.SecondMoment}), so a caller that wants several values computes it once.
 */
package org.geodex.entropy;
