package org.geodex.corpus;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.geodex.corpus.Lexicon.Thing;
import org.geodex.corpus.Lexicon.Topic;
import org.geodex.corpus.Lexicon.Verb;

/**
 * The language: a random process that writes documents, each with its labels and its exact
 * probability.
 *
 * <ul>
 *   <li><b>Document.</b> One of five topics; two people of different gender, a group and a thing,
 *       introduced in three sentences; then 2–4 sentences of elaboration, 1–2 of contrast and 1–2
 *       of conclusion, the last two opened by a connective. Subjects tend to stay; who was named in
 *       this or the last sentence may become a pronoun.
 *   <li><b>Sentence.</b> One of ten {@linkplain Frame frames}, their shares depending on the
 *       discourse role.
 *   <li><b>Words.</b> Agreement in number and gender; a noun selects its verbs and adjectives, a
 *       verb its adverbs; {@code a} or {@code an} by the next letter.
 * </ul>
 *
 * <p>A text has one derivation: no two ways of choosing write the same document (each rule below
 * that looks arbitrary, such as a noun that skips the document's own thing, is there for that). So
 * the probability of the choices is the probability of the text, and the mean of {@link
 * LabelledDocument#nats()} over the mean number of words estimates the entropy rate without bias
 * from the grammar.
 *
 * <p>An object serves one thread. Document {@code i} of a seed depends on the two numbers alone.
 */
public final class Language {
  // Discourse.
  private static final Choice ELABORATIONS = Choice.of(0.40, 0.35, 0.25);
  private static final Choice ONE_OR_TWO = Choice.of(0.55, 0.45);
  private static final double LATER_CONNECTIVE = 0.25;
  private static final Choice[] FRAME = {
    null,
    // DECL QUEST PASS REL COND COP EXIST COORD REPORT DATIVE
    Choice.of(0.24, 0.02, 0.12, 0.12, 0.04, 0.10, 0.06, 0.10, 0.06, 0.14),
    Choice.of(0.12, 0.22, 0.06, 0.10, 0.20, 0.08, 0.02, 0.06, 0.12, 0.02),
    Choice.of(0.10, 0.02, 0.18, 0.06, 0.16, 0.16, 0.02, 0.08, 0.18, 0.04)
  };

  // Reference.
  private static final Choice SUBJECT = Choice.of(0.50, 0.30, 0.20);
  private static final Choice OTHER_PERSON = Choice.of(0.65, 0.35);
  private static final Choice[] PERSON = { // Pronoun, name, description; by sentences since.
    Choice.of(0.80, 0.10, 0.10), Choice.of(0.60, 0.20, 0.20)
  };
  private static final Choice OWNER = Choice.of(0.50, 0.30, 0.20);
  private static final double RECENT_PRONOUN = 0.55;
  private static final double FAR_DESCRIPTION = 0.45;
  private static final double POSSESSED = 0.30;

  // Clause.
  private static final double COPULAR_CLAUSE = 0.20;
  private static final Choice OBJECT = Choice.of(0.40, 0.25, 0.15, 0.20);
  private static final Choice PATIENT = Choice.of(0.50, 0.30, 0.20);
  private static final double ADVERB = 0.20;
  private static final double DEGREE = 0.30;
  private static final double MOOD = 0.40;
  private static final double ADJUNCT = 0.20;
  private static final double AGENT = 0.60;
  private static final double WITH_TOOL = 0.50;
  private static final double BE_QUESTION = 0.30;
  private static final double SUBJECT_RELATIVE = 0.60;
  private static final double TO_DATIVE = 0.50;

  // Noun phrase.
  private static final double PLURAL = 0.30;
  private static final double PLACED = 0.15;
  private static final double ATTRIBUTE = 0.35;
  private static final double NEW_ATTRIBUTE = 0.60;
  private static final Choice SINGULAR_DETERMINER = Choice.of(0.50, 0.35, 0.15);

  private static final Frame[] FRAMES = Frame.values();
  private static final Entity[] PEOPLE = {Entity.FIRST, Entity.SECOND, Entity.GROUP};

