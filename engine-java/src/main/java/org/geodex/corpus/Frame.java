package org.geodex.corpus;

/** The intermediate scale: how a sentence is built. */
public enum Frame {
  /** Anna stirs the soup. */
  DECLARATIVE,
  /** Does Anna stir the soup? Is the soup hot? */
  QUESTION,
  /** The soup is stirred by Anna. */
  PASSIVE,
  /** The baker who stirs the soup thanks Ben. The soup that Anna stirs is hot. */
  RELATIVE,
  /** If Anna stirs the soup, Ben slices the cake. */
  CONDITIONAL,
  /** The soup is very hot. Anna is a baker in the kitchen. */
  COPULA,
  /** There is a cake near the pantry. */
  EXISTENTIAL,
  /** Anna stirs the soup, and Ben slices the cake. */
  COORDINATION,
  /** Anna says that the soup is hot. */
  REPORT,
  /** Anna gives Ben the spoon. Anna gives the spoon to Ben. */
  DATIVE
}
