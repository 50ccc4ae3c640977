/**
 * The main job: a model's activations in, figures per layer, per pair of layers and per scale out.
 */
package org.geodex.analysis;
