package io.metamer.examples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The command line: {@code metamer COMMAND ...}.
 *
 * <p>Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted. What is wrong is said in one
 * sentence on the standard error stream.
 *
 * @since 0.1
 */
@Command(
    name = "metamer",
    mixinStandardHelpOptions = true,
    versionProvider = Metamer.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      Demo.class,
      RunStudy.class,
      HumanSite.class,
      HumanResults.class,
      ComparePresets.class,
      Verify.class,
      Layers.class,
      Distance.class,
      MeasureAccuracy.class,
      Benchmark.class,
      CommandLine.HelpCommand.class
    },
    description =
        "Finds images that a network cannot tell from given ones, and asks how alike they look.",
    footer = {
      "",
      "Environment:",
      "  METAMER_BACKEND=cuda   computes on an NVIDIA GPU; cpu is the default",
      "  METAMER_JAVA_OPTS=...  replaces the limits of 1 GB of heap and 2 GB of arrays",
      "",
      "Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted."
    })
public final class Metamer {

  /** The version in the jar or beside the classes. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"metamer " + Bundled.version()};
    }
  }

  @Option(
      names = "--stacktrace",
      scope = CommandLine.ScopeType.INHERIT,
      description = "After an error, print where in the program it arose.")
  @SuppressWarnings("unused") // Read where errors are printed; an option needs a field.
  private boolean stacktrace;

  private Metamer() {}

  /**
   * Runs a command and ends the Java virtual machine with its exit code.
   *
   * @param args the command and its options; {@code --help} lists them
   */
  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, args));
  }

  /** Runs a command and returns its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    CommandLine line =
        new CommandLine(new Metamer())
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler((e, given) -> complain(e.getCommandLine(), e, 2, false))
            .setExecutionExceptionHandler(
                (e, command, parsed) ->
                    complain(command, e, e instanceof BadInput ? 2 : 1, stacktrace(parsed)));
    if (args.length == 0) {
      line.usage(out);
      return 2;
    }
    return line.execute(args);
  }

  private static boolean stacktrace(ParseResult parsed) {
    return parsed.hasMatchedOption("--stacktrace")
        || (parsed.hasSubcommand() && stacktrace(parsed.subcommand()));
  }

  private static int complain(CommandLine command, Exception e, int code, boolean stacktrace) {
    command
        .getErr()
        .println("metamer: " + (e.getMessage() == null ? e.getClass().getName() : e.getMessage()));
    if (stacktrace) {
      e.printStackTrace(command.getErr());
    } else if (e instanceof ParameterException) {
      command.getErr().println("See " + command.getCommandSpec().qualifiedName() + " --help.");
    } else if (!(e instanceof BadInput)) {
      command.getErr().println("The same with --stacktrace shows where this arose.");
    }
    return code;
  }
}
