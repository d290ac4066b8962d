package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.PerceptualDistanceContract;
import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.Taps;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class FeatureDistanceTest implements PerceptualDistanceContract {

  private static final ImageSpec SPEC = new ImageSpec(2, 4, 5, 0, 1);

  private final LinearTaps taps = new LinearTaps(SPEC);

  @Override
  public PerceptualDistance distance() {
    return FeatureDistance.of(taps, "features");
  }

  @Override
  public INDArray references() {
    return random(1);
  }

  @Override
  public INDArray point() {
    return random(2);
  }

  @Test
  void value_agreesWithPlainLoops() {
    double[][] alike = {{1, 1, 1, 1}, {1, 1, 1, 1, 1}};
    assertClose(plain(alike), distance().between(point(), references()), 1e-8, 1e-8);
  }

  @Test
  void value_weighted_agreesWithPlainLoops() {
    double[][] weights = {{0.5, 0, 2, 1}, {3, 0.1, 0, 0.7, 1}};
    FeatureDistance weighted = FeatureDistance.weighted(taps, List.of(weights), "weighted");
    assertClose(plain(weights), weighted.between(point(), references()), 1e-8, 1e-8);
  }

  @Test
  void layers_addUpToTheDistance_andItsMapHasItsMean() {
    double[][] weights = {{0.5, 0, 2, 1}, {3, 0.1, 0, 0.7, 1}};
    FeatureDistance weighted = FeatureDistance.weighted(taps, List.of(weights), "weighted");
    double[][] layers = weighted.layers(point(), references());
    INDArray map = weighted.map(point(), references());

    double[] expected = plain(weights);
    for (int i = 0; i < 3; i++) {
      assertClose(expected[i], layers[i][0] + layers[i][1], 1e-8, 0);
      // A vector adds the same everywhere.
      assertTrue(map.slice(i).minNumber().doubleValue() >= layers[i][1] - 1e-12);
    }
    assertArrayEquals(new long[] {3, 1, 4, 5}, map.shape());
  }

  @Test
  void references_areRunOnce_andThenOnlyTheImages() {
    int[] calls = {0};
    Taps counting =
        new Taps() {
          @Override
          public ImageSpec input() {
            return SPEC;
          }

          @Override
          public List<String> layers() {
            return taps.layers();
          }

          @Override
          public List<INDArray> forward(INDArray images) {
            calls[0]++;
            return taps.forward(images);
          }

          @Override
          public INDArray backward(List<INDArray> cotangents) {
            return taps.backward(cotangents);
          }

          @Override
          public void close() {}
        };
    DifferentiableLoss loss = FeatureDistance.of(counting, "counting").to(references());
    for (int i = 0; i < 5; i++) {
      loss.evaluate(point(), new int[] {0, 1, 2});
    }
    assertEquals(6, calls[0]);
  }

  @Test
  void gradient_staysValid_whateverOtherLossesDo() {
    FeatureDistance distance = FeatureDistance.of(taps, "features");
    int[] rows = {0, 1, 2};
    INDArray gradient = distance.to(references()).evaluate(point(), rows).gradient();
    INDArray before = gradient.dup();

    distance.to(point()).evaluate(references(), rows);

    assertEquals(before, gradient);
  }

  @Test
  void batches_ofManySizes_areCompared() {
    var loss = loss();
    double[] all = loss.evaluate(point(), new int[] {0, 1, 2}).value();
    for (int n = 1; n < 8; n++) {
      int[] rows = new int[n];
      Arrays.setAll(rows, i -> i % 3);
      INDArray some = Nd4j.pullRows(point().reshape(3, 40), 1, rows).reshape(n, 2, 4, 5);
      double[] values = loss.evaluate(some, rows).value();
      assertClose(Arrays.stream(rows).mapToDouble(r -> all[r]).toArray(), values, 1e-12, 0);
    }
  }

  @Test
  void weights_thatCannotBe_areRefused() {
    double[] four = {1, 1, 1, 1};
    assertThrows(
        IllegalArgumentException.class,
        () -> FeatureDistance.weighted(taps, List.of(four), "one layer"));
    for (double wrong : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] five = {1, 1, wrong, 1, 1};
      assertThrows(
          IllegalArgumentException.class,
          () -> FeatureDistance.weighted(taps, List.of(four, five), "wrong"));
    }
    FeatureDistance small = FeatureDistance.weighted(taps, List.of(four, four), "short");
    assertEquals(
        "expected 5 weights for the channels of layer vector, got 4",
        assertThrows(IllegalArgumentException.class, () -> small.to(references())).getMessage());
  }

  /** The distances of the point to the references, with weights for the channels of both layers. */
  private double[] plain(double[][] weights) {
    double[] distances = new double[3];
    List<double[]> a = features(point());
    List<double[]> b = features(references());
    int[] channels = {4, 5};
    int[] positions = {9, 1};
    for (int n = 0; n < 3; n++) {
      for (int k = 0; k < 2; k++) {
        for (int p = 0; p < positions[k]; p++) {
          int first = n * channels[k] * positions[k] + p;
          double[] u = unit(a.get(k), first, positions[k], channels[k]);
          double[] v = unit(b.get(k), first, positions[k], channels[k]);
          for (int c = 0; c < channels[k]; c++) {
            distances[n] += weights[k][c] * (u[c] - v[c]) * (u[c] - v[c]) / positions[k];
          }
        }
      }
    }
    return distances;
  }

  @Test
  void distance_isTakenAtTheReferencesOfTheRows_whateverRanBetween() {
    var loss = loss();
    double[] before = loss.evaluate(point(), new int[] {2, 2, 0}).value();

    taps.forward(random(9));
    distance().to(random(8));

    assertClose(before, loss.evaluate(point(), new int[] {2, 2, 0}).value(), 0, 0);
  }

  @Test
  void network_ofAnotherScale_isRefused() {
    Taps signed = new LinearTaps(new ImageSpec(2, 4, 5, -1, 1));

    assertEquals(
        "expected a network that takes images in [0, 1], got [-1.0, 1.0]",
        assertThrows(IllegalArgumentException.class, () -> FeatureDistance.of(signed, "x"))
            .getMessage());
    assertEquals(
        "expected a name, got none",
        assertThrows(IllegalArgumentException.class, () -> FeatureDistance.of(taps, " "))
            .getMessage());
  }

  @Test
  void layer_ofAnotherRank_isRefused() {
    Taps tokens =
        new Taps() {
          @Override
          public ImageSpec input() {
            return SPEC;
          }

          @Override
          public List<String> layers() {
            return List.of("tokens");
          }

          @Override
          public List<INDArray> forward(INDArray images) {
            return List.of(Nd4j.zeros(3, 7, 8));
          }

          @Override
          public INDArray backward(List<INDArray> cotangents) {
            throw new AssertionError("nothing to go back from");
          }

          @Override
          public void close() {}
        };

    assertEquals(
        "expected layers of shape [N, C, H, W] or [N, D], got [3, 7, 8]",
        assertThrows(
                IllegalArgumentException.class,
                () -> FeatureDistance.of(tokens, "tokens").to(references()))
            .getMessage());
  }

  private List<double[]> features(INDArray images) {
    return taps.forward(images).stream()
        .map(f -> f.dup('c').reshape(f.length()).toDoubleVector())
        .toList();
  }

  private static double[] unit(double[] features, int first, int stride, int channels) {
    double[] unit = new double[channels];
    double squares = 0;
    for (int c = 0; c < channels; c++) {
      unit[c] = features[first + c * stride];
      squares += unit[c] * unit[c];
    }
    for (int c = 0; c < channels; c++) {
      unit[c] /= squares == 0 ? 1 : Math.sqrt(squares);
    }
    return unit;
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 2 * 4 * 5).toArray())
        .reshape(3, 2, 4, 5);
  }
}
