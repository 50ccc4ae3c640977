/**
 * Performance regression testing: reads JMH results, of this project or any other, and says what
 * became faster or slower. One fork is one sample, since iterations of one JVM share its luck.
 */
package org.geodex.benchmark;
