package io.metamer.perceptual;

import io.metamer.contract.PerceptualDistanceContract;
import io.metamer.perceptual.Lpips.Trunk;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LPIPS on the trunk that takes the smallest images. */
final class NarrowLpipsTest implements PerceptualDistanceContract {

  @SuppressWarnings("NullAway.Init") // Before each test.
  private Lpips lpips;

  @BeforeEach
  void load() throws IOException {
    lpips = LpipsTest.narrow(Trunk.VGG, "_trunk.pth");
  }

  @AfterEach
  void close() {
    lpips.close();
  }

  @Override
  public PerceptualDistance distance() {
    return lpips;
  }

  @Override
  public INDArray references() {
    return noise(1);
  }

  @Override
  public INDArray point() {
    return noise(2);
  }

  /** Small beside the distance to the next of the many kinks. */
  @Override
  public double differenceStep() {
    return 1e-7;
  }

  private static INDArray noise(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 3 * 16 * 17).toArray())
        .reshape(3, 3, 16, 17);
  }
}
