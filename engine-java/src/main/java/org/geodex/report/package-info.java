/** What a run leaves for people and tools to read: one page, one JSON file. */
package org.geodex.report;
