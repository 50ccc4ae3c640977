package org.geodex.intervention;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.geodex.error.UnavailableException;

/**
 * Valences of words, −4 to 4: the VADER lexicon (Hutto, Gilbert, ICWSM 2014). Words alone count;
 * negation and emphasis are not looked at.
 */
final class SentimentLexicon {
  private static final String RESOURCE = "/vader_sentiment_lexicon.txt";

  private static final class Holder {
    private static final SentimentLexicon INSTANCE = new SentimentLexicon();
  }

  private final Map<String, Double> valences = new HashMap<>();

  private SentimentLexicon() {
    try (InputStream in = SentimentLexicon.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new UnavailableException("the sentiment lexicon is not on the class path");
      }
      var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] parts = line.split("\t");
        if (parts.length >= 2) {
          valences.put(parts[0], Double.valueOf(parts[1]));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static SentimentLexicon get() {
    return Holder.INSTANCE;
  }

  /** Mean valence of the words that the lexicon has; empty when it has none of them. */
  OptionalDouble valence(List<String> words) {
    return words.stream().filter(valences::containsKey).mapToDouble(valences::get).average();
  }
}
