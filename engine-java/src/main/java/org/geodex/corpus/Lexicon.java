package org.geodex.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The words of the language, read from {@code lexicon.txt}. A word form is an int; one form can
 * belong to several classes ({@code plants} is a noun and a verb, {@code her} an object and a
 * possessive), and only its place in the sentence tells which.
 */
public final class Lexicon {
  private static final Lexicon INSTANCE = new Lexicon();

  record Verb(int base, int singular, int participle) {}

  record Thing(int singular, int plural, Verb[] verbs, int[] adjectives) {}

  record Topic(String name, int[] roles, int[] groups, int[] places, int[] tools, Thing[] things) {}

  private final List<String> forms = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<Integer> classes = new ArrayList<>();
  private final byte[][] formBytes;
  private final byte[][] capitalBytes;

  final Topic[] topics;
  final Thing[] sharedThings;
  final int[] women;
  final int[] men;

  /** Verbs of people towards people; no participle. */
  final Verb[] social;

  /** Verbs with a that-clause; no participle. */
  final Verb[] report;

  /** Verbs with two objects; no participle. */
  final Verb[] give;

  final int[] moods;
  final int[] adverbs;
  final int[] degrees;

  /** Quantifiers of a plural. */
  final int[] some;

  /** Quantifiers of a singular. */
  final int[] each;

  /** Prepositions that belong to the noun before them. */
  final int[] near;

  /** Prepositions of a place that belong to the verb. */
  final int[] at;

  final int the = form("the", WordClass.DEFINITE);
  final int a = form("a", WordClass.INDEFINITE);
  final int an = form("an", WordClass.INDEFINITE);
  final int he = form("he", WordClass.PRONOUN_SUBJECT);
  final int she = form("she", WordClass.PRONOUN_SUBJECT);
  final int they = form("they", WordClass.PRONOUN_SUBJECT);
  final int there = form("there", WordClass.PRONOUN_SUBJECT);
  final int it = form("it", WordClass.PRONOUN_SUBJECT, WordClass.PRONOUN_OBJECT);
  final int him = form("him", WordClass.PRONOUN_OBJECT);
  final int her = form("her", WordClass.PRONOUN_OBJECT, WordClass.POSSESSIVE);
  final int them = form("them", WordClass.PRONOUN_OBJECT);
  final int his = form("his", WordClass.POSSESSIVE);
  final int their = form("their", WordClass.POSSESSIVE);
  final int is = form("is", WordClass.AUXILIARY);
  final int are = form("are", WordClass.AUXILIARY);
  final int does = form("does", WordClass.AUXILIARY);
  final int doBase = form("do", WordClass.AUXILIARY);
  final int with = form("with", WordClass.PREPOSITION);
  final int by = form("by", WordClass.PREPOSITION);
  final int to = form("to", WordClass.PREPOSITION);
  final int who = form("who", WordClass.RELATIVIZER);
  final int which = form("which", WordClass.RELATIVIZER);
  final int that = form("that", WordClass.RELATIVIZER, WordClass.SUBORDINATOR);
  final int and = form("and", WordClass.CONNECTIVE);
  final int but = form("but", WordClass.CONNECTIVE);
  final int comma = form(",", WordClass.PUNCTUATION);
  final int period = form(".", WordClass.PUNCTUATION);
  final int questionMark = form("?", WordClass.PUNCTUATION);
  final int[] subordinators = forms(WordClass.SUBORDINATOR, "if when because although");

  /** Words that open a sentence, by discourse role. */
  final int[][] connectives = {
    {},
    forms(WordClass.CONNECTIVE, "moreover also then indeed"),
    forms(WordClass.CONNECTIVE, "however still nevertheless instead"),
    forms(WordClass.CONNECTIVE, "finally therefore thus overall")
  };

  private Lexicon() {
    List<Section> sections = Section.read();
    Section shared = sections.removeLast();
    topics = sections.stream().map(this::topic).toArray(Topic[]::new);
    sharedThings = things(shared);
    women = nouns(shared, "woman", WordClass.NAME);
    men = nouns(shared, "man", WordClass.NAME);
    social = verbs(shared, "social");
    report = verbs(shared, "report");
    give = verbs(shared, "give");
    moods = nouns(shared, "mood", WordClass.ADJECTIVE);
    adverbs = nouns(shared, "adverb", WordClass.ADVERB);
    degrees = nouns(shared, "degree", WordClass.ADVERB);
    some = nouns(shared, "some", WordClass.QUANTIFIER);
    each = nouns(shared, "each", WordClass.QUANTIFIER);
    near = nouns(shared, "near", WordClass.PREPOSITION);
    at = nouns(shared, "at", WordClass.PREPOSITION);
    formBytes = new byte[forms.size()][];
    capitalBytes = new byte[forms.size()][];
    for (int form = 0; form < forms.size(); form++) {
      formBytes[form] = forms.get(form).getBytes(StandardCharsets.US_ASCII);
      capitalBytes[form] = formBytes[form].clone();
      capitalBytes[form][0] = (byte) Character.toUpperCase(forms.get(form).charAt(0));
    }
  }

