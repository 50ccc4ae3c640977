/**
 * What single tokens carry: the information gain of each as a ridge regression, the tokens that a
 * Lasso picks to explain another, how evenly information is spread, and distances between sentences
 * as sets of tokens. After Tan, Li, Huang, The Information of LLM Geometry (arXiv 2402.03471).
 */
package org.geodex.token;
