package io.metamer.metrics.human;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.metrics.Estimate;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Responses;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Half a million answers in fifty files, in the heap that the build gives to tests. */
@Tag("slow")
final class HumanAnswersScaleTest {

  private static final int TRIALS = 10_000;
  private static final int ANNOTATORS = 50;
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @Test
  void manyAnswers_areImportedScoredAndResampledInSeconds(@TempDir Path temp) throws IOException {
    BufferedImage dot = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
    Section section =
        new Section(Studies.PAIRS, Task.FORCED_CHOICE, Studies.pairs(TRIALS), stimulus -> dot);
    StudyKey written =
        new HumanStudy("Many", "Yes", List.of(section), Presentation.defaults())
            .write(temp.resolve("study"));
    Path folder = temp.resolve("answers");
    int[] right = {0};
    for (int p = 0; p < ANNOTATORS; p++) {
      SplittableRandom random = new SplittableRandom(p);
      Predicate<Screen.Row> mostly =
          row -> {
            boolean yes = row.section() == Screen.CHECK || random.nextDouble() < 0.8;
            right[0] += yes && row.section() != Screen.CHECK ? 1 : 0;
            return yes;
          };
      Sheet.of(written, "p" + p, mostly).write(folder);
    }
    assertTrue(Runtime.getRuntime().maxMemory() <= 1L << 30);
    // Of this thread, which does all of the work: others may keep the machine busy.
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    long start = clock.getCurrentThreadCpuTime();
    StudyKey key = StudyKey.read(temp.resolve("study/key.json"));
    HumanAnswers answers = key.answers(folder, ExclusionRules.defaults());
    Responses responses = answers.responses(Studies.PAIRS);
    assertEquals(ANNOTATORS, responses.scores(new TwoAlternativeForcedChoice()).size());
    Estimate overTargets = responses.overTargets(1);
    Estimate overParticipants = responses.overParticipants(1);
    Duration taken = Duration.ofNanos(clock.getCurrentThreadCpuTime() - start);
    assertTrue(taken.compareTo(LIMIT) < 0, "took " + taken);
    assertEquals(List.of(), answers.faults());
    assertEquals(List.of(), answers.exclusions());
    assertEquals(TRIALS * ANNOTATORS, responses.answers().size());
    assertEquals((double) right[0] / (TRIALS * ANNOTATORS), overTargets.value());
    for (Interval interval : List.of(overTargets.interval(), overParticipants.interval())) {
      assertTrue(interval.low() < overTargets.value() && overTargets.value() < interval.high());
    }
  }
}
