package io.metamer.examples;

import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.model.UnsupportedModelException;
import io.metamer.studies.Chunk;
import io.metamer.studies.Study;
import io.metamer.studies.StudyListener;
import io.metamer.studies.StudyPlan;
import io.metamer.studies.StudyRun;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Many searches from one description, which can be stopped and gone on with. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs a study: networks x regularizers x targets x seeds, from a description in YAML; then asks"
          + " its judges, and writes tables, plots and a report.",
      "",
      "Says first what it will take. What is in the folder already is skipped: after Ctrl-C, or"
          + " however else it ended, the same command goes on."
    })
final class RunStudy implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The description; paths in it are relative to it.")
  private Path file = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where the images go: a new or empty folder, or one of a study.")
  private Path out = Path.of("");

  @Option(names = "--plan", description = "Only say what it will take.")
  private boolean planOnly;

  @Option(
      names = "--measure",
      description = "Search for nothing more: only ask the judges about what is there.")
  private boolean measureOnly;

  @Override
  public Integer call() throws IOException {
    BadInput.unlessEmpty(Backend.refusal());
    PrintWriter screen = spec.commandLine().getOut();
    try (Interruption interruption = Interruption.ofThisThread()) {
      Study study = study();
      StudyRun run = prepared(study);
      if (measureOnly) {
        return measured(study, run);
      }
      StudyPlan plan = plan(run);
      screen.print(plan);
      screen.flush();
      if (planOnly) {
        return 0;
      }
      StudyRun.Outcome outcome = run(run);
      // One that came too late to end the study must not keep its last words from the screen.
      Thread.interrupted();
      screen.printf(
          "%s%d chunks written, %d there before, %d left%nResults: %s%n",
          outcome.left() > 0 ? "Interrupted: " : "",
          outcome.written(),
          outcome.there(),
          outcome.left(),
          out.resolve("results.csv").toAbsolutePath().normalize().toUri());
      screen.flush();
      if (outcome.left() > 0) {
        return 130;
      }
      return study.judges().isEmpty() ? 0 : measured(study, run);
    } catch (InterruptedIOException e) {
      Thread.interrupted();
      screen.println("Interrupted before any search");
      return 130;
    }
  }

  /** Asks the judges, and says where the report is. */
  private int measured(Study study, StudyRun run) throws IOException {
    if (study.judges().isEmpty()) {
      throw new BadInput("--measure: expected judges in %s, there are none.".formatted(file));
    }
    if (run.missing().size() == run.chunks().size()) {
      throw new BadInput(
          "--measure: expected images of this study in %s, there are none.".formatted(out));
    }
    PrintWriter screen = spec.commandLine().getOut();
    Judged judged = new Judged();
    try {
      run.measure(judged);
    } catch (InterruptedIOException e) {
      Thread.interrupted();
      screen.println("Interrupted while judges were asked; the same command goes on");
      return 130;
    } finally {
      judged.close();
    }
    screen.printf("Report: %s%n", out.resolve("report.html").toAbsolutePath().normalize().toUri());
    screen.flush();
    return 0;
  }

  /** Shows how many answers there are. */
  private static final class Judged implements StudyListener, AutoCloseable {

    private @Nullable Progress progress;

    @Override
    public void answered(String search, String judge, int done, int all) {
      if (progress == null) {
        progress = Progress.onScreen(all);
        progress.task("asking judges");
      }
      progress.done(1);
    }

    @Override
    public void close() {
      if (progress != null) {
        progress.close();
      }
    }
  }

  private Study study() {
    try {
      return Study.read(file);
    } catch (IOException e) {
      throw BadInput.of(e);
    }
  }

  /** Everything that a user can get wrong is looked at here, before any work. */
  private StudyRun prepared(Study study) throws InterruptedIOException {
    try {
      StudyRun run = StudyRun.of(study, out);
      run.models()
          .forEach(
              model ->
                  PreprocessingOptions.remark(model)
                      .ifPresent(note -> spec.commandLine().getErr().println("metamer: " + note)));
      return run;
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IllegalArgumentException | UnsupportedModelException | IOException e) {
      throw BadInput.of(e);
    }
  }

  private static StudyPlan plan(StudyRun run) throws IOException {
    try {
      return run.plan();
    } catch (IllegalArgumentException e) {
      // What only the first look at the images can tell, such as an all-zero representation.
      throw BadInput.of(e);
    }
  }

  private static StudyRun.Outcome run(StudyRun run) throws IOException {
    long units = run.missing().stream().mapToLong(Chunk::evaluations).sum();
    try (Progress progress = Progress.onScreen(Math.max(1, units))) {
      return run.run(
          new StudyListener() {
            private long left;

            @Override
            public void begins(Chunk chunk) {
              progress.task(chunk.toString());
              left = chunk.evaluations();
            }

            @Override
            public void evaluated(Chunk chunk, Iteration iteration) {
              left -= iteration.rows().length;
              progress.done(iteration.rows().length);
            }

            @Override
            public void written(Chunk chunk, Path folder) {
              // Of images that came to their end early.
              progress.done(left);
            }
          });
    } catch (IllegalArgumentException e) {
      throw BadInput.of(e);
    }
  }
}