  public static Lexicon get() {
    return INSTANCE;
  }

  /** Number of word forms. */
  public int size() {
    return forms.size();
  }

  /** A form as it is written inside a sentence. */
  public String text(int form) {
    return forms.get(form);
  }

  /** The ASCII bytes of a form, its first letter a capital or not; not to be changed. */
  byte[] bytes(int form, boolean capital) {
    return capital ? capitalBytes[form] : formBytes[form];
  }

  /** All forms, by id. */
  public List<String> texts() {
    return Collections.unmodifiableList(forms);
  }

  /** The form of a word as written inside a sentence, or −1. */
  public int form(String word) {
    return ids.getOrDefault(word, -1);
  }

  /** Whether a form can be of a class. */
  boolean can(int form, WordClass wordClass) {
    return (classes.get(form) & wordClass.bit()) != 0;
  }

  /** The names of the topics. */
  public List<String> topicNames() {
    return Arrays.stream(topics).map(Topic::name).toList();
  }

  private Topic topic(Section section) {
    return new Topic(
        section.name(),
        nouns(section, "role", WordClass.NOUN_SINGULAR),
        nouns(section, "group", WordClass.NOUN_PLURAL),
        nouns(section, "place", WordClass.NOUN_SINGULAR),
        nouns(section, "tool", WordClass.NOUN_SINGULAR),
        things(section));
  }

  private int form(String word, WordClass... wordClasses) {
    int form = ids.computeIfAbsent(word, w -> forms.size());
    if (form == forms.size()) {
      forms.add(word);
      classes.add(0);
    }
    for (WordClass wordClass : wordClasses) {
      classes.set(form, classes.get(form) | wordClass.bit());
    }
    return form;
  }

  private int[] forms(WordClass wordClass, String words) {
    return Arrays.stream(words.split(" ")).mapToInt(w -> form(w, wordClass)).toArray();
  }

  private int[] nouns(Section section, String key, WordClass wordClass) {
    return forms(wordClass, section.lines(key).getFirst());
  }

  private Verb[] verbs(Section section, String key) {
    return section.lines(key).stream().map(this::verb).toArray(Verb[]::new);
  }

  private Verb verb(String line) {
    String[] words = line.split(" ");
    return new Verb(
        form(words[0], WordClass.VERB_BASE),
        form(words[1], WordClass.VERB_SINGULAR),
        words.length < 3 ? -1 : form(words[2], WordClass.PARTICIPLE));
  }

  private Thing[] things(Section section) {
    Map<Integer, Verb> verbs = new HashMap<>();
    for (Verb verb : verbs(section, "verb")) {
      verbs.put(verb.base(), verb);
    }
    return section.lines("thing").stream().map(l -> thing(l, verbs)).toArray(Thing[]::new);
  }

  private Thing thing(String line, Map<Integer, Verb> verbs) {
    String[] parts = line.split(" : ");
    String[] nouns = parts[0].split(" ");
    return new Thing(
        form(nouns[0], WordClass.NOUN_SINGULAR),
        form(nouns[1], WordClass.NOUN_PLURAL),
        Arrays.stream(parts[1].split(" ")).map(v -> verbs.get(form(v))).toArray(Verb[]::new),
        forms(WordClass.ADJECTIVE, parts[2]));
  }

  /** A section of the file: lines by their first word. */
  private record Section(String name, Map<String, List<String>> byKey) {
    List<String> lines(String key) {
      return byKey.get(key);
    }

    static List<Section> read() {
      List<Section> sections = new ArrayList<>();
      text()
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .forEach(line -> add(sections, line));
      return sections;
    }

    private static void add(List<Section> sections, String line) {
      if (line.startsWith("[")) {
        String name = line.substring(line.indexOf(' ') + 1).replaceAll("[\\[\\]]", "");
        sections.add(new Section(name, new HashMap<>()));
      } else {
        int space = line.indexOf(' ');
        sections
            .getLast()
            .byKey
            .computeIfAbsent(line.substring(0, space), key -> new ArrayList<>())
            .add(line.substring(space + 1));
      }
    }

    private static String text() {
      try (InputStream in = Lexicon.class.getResourceAsStream("lexicon.txt")) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
