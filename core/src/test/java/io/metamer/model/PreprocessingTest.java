package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
  void apply_inBgr_scalesAndTurnsTheChannelsRound() {
    Normalization bound = colour(Preprocessing.caffe());
    INDArray x = Nd4j.createFromArray(0.1, 0.2, 0.5, 0.6, 1, 2.0).reshape(1, 3, 1, 2);
    INDArray expected =
        Nd4j.createFromArray(
                255 - 103.939,
                255 - 103.939,
                127.5 - 116.779,
                153 - 116.779,
                25.5 - 123.68,
                51 - 123.68)
            .reshape(1, 3, 1, 2);
    assertClose(expected, bound.apply(x), 1e-12, 1e-12);
    bound.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "imagenet", "caffe", "tensorflow", "raw255"})
  void pullBack_inDouble_agreesWithCentralDifferences(String preset) {
    Normalization bound = colour(Preprocessing.named(preset));
    // Two of the pixels are outside, where the clamp's derivative is 0.
    INDArray x = Nd4j.createFromArray(-0.2, 0.2, 0.5, 0.6, 0.9, 1.3).reshape(1, 3, 1, 2);
    INDArray cotangent = Nd4j.createFromArray(1.0, -2, 3, 0.5, 7, -1).reshape(1, 3, 1, 2);
    INDArray differences = x.mul(0);
    double h = 1e-4;
    for (int i = 0; i < 6; i++) {
      INDArray above = x.dup();
      above.putScalar(new long[] {0, i / 2, 0, i % 2}, x.getDouble(0, i / 2, 0, i % 2) + h);
      INDArray below = x.dup();
      below.putScalar(new long[] {0, i / 2, 0, i % 2}, x.getDouble(0, i / 2, 0, i % 2) - h);
      double up = bound.apply(above).mul(cotangent).sumNumber().doubleValue();
      double down = bound.apply(below).mul(cotangent).sumNumber().doubleValue();
      differences.putScalar(new long[] {0, i / 2, 0, i % 2}, (up - down) / (2 * h));
    }
    bound.apply(x);
    assertCloseInNorm(differences, bound.pullBack(cotangent), 1e-8);
  }

  @Test
  void named_findsPresetsInAnyCase_andListsThemOtherwise() {
    Preprocessing.presets()
        .forEach((name, preset) -> assertEquals(preset, Preprocessing.named(name)));
    assertEquals(Preprocessing.imagenet(), Preprocessing.named("ImageNet"));
    assertRefused(
        IllegalArgumentException.class,
        () -> Preprocessing.named("image"),
        "among none, imagenet, cifar10",
        "got \"image\"");
  }

  @Test
  void text_isTheFormula() {
    assertEquals("none", Preprocessing.none().toString());
    assertEquals("none", Preprocessing.of(new double[2], new double[] {1, 1}).toString());
    assertEquals("(x - 0.5) / 0.5", Preprocessing.tensorflow().toString());
    assertEquals("255 x", Preprocessing.raw255().toString());
    assertEquals("255 x - [103.939, 116.779, 123.68] in BGR", Preprocessing.caffe().toString());
    assertEquals(
        "(x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]", Preprocessing.imagenet().toString());
  }

  @Test
  void presets_areTheirSources() {
    assertEquals(Preprocessing.of(0, 1).withScale(255), Preprocessing.raw255());
    assertEquals(Preprocessing.named("inception"), Preprocessing.named("tensorflow"));
    assertEquals(
        new Preprocessing(
            List.of(103.939, 116.779, 123.68),
            List.of(1.0, 1.0, 1.0),
            255,
            Preprocessing.Order.BGR),
        Preprocessing.of(new double[] {103.939, 116.779, 123.68}, new double[] {1, 1, 1})
            .withScale(255)
            .withOrder(Preprocessing.Order.BGR));
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
    assertRefused(illegal, () -> Preprocessing.none().withScale(0), "scale other than 0, got 0");
    assertRefused(illegal, () -> Preprocessing.none().withScale(Double.NaN), "got NaN");
    Preprocessing bgr = Preprocessing.none().withOrder(Preprocessing.Order.BGR);
    assertRefused(illegal, () -> bgr.check(ImageSpec.gray(28)), "in BGR, got 1");
  }

  @Test
  void presets_haveOneNumberAChannel() {
    for (Preprocessing colour :
        List.of(
            Preprocessing.cifar10(),
            Preprocessing.cifar100(),
            Preprocessing.imagenet(),
            Preprocessing.stl10(),
            Preprocessing.caffe(),
            Preprocessing.clip())) {
      colour.check(ImageSpec.rgb(32));
      assertEquals(3, colour.mean().size());
    }
    Preprocessing.fashionMnist().check(ImageSpec.gray(28));
    Preprocessing.mnist().check(ImageSpec.gray(28));
    assertEquals(Preprocessing.of(0, 1), Preprocessing.none());
  }

  private static Normalization colour(Preprocessing preprocessing) {
    return new Normalization(preprocessing, new ImageSpec(3, 1, 2, 0, 1), 1, DataType.DOUBLE);
  }

  private static Normalization bound(Preprocessing preprocessing) {
    return new Normalization(preprocessing, IMAGES, 1, DataType.DOUBLE);
  }
}
