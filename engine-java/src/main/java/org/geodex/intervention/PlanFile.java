package org.geodex.intervention;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.file.TextFile;
import org.geodex.scale.LayerRange;

/**
 * A plan in JSON or YAML (by the file's ending):
 *
 * <pre>{@code
 * interventions:
 *   - {kind: translate, scale: global, alpha: 0.5, direction: principal}
 *   - {kind: remove-heads, layers: 1-2, alpha: 1, heads: [0, 3]}
 * }</pre>
 *
 * Keys of an entry: {@code kind}, {@code alpha}; {@code scale} or {@code layers} (a range such as
 * 4-6, a number, or a list); {@code direction} ({@link PlanContext#direction}, default {@code
 * random}); {@code heads}; {@code span}; {@code stack} ({@code encoder}, {@code decoder}).
 */
public final class PlanFile {
  private static final List<String> KEYS =
      List.of("kind", "alpha", "scale", "layers", "direction", "heads", "span", "stack");

  private final Path path;
  private final PlanContext context;

  private PlanFile(Path path, PlanContext context) {
    this.path = path;
    this.context = context;
  }

  /**
   * Reads a plan.
   *
   * @throws InputException for a file that cannot be read, and with the entry's number for a key
   *     that is unknown or missing, or a value that does not fit or that the model does not have
   */
  public static Plan read(Path path, PlanContext context) {
    return new PlanFile(path, context).plan();
  }

  private Plan plan() {
    JsonNode root = root();
    JsonNode list = root;
    if (root.isObject()) {
      checkKeys(root, List.of("interventions"), path.toString());
      list = root.path("interventions");
    }
    if (!list.isArray()) {
      throw new InputException("%s: expected interventions: and a list", path);
    }
    List<Intervention> all = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String place = "%s, intervention %d".formatted(path, i + 1);
      try {
        Intervention one = entry(list.get(i), place);
        one.check(context.config());
        all.add(one);
      } catch (UsageException e) {
        throw new InputException(e, "%s: %s", place, e.getMessage());
      }
    }
    return new Plan(all);
  }

  private JsonNode root() {
    String name = path.toString();
    ObjectMapper mapper =
        name.endsWith(".yaml") || name.endsWith(".yml") ? new YAMLMapper() : new JsonMapper();
    mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    return TextFile.json(path, mapper);
  }

  private static void checkKeys(JsonNode object, List<String> known, String place) {
    for (var field : object.properties()) {
      if (!known.contains(field.getKey())) {
        throw new InputException(
            "%s: unknown key \"%s\", known are %s",
            place, field.getKey(), String.join(", ", known));
      }
    }
  }

  private Intervention entry(JsonNode node, String place) {
    if (!node.isObject()) {
      throw new InputException("%s: expected keys and values", place);
    }
    checkKeys(node, KEYS, place);
    for (String key : List.of("kind", "alpha")) {
      if (!node.has(key)) {
        throw new InputException("%s: the key \"%s\" is missing", place, key);
      }
    }
    Kind kind = Kind.parse(node.get("kind").asText());
    SortedSet<Integer> states = states(node, place);
    if (node.has("direction") && !node.get("direction").isTextual()) {
      throw new InputException(
          "%s: direction %s: expected random, principal:K, classes:A.txt,B.txt or a matrix file",
          place, node.get("direction"));
    }
    String direction = node.path("direction").asText("random");
    boolean decoder = decoder(node, place);
    return new Intervention(
        kind,
        number(node.get("alpha"), "alpha", place),
        states,
        decoder,
        kind == Kind.TRANSLATE || node.has("direction")
            ? context.direction(direction, states)
            : null,
        wholes(node, "heads", place),
        node.has("span") ? whole(node.get("span"), "span", place) : 0);
  }

  private static boolean decoder(JsonNode node, String place) {
    return switch (node.path("stack").asText("encoder")) {
      case "encoder" -> false;
      case "decoder" -> true;
      default ->
          throw new InputException(
              "%s: stack %s: expected encoder or decoder", place, node.get("stack"));
    };
  }

  private SortedSet<Integer> states(JsonNode node, String place) {
    if (node.has("scale") == node.has("layers")) {
      throw new InputException("%s: expected either scale or layers", place);
    }
    if (node.has("scale")) {
      return context.scale(node.get("scale").asText());
    }
    return node.get("layers").isArray()
        ? new TreeSet<>(wholes(node, "layers", place))
        : PlanContext.states(LayerRange.parse(node.get("layers").asText()));
  }

  private static double number(JsonNode value, String key, String place) {
    if (!value.isNumber()) {
      throw new InputException("%s: %s %s: expected a number", place, key, value);
    }
    return value.asDouble();
  }

  private static int whole(JsonNode value, String key, String place) {
    if (!value.isInt()) {
      throw new InputException("%s: %s %s: expected a whole number", place, key, value);
    }
    return value.asInt();
  }

  private static List<Integer> wholes(JsonNode node, String key, String place) {
    List<Integer> values = new ArrayList<>();
    if (node.has(key) && !node.get(key).isArray()) {
      throw new InputException(
          "%s: %s %s: expected a list of whole numbers", place, key, node.get(key));
    }
    for (JsonNode value : node.path(key)) {
      values.add(whole(value, key, place));
    }
    return values;
  }
}
