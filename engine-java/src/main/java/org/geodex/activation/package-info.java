/** Text to token tables, a model's activations over them, their files and their pooling. */
package org.geodex.activation;
