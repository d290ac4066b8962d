package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.contract.Close;
import io.metamer.contract.PerceptualDistanceContract;
import io.metamer.loss.ValueAndGradient;
import java.io.IOException;
import java.util.List;
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
    List<String> lines = Golden.lines("ssim.txt");
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

  /** Sizes from 384 on are reduced by 2, 3 and 4. */
  @Test
  void value_downsampled_agreesWithTheAuthorsReduction() throws IOException {
    int reduced = 0;
    for (Golden.Pair pair : Golden.pairs()) {
      double plain = distance().between(pair.a(), pair.b())[0];
      double low = StructuralSimilarity.downsampling().between(pair.a(), pair.b())[0];

      assertClose(1 - pair.downsampled(), low, 0, 1e-9);
      boolean isReduced = Math.min(pair.a().size(2), pair.a().size(3)) >= 384;
      assertEquals(
          isReduced, plain != low, () -> "a short side of " + pair.a().shapeInfoToString());
      reduced += isReduced ? 1 : 0;
    }
    assertEquals(6, reduced);
  }

  @Test
  void gradient_downsampled_isThatOfTheReducedImages_spreadOverTheirPixels() {
    // Of a size that halves evenly, the distance of twice as large images with doubled pixels is
    // that of the small ones, and the gradient at each pixel a quarter of theirs.
    INDArray a = noise(3, 192);
    INDArray b = noise(4, 192);
    ValueAndGradient small = distance().to(b).evaluate(a, new int[] {0});
    ValueAndGradient large =
        StructuralSimilarity.downsampling().to(doubled(b)).evaluate(doubled(a), new int[] {0});

    assertClose(small.value(), large.value(), 1e-10, 0);
    Close.assertCloseInNorm(doubled(small.gradient()).div(4), large.gradient(), 1e-10);
  }

  @Test
  void value_ofLargeImagesInFloat_agreesWithThatInDouble() {
    // Flat but for little noise, and nearly white: where the single precision of squares and of
    // long sums shows.
    INDArray a = noise(5, 300).mul(0.02).addi(0.95);
    INDArray b = noise(6, 300).mul(0.02).addi(0.95);

    double d = distance().between(a.castTo(DataType.FLOAT), b.castTo(DataType.FLOAT))[0];

    assertClose(distance().between(a, b)[0], d, 1e-5, 0);
  }

  @Test
  void name_tellsTheReducedOneApart() {
    assertEquals("SSIM", distance().name());
    assertEquals("SSIM(downsampled)", StructuralSimilarity.downsampling().name());
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

  private static INDArray noise(long seed, int size) {
    return Nd4j.createFromArray(new Random(seed).doubles((long) size * size).toArray())
        .reshape(1, 1, size, size);
  }

  /** Each pixel twice along rows and along columns. */
  private static INDArray doubled(INDArray image) {
    int size = (int) image.size(2);
    INDArray doubled = Nd4j.create(DataType.DOUBLE, 1, 1, 2L * size, 2L * size);
    for (int i = 0; i < 2 * size; i++) {
      for (int j = 0; j < 2 * size; j++) {
        doubled.putScalar(new int[] {0, 0, i, j}, image.getDouble(0, 0, i / 2, j / 2));
      }
    }
    return doubled;
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 2 * 12 * 13).toArray())
        .reshape(3, 2, 12, 13);
  }
}
