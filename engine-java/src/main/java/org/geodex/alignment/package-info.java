/**
 * Multi-scale manifold alignment after arXiv 2505.20333: maps from the global to the intermediate
 * and from the intermediate to the local representation of the same documents, what they reach on
 * documents that they have not seen, and which part of the loss that is owed to.
 */
package org.geodex.alignment;
