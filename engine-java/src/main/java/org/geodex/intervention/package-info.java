/**
 * Interventions on the layers of one scale, what they do to the text that a model writes, and how
 * they compare at equal strength and at equal dose.
 */
package org.geodex.intervention;
