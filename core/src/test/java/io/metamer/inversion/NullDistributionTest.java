package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.image.ImageSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class NullDistributionTest {

  private static final ImageSpec SPEC = new ImageSpec(1, 2, 2, 0, 1);

  /** Sees every pixel as it is. */
  private static final LinearModel SEEING = new LinearModel(SPEC, Nd4j.eye(4));

  @Test
  void percentile_agreesWithCountingAllPairs() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      INDArray images = noise(7, 1).castTo(type);
      NullDistribution pairs = NullDistribution.of(SEEING, images);
      List<Double> distances = distances(images.castTo(DataType.DOUBLE));
      double rtol = type == DataType.FLOAT ? 1e-6 : 1e-12;

      assertEquals(42, pairs.size());
      assertClose(distances.stream().min(Double::compare).orElseThrow(), pairs.smallest(), rtol, 0);
      for (double distance = 0.013; distance < 2; distance += 0.1) {
        double at = distance;
        long nearer = distances.stream().filter(d -> d < at).count();
        assertEquals(100.0 * nearer / 42, pairs.percentile(at));
      }
      List<Double> sorted = distances.stream().sorted().toList();
      assertClose((sorted.get(20) + sorted.get(21)) / 2, pairs.median(), rtol, 0);
    }
  }

  @Test
  void percentile_ofTheNearestPair_isZeroAndOfTheFarthestAlmostAHundred() {
    NullDistribution pairs = NullDistribution.of(SEEING, noise(3, 1));
    assertEquals(0, pairs.percentile(pairs.smallest()));
    assertEquals(100, pairs.percentile(Double.POSITIVE_INFINITY));
  }

  @Test
  void pair_ofTwo_isTakenBothWays() {
    INDArray images = Nd4j.zeros(DataType.DOUBLE, 2, 1, 2, 2);
    images.putScalar(0, 1);
    images.putScalar(4, 0.5);
    NullDistribution pairs = NullDistribution.of(SEEING, images);
    assertEquals(2, pairs.size());
    assertClose(0.5, pairs.smallest(), 1e-12, 0);
    assertClose(0.75, pairs.median(), 1e-12, 0);
    assertEquals("2 random pairs, smallest distance 0.500, median 0.750", pairs.toString());
  }

  @Test
  void image_thatRecurs_countsOnce() {
    INDArray images = noise(3, 1);
    NullDistribution once = NullDistribution.of(SEEING, images);
    NullDistribution twice = NullDistribution.of(SEEING, Nd4j.concat(0, images, images));
    assertEquals(6, twice.size());
    assertEquals(once.smallest(), twice.smallest());
    assertEquals(once.median(), twice.median());
  }

  @Test
  void images_thatAreAllTheSame_areRefused() {
    INDArray images = Nd4j.ones(DataType.DOUBLE, 3, 1, 2, 2);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> NullDistribution.of(SEEING, images));
    assertEquals(
        "expected at least 2 different images, got 3 that are the same", refused.getMessage());
  }

  @Test
  void pairs_ofManyImages_areASampleThatIsAlwaysTheSame() {
    INDArray images = noise(150, 1);
    NullDistribution pairs = NullDistribution.of(SEEING, images);
    assertEquals(NullDistribution.MOST_PAIRS, pairs.size());
    assertEquals(pairs.median(), NullDistribution.of(SEEING, images).median());
    List<Double> all = distances(images).stream().sorted().toList();
    assertClose(all.get(all.size() / 2), pairs.median(), 0.03, 0);
  }

  @Test
  void distances_thatAreKnown_areSorted() {
    NullDistribution pairs = NullDistribution.of(new double[] {3, 1, 2});
    assertEquals(1, pairs.smallest());
    assertEquals(2, pairs.median());
    assertEquals(200 / 3.0, pairs.percentile(2.5));
    for (double[] wrong : new double[][] {{}, {1, -1}, {1, Double.NaN}}) {
      assertThrows(IllegalArgumentException.class, () -> NullDistribution.of(wrong));
    }
  }

  private static INDArray noise(int n, long seed) {
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(4L * n).toArray())
        .reshape(SPEC.shape(n));
  }

  private static List<Double> distances(INDArray images) {
    double[][] x = images.reshape(images.size(0), 4).toDoubleMatrix();
    List<Double> distances = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        double difference = 0;
        double norm = 0;
        for (int k = 0; k < 4; k++) {
          difference += Math.pow(x[i][k] - x[j][k], 2);
          norm += Math.pow(x[j][k], 2);
        }
        if (i != j) {
          distances.add(Math.sqrt(difference / norm));
        }
      }
    }
    return distances;
  }
}
