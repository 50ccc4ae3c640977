/** Geodex: the geometry and the information inside language models. */
package org.geodex;
