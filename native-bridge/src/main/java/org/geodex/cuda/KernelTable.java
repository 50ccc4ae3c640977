package org.geodex.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The kernels as {@code kernels.def} lists them: what a launch is checked against. */
public final class KernelTable {
  private static final Pattern ENTRY =
      Pattern.compile(
          "GX_KERNEL\\(\\s*(\\w+)\\s*,\\s*(\\w+)\\s*,\\s*\\(([^)]*)\\)\\s*,\\s*"
              + "\\(([^)]*)\\)\\s*,\\s*(\\d+)\\s*,\\s*\"([^\"]*)\"\\s*\\)");

  private static final Map<String, Entry> ENTRIES = read();

  private KernelTable() {}

  /** What a parameter takes: its size and how a Java value becomes it. */
  public enum Kind {
    POINTER,
    INT,
    LONG,
    FLOAT,
    DOUBLE
  }

  /** One parameter, as in the source. */
  public record Parameter(String name, Kind kind) {}

  /**
   * One kernel.
   *
   * @param file source file without {@code .cu}
   * @param block the threads of a block
   * @param dynamicShared most bytes of dynamic shared memory
   * @param grid the number of blocks, in words
   */
  public record Entry(
      String file,
      String name,
      List<Parameter> parameters,
      CudaDriver.Grid block,
      int dynamicShared,
      String grid) {}

  /** All kernels in the list's order. */
  public static List<Entry> all() {
    return List.copyOf(ENTRIES.values());
  }

  /**
   * The entry of a kernel.
   *
   * @throws IllegalArgumentException when kernels.def does not list it
   */
  public static Entry of(String name) {
    Entry entry = ENTRIES.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("kernels.def lists no kernel " + name);
    }
    return entry;
  }

  private static Map<String, Entry> read() {
    try (InputStream in =
        KernelTable.class.getResourceAsStream(CudaLibraries.RESOURCES + "kernels.def")) {
      return in == null ? Map.of() : parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Map<String, Entry> parse(String text) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Matcher m = ENTRY.matcher(text.replaceAll("(?m)//.*$", ""));
    while (m.find()) {
      int[] block =
          Arrays.stream(m.group(4).split(","))
              .map(String::strip)
              .mapToInt(Integer::parseInt)
              .toArray();
      entries.put(
          m.group(2),
          new Entry(
              m.group(1),
              m.group(2),
              parameters(m.group(3)),
              new CudaDriver.Grid(block[0], block[1], block[2]),
              Integer.parseInt(m.group(5)),
              m.group(6)));
    }
    return entries;
  }

  private static List<Parameter> parameters(String text) {
    List<Parameter> list = new ArrayList<>();
    for (String parameter : text.isBlank() ? new String[0] : text.split(",")) {
      String words = parameter.strip().replaceAll("\\s+", " ");
      String name = words.substring(words.lastIndexOf(' ') + 1).replace("*", "");
      list.add(new Parameter(name, kind(words)));
    }
    return List.copyOf(list);
  }

  private static Kind kind(String words) {
    if (words.contains("*")) {
      return Kind.POINTER;
    }
    String type = words.substring(0, words.lastIndexOf(' ')).replace("const ", "");
    return switch (type) {
      case "int", "unsigned", "unsigned int" -> Kind.INT;
      case "long long", "unsigned long long" -> Kind.LONG;
      case "float" -> Kind.FLOAT;
      case "double" -> Kind.DOUBLE;
      default -> throw new IllegalStateException("kernels.def: a parameter of type " + type);
    };
  }
}
