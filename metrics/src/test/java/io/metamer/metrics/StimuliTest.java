package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionResult;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class StimuliTest {

  @Test
  void images_betweenLevels_areRoundedToEightBits() {
    double[] pixels = {0, 0.4 / 255, 0.6 / 255, 127.49 / 255, 1 - 0.4 / 255, 1};
    INDArray images = Nd4j.createFromArray(pixels).reshape(1, 1, 2, 3);
    try (InversionResult result =
        Inversions.of(Inversions.SPEC, images.dup(), images.dup(), images, 0)) {
      INDArray seen = Stimuli.of(result).images(List.of(Stimulus.iri(0)));
      assertArrayEquals(new long[] {1, 1, 2, 3}, seen.shape());
      double[] levels = {0, 0, 1.0 / 255, 127.0 / 255, 1, 1};
      assertClose(levels, seen.reshape(6).toDoubleVector(), 0, 1e-15);
      assertClose(pixels, images.reshape(6).toDoubleVector(), 0, 0);
    }
  }

  @Test
  void images_outsideBounds_areClippedAndScaledToUnit() {
    double[] pixels = {-9, -2, 0, 2, 9, 1};
    INDArray images = Nd4j.createFromArray(pixels).reshape(1, 1, 2, 3);
    ImageSpec spec = new ImageSpec(1, 2, 3, -2, 2);
    try (InversionResult result = Inversions.of(spec, images.dup(), images, images.dup(), 0)) {
      INDArray seen = Stimuli.of(result).images(List.of(Stimulus.seed(0)));
      double[] levels = {0, 0, 128.0 / 255, 1, 1, 191.0 / 255};
      assertClose(levels, seen.reshape(6).toDoubleVector(), 0, 1e-12);
    }
  }

  @Test
  void images_ofSeveralKinds_comeInTheOrderAskedFor() {
    try (InversionResult result = Inversions.unmoved(4)) {
      INDArray seen =
          Stimuli.of(result).images(List.of(Stimulus.target(3), Stimulus.seed(1), Stimulus.iri(0)));
      assertClose(result.targets().slice(3), seen.slice(0), 0, 1e-6);
      assertClose(result.seeds().slice(1), seen.slice(1), 0, 1e-6);
      assertClose(result.images().slice(0), seen.slice(2), 0, 1e-6);
      assertEquals(result.images().dataType(), seen.dataType());
    }
  }

  @Test
  void images_ofNoResult_areSeenAlike() {
    try (InversionResult result = Inversions.unmoved(4)) {
      List<Stimulus> which = List.of(Stimulus.target(3), Stimulus.seed(1), Stimulus.iri(0));
      Stimuli arrays =
          Stimuli.of(result.input(), result.targets(), result.seeds(), result.images());
      assertClose(Stimuli.of(result).images(which), arrays.images(which), 0, 0);
      INDArray fewer = result.seeds().get(NDArrayIndex.interval(0, 3));
      assertThrows(
          IllegalArgumentException.class,
          () -> Stimuli.of(result.input(), result.targets(), fewer, result.images()));
    }
  }

  @Test
  void images_thatAreNotThere_areRefused() {
    try (InversionResult result = Inversions.perfect(4)) {
      Stimuli stimuli = Stimuli.of(result);
      assertThrows(IllegalArgumentException.class, () -> stimuli.images(List.of()));
      Exception e =
          assertThrows(
              IndexOutOfBoundsException.class, () -> stimuli.images(List.of(Stimulus.iri(4))));
      assertEquals("expected an index below 4, got Stimulus[kind=IRI, index=4]", e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> Stimulus.target(-1));
  }
}
