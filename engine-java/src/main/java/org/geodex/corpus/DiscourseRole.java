package org.geodex.corpus;

/** The global scale beside the topic: what a sentence does in its document, in this order. */
public enum DiscourseRole {
  INTRODUCTION,
  ELABORATION,
  CONTRAST,
  CONCLUSION
}
