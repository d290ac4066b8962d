package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.contract.PerceptualDistanceContract;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class StructuralSimilarityTest implements PerceptualDistanceContract {

  @Override
  public PerceptualDistance distance() {
    return new StructuralSimilarity();
  }

  @Override
  public INDArray references() {
    return random(1);
  }

  @Override
  public INDArray point() {
    return random(2);
  }

  @Test
  void value_agreesWithScikitImage() throws IOException {
    List<String> lines = golden();
    assertEquals(9, lines.size());
    for (String line : lines) {
      String[] field = line.split(" ", -1);
      long[] shape = {
        1, Long.parseLong(field[0]), Long.parseLong(field[1]), Long.parseLong(field[2])
      };
      INDArray a = Nd4j.create(DataType.DOUBLE, shape);
      INDArray b = Nd4j.create(DataType.DOUBLE, shape);
      fill(a, b, Integer.parseInt(field[3]));

      assertClose(1 - Double.parseDouble(field[4]), distance().between(a, b)[0], 0, 1e-10);
    }
  }

  @Test
  void value_ofConstantImages_isTheirLuminanceTerm() {
    INDArray a = Nd4j.valueArrayOf(new long[] {1, 1, 12, 11}, 0.2, DataType.DOUBLE);
    INDArray b = Nd4j.valueArrayOf(new long[] {1, 1, 12, 11}, 0.7, DataType.DOUBLE);

    double luminance = (2 * 0.2 * 0.7 + 1e-4) / (0.04 + 0.49 + 1e-4);
    assertClose(1 - luminance, distance().between(a, b)[0], 1e-9, 0);
  }

  @Test
  void value_ofANegative_isAboveOne() {
    INDArray a = references();

    for (double d : distance().between(a, a.rsub(1))) {
      assertEquals(true, d > 1 && d <= 2, () -> "distance " + d);
    }
  }

  @Test
  void images_smallerThanAWindow_areRefused() {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> distance().to(Nd4j.zeros(2, 3, 10, 32)));

    assertEquals(
        "expected images of shape [N, C, H, W] with at least 11 rows and columns, got [2, 3, 10,"
            + " 32]",
        refused.getMessage());
  }

  @Test
  void images_ofWholeNumbers_areRefused() {
    INDArray whole = Nd4j.zeros(DataType.INT32, 1, 1, 12, 12);
    assertEquals(
        "expected images of type FLOAT or DOUBLE, got INT",
        assertThrows(IllegalArgumentException.class, () -> distance().between(whole, whole))
            .getMessage());
  }

  @Test
  void batch_ofAnotherType_isRefused() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> loss().evaluate(point().castTo(DataType.FLOAT), new int[] {0, 1, 2}));

    assertEquals(
        "expected DOUBLE images of shape [3, 2, 12, 13], got FLOAT of shape [3, 2, 12, 13]",
        refused.getMessage());
  }

  /** The pairs of golden/perceptual/ssim.py. */
  private static void fill(INDArray a, INDArray b, int pair) {
    for (int c = 0; c < a.size(1); c++) {
      for (int i = 0; i < a.size(2); i++) {
        for (int j = 0; j < a.size(3); j++) {
          double first = ((37 * i + 59 * j + 7 * i * j + 83 * c) % 256) / 255.0;
          double ramp = (i + 2 * j + 1) / 200.0;
          int[] at = {0, c, i, j};
          a.putScalar(at, pair == 2 ? ramp : first);
          b.putScalar(
              at,
              switch (pair) {
                case 0 -> ((11 * i + 5 * j + 3 * i * j + 29 * c) % 256) / 255.0;
                case 1 -> 0.5 * first + 0.4;
                default -> ramp + 0.1 * first;
              });
        }
      }
    }
  }

  private static List<String> golden() throws IOException {
    try (InputStream in =
            Objects.requireNonNull(
                StructuralSimilarityTest.class.getResourceAsStream("/golden/perceptual/ssim.txt"));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 2 * 12 * 13).toArray())
        .reshape(3, 2, 12, 13);
  }
}
