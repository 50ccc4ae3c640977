package org.geodex.corpus;

import org.geodex.corpus.Lexicon.Topic;
import org.geodex.corpus.Lexicon.Verb;

/** Sets of word forms that the parser asks for, as bits of one table. Form −1 is in no set. */
final class Vocabulary {
  private static final int NAME = 1;
  private static final int WOMAN = 2;
  private static final int OPENING = 4;
  private static final int SUBORDINATOR = 8;
  private static final int REPORT = 16;
  private static final int GIVE = 32;
  private static final int ARTICLE = 64;
  private static final int AT = 128;
  private static final int NEAR = 256;
  private static final int SINGULAR = 512;
  private static final int PLURAL = 1024;

  private static final DiscourseRole[] ROLES = DiscourseRole.values();

  private final int[] sets;
  private final int[] openedRole;
  private final int[] groupTopic;
  private final int[] roleTopic;

  Vocabulary(Lexicon words) {
    sets = new int[words.size()];
    openedRole = filled(words.size());
    groupTopic = filled(words.size());
    roleTopic = filled(words.size());
    mark(NAME, words.men);
    mark(NAME | WOMAN, words.women);
    mark(SUBORDINATOR, words.subordinators);
    mark(ARTICLE | SINGULAR, words.a, words.an);
    mark(AT, words.at);
    mark(NEAR, words.near);
    mark(SINGULAR, words.each);
    mark(PLURAL, words.some);
    mark(REPORT, words.report);
    mark(GIVE, words.give);
    for (int role = 0; role < words.connectives.length; role++) {
      mark(OPENING, words.connectives[role]);
      fill(openedRole, words.connectives[role], role);
    }
    for (int t = 0; t < words.topics.length; t++) {
      Topic topic = words.topics[t];
      fill(groupTopic, topic.groups(), t);
      fill(roleTopic, topic.roles(), t);
    }
  }

  private static int[] filled(int size) {
    int[] table = new int[size];
    java.util.Arrays.fill(table, -1);
    return table;
  }

  private static void fill(int[] table, int[] forms, int value) {
    for (int form : forms) {
      table[form] = value;
    }
  }

  private void mark(int set, int... forms) {
    for (int form : forms) {
      sets[form] |= set;
    }
  }

  private void mark(int set, Verb[] verbs) {
    for (Verb verb : verbs) {
      mark(set, verb.base(), verb.singular());
    }
  }

  private boolean in(int set, int form) {
    return form >= 0 && (sets[form] & set) != 0;
  }

  boolean isName(int form) {
    return in(NAME, form);
  }

  boolean isWoman(int form) {
    return in(WOMAN, form);
  }

  boolean isOpening(int form) {
    return in(OPENING, form);
  }

  boolean isSubordinator(int form) {
    return in(SUBORDINATOR, form);
  }

  boolean isReport(int form) {
    return in(REPORT, form);
  }

  boolean isGive(int form) {
    return in(GIVE, form);
  }

  boolean isArticle(int form) {
    return in(ARTICLE, form);
  }

  boolean isAt(int form) {
    return in(AT, form);
  }

  boolean isNear(int form) {
    return in(NEAR, form);
  }

  /** Determiners of a singular. */
  boolean isSingular(int form) {
    return in(SINGULAR, form);
  }

  /** Determiners of a plural. */
  boolean isPlural(int form) {
    return in(PLURAL, form);
  }

  /** The topic whose people have this role, or −1. */
  int topic(int role) {
    return role < 0 ? -1 : roleTopic[role];
  }

  boolean isGroup(int form, int topic) {
    return topic >= 0 && groupTopic[form] == topic;
  }

  /** The discourse role of a sentence that begins with {@code form}, after {@code role}. */
  DiscourseRole roleOpened(int form, DiscourseRole role) {
    int opened = form < 0 ? -1 : openedRole[form];
    return opened < 0 ? role : ROLES[opened];
  }
}
