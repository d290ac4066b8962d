package io.metamer.perceptual;

import io.metamer.contract.PerceptualDistanceContract;
import io.metamer.image.ImageSpec;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class WeightedFeatureDistanceTest implements PerceptualDistanceContract {

  private static final ImageSpec SPEC = new ImageSpec(2, 4, 5, 0, 1);

  private final LinearTaps taps = new LinearTaps(SPEC);

  @Override
  public PerceptualDistance distance() {
    double[] maps = {0.5, 0, 2, 1};
    double[] vector = {3, 0.1, 0, 0.7, 1};
    return FeatureDistance.weighted(taps, List.of(maps, vector), "weighted features");
  }

  @Override
  public INDArray references() {
    return random(1);
  }

  @Override
  public INDArray point() {
    return random(2);
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(120).toArray()).reshape(3, 2, 4, 5);
  }
}
