package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.contract.PerceptualDistanceContract;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class PeakSignalToNoiseRatioTest implements PerceptualDistanceContract {

  @Override
  public PerceptualDistance distance() {
    return new PeakSignalToNoiseRatio();
  }

  @Override
  public INDArray references() {
    return noise(1);
  }

  @Override
  public INDArray point() {
    return noise(2);
  }

  @Test
  void decibels_areThoseOfTheMeanSquaredError() {
    INDArray black = Nd4j.zeros(2, 3, 4, 5).castTo(references().dataType());
    double d = distance().between(black, black.add(0.1))[0];

    assertClose(0.01, d, 1e-12, 0);
    assertClose(20, PeakSignalToNoiseRatio.decibels(d), 1e-12, 0);
    // One level of 8 bits everywhere: 20 log10(255).
    assertClose(48.1308, PeakSignalToNoiseRatio.decibels(1 / (255.0 * 255)), 1e-6, 0);
    assertEquals(Double.POSITIVE_INFINITY, PeakSignalToNoiseRatio.decibels(0));
    assertEquals(0, PeakSignalToNoiseRatio.decibels(1));
  }

  @Test
  void decibels_ofNoDistance_areRefused() {
    for (double wrong : new double[] {-1e-9, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> PeakSignalToNoiseRatio.decibels(wrong));
    }
  }

  private static INDArray noise(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 2 * 3 * 4).toArray())
        .reshape(3, 2, 3, 4);
  }
}
