package org.geodex.matrix;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.geodex.error.InputException;
import org.geodex.memory.MappedFile;

/**
 * The header of a safetensors file: eight bytes of length N, then N bytes of JSON that name every
 * tensor with dtype, shape and place. Checked as the format asks: N is at most 100 MB and inside
 * the file, the JSON starts with an opening brace and repeats no key, every size fits its offsets,
 * and the tensors tile the data from its first byte to its last without overlap or hole.
 *
 * <p>Format: huggingface/safetensors, README.md.
 *
 * @param dataOffset where the tensors' bytes begin in the file
 * @param tensors by name, in the order of the header
 * @param metadata the entries of {@code __metadata__}
 */
record SafetensorsHeader(
    long dataOffset, SequencedMap<String, Entry> tensors, Map<String, String> metadata) {

  /** A tensor's type, shape and bytes [begin, end) counted from the start of the data. */
  record Entry(ElementType type, List<Long> shape, long begin, long end) {}

  private static final long LARGEST = 100_000_000;
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  static SafetensorsHeader read(MappedFile file) {
    MemorySegment bytes = file.segment();
    if (bytes.byteSize() < 8) {
      throw bad(file, "has %,d bytes, expected a header length of 8 bytes", bytes.byteSize());
    }
    long length = bytes.get(I64, 0);
    if (length < 0 || length > LARGEST) {
      throw bad(
          file,
          "claims a header of %s bytes, expected at most %,d",
          Long.toUnsignedString(length),
          LARGEST);
    }
    if (length > bytes.byteSize() - 8) {
      throw bad(
          file, "claims a header of %,d bytes, but the whole file has %,d", length, file.size());
    }
    if (length == 0 || bytes.get(ValueLayout.JAVA_BYTE, 8) != '{') {
      throw bad(file, "has a header that does not start with '{'");
    }
    byte[] json = bytes.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
    SafetensorsHeader header = new Reader(file).header(json, 8 + length);
    checkTiling(file, header, file.size() - header.dataOffset);
    return header;
  }

  /** Sorted by place, each tensor begins where the one before ended. */
  private static void checkTiling(MappedFile file, SafetensorsHeader header, long dataBytes) {
    var sorted = new ArrayList<>(header.tensors.entrySet());
    sorted.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin)
            .thenComparingLong(e -> e.getValue().end));
    long end = 0;
    for (var tensor : sorted) {
      Entry entry = tensor.getValue();
      if (entry.begin != end) {
        throw bad(
            file,
            "tensor '%s' begins at byte %,d of the data, expected %,d (%s)",
            tensor.getKey(),
            entry.begin,
            end,
            entry.begin < end ? "it overlaps the one before" : "a hole lies before it");
      }
      end = entry.end;
    }
    if (end != dataBytes) {
      throw bad(
          file,
          "holds %,d bytes of data, expected %,d for the tensors of its header",
          dataBytes,
          end);
    }
  }

  private static InputException bad(MappedFile file, String message, Object... args) {
    return new InputException(file.path() + ": " + message.formatted(args));
  }

  /** A JSON reader's complaint without the excerpt that follows it. */
  static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
  }

  /** Reads the JSON in one pass, without building a tree of it. */
  private record Reader(MappedFile file) {
    SafetensorsHeader header(byte[] json, long dataOffset) {
      SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      try (JsonParser parser = JSON.createParser(json)) {
        expect(parser, parser.nextToken(), JsonToken.START_OBJECT, "the header");
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          if (name.equals("__metadata__")) {
            metadata(parser, metadata);
          } else {
            tensors.put(name, entry(parser, name));
          }
        }
        if (parser.nextToken() != null) {
          throw bad(file, "has a header that goes on after its closing brace");
        }
      } catch (IOException e) {
        throw new InputException(
            e, "%s: the header is not the JSON expected (%s)", file.path(), firstLine(e));
      }
      return new SafetensorsHeader(dataOffset, tensors, Map.copyOf(metadata));
    }

    private void metadata(JsonParser parser, Map<String, String> metadata) throws IOException {
      expect(parser, parser.currentToken(), JsonToken.START_OBJECT, "__metadata__");
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        expect(parser, parser.nextToken(), JsonToken.VALUE_STRING, "__metadata__ '" + key + "'");
        metadata.put(key, parser.getText());
      }
    }

    private Entry entry(JsonParser parser, String name) throws IOException {
      String place = "tensor '" + name + "'";
      ElementType type = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      expect(parser, parser.currentToken(), JsonToken.START_OBJECT, place);
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "dtype" -> type = type(parser, place);
          case "shape" -> shape = sizes(parser, place + " shape");
          case "data_offsets" -> offsets = sizes(parser, place + " data_offsets");
          default ->
              throw bad(
                  file,
                  "%s has the unknown key '%s', expected dtype, shape, data_offsets",
                  place,
                  key);
        }
      }
      if (type == null || shape == null || offsets == null) {
        throw bad(file, "%s lacks dtype, shape or data_offsets", place);
      }
      return checked(place, type, shape, offsets);
    }

    private Entry checked(String place, ElementType type, List<Long> shape, List<Long> offsets) {
      if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
        throw bad(file, "%s has data_offsets %s, expected [begin, end]", place, offsets);
      }
      long bits;
      try {
        bits = shape.stream().reduce((long) type.bits(), Math::multiplyExact);
      } catch (ArithmeticException e) {
        throw bad(file, "%s has shape %s, larger than any file", place, shape);
      }
      long bytes = offsets.get(1) - offsets.get(0);
      if (bits % 8 != 0 || bits / 8 != bytes) {
        throw bad(
            file,
            "%s has %,d bytes (data_offsets %s), expected %,d for shape %s of %s",
            place,
            bytes,
            offsets,
            Math.ceilDiv(bits, 8),
            shape,
            type);
      }
      return new Entry(type, shape, offsets.get(0), offsets.get(1));
    }

    private ElementType type(JsonParser parser, String place) throws IOException {
      expect(parser, parser.currentToken(), JsonToken.VALUE_STRING, place + " dtype");
      try {
        return ElementType.valueOf(parser.getText());
      } catch (IllegalArgumentException e) {
        throw bad(file, "%s has the unknown dtype '%s'", place, parser.getText());
      }
    }

    private List<Long> sizes(JsonParser parser, String place) throws IOException {
      expect(parser, parser.currentToken(), JsonToken.START_ARRAY, place);
      List<Long> sizes = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        expect(parser, parser.currentToken(), JsonToken.VALUE_NUMBER_INT, place);
        long size = parser.getLongValue();
        if (size < 0) {
          throw bad(file, "%s holds %d, expected numbers of 0 or more", place, size);
        }
        sizes.add(size);
      }
      return List.copyOf(sizes);
    }

    private void expect(JsonParser parser, JsonToken got, JsonToken wanted, String place)
        throws IOException {
      if (got != wanted) {
        throw bad(
            file,
            "%s is %s, expected %s",
            place,
            got == null ? "cut off" : got.isStructStart() ? got.asString() : parser.getText(),
            words(wanted));
      }
    }

    private static String words(JsonToken token) {
      return switch (token) {
        case START_OBJECT -> "an object";
        case START_ARRAY -> "a list";
        case VALUE_STRING -> "a string";
        default -> "a whole number";
      };
    }
  }
}
