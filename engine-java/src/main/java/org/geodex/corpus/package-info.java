/**
 * A language whose local, sentence and discourse structure is known, the models that learned it,
 * and the probes that measure how much of that structure a layer holds.
 *
 * <p>{@link org.geodex.corpus.Language} writes documents together with their {@linkplain
 * org.geodex.corpus.LabelledDocument labels} and exact probability; {@link
 * org.geodex.corpus.DocumentParser} recovers the labels from the text alone.
 */
package org.geodex.corpus;
