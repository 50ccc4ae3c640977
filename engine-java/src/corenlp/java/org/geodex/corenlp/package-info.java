/** Stanford CoreNLP (GPL) as a parser of English; built by the profile {@code corenlp} alone. */
package org.geodex.corenlp;
