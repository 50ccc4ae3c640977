package org.geodex.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.geodex.cli.CommandRun;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Malformed inputs through the command line: exit 3 and one sentence that names the file and says
 * what is wrong, never anything else.
 */
class MalformedInputTest {
  private static final String F4 = Crafted.npyHeader("<f4", "(2, 2)");
  private static final String OK = Crafted.tensor("F32", "[2, 2]", "[0, 16]");

  @TempDir Path folder;

  @BeforeEach
  void writeTheOtherInput() {
    try (Matrix.Owned x = Matrix.of(new float[] {1, 2}, new float[] {3, 5}, new float[] {4, 1})) {
      MatrixWriter.write(folder.resolve("sound.npy"), x);
    }
  }

  /** One malformed file and a word of the complaint. */
  record Case(String title, String name, byte[] bytes, String complaint) {
    @Override
    public String toString() {
      return title;
    }
  }

  static Stream<Case> npy() {
    byte[] nan = new byte[16];
    nan[12] = nan[13] = (byte) 0xff;
    nan[14] = nan[15] = (byte) 0xff;
    byte[] huge = new byte[32];
    huge[30] = (byte) 0xf0;
    huge[31] = 0x7e;
    return Stream.of(
        npy("empty file", new byte[0], "magic"),
        npy("text", "1,2\n3,4\n".getBytes(StandardCharsets.US_ASCII), "magic"),
        npy("unknown version", Crafted.patched(Crafted.npy(F4, 16), 6, 9), "version 9"),
        npy(
            "cut off in the length",
            new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 9},
            "header"),
        npy(
            "header longer than the file",
            Crafted.patched(Crafted.npy(F4, 16), 8, 0xff, 0x7f),
            "32,767"),
        npy(
            "huge header",
            Crafted.patched(Crafted.npy(F4, 16), 6, 2, 0, 255, 255, 255, 127),
            "2,147,483,647"),
        npy("no dictionary", Crafted.npy("hello, world", 16), "header"),
        npy("missing key", Crafted.npy("{'descr': '<f4', 'shape': (2, 2)}", 16), "fortran_order"),
        npy("unknown key", Crafted.npy("{'descr': '<f4', 'extra': True}", 16), "extra"),
        npy("key twice", Crafted.npy("{'descr': '<f4', 'descr': '<f4'}", 16), "twice"),
        npy("integers", Crafted.npy(Crafted.npyHeader("<i4", "(2, 2)"), 16), "'<i4'"),
        npy("big-endian", Crafted.npy(Crafted.npyHeader(">f4", "(2, 2)"), 16), "'>f4'"),
        npy("objects", Crafted.npy(Crafted.npyHeader("|O", "(2, 2)"), 16), "'|O'"),
        npy(
            "structured",
            Crafted.npy("{'descr': [('a', '<f4')], 'fortran_order': False}", 16),
            "structured"),
        npy("Fortran order", Crafted.npy(F4.replace("False", "True"), 16), "Fortran"),
        npy("one axis", Crafted.npy(Crafted.npyHeader("<f4", "(4,)"), 16), "2-D"),
        npy("three axes", Crafted.npy(Crafted.npyHeader("<f4", "(1, 2, 2)"), 16), "2-D"),
        npy("truncated data", Crafted.npy(F4, 15), "15 bytes"),
        npy("trailing bytes", Crafted.npy(F4, 17), "17 bytes"),
        npy("no rows", Crafted.npy(Crafted.npyHeader("<f4", "(0, 4)"), 0), "no elements"),
        npy("no columns", Crafted.npy(Crafted.npyHeader("<f4", "(4, 0)"), 0), "no elements"),
        npy("negative size", Crafted.npy(Crafted.npyHeader("<f4", "(-1, 4)"), 16), "size"),
        npy(
            "shape beyond 64 bits",
            Crafted.npy(Crafted.npyHeader("<f4", "(99999999999, 999999999999)"), 16),
            "larger than any file"),
        npy(
            "too many digits",
            Crafted.npy(Crafted.npyHeader("<f4", "(99999999999999999999, 1)"), 16),
            "header"),
        npy("not a number", Crafted.npy(F4, nan), "row 1, column 1 is NaN"),
        npy(
            "beyond f32",
            Crafted.npy(Crafted.npyHeader("<f8", "(2, 2)"), huge),
            "row 1, column 1 is Infinity"));
  }

  private static Case npy(String title, byte[] bytes, String complaint) {
    return new Case("npy: " + title, "bad.npy", bytes, complaint);
  }

  static Stream<Case> safetensors() {
    byte[] sound = Crafted.safetensors(OK, 16);
    String two =
        "{\"t\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]},"
            + " \"u\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [%d, %d]}}";
    byte[] infinity = new byte[8];
    infinity[5] = 0x7c;
    byte[] json = OK.getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        tensors("empty file", new byte[0], "0 bytes"),
        tensors("seven bytes", new byte[7], "7 bytes"),
        tensors(
            "header longer than the file", Crafted.safetensors(9999, json, new byte[16]), "9,999"),
        tensors(
            "header beyond 100 MB",
            Crafted.safetensors(100_000_001, json, new byte[16]),
            "100,000,000"),
        tensors(
            "negative header length",
            Crafted.safetensors(-1, json, new byte[16]),
            "18446744073709551615"),
        tensors("header of length 0", Crafted.safetensors(0, new byte[0], new byte[16]), "'{'"),
        tensors("leading space", Crafted.safetensors(" " + OK, 16), "'{'"),
        tensors(
            "header cut short", Crafted.safetensors(json.length - 3, json, new byte[16]), "JSON"),
        tensors("no JSON", Crafted.safetensors("{nonsense}", 16), "JSON"),
        tensors("text behind the JSON", Crafted.safetensors(OK + "{}", 16), "goes on"),
        tensors("not UTF-8", Crafted.patched(sound, 10, 0xff), "JSON"),
        tensors("deep nesting", Crafted.safetensors("{\"t\":" + "[".repeat(5000), 16), "object"),
        tensors(
            "tensor twice",
            Crafted.safetensors(two.formatted(8, 16).replace("\"u\"", "\"t\""), 16),
            "JSON"),
        tensors(
            "dtype twice",
            Crafted.safetensors(OK.replace("\"dtype\"", "\"dtype\": \"F32\", \"dtype\""), 16),
            "JSON"),
        tensors(
            "unknown dtype",
            Crafted.safetensors(Crafted.tensor("F31", "[2, 2]", "[0, 16]"), 16),
            "F31"),
        tensors("unknown key", Crafted.safetensors(OK.replace("}}", ", \"x\": 1}}"), 16), "'x'"),
        tensors(
            "missing dtype",
            Crafted.safetensors("{\"t\": {\"shape\": [], \"data_offsets\": [0, 0]}}", 0),
            "lacks"),
        tensors("no object", Crafted.safetensors("{\"t\": 1}", 0), "object"),
        tensors(
            "metadata not text",
            Crafted.safetensors("{\"__metadata__\": {\"a\": 1}}", 0),
            "string"),
        tensors(
            "shape against offsets",
            Crafted.safetensors(Crafted.tensor("F32", "[2, 3]", "[0, 16]"), 16),
            "expected 24"),
        tensors(
            "wrong size of dtype",
            Crafted.safetensors(Crafted.tensor("F16", "[2, 2]", "[0, 16]"), 16),
            "expected 8"),
        tensors(
            "shape beyond 64 bits",
            Crafted.safetensors(Crafted.tensor("F32", "[4611686018427387904, 4]", "[0, 16]"), 16),
            "larger"),
        tensors(
            "number beyond 64 bits",
            Crafted.safetensors(Crafted.tensor("F32", "[99999999999999999999]", "[0, 16]"), 16),
            "JSON"),
        tensors(
            "negative size",
            Crafted.safetensors(Crafted.tensor("F32", "[-2, -2]", "[0, 16]"), 16),
            "-2"),
        tensors(
            "fractional size",
            Crafted.safetensors(Crafted.tensor("F32", "[2.0, 2]", "[0, 16]"), 16),
            "whole number"),
        tensors(
            "three offsets",
            Crafted.safetensors(Crafted.tensor("F32", "[2, 2]", "[0, 8, 16]"), 16),
            "data_offsets"),
        tensors(
            "offsets in reverse",
            Crafted.safetensors(Crafted.tensor("F32", "[2, 2]", "[16, 0]"), 16),
            "data_offsets"),
        tensors("overlap", Crafted.safetensors(two.formatted(4, 12), 16), "overlap"),
        tensors("hole", Crafted.safetensors(two.formatted(12, 20), 20), "hole"),
        tensors(
            "hole at the start",
            Crafted.safetensors(Crafted.tensor("F32", "[2]", "[8, 16]"), 16),
            "hole"),
        tensors("truncated data", Crafted.safetensors(OK, 15), "15 bytes"),
        tensors("trailing data", Crafted.safetensors(OK, 17), "17 bytes"),
        tensors(
            "integers", Crafted.safetensors(Crafted.tensor("I32", "[2, 2]", "[0, 16]"), 16), "I32"),
        tensors("scalar", Crafted.safetensors(Crafted.tensor("F32", "[]", "[0, 4]"), 4), "scalar"),
        tensors(
            "no elements",
            Crafted.safetensors(Crafted.tensor("F32", "[0, 4]", "[0, 0]"), 0),
            "no elements"),
        tensors(
            "missing tensor", Crafted.safetensors(OK.replace("\"t\"", "\"other\""), 16), "other"),
        tensors(
            "infinite f16",
            Crafted.safetensors(
                json.length,
                Crafted.tensor("F16", "[2, 2] ", "[0, 8]").getBytes(StandardCharsets.UTF_8),
                infinity),
            "row 1, column 0 is Infinity"));
  }

  private static Case tensors(String title, byte[] bytes, String complaint) {
    return new Case("safetensors: " + title, "bad.safetensors#t", bytes, complaint);
  }

  static Stream<Case> arrow() {
    byte[] sound = Crafted.arrow(3, root -> {});
    byte[] noise = sound.clone();
    for (int i = 64; i < 128; i++) {
      noise[noise.length - i] = (byte) 0xfe;
    }
    int block = Crafted.find(sound, 3, 0);
    return Stream.of(
        arrow("empty file", new byte[0], "ARROW1"),
        arrow("stream format", java.util.Arrays.copyOfRange(sound, 8, sound.length), "ARROW1"),
        arrow("cut off", java.util.Arrays.copyOf(sound, sound.length - 3), "cut off"),
        arrow("only the magic", "ARROW1".getBytes(StandardCharsets.US_ASCII), "cut off"),
        arrow(
            "footer longer than the file",
            Crafted.patched(sound, -10, 0xff, 0xff, 0xff, 0x7f),
            "2,147,483,647"),
        arrow("negative footer length", Crafted.patched(sound, -10, 0xff, 0xff, 0xff, 0xff), "-1"),
        arrow("footer of noise", noise, "bad.arrow"),
        arrow("more rows than values", Crafted.patched(sound, block, 200), "bad.arrow"),
        arrow("compressed", Crafted.arrowCompressed(), "ZSTD"),
        arrow("no rows", Crafted.arrow(0, root -> {}), "no rows"),
        arrow(
            "a missing row",
            Crafted.arrow(3, root -> ((FixedSizeListVector) root.getVector("x")).setNull(1)),
            "row 1"),
        arrow(
            "a missing value",
            Crafted.arrow(3, root -> values(root.getVector("x")).setNull(5)),
            "row 2"),
        arrow(
            "not a number",
            Crafted.arrow(3, root -> values(root.getVector("x")).set(3, Float.NaN)),
            "row 1, column 1 is NaN"),
        arrow(
            "two columns of one name",
            Crafted.arrow(List.of("x", "x"), 3, root -> {}, NoCompressionCodec.Factory.INSTANCE),
            "two columns"),
        arrow(
            "missing column",
            Crafted.arrow(List.of("id", "y"), 3, root -> {}, NoCompressionCodec.Factory.INSTANCE),
            "no column 'x'"),
        arrow(
            "a column of integers",
            Crafted.arrow(List.of("x", "y"), 3, root -> {}, NoCompressionCodec.Factory.INSTANCE),
            "Int"));
  }

  private static Float4Vector values(Object list) {
    return (Float4Vector) ((FixedSizeListVector) list).getDataVector();
  }

  private static Case arrow(String title, byte[] bytes, String complaint) {
    return new Case("arrow: " + title, "bad.arrow#x", bytes, complaint);
  }

  @ParameterizedTest
  @MethodSource({"npy", "safetensors", "arrow"})
  void malformedContentIsRefused(Case malformed) throws IOException {
    String file = malformed.name().replaceAll("#.*", "");
    Files.write(folder.resolve(file), malformed.bytes());
    refused(folder.resolve(malformed.name()).toString(), file, malformed.complaint());
  }

  @Test
  void whatIsNoFileIsRefused() throws IOException {
    Files.createDirectory(folder.resolve("folder.npy"));
    Files.write(
        folder.resolve("many.safetensors"),
        Crafted.safetensors(
            OK.replace(
                "}}", "}, \"u\": {\"dtype\": \"U8\", \"shape\": [0], \"data_offsets\": [16, 16]}}"),
            16));
    refused(folder.resolve("folder.npy").toString(), "folder.npy", "is a folder");
    refused(folder.resolve("no.npy").toString(), "no.npy", "no such file");
    refused(folder.resolve("no/no.arrow#x").toString(), "no.arrow", "no such file");
    refused(folder.resolve("sound.npy#x").toString(), "sound.npy", "no named parts");
    refused(folder.resolve("x.csv").toString(), "x.csv", "expected a name");
    refused(folder.resolve("many.safetensors").toString(), "many.safetensors", "name one");
    refused("/dev/zero.npy", "zero.npy", "no such file");
    refused("bad\0name.npy", "name.npy", "");
    refused("", "", "expected a name");
  }

  private void refused(String input, String file, String complaint) {
    CommandRun run = CommandRun.of("kl", sound(), input, "--estimator", "gaussian-diag");
    assertEquals(3, run.exit(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(file) && run.err().contains(complaint), run.err());
    assertTrue(!run.err().contains("Exception"), run.err());
  }

  private String sound() {
    return folder.resolve("sound.npy").toString();
  }
}
