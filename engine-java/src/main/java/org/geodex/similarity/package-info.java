/**
 * How alike two descriptions of the same n things are, each given as a matrix of n rows. A {@link
 * org.geodex.similarity.Similarity} gives one value, or the table over all pairs of several
 * matrices with every self term computed once.
 */
package org.geodex.similarity;
