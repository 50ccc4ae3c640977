/**
 * Intervals, tests and effect sizes for small samples. Wilcoxon, Mann–Whitney and t tests come from
 * Apache Commons Statistics; what it lacks is here. Everything random follows from a seed.
 */
package org.geodex.statistics;
