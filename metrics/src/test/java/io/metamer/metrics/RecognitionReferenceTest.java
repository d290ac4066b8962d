package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

/** Real people's answers: those of Feather et al. (2023). */
@Tag("reference")
final class RecognitionReferenceTest {

  private static SortedMap<Integer, RecognitionExperiment> experiments;

  @BeforeAll
  static void read() throws IOException {
    String folder =
        Objects.requireNonNull(
            System.getProperty("metamer.reference"),
            "set -Dmetamer.reference to the folder of the reference data");
    experiments = RecognitionExperiment.read(Path.of(folder, "human", "model_metamers_vision.csv"));
  }

  @ParameterizedTest
  @CsvSource({
    "1, resnet50, 0.117",
    "3, resnet50, 0.107",
    "3, resnet50_l2_3_robust, 0.750",
    "5, resnet50, 0.084",
    "5, resnet50_simclr, 0.174",
    "5, resnet50_moco_v2, 0.267",
    "10, resnet50, 0.111"
  })
  void accuracy_atTheAverage_isThatOfTheFile(int experiment, String network, double accuracy) {
    Estimate human = experiments.get(experiment).human(network, "avgpool", 1);
    assertEquals(accuracy, human.value(), 5e-4);
    assertTrue(human.interval().low() < human.value() && human.value() < human.interval().high());
  }

  @Test
  void experiments_haveParticipantsOfTheirOwn() {
    assertEquals(Set.of(1, 3, 4, 5, 6, 9, 10, 12, 16), experiments.keySet());
    assertEquals(20, experiments.get(3).participants().size());
    assertEquals(21, experiments.get(5).participants().size());
    assertEquals(8, experiments.get(3).layers("resnet50").size());
  }

  /** By recognition.py: means and intervals of t, which a bootstrap of 20 people comes near to. */
  @ParameterizedTest
  @CsvFileSource(resources = "/golden/recognition/human.csv", numLinesToSkip = 1)
  void accuracyAndInterval_ofALayer_agreeWithNumpy(
      int experiment, String network, String layer, double mean, double deviation, double error) {
    Estimate human = experiments.get(experiment).human(network, layer, 1);
    assertClose(mean, human.value(), 1e-10, 1e-15);
    Spread people = experiments.get(experiment).spread(network, layer);
    assertClose(deviation, people.deviation(), 1e-10, 1e-12);
    // A resampled mean has the standard error with n in place of n - 1: the interval is 2 * 1.96 of
    // it wide, up to the skewness of proportions near their bounds.
    double width = human.interval().high() - human.interval().low();
    assertEquals(2 * 1.96 * error, width, 0.12 * width + 1e-12);
  }

  @Test
  void robustTraining_isBetterInEveryParticipant() {
    RecognitionExperiment three = experiments.get(3);
    PairedDifference paired = three.difference("resnet50_l2_3_robust", "resnet50", "avgpool", 1);
    assertEquals(0.643, paired.value(), 1e-3);
    // All differences have one sign: of 2^20 assignments, two reach their sum.
    assertClose(2 / Math.pow(2, 20), paired.p(), 1e-12, 0);
    assertTrue(paired.interval().low() > 0.5);
    assertFalse(three.difference("resnet50", "resnet50_random_l2_perturb", "final", 1).p() < 0.05);
  }

  @Test
  void numbers_ofThePage_areTheLibrarys() {
    RecognitionExperiment three = experiments.get(3);
    assertEquals("0.11 [0.07, 0.14]", three.human("resnet50", "avgpool", 1).toString());
    assertEquals(
        "0.64 [0.57, 0.71], n = 20, p = 1.9e-06",
        three.difference("resnet50_l2_3_robust", "resnet50", "avgpool", 1).toString());
    assertEquals(
        "0.99 (halves 0.99), 20 participants, 42 conditions",
        three.noiseCeiling(1).orElseThrow().toString());
  }

  /** By recognition.py: 20,000 splits; the mean of 1,000 is within four standard errors. */
  @ParameterizedTest
  @CsvFileSource(resources = "/golden/recognition/ceiling.csv", numLinesToSkip = 1)
  void ceiling_ofEveryExperiment_agreesWithNumpy(
      int experiment, int participants, int conditions, double halves, double error) {
    NoiseCeiling ceiling = experiments.get(experiment).noiseCeiling(1).orElseThrow();
    assertEquals(participants, ceiling.participants());
    assertEquals(conditions, ceiling.conditions());
    assertEquals(halves, ceiling.halves(), 4 * error);
    assertClose(
        2 * ceiling.halves() / (1 + ceiling.halves()), ceiling.corrected().orElseThrow(), 1e-12, 0);
  }
}
