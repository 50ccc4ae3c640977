/** The layers of a transformer as operations of a backend, and what describes them. */
package org.geodex.backend.transformer;
