/** Transformers from published checkpoints: configuration, weights, forward pass, tokenizer. */
package org.geodex.model;
