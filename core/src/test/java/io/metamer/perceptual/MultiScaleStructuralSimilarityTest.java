package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.Close;
import io.metamer.contract.PerceptualDistanceContract;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The contract holds for two scales, whose images can be small enough for differences. */
final class MultiScaleStructuralSimilarityTest implements PerceptualDistanceContract {

  private static final MultiScaleStructuralSimilarity PUBLISHED =
      new MultiScaleStructuralSimilarity();

  @Override
  public PerceptualDistance distance() {
    return new MultiScaleStructuralSimilarity(List.of(0.3, 0.7));
  }

  @Override
  public INDArray references() {
    return random(1);
  }

  /** Like the references, so that all means are well above 0. */
  @Override
  public INDArray point() {
    return references().mul(0.7).addi(random(2).mul(0.3));
  }

  @Override
  public int differenceStride() {
    return 3;
  }

  @Test
  void value_agreesWithTheAuthorsCode() throws IOException {
    int zero = 0;
    for (Golden.Pair pair : Golden.pairs()) {
      double d = PUBLISHED.between(pair.a(), pair.b())[0];
      assertClose(1 - pair.multiScale(), d, 0, 1e-9);
      zero += pair.multiScale() == 0 ? 1 : 0;
    }
    assertEquals(4, zero, "pairs whose contrasts are opposite");
  }

  @Test
  void gradient_asPublished_agreesWithDifferencesAlongDirections() throws IOException {
    Golden.Pair pair = Golden.pairs().get(4);
    DifferentiableLoss loss = PUBLISHED.to(pair.b());
    INDArray gradient = loss.evaluate(pair.a(), new int[1]).gradient().dup('c');
    for (int seed = 0; seed < 5; seed++) {
      INDArray direction =
          Nd4j.createFromArray(new Random(seed).doubles(pair.a().length(), -1, 1).toArray())
              .reshape(pair.a().shape());
      double h = 1e-5;
      double above = loss.evaluate(pair.a().add(direction.mul(h)), new int[1]).value()[0];
      double below = loss.evaluate(pair.a().sub(direction.mul(h)), new int[1]).value()[0];

      double expected = (above - below) / (2 * h);
      assertClose(expected, gradient.mul(direction).sumNumber().doubleValue(), 1e-5, 1e-9);
    }
  }

  @Test
  void value_ofImagesOfOppositeContrast_isOne_andDoesNotPull() {
    INDArray a = references();

    ValueAndGradient at = distance().to(a).evaluate(a.rsub(1), new int[] {0, 1, 2});

    assertClose(new double[] {1, 1, 1}, at.value(), 0, 0);
    assertClose(a.mul(0), at.gradient(), 0, 0);
  }

  @Test
  void gradient_whereAMeanCrossesZero_staysFinite() {
    INDArray a = references();
    // Contrast and structure of a + t (1 - a) against a fall from 1 to below 0 as t goes to 1.
    DifferentiableLoss loss = distance().to(a);
    double low = 0;
    double high = 1;
    for (int k = 0; k < 60; k++) {
      double t = (low + high) / 2;
      INDArray x = a.mul(1 - t).addi(a.rsub(1).mul(t));
      ValueAndGradient at = loss.evaluate(x, new int[] {0, 1, 2});
      double steepest = at.gradient().slice(0).amaxNumber().doubleValue();
      assertTrue(steepest < 1e6, () -> "gradient " + steepest + " at " + t);
      boolean positive = at.value()[0] < 1;
      low = positive ? t : low;
      high = positive ? high : t;
    }
    assertTrue(low > 0.1 && low < 0.9, "crosses at " + low);
  }

  @Test
  void value_ofOneScaleOfWeightOne_isSsim() {
    INDArray a = point();
    Close.assertClose(
        new StructuralSimilarity().between(a, references()),
        new MultiScaleStructuralSimilarity(List.of(1.0)).between(a, references()),
        1e-12,
        0);
  }

  @Test
  void images_tooSmallForTheScales_areRefused() {
    assertEquals(161, PUBLISHED.card().smallest());
    assertEquals(
        "expected images of shape [N, C, H, W] with at least 161 rows and columns, got [1, 3, 160,"
            + " 200]",
        assertThrows(
                IllegalArgumentException.class,
                () -> PUBLISHED.to(Nd4j.zeros(DataType.FLOAT, 1, 3, 160, 200)))
            .getMessage());
    INDArray smallest = Nd4j.zeros(DataType.FLOAT, 1, 1, 161, 161);
    assertClose(new double[1], PUBLISHED.between(smallest, smallest), 0, 1e-6);
  }

  @Test
  void weights_thatCannotBe_areRefused() {
    for (double wrong : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new MultiScaleStructuralSimilarity(List.of(0.5, wrong)));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new MultiScaleStructuralSimilarity(List.of()));
  }

  @Test
  void name_carriesOtherWeightsThanThePublished() {
    assertEquals("MS-SSIM", PUBLISHED.name());
    assertEquals("MS-SSIM(0.3, 0.7)", distance().name());
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 2 * 21 * 23).toArray())
        .reshape(3, 2, 21, 23);
  }
}
