package org.geodex.matrix;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Builds the first bytes of a safetensors file from the tensors in the order of their data. */
final class SafetensorsHead {
  private record Entry(String name, ElementType type, List<Long> shape, long begin, long end) {}

  private final List<Entry> entries = new ArrayList<>();
  private Map<String, String> metadata = Map.of();
  private long end;

  /** The head of a file with one tensor in it. */
  static byte[] single(String name, ElementType type, long... shape) {
    SafetensorsHead head = new SafetensorsHead();
    head.add(name, type, shape);
    return head.bytes();
  }

  /** Adds a tensor and returns its size in bytes. */
  long add(String name, ElementType type, long... shape) {
    List<Long> axes = Arrays.stream(shape).boxed().toList();
    long bytes = axes.stream().reduce((long) type.bytes(), Math::multiplyExact);
    entries.add(new Entry(name, type, axes, end, Math.addExact(end, bytes)));
    end = Math.addExact(end, bytes);
    return bytes;
  }

  void metadata(Map<String, String> entries) {
    metadata = entries;
  }

  /** Length and JSON, padded with spaces so that the data lies aligned. */
  byte[] bytes() {
    byte[] json = json();
    int size = Math.toIntExact(RowFormat.aligned(Long.BYTES + json.length));
    ByteBuffer head = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(size - Long.BYTES).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    return head.array();
  }

  private byte[] json() {
    var out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart("__metadata__");
        for (var entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (Entry entry : entries) {
        write(json, entry);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, Entry entry) throws IOException {
    json.writeObjectFieldStart(entry.name);
    json.writeStringField("dtype", entry.type.name());
    json.writeArrayFieldStart("shape");
    for (long size : entry.shape) {
      json.writeNumber(size);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(entry.begin);
    json.writeNumber(entry.end);
    json.writeEndArray();
    json.writeEndObject();
  }
}
