package io.metamer.image;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class ImageSpecTest {

  private static final ImageSpec SPEC = ImageSpec.gray(2);

  @Test
  void spec_ofNoSizeOrNoBounds_isRefused() {
    assertRefused(
        "expected sizes of at least 1, got channels 3, height 0, width 0", () -> ImageSpec.rgb(0));
    assertRefused(
        "expected finite bounds with low < high, got [1.0, 1.0]",
        () -> new ImageSpec(1, 2, 2, 1, 1));
    assertRefused(
        "expected finite bounds with low < high, got [0.0, NaN]",
        () -> new ImageSpec(1, 2, 2, 0, Double.NaN));
    assertRefused(
        "expected finite bounds with low < high, got [-Infinity, 0.0]",
        () -> new ImageSpec(1, 2, 2, Double.NEGATIVE_INFINITY, 0));
  }

  @Test
  void batch_ofAnotherShape_isRefused() {
    assertRefused(
        "expected targets of shape [N, 1, 2, 2], got [4, 3, 2, 2]",
        () -> SPEC.check(Nd4j.zeros(4, 3, 2, 2), "targets"));
    assertRefused(
        "expected targets of shape [N, 1, 2, 2], got [1, 2, 2]",
        () -> SPEC.check(Nd4j.zeros(1, 2, 2), "targets"));
    assertDoesNotThrow(() -> SPEC.check(Nd4j.zeros(4, 1, 2, 2), "targets"));
  }

  @Test
  void batch_ofZero_isRefused() {
    assertRefused(
        "expected at least one image in seeds, got none",
        () -> SPEC.check(Nd4j.empty(DataType.FLOAT).reshape(0, 1, 2, 2), "seeds"));
  }

  @Test
  void batch_withPixelsThatAreNotFinite_isRefusedByImage() {
    for (double pixel : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      INDArray images = Nd4j.zeros(DataType.FLOAT, 3, 1, 2, 2);
      images.putScalar(new int[] {1, 0, 1, 1}, pixel);
      assertRefused(
          "expected finite pixels in targets, image 1 has others",
          () -> SPEC.check(images, "targets"));
    }
  }

  @Test
  void batch_ofAnotherType_isRefused() {
    assertRefused(
        "expected targets of type FLOAT or DOUBLE, got INT",
        () -> SPEC.check(Nd4j.zeros(DataType.INT32, 4, 1, 2, 2), "targets"));
  }

  @Test
  void batch_thatIsAViewOfPartOfAnother_isCheckedByItsOwnPixels() {
    INDArray all = Nd4j.zeros(DataType.FLOAT, 6, 1, 2, 2);
    INDArray images = all.get(NDArrayIndex.interval(2, 5));
    assertDoesNotThrow(() -> SPEC.check(images, "targets"));
    all.putScalar(new int[] {5, 0, 0, 0}, Double.NaN);
    assertDoesNotThrow(() -> SPEC.check(images, "targets"));
    all.putScalar(new int[] {3, 0, 1, 1}, Double.NaN);
    assertRefused(
        "expected finite pixels in targets, image 1 has others",
        () -> SPEC.check(images, "targets"));
  }

  @Test
  void clip_limitsACopyToTheBounds() {
    ImageSpec spec = new ImageSpec(1, 1, 4, -1, 2);
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      INDArray x = Nd4j.createFromArray(-3.0, -1.0, 0.25, 5.0).castTo(type);

      INDArray clipped = spec.clip(x);

      assertEquals(Nd4j.createFromArray(-1.0, -1.0, 0.25, 2.0).castTo(type), clipped);
      assertEquals(type, clipped.dataType());
      assertEquals(-3, x.getDouble(0));
    }
  }

  @Test
  void clip_ofNan_isNan() {
    assertTrue(Double.isNaN(SPEC.clip(Nd4j.createFromArray(0.1, Double.NaN)).getDouble(1)));
  }

  @Test
  void clip_ofAView_takesItsValues() {
    INDArray x = Nd4j.createFromArray(new double[][] {{-1, 0.5}, {0.2, 3}});

    assertEquals(
        Nd4j.createFromArray(new double[][] {{0, 0.2}, {0.5, 1}}), SPEC.clip(x.transpose()));
  }

  @Test
  void clip_ofImagesInBounds_isStillACopy() {
    INDArray x = Nd4j.createFromArray(0.1, 0.2);

    assertNotSame(x, SPEC.clip(x));
    SPEC.clip(x).assign(7);

    assertEquals(0.1, x.getDouble(0));
  }

  @Test
  void toUnit_mapsTheBoundsToZeroAndOne() {
    INDArray x = Nd4j.createFromArray(-1.0, 0.5, 2.0, 5.0);

    assertClose(
        Nd4j.createFromArray(0, 0.5, 1, 2.0),
        new ImageSpec(1, 1, 4, -1, 2).toUnit(x),
        1e-12,
        1e-12);
    assertEquals(-1, x.getDouble(0));
  }

  @Test
  void toUnit_ofTheBounds_isExact() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      for (double[] bounds : new double[][] {{-4, -3.8}, {0.1, 0.7}, {-2.117904, 2.64}}) {
        INDArray x = Nd4j.createFromArray(bounds).castTo(type);

        INDArray unit = new ImageSpec(1, 1, 2, bounds[0], bounds[1]).toUnit(x);

        assertEquals(0, unit.getDouble(0));
        assertEquals(1, unit.getDouble(1));
      }
    }
  }

  private static void assertRefused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
