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
      "Runs a study: networks x regularizers x targets x seeds, from a description in YAML.",
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

  @Override
  public Integer call() throws IOException {
    BadInput.unlessEmpty(Backend.refusal());
    PrintWriter screen = spec.commandLine().getOut();
    try (Interruption interruption = Interruption.ofThisThread()) {
      StudyRun run = prepared();
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
      return outcome.left() > 0 ? 130 : 0;
    } catch (InterruptedIOException e) {
      Thread.interrupted();
      screen.println("Interrupted before any search");
      return 130;
    }
  }

  /** Everything that a user can get wrong is looked at here, before any work. */
  private StudyRun prepared() throws InterruptedIOException {
    try {
      StudyRun run = StudyRun.of(Study.read(file), out);
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
