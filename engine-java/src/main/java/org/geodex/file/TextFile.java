package org.geodex.file;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.geodex.error.InputException;

/** UTF-8 files of the user's; whatever is wrong with one is said in a sentence with its name. */
public final class TextFile {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private TextFile() {}

  /**
   * The whole text.
   *
   * @throws InputException when there is no such file, or it cannot be read, or is not UTF-8
   */
  public static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (NoSuchFileException e) {
      throw new InputException(e, "%s: no such file", path);
    } catch (CharacterCodingException e) {
      throw new InputException(e, "%s: is not UTF-8 text", path);
    } catch (IOException e) {
      throw new InputException(e, "%s: cannot be read (%s)", path, e.getMessage());
    }
  }

  /**
   * The JSON value that a file holds.
   *
   * @throws InputException as {@link #read}, and when it is not JSON or something follows
   */
  public static JsonNode json(Path path) {
    return json(path, JSON);
  }

  /**
   * The value that a file holds in the mapper's format.
   *
   * @throws InputException as {@link #json(Path)}
   */
  public static JsonNode json(Path path, ObjectMapper mapper) {
    try {
      return mapper.readTree(read(path));
    } catch (MismatchedInputException e) {
      throw new InputException(e, "%s, line %d: something follows the value", path, line(e));
    } catch (JsonProcessingException e) {
      String format = mapper.getFactory().getFormatName();
      String reason = e.getOriginalMessage().lines().findFirst().orElse("");
      throw new InputException(e, "%s, line %d: not valid %s (%s)", path, line(e), format, reason);
    }
  }

  private static int line(JsonProcessingException e) {
    return e.getLocation() == null ? 1 : e.getLocation().getLineNr();
  }
}
