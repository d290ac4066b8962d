package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class PreprocessingTest {

  private static final ImageSpec IMAGES = new ImageSpec(2, 1, 3, 0, 1);

  @Test
  void apply_ofImages_clampsThenSubtractsTheMeanAndDividesByTheDeviation() {
    Normalization bound = bound(Preprocessing.of(new double[] {0.5, 0.25}, new double[] {2, 4}));
    INDArray x = Nd4j.createFromArray(-1.0, 0, 0.5, 1, 2, 0.25).reshape(1, 2, 1, 3);
    INDArray expected =
        Nd4j.createFromArray(-0.25, -0.25, 0, 0.1875, 0.1875, 0).reshape(1, 2, 1, 3);
    assertClose(expected, bound.apply(x), 1e-12, 1e-12);
    assertEquals(-1, x.getDouble(0));
  }

  @Test
  void pullBack_isOneInsideAndOnTheBoundsAndZeroOutside() {
    Normalization bound = bound(Preprocessing.of(0, 0.5));
    bound.apply(Nd4j.createFromArray(-0.01, 0, 0.5, 1, 1.01, Double.NaN).reshape(1, 2, 1, 3));
    INDArray gradient =
        bound.pullBack(Nd4j.createFromArray(1.0, 2, 3, 4, 5, 6).reshape(1, 2, 1, 3));
    INDArray expected = Nd4j.createFromArray(0.0, 4, 6, 8, 0, 0).reshape(1, 2, 1, 3);
    assertClose(expected, gradient, 1e-12, 1e-12);
  }

  @Test
  void apply_ofNaN_staysNaN() {
    Normalization bound = bound(Preprocessing.none());
    INDArray x = Nd4j.createFromArray(0, 0, 0, 0, 0, Double.NaN).reshape(1, 2, 1, 3);
    assertTrue(Double.isNaN(bound.apply(x).getDouble(5)));
  }

  @Test
  void bounds_otherThan0And1_areTheImages() {
    Normalization bound =
        new Normalization(Preprocessing.none(), new ImageSpec(2, 1, 3, -1, 3), 1, DataType.DOUBLE);
    INDArray x = Nd4j.createFromArray(-2.0, -1, 0, 2, 3, 4).reshape(1, 2, 1, 3);
    INDArray expected = Nd4j.createFromArray(-1.0, -1, 0, 2, 3, 3).reshape(1, 2, 1, 3);
    assertClose(expected, bound.apply(x), 1e-12, 1e-12);
  }

  @Test
  void preprocessing_withWrongNumbers_isRefused() {
    Class<? extends Exception> illegal = IllegalArgumentException.class;
    assertRefused(illegal, () -> Preprocessing.of(0, 0), "deviations other than 0");
    assertRefused(illegal, () -> Preprocessing.of(0, Double.NaN), "deviations other than 0");
    assertRefused(illegal, () -> Preprocessing.of(Double.NaN, 1), "finite means");
    assertRefused(
        illegal,
        () -> new Preprocessing(List.of(1.0, 2.0), List.of(1.0)),
        "2 means and 1 deviations");
    assertRefused(
        illegal, () -> Preprocessing.cifar10().check(ImageSpec.gray(28)), "each of 1, got 3");
  }

  @Test
  void presets_haveOneNumberAChannel() {
    for (Preprocessing colour :
        List.of(
            Preprocessing.cifar10(),
            Preprocessing.cifar100(),
            Preprocessing.imagenet(),
            Preprocessing.stl10())) {
      colour.check(ImageSpec.rgb(32));
      assertEquals(3, colour.mean().size());
    }
    Preprocessing.fashionMnist().check(ImageSpec.gray(28));
    assertEquals(Preprocessing.of(0, 1), Preprocessing.none());
  }

  private static Normalization bound(Preprocessing preprocessing) {
    return new Normalization(preprocessing, IMAGES, 1, DataType.DOUBLE);
  }
}
