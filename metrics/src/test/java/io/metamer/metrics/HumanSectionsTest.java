package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.inversion.InversionResult;
import io.metamer.metrics.human.HumanStudy;
import io.metamer.metrics.human.Pictures;
import io.metamer.metrics.human.Presentation;
import io.metamer.metrics.human.Section;
import io.metamer.metrics.human.StudyKey;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** From the result of a search to a study with people. */
final class HumanSectionsTest {

  @Test
  void sections_askTheTrialsOfTheMetrics() {
    try (InversionResult result = Inversions.perfect(7)) {
      assertEquals(
          new TwoAlternativeForcedChoice().trials(result), Section.pairs("x", result).trials());
      Clustering clustering = new Clustering(3);
      assertEquals(clustering.trials(result), Section.clustering("x", clustering, result).trials());
      assertEquals(clustering.trials(7), clustering.trials(result));
    }
  }

  @Test
  void pictures_areTheStimuliIn8Bits() throws IOException {
    try (InversionResult result = Inversions.unmoved(3)) {
      Pictures pictures = Pictures.of(result);
      for (Stimulus stimulus : List.of(Stimulus.target(0), Stimulus.seed(2), Stimulus.iri(1))) {
        INDArray expected = Stimuli.of(result).images(List.of(stimulus));
        BufferedImage picture = pictures.of(stimulus);
        for (int y = 0; y < 2; y++) {
          for (int x = 0; x < 3; x++) {
            assertEquals(
                Math.round(255 * expected.getDouble(0, 0, y, x)),
                picture.getRaster().getSample(x, y, 0));
          }
        }
      }
    }
  }

  @Test
  void studyOfAResult_isWritten(@TempDir Path temp) throws IOException {
    try (InversionResult result = Inversions.perfect(6)) {
      HumanStudy study =
          new HumanStudy(
              "Which images look alike?",
              "Do you agree?",
              List.of(
                  Section.pairs("robust, 2AFC", result),
                  Section.clustering("robust, clustering", new Clustering(1), result)),
              Presentation.defaults().withSeed(1));
      StudyKey key = study.write(temp.resolve("human"));
      // 6 + a check + 2 practised; 2 grids + a check + 2 practised, of 3 rows each.
      assertEquals(9 + 15, key.choices());
    }
  }
}
