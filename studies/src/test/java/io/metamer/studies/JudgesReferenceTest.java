package io.metamer.studies;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.Preprocessing;
import io.metamer.perceptual.Lpips;
import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.studies.DistanceRecipe.OfLpips;
import io.metamer.studies.DistanceRecipe.OfPixels;
import io.metamer.studies.StudyScores.Part;
import io.metamer.studies.StudyScores.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Studies with the published weights of LPIPS and networks of others. */
@Tag("reference")
final class JudgesReferenceTest {

  /** The main fault of the released code, and the search as published. */
  @Test
  void adversarialSearch_asReleasedAndCorrected_isRunFromAStudy(@TempDir Path out)
      throws IOException {
    OfLpips alex = new OfLpips(Trunk.ALEX, Heads.V0_1, data("lpips"));
    Study study =
        Study.of(
                List.of(
                    Subject.of(
                        "resnet20",
                        data("cifar10/onnx/resnet20_std.onnx"),
                        Preprocessing.imagenet())),
                List.of(
                    Penalty.published("reg_free"), Penalty.published("adv_alex_finetuned", alex)),
                Targets.cifar10(data("cifar10/test_batch.bin")).first(3),
                Start.of(42),
                SearchRecipe.of(Preset.NANDA_2023_RELEASED).withIterations(3))
            .withJudges(
                List.of(
                    alex,
                    new OfLpips(Trunk.SQUEEZE, Heads.NONE, data("lpips")),
                    new OfPixels(OfPixels.Formula.SSIM)),
                ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    JsonNode said =
        new ObjectMapper()
            .readTree(out.resolve(run.chunks().get(1).folder()).resolve("chunk.json").toFile());
    assertEquals("10.0 adversarial(LPIPS alex v0.1)", said.at("/options/regularizer").textValue());
    assertTrue(said.at("/model/layer").textValue().endsWith(", iterates not normalised"));
    try (Lpips lpips = Lpips.load(data("lpips"))) {
      assertEquals(lpips.sha256(), said.at("/distances/0/sha256").textValue());
    }
    StudyScores scores = run.measure(StudyListener.none());
    for (Row row : scores.rows()) {
      boolean used =
          row.regularizer().equals("adv_alex_finetuned") && row.judge().equals("LPIPS alex v0.1");
      assertEquals(used ? Part.REGULARIZER : Part.NONE, row.part(), row::toString);
    }
  }

  @Test
  void grayImages_areShownAsThreeEqualChannels() throws IOException {
    ImageSpec gray = ImageSpec.gray(28);
    INDArray a = gray.clip(Seeds.grayNoise(gray, 2, 1)).castTo(DataType.DOUBLE);
    INDArray b = gray.clip(Seeds.grayNoise(gray, 2, 2)).castTo(DataType.DOUBLE);
    OfLpips squeeze = new OfLpips(Trunk.SQUEEZE, Heads.V0_1, data("lpips"));
    try (Lpips lpips = Lpips.load(data("lpips"), Trunk.SQUEEZE, Heads.V0_1);
        DescribedDistance distance = new DescribedDistance(squeeze, gray)) {
      double[] expected = lpips.between(Nd4j.concat(1, a, a, a), Nd4j.concat(1, b, b, b));
      assertClose(expected, distance.between(a, b), 1e-9, 0);
      DifferentiableLoss loss = distance.to(b);
      int[] rows = {0, 1};
      INDArray gradient = loss.evaluate(a, rows).gradient().dup('c');
      INDArray way = Seeds.grayNoise(gray, 2, 3).castTo(DataType.DOUBLE).subi(0.5);
      double h = 1e-5;
      double[] ahead = loss.evaluate(a.add(way.mul(h)), rows).value();
      double[] behind = loss.evaluate(a.sub(way.mul(h)), rows).value();
      double slope = (ahead[0] + ahead[1] - behind[0] - behind[1]) / (2 * h);
      assertClose(slope, gradient.mul(way).sumNumber().doubleValue(), 1e-4, 0);
    }
  }

  private static Path data(String name) {
    return Path.of(
            Objects.requireNonNull(
                System.getProperty("metamer.reference"),
                "set -Dmetamer.reference to the folder of the reference data"))
        .resolve(name);
  }
}
