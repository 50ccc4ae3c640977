package org.geodex.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code geodex COMMAND …}: one class a command, exit codes as in docs/conventions.md. */
@Command(
    name = "geodex",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "The geometry and the information inside language models, measured fast.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 bad input, 4 backend or device not",
      "available, 5 would not fit in memory.",
      "Example: geodex analyze --model DIR --text FILE --out DIR"
    })
public final class Main implements Runnable {
  /** The longest description line of a command fits. */
  private static final int HELP_WIDTH = 100;

  /** One a line, by name. */
  private static final List<Class<?>> COMMANDS =
      List.of(
          ActivationsCommand.class,
          AlignCommand.class,
          AnalyzeCommand.class,
          BenchCommand.class,
          CorpusCommand.class,
          CurvatureCommand.class,
          DemoCommand.class,
          DimensionCommand.class,
          DoctorCommand.class,
          EntropyCommand.class,
          GenerateCommand.class,
          GeodesicCommand.class,
          InterveneCommand.class,
          IsomapCommand.class,
          KlCommand.class,
          KnnCommand.class,
          MiCommand.class,
          PairwiseCommand.class,
          ScalesCommand.class,
          ScalingCommand.class,
          SimilarityCommand.class,
          TokensCommand.class);

  @Spec private CommandSpec spec;

  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs one command line and returns its exit code. */
  public static int run(String... args) {
    // Digits and decimal points are those of the documentation, whatever the language of the
    // system.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    if (List.of(args).equals(List.of("--version"))) {
      System.out.println(Version.line());
      return 0;
    }
    return commandLine(args)
        .setOut(new PrintWriter(new FileOutputStream(FileDescriptor.out), true, UTF_8))
        .setErr(new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8))
        .execute(args);
  }

  /**
   * Reads the options of the named command alone: those of all take longer than small work does.
   */
  static CommandLine commandLine(String... args) {
    CommandLine line = new CommandLine(new Main());
    List<Class<?>> named = COMMANDS.stream().filter(type -> isNamed(type, args)).toList();
    (named.isEmpty() ? COMMANDS : named).forEach(line::addSubcommand);
    for (CommandLine command : line.getSubcommands().values()) {
      command.getCommandSpec().options().stream()
          .map(OptionSpec::type)
          .filter(Class::isEnum)
          .forEach(type -> registerNames(command, type));
    }
    return line.setUsageHelpWidth(HELP_WIDTH)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Main::reportUsage)
        .setExecutionExceptionHandler(Main::report)
        .setExecutionStrategy(Main::runLast);
  }

  /** A constant goes by the name that it prints; a wrong one is answered with those names. */
  private static <T> void registerNames(CommandLine line, Class<T> type) {
    List<T> choices = List.of(type.getEnumConstants());
    String names = choices.stream().map(Object::toString).collect(Collectors.joining(", "));
    line.registerConverter(
        type,
        text ->
            choices.stream()
                .filter(choice -> choice.toString().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(
                    () ->
                        new TypeConversionException(
                            "expected one of %s, but was '%s'".formatted(names, text))));
  }

  private static boolean isNamed(Class<?> type, String... args) {
    return args.length > 0 && type.getAnnotation(Command.class).name().equals(args[0]);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a COMMAND");
  }

  /** An {@link Error} of a command is reported like its exceptions. */
  private static int runLast(ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (Error e) {
      var lines = parsed.asCommandLineList();
      CommandLine command = lines.getLast();
      throw new ExecutionException(command, "failed", new InvocationTargetException(e));
    }
  }

  /** One sentence about a wrong command line, with the nearest names, and where to read more. */
  private static int reportUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    PrintWriter err = command.getErr();
    err.printf("%s: %s%n", name, e.getMessage());
    if (!UnmatchedArgumentException.printSuggestions(e, err)) {
      err.printf("Try '%s --help'.%n", name);
    }
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  /** One sentence and an exit code for every failure; the stack trace only with {@code --debug}. */
  private static int report(Exception e, CommandLine command, ParseResult parsed) {
    Failure failure = Failure.of(e);
    PrintWriter err = command.getErr();
    if (parsed.expandedArgs().contains("--debug")) {
      e.printStackTrace(err);
    }
    err.printf("%s: %s%n", command.getCommandSpec().qualifiedName(), failure.sentence());
    return failure.exitCode();
  }
}
