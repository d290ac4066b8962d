package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Half a million answers, in the heap that the build gives to tests: 1 GiB or less. */
@Tag("slow")
final class ResponsesScaleTest {

  private static final int TRIALS = 10_000;
  private static final int ANNOTATORS = 50;
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @Test
  void manyAnswers_areReadScoredAndResampledInSeconds(@TempDir Path folder) throws IOException {
    List<Trial> trials = Trials.pairs(TRIALS);
    Path file = folder.resolve("answers.csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("participant,trial,choice\n");
      for (int p = 0; p < ANNOTATORS; p++) {
        for (Answer answer : new SimulatedObserver(0.2, p).answers(trials)) {
          out.write("p%d,%s,%d%n".formatted(p, answer.trial().id(), answer.choice().orElseThrow()));
        }
      }
    }
    assertTrue(Runtime.getRuntime().maxMemory() <= 1L << 30);
    // Of this thread, which does all of the work: others may keep the machine busy.
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    long start = clock.getCurrentThreadCpuTime();
    Responses responses = Responses.read(file, trials);
    assertEquals(ANNOTATORS, responses.scores(new TwoAlternativeForcedChoice()).size());
    Estimate overTargets = responses.overTargets(1);
    Estimate overParticipants = responses.overParticipants(1);
    Duration taken = Duration.ofNanos(clock.getCurrentThreadCpuTime() - start);
    assertTrue(taken.compareTo(LIMIT) < 0, "took " + taken);
    assertEquals(TRIALS * ANNOTATORS, responses.answers().size());
    assertEquals(0.8, overTargets.value(), 4 * Math.sqrt(0.16 / (TRIALS * ANNOTATORS)));
    assertTrue(overParticipants.interval().low() < 0.8 && 0.8 < overTargets.interval().high());
  }
}
