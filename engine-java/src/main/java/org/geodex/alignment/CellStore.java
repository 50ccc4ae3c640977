package org.geodex.alignment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.geodex.error.OutputException;
import org.geodex.file.AtomicOutputs;

/**
 * Finished cells as files {@code KEY.json} in a folder, each written whole or not at all. A file
 * that cannot be read counts as absent. Without a folder nothing is kept.
 */
final class CellStore {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).build();

  private final Path folder;

  CellStore(Path folder) {
    this.folder = folder;
  }

  Optional<AlignmentCell> find(String key) {
    if (folder == null) {
      return Optional.empty();
    }
    Path file = folder.resolve(key + ".json");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      AlignmentCell cell = JSON.readValue(file.toFile(), AlignmentCell.class);
      return key.equals(cell.key()) ? Optional.of(cell) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  void save(AlignmentCell cell) {
    if (folder == null) {
      return;
    }
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      outputs.folder(folder);
      Path part = outputs.file(folder.resolve(cell.key() + ".json"));
      Files.writeString(part, JSON.writeValueAsString(cell));
      outputs.commit();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new OutputException(e, "%s: cannot be written (%s)", folder, e.getMessage());
    }
  }
}