  private final Lexicon words = Lexicon.get();
  private LabelledDocument document;
  private SplittableRandom random;
  private double pending;

  // The state of the document being written.
  private Topic topic;
  private boolean firstIsWoman;
  private final int[] names = new int[2];
  private final int[] roles = new int[2];
  private int group;
  private int thingIndex;
  private Thing thing;
  private Entity subject;
  private final int[] lastMention = new int[Entity.values().length];

  /** Writes document {@code index} of the corpus of {@code seed}. */
  public LabelledDocument document(long seed, long index) {
    LabelledDocument result = new LabelledDocument();
    write(seed, index, result);
    return result;
  }

  /** As {@link #document}, into an object that is reused. */
  void write(long seed, long index, LabelledDocument into) {
    random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L ^ index * 0xD1B54A32D192ED03L);
    document = into;
    document.clear();
    pending = 0;
    begin();
    introduce();
    section(DiscourseRole.ELABORATION, 2 + choose(ELABORATIONS));
    section(DiscourseRole.CONTRAST, 1 + choose(ONE_OR_TWO));
    section(DiscourseRole.CONCLUSION, 1 + choose(ONE_OR_TWO));
    document.addNats(document.size() - 1, pending);
  }

  private void begin() {
    int topicIndex = chooseUniform(words.topics.length);
    document.topic(topicIndex);
    topic = words.topics[topicIndex];
    firstIsWoman = chance(0.5);
    names[0] = one(firstIsWoman ? words.women : words.men);
    names[1] = one(firstIsWoman ? words.men : words.women);
    int firstRole = choose(Choice.zipf(topic.roles().length));
    int secondRole = choose(Choice.zipf(topic.roles().length - 1));
    roles[0] = topic.roles()[firstRole];
    roles[1] = topic.roles()[secondRole + (secondRole >= firstRole ? 1 : 0)];
    group = one(topic.groups());
    thingIndex = choose(Choice.zipf(topic.things().length));
    thing = topic.things()[thingIndex];
    subject = Entity.FIRST;
    Arrays.fill(lastMention, -2);
  }

  // ---- Sentences.

  /** Anna is a happy baker in the kitchen. Ben is a waiter at the tavern. There is a soup … */
  private void introduce() {
    for (Entity person : new Entity[] {Entity.FIRST, Entity.SECOND}) {
      document.beginSentence();
      int name = emit(names[person.ordinal() - 1], WordClass.NAME, person);
      int copula = emit(words.is, WordClass.AUXILIARY);
      int mood = chance(MOOD) ? one(words.moods) : -1;
      int role = roles[person.ordinal() - 1];
      int article = emitArticle(mood >= 0 ? mood : role);
      int adjective = mood >= 0 ? emit(mood, WordClass.ADJECTIVE) : -1;
      int noun = emit(role, WordClass.NOUN_SINGULAR, person);
      attach(noun, name, copula, article, adjective);
      place(one(words.at), noun);
      lastMention[person.ordinal()] = document.sentences();
      end(Frame.COPULA, DiscourseRole.INTRODUCTION, noun);
    }
    document.beginSentence();
    int there = emit(words.there, WordClass.PRONOUN_SUBJECT);
    int is = emit(words.is, WordClass.AUXILIARY);
    int adjective = chance(NEW_ATTRIBUTE) ? one(thing.adjectives()) : -1;
    int article = emitArticle(adjective >= 0 ? adjective : thing.singular());
    int attribute = adjective >= 0 ? emit(adjective, WordClass.ADJECTIVE) : -1;
    int noun = emit(thing.singular(), WordClass.NOUN_SINGULAR, Entity.THING);
    attach(noun, article, attribute);
    attach(is, there, noun);
    place(one(words.near), noun);
    lastMention[Entity.THING.ordinal()] = document.sentences();
    end(Frame.EXISTENTIAL, DiscourseRole.INTRODUCTION, is);
  }

  private void section(DiscourseRole role, int count) {
    for (int i = 0; i < count; i++) {
      document.beginSentence();
      boolean opens = i == 0 && role != DiscourseRole.ELABORATION;
      if (opens || chance(LATER_CONNECTIVE)) {
        emit(one(words.connectives[role.ordinal()]), WordClass.CONNECTIVE);
        emit(words.comma, WordClass.PUNCTUATION);
      }
      Frame frame = FRAMES[choose(FRAME[role.ordinal()])];
      int root =
          switch (frame) {
            case DECLARATIVE -> transitive();
            case QUESTION -> question();
            case PASSIVE -> passive();
            case RELATIVE -> chance(SUBJECT_RELATIVE) ? subjectRelative() : objectRelative();
            case CONDITIONAL -> conditional();
            case COPULA -> copular();
            case EXISTENTIAL -> existential();
            case COORDINATION -> coordination();
            case REPORT -> report();
            case DATIVE -> dative();
          };
      end(frame, role, root);
    }
  }

  private void end(Frame frame, DiscourseRole role, int root) {
    emit(frame == Frame.QUESTION ? words.questionMark : words.period, WordClass.PUNCTUATION);
    document.endSentence(frame, role, root);
  }

  private int question() {
    if (chance(BE_QUESTION)) {
      boolean aboutThing = chance(0.5);
      if (!aboutThing) {
        nextSubject();
      }
      int be = emit(!aboutThing && plural(subject) ? words.are : words.is, WordClass.AUXILIARY);
      int noun = aboutThing ? mainThing(WordClass.PRONOUN_SUBJECT, false) : person(subject, true);
      return adjective(noun, be, aboutThing ? thing.adjectives() : words.moods);
    }
    nextSubject();
    int auxiliary = emit(plural(subject) ? words.doBase : words.does, WordClass.AUXILIARY);
    int who = person(subject, true);
    int verb = predicate(true, true);
    attach(verb, auxiliary, who);
    return verb;
  }

  private int passive() {
    int kind = choose(PATIENT);
    Thing patient = kind == 0 ? thing : other(kind == 1);
    boolean many = kind != 0 && chance(PLURAL);
    int noun =
        kind == 0 ? mainThing(WordClass.PRONOUN_SUBJECT, true) : thing(patient, many, true, true);
    int be = emit(many ? words.are : words.is, WordClass.AUXILIARY);
    Verb verb = one(patient.verbs());
    int adverb = adverb(verb);
    int participle = emit(verb.participle(), WordClass.PARTICIPLE);
    attach(participle, noun, be, adverb);
    if (chance(AGENT)) {
      nextSubject();
      int by = emit(words.by, WordClass.PREPOSITION);
      int agent = person(subject, false);
      attach(agent, by);
      attach(participle, agent);
    }
    adjunct(participle);
    return participle;
  }

  /**
   * The baker who stirs the soup thanks Ben: no person inside, or "who helps her plants" is two.
   */
  private int subjectRelative() {
    nextSubject();
    int noun = description(subject);
    int who = emit(words.who, WordClass.RELATIVIZER);
    int inner = predicate(plural(subject), false);
    attach(inner, who);
    attach(noun, inner);
    int verb = predicate(plural(subject), true);
    attach(verb, noun);
    return verb;
  }

  private int objectRelative() {
    boolean main = chance(0.6);
    Thing object = main ? thing : other(true);
    int the = emit(words.the, WordClass.DEFINITE);
    int noun = emit(object.singular(), WordClass.NOUN_SINGULAR, main ? Entity.THING : Entity.NONE);
    int relativizer = emit(chance(0.5) ? words.which : words.that, WordClass.RELATIVIZER);
    nextSubject();
    int who = person(subject, true);
    Verb verb = one(object.verbs());
    int adverb = adverb(verb);
    int inner = emitVerb(verb, plural(subject));
    attach(inner, relativizer, who, adverb);
    attach(noun, the, inner);
    if (main) {
      lastMention[Entity.THING.ordinal()] = document.sentences();
    }
    int be = emit(words.is, WordClass.AUXILIARY);
    return adjective(noun, be, object.adjectives());
  }

  private int conditional() {
    int mark = emit(one(words.subordinators), WordClass.SUBORDINATOR);
    int condition = clause();
    int comma = emit(words.comma, WordClass.PUNCTUATION);
    attach(condition, mark, comma);
    int verb = clause();
    attach(verb, condition);
    return verb;
  }

  private int coordination() {
    int first = clause();
    int comma = emit(words.comma, WordClass.PUNCTUATION);
    int and = emit(chance(0.7) ? words.and : words.but, WordClass.CONNECTIVE);
    int second = clause();
    attach(second, comma, and);
    attach(first, second);
    return first;
  }

  private int report() {
    nextSubject();
    int who = person(subject, true);
    int verb = emitVerb(one(words.report), plural(subject));
    int that = emit(words.that, WordClass.SUBORDINATOR);
    int inner = clause();
    attach(inner, that);
    attach(verb, who, inner);
    return verb;
  }

  private int dative() {
    nextSubject();
    int who = person(subject, true);
    int verb = emitVerb(one(words.give), plural(subject));
    Entity receiver = otherPerson();
    boolean to = chance(TO_DATIVE);
    int person = to ? -1 : person(receiver, false);
    int kind = choose(PATIENT);
    int gift =
        kind == 0 ? mainThing(null, true) : thing(other(kind == 1), chance(PLURAL), false, true);
    if (to) {
      int preposition = emit(words.to, WordClass.PREPOSITION);
      person = person(receiver, false);
      attach(person, preposition);
    }
    attach(verb, who, person, gift);
    return verb;
  }

  private int existential() {
    boolean many = chance(PLURAL);
    Thing object = other(chance(0.6));
    int there = emit(words.there, WordClass.PRONOUN_SUBJECT);
    int be = emit(many ? words.are : words.is, WordClass.AUXILIARY);
    int adjective = chance(NEW_ATTRIBUTE) ? one(object.adjectives()) : -1;
    int form = many ? object.plural() : object.singular();
    int determiner =
        many
            ? emit(one(words.some), WordClass.QUANTIFIER)
            : emitArticle(adjective >= 0 ? adjective : form);
    int attribute = adjective >= 0 ? emit(adjective, WordClass.ADJECTIVE) : -1;
    int noun = emit(form, many ? WordClass.NOUN_PLURAL : WordClass.NOUN_SINGULAR);
    attach(noun, determiner, attribute);
    attach(be, there, noun);
    place(one(words.near), noun);
    return be;
  }

  // ---- Clauses.

  private int clause() {
    return chance(COPULAR_CLAUSE) ? copular() : transitive();
  }

  private int transitive() {
    nextSubject();
    int who = person(subject, true);
    int verb = predicate(plural(subject), true);
    attach(verb, who);
    return verb;
  }

  /** The soup is very hot; Anna is proud. */
  private int copular() {
    if (chance(0.4)) {
      nextSubject();
      int who = person(subject, true);
      int be = emit(plural(subject) ? words.are : words.is, WordClass.AUXILIARY);
      return adjective(who, be, words.moods);
    }
    boolean main = chance(0.6);
    Thing about = main ? thing : other(true);
    boolean many = !main && chance(PLURAL);
    int noun =
        main ? mainThing(WordClass.PRONOUN_SUBJECT, false) : thing(about, many, false, false);
    int be = emit(many ? words.are : words.is, WordClass.AUXILIARY);
    return adjective(noun, be, about.adjectives());
  }

  private int adjective(int noun, int be, int[] adjectives) {
    int degree = chance(DEGREE) ? emit(one(words.degrees), WordClass.ADVERB) : -1;
    int adjective = emit(one(adjectives), WordClass.ADJECTIVE);
    attach(adjective, noun, be, degree);
    return adjective;
  }

  /** Verb, object and what belongs to them; the verb fits the object. */
  private int predicate(boolean base, boolean people) {
    int kind = choose(people ? OBJECT : PATIENT);
    Thing object = kind == 0 || kind == 3 ? thing : other(kind == 1);
    Verb verb = one(kind == 3 ? words.social : object.verbs());
    int adverb = adverb(verb);
    int head = emitVerb(verb, base);
    int noun =
        switch (kind) {
          case 0 -> mainThing(WordClass.PRONOUN_OBJECT, true);
          case 3 -> person(otherPerson(), false);
          default -> thing(object, chance(PLURAL), true, true);
        };
    attach(head, adverb, noun);
    adjunct(head);
    return head;
  }

  /** A verb has favourite adverbs: the list begins elsewhere for each. */
  private int adverb(Verb verb) {
    if (!chance(ADVERB)) {
      return -1;
    }
    int rank = choose(Choice.zipf(words.adverbs.length));
    return emit(words.adverbs[(rank + verb.base()) % words.adverbs.length], WordClass.ADVERB);
  }

  /** With a tool, or in a place. */
  private void adjunct(int verb) {
    if (!chance(ADJUNCT)) {
      return;
    }
    if (chance(WITH_TOOL)) {
      int with = emit(words.with, WordClass.PREPOSITION);
      int tool = one(topic.tools());
      int article = chance(0.5) ? emit(words.the, WordClass.DEFINITE) : emitArticle(tool);
      int noun = emit(tool, WordClass.NOUN_SINGULAR);
      attach(noun, with, article);
      attach(verb, noun);
    } else {
      place(one(words.at), verb);
    }
  }

  /** In the kitchen; in the kitchen behind the tavern. */
  private void place(int preposition, int head) {
    int[] places = topic.places();
    int place = choose(Choice.zipf(places.length));
    int noun = place(preposition, places[place], head);
    if (chance(PLACED)) {
      int other = choose(Choice.zipf(places.length - 1));
      place(one(words.near), places[other + (other >= place ? 1 : 0)], noun);
    }
  }

  private int place(int preposition, int place, int head) {
    int at = emit(preposition, WordClass.PREPOSITION);
    int the = emit(words.the, WordClass.DEFINITE);
    int noun = emit(place, WordClass.NOUN_SINGULAR);
    attach(noun, at, the);
    attach(head, noun);
    return noun;
  }

  // ---- Noun phrases.

  private void nextSubject() {
    int choice = choose(SUBJECT);
    subject = choice == 0 ? subject : otherThan(subject, choice - 1);
  }

  private Entity otherPerson() {
    return otherThan(subject, choose(OTHER_PERSON));
  }

  private static Entity otherThan(Entity person, int rank) {
    int index = person.ordinal() - 1;
    return PEOPLE[rank < index ? rank : rank + 1];
  }

  private static boolean plural(Entity entity) {
    return entity == Entity.GROUP;
  }

  private boolean isWoman(Entity person) {
    return firstIsWoman == (person == Entity.FIRST);
  }

  /** A pronoun, a name or a description. */
  private int person(Entity person, boolean isSubject) {
    int since = document.sentences() - lastMention[person.ordinal()];
    boolean recent = since <= 1;
    lastMention[person.ordinal()] = document.sentences();
    WordClass pronoun = isSubject ? WordClass.PRONOUN_SUBJECT : WordClass.PRONOUN_OBJECT;
    if (person == Entity.GROUP) {
      return recent && chance(RECENT_PRONOUN)
          ? emit(isSubject ? words.they : words.them, pronoun, person)
          : description(person);
    }
    int form = recent ? choose(PERSON[since]) : chance(FAR_DESCRIPTION) ? 2 : 1;
    if (form == 2) {
      return description(person);
    }
    if (form == 1) {
      return emit(names[person.ordinal() - 1], WordClass.NAME, person);
    }
    int he = isSubject ? words.he : words.him;
    int she = isSubject ? words.she : words.her;
    return emit(isWoman(person) ? she : he, pronoun, person);
  }

  /** The baker; the guests. */
  private int description(Entity person) {
    lastMention[person.ordinal()] = document.sentences();
    int the = emit(words.the, WordClass.DEFINITE);
    boolean many = plural(person);
    int noun =
        emit(
            many ? group : roles[person.ordinal() - 1],
            many ? WordClass.NOUN_PLURAL : WordClass.NOUN_SINGULAR,
            person);
    attach(noun, the);
    return noun;
  }

  /**
   * The document's thing: it, the soup, her hot soup.
   *
   * @param pronoun class of a pronoun in this place, null where none may stand
   */
  private int mainThing(WordClass pronoun, boolean attributes) {
    boolean recent = document.sentences() - lastMention[Entity.THING.ordinal()] <= 1;
    lastMention[Entity.THING.ordinal()] = document.sentences();
    if (pronoun != null && recent && chance(RECENT_PRONOUN)) {
      return emit(words.it, pronoun, Entity.THING);
    }
    int determiner = chance(POSSESSED) ? possessive() : emit(words.the, WordClass.DEFINITE);
    int attribute =
        attributes && chance(ATTRIBUTE) ? emit(one(thing.adjectives()), WordClass.ADJECTIVE) : -1;
    int noun = emit(thing.singular(), WordClass.NOUN_SINGULAR, Entity.THING);
    attach(noun, determiner, attribute);
    return noun;
  }

  private int possessive() {
    Entity owner = PEOPLE[choose(OWNER)];
    int form = plural(owner) ? words.their : isWoman(owner) ? words.her : words.his;
    return emit(form, WordClass.POSSESSIVE, owner);
  }

  /** Another thing of the topic, never the document's own, or one that fits every topic. */
  private Thing other(boolean ofTopic) {
    if (!ofTopic) {
      return words.sharedThings[choose(Choice.zipf(words.sharedThings.length))];
    }
    int index = choose(Choice.zipf(topic.things().length - 1));
    return topic.things()[index + (index >= thingIndex ? 1 : 0)];
  }

  private int thing(Thing object, boolean many, boolean attributes, boolean mayBePlaced) {
    int adjective = attributes && chance(ATTRIBUTE) ? one(object.adjectives()) : -1;
    int form = many ? object.plural() : object.singular();
    int determiner = determiner(many, adjective >= 0 ? adjective : form);
    int attribute = adjective >= 0 ? emit(adjective, WordClass.ADJECTIVE) : -1;
    int noun = emit(form, many ? WordClass.NOUN_PLURAL : WordClass.NOUN_SINGULAR);
    attach(noun, determiner, attribute);
    if (mayBePlaced && chance(PLACED)) {
      place(one(words.near), noun);
    }
    return noun;
  }

  private int determiner(boolean many, int next) {
    if (many) {
      return chance(0.5)
          ? emit(words.the, WordClass.DEFINITE)
          : emit(one(words.some), WordClass.QUANTIFIER);
    }
    return switch (choose(SINGULAR_DETERMINER)) {
      case 0 -> emit(words.the, WordClass.DEFINITE);
      case 1 -> emitArticle(next);
      default -> emit(one(words.each), WordClass.QUANTIFIER);
    };
  }

  // ---- Words and chance.

  private int emitArticle(int next) {
    boolean vowel = "aeiou".indexOf(words.text(next).charAt(0)) >= 0;
    return emit(vowel ? words.an : words.a, WordClass.INDEFINITE);
  }

  private int emitVerb(Verb verb, boolean base) {
    return base
        ? emit(verb.base(), WordClass.VERB_BASE)
        : emit(verb.singular(), WordClass.VERB_SINGULAR);
  }

  private int emit(int form, WordClass wordClass) {
    return emit(form, wordClass, Entity.NONE);
  }

  private int emit(int form, WordClass wordClass, Entity entity) {
    int word = document.add(form, wordClass, entity, pending);
    pending = 0;
    return word;
  }

  private void attach(int head, int... dependents) {
    for (int dependent : dependents) {
      if (dependent >= 0) {
        document.attach(dependent, head);
      }
    }
  }

  private int choose(Choice choice) {
    int outcome = choice.outcome(random.nextDouble());
    pending += choice.nats(outcome);
    return outcome;
  }

  private int chooseUniform(int n) {
    pending += Math.log(n);
    return random.nextInt(n);
  }

  private boolean chance(double probability) {
    boolean happens = random.nextDouble() < probability;
    pending -= Math.log(happens ? probability : 1 - probability);
    return happens;
  }

  private int one(int[] forms) {
    return forms[choose(Choice.zipf(forms.length))];
  }

  private Verb one(Verb[] verbs) {
    return verbs[choose(Choice.zipf(verbs.length))];
  }
}
