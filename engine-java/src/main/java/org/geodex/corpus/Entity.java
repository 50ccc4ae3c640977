package org.geodex.corpus;

/** Who or what a word refers to: every document has two people, a group and a thing. */
public enum Entity {
  NONE,
  /** The first person introduced, the first subject. */
  FIRST,
  /** The second person, of the other gender. */
  SECOND,
  GROUP,
  THING
}
