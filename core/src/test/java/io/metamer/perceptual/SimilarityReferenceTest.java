package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** SSIM and MS-SSIM of pairs of photographs, against golden/perceptual/similarity.py. */
@Tag("reference")
final class SimilarityReferenceTest {

  @Test
  void values_ofPhotographs_agreeWithTheReference() throws IOException {
    int multiScale = 0;
    for (String line : Golden.lines("real.txt")) {
      String[] field = line.split(" ", -1);
      INDArray a = read(field[0]);
      INDArray b;
      if (field[1].equals("-")) {
        // The image against itself, moved by a column, with less contrast and brighter.
        INDArray whole = a;
        a = columns(whole, 0, whole.size(3) - 1);
        b = columns(whole, 1, whole.size(3)).mul(0.8).addi(0.1);
      } else {
        b = read(field[1]);
      }
      for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
        INDArray x = a.castTo(type);
        INDArray y = b.castTo(type);
        double tolerance = type == DataType.FLOAT ? 2e-5 : 1e-7;
        assertScore(field[2], new StructuralSimilarity(), x, y, tolerance);
        assertScore(field[3], StructuralSimilarity.downsampling(), x, y, tolerance);
        if (!field[4].equals("-")) {
          assertScore(field[4], new MultiScaleStructuralSimilarity(), x, y, tolerance);
          multiScale++;
        }
      }
    }
    assertEquals(12, multiScale);
  }

  private static void assertScore(
      String score, PerceptualDistance distance, INDArray a, INDArray b, double tolerance) {
    assertClose(1 - Double.parseDouble(score), distance.between(a, b)[0], 0, tolerance);
  }

  private static INDArray columns(INDArray image, long from, long to) {
    return image
        .get(
            NDArrayIndex.all(),
            NDArrayIndex.all(),
            NDArrayIndex.all(),
            NDArrayIndex.interval(from, to))
        .dup('c');
  }

  private static INDArray read(String name) throws IOException {
    Path folder =
        Path.of(
            Objects.requireNonNull(
                System.getProperty("metamer.reference"),
                "set -Dmetamer.reference to the folder of the reference data"));
    Path file = folder.resolve(name);
    BufferedImage image = ImageIO.read(file.toFile());
    int channels = image.getRaster().getNumBands();
    ImageSpec spec = new ImageSpec(channels, image.getHeight(), image.getWidth(), 0, 1);
    return Images.read(List.of(file), spec);
  }
}
