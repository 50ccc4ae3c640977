import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Checks or fixes the format of every Java source: {@code Format check|fix ROOT}. */
public class Format {
  public static void main(String[] args) throws Exception {
    boolean fix = args[0].equals("fix");
    Path root = Path.of(args[1]);
    int wrong = 0;
    for (Path source : sources(root)) {
      String before = Files.readString(source);
      String after;
      try {
        after = format(before);
      } catch (FormatterException e) {
        System.err.println(root.relativize(source) + ": " + e.getMessage());
        wrong++;
        continue;
      }
      if (after.equals(before)) {
        continue;
      }
      if (fix) {
        Files.writeString(source, after);
        System.out.println("formatted " + root.relativize(source));
      } else {
        System.err.println("not formatted: " + root.relativize(source));
        wrong++;
      }
    }
    if (wrong > 0) {
      System.err.println(wrong + " file(s); to fix: mvn -N -q validate -Dformat=fix");
      System.exit(1);
    }
  }

  private static List<Path> sources(Path root) throws Exception {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !root.relativize(file).toString().contains("target/"))
          .sorted()
          .toList();
    }
  }

  private static String format(String source) throws FormatterException {
    String imports = RemoveUnusedImports.removeUnusedImports(source);
    String ordered = ImportOrderer.reorderImports(imports, JavaFormatterOptions.Style.GOOGLE);
    return new Formatter().formatSource(ordered);
  }
}
