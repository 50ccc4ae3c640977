package org.geodex.matrix;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.geodex.error.InputException;

/**
 * The tensors of a checkpoint: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names. Every file is mapped and checked in full at the start.
 */
public final class SafetensorsFolder implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path path;
  private final List<SafetensorsFile> files = new ArrayList<>();
  private final SequencedMap<String, SafetensorsFile> owners = new LinkedHashMap<>();

  private SafetensorsFolder(Path path) {
    this.path = path;
  }

  /**
   * Opens a checkpoint; the caller closes it.
   *
   * @param path a model folder, a {@code .safetensors} file, or an index file
   * @throws InputException when a file is missing or unsound, or index and shards disagree
   */
  public static SafetensorsFolder open(Path path) {
    SafetensorsFolder folder = new SafetensorsFolder(path);
    try {
      folder.openFiles();
      return folder;
    } catch (Throwable e) {
      folder.close();
      throw e;
    }
  }

  private void openFiles() {
    Path single = Files.isDirectory(path) ? path.resolve(SINGLE) : path;
    Path index = Files.isDirectory(path) ? path.resolve(INDEX) : path;
    if (path.toString().endsWith(".json") || !Files.exists(single) && Files.exists(index)) {
      openShards(index);
    } else if (Files.exists(single) || !Files.isDirectory(path)) {
      SafetensorsFile file = openFile(single);
      file.names().forEach(name -> owners.put(name, file));
    } else {
      throw new InputException("%s: holds neither %s nor %s", path, SINGLE, INDEX);
    }
  }

  private SafetensorsFile openFile(Path file) {
    SafetensorsFile opened = SafetensorsFile.open(file);
    files.add(opened);
    return opened;
  }

  /** Index and shards must name the same tensors, each in one place. */
  private void openShards(Path index) {
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    for (var entry : weightMap(index).entrySet()) {
      String shard = entry.getValue();
      SafetensorsFile file = shards.get(shard);
      if (file == null) {
        file = openFile(shardPath(index, shard));
        shards.put(shard, file);
      }
      if (!file.names().contains(entry.getKey())) {
        throw new InputException(
            "%s: tensor '%s' is said to be in %s, which does not hold it",
            index, entry.getKey(), shard);
      }
      owners.put(entry.getKey(), file);
    }
    for (SafetensorsFile file : files) {
      for (String name : file.names()) {
        if (owners.get(name) != file) {
          throw new InputException(
              "%s: tensor '%s' of %s %s",
              index,
              name,
              file.path().getFileName(),
              owners.containsKey(name) ? "is also in another shard" : "is missing");
        }
      }
    }
  }

  private static Path shardPath(Path index, String shard) {
    if (!shard.matches("[^/\\\\\\x00]+\\.safetensors")) {
      throw new InputException(
          "%s: names the shard '%s', expected a .safetensors file beside it", index, shard);
    }
    return index.resolveSibling(shard);
  }

  private static SequencedMap<String, String> weightMap(Path index) {
    SequencedMap<String, String> map = new LinkedHashMap<>();
    try (JsonParser parser = JSON.createParser(index.toFile())) {
      JsonNode root = JSON.readTree(parser);
      JsonNode weights = root == null ? null : root.get("weight_map");
      if (weights == null || !weights.isObject()) {
        throw new InputException("%s: lacks the object \"weight_map\"", index);
      }
      for (var entry : weights.properties()) {
        if (!entry.getValue().isTextual()) {
          throw new InputException("%s: weight_map '%s' is no file name", index, entry.getKey());
        }
        map.put(entry.getKey(), entry.getValue().textValue());
      }
      return map;
    } catch (IOException e) {
      throw new InputException(
          e, "%s: cannot be read as JSON (%s)", index, SafetensorsHeader.firstLine(e));
    }
  }

  public Path path() {
    return path;
  }

  /** Names of all tensors. */
  public Set<String> names() {
    return Collections.unmodifiableSet(owners.keySet());
  }

  /**
   * A tensor in place.
   *
   * @throws InputException when there is none of this name
   */
  public Tensor tensor(String name) {
    SafetensorsFile owner = owners.get(name);
    if (owner == null) {
      throw new InputException("%s: %s", path, NameHint.missing("tensor", name, names()));
    }
    return owner.tensor(name);
  }

  /** Unmaps the files; their tensors end with them. */
  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
