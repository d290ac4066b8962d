package io.metamer.studies;

import io.metamer.inversion.InversionListener.Iteration;
import java.nio.file.Path;

/** A study in a process of its own, which says each thing it does with one byte. */
final class StudyProcess {

  private StudyProcess() {}

  public static void main(String[] args) throws Exception {
    StudyRun run = StudyRun.of(Study.read(Path.of(args[0])), Path.of(args[1]));
    StudyRun.Outcome outcome =
        run.run(
            new StudyListener() {
              @Override
              public void begins(Chunk chunk) {
                say('b');
              }

              @Override
              public void evaluated(Chunk chunk, Iteration iteration) {
                say('e');
              }

              @Override
              public void written(Chunk chunk, Path folder) {
                say('w');
              }
            });
    System.exit(outcome.left() == 0 ? 0 : 1);
  }

  private static void say(char what) {
    System.out.print(what);
    System.out.flush();
  }
}
