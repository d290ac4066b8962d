package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.contract.PerceptualDistanceContract;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class PixelDistanceTest implements PerceptualDistanceContract {

  @Override
  public PerceptualDistance distance() {
    return new PixelDistance();
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
  void distance_ofBlackAndWhite_isOne() {
    INDArray black = Nd4j.zeros(2, 3, 4, 5);
    assertClose(new double[] {1, 1}, distance().between(black, black.add(1)), 1e-6, 0);
    assertClose(
        new double[] {0.5, 0.5}, distance().between(black.add(0.25), black.add(0.75)), 1e-6, 0);
  }

  @Test
  void distance_ofLargeImagesInFloat_losesNothingInTheSum() {
    INDArray black = Nd4j.zeros(DataType.FLOAT, 1, 3, 300, 300);
    assertClose(0.331, distance().between(black.add(0.331), black)[0], 1e-5, 0);
  }

  @Test
  void images_beyondTheirRange_areRefused() {
    for (double wrong : new double[] {-0.5, 1.5, 255, Double.NaN}) {
      INDArray images = Nd4j.valueArrayOf(new long[] {1, 3, 4, 4}, wrong, DataType.DOUBLE);
      assertThrows(IllegalArgumentException.class, () -> distance().to(images));
    }
    INDArray rounded = Nd4j.valueArrayOf(new long[] {1, 3, 4, 4}, 1 + 1e-6, DataType.DOUBLE);
    assertClose(new double[1], distance().between(rounded, rounded), 0, 0);
  }

  private static INDArray noise(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 2 * 3 * 4).toArray())
        .reshape(3, 2, 3, 4);
  }
}
