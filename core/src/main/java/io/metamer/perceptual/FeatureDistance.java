package io.metamer.perceptual;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Taps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * How differently a network sees two images: the formula of LPIPS over any network and layers, with
 * all channels weighted alike or each with a weight of its own.
 *
 * <p>At each position of a layer the channels are scaled to length 1; the squared differences,
 * times their weights, are summed over the channels, averaged over the positions, and summed over
 * the layers. A layer of shape {@code [N, D]} has one position. Symmetric. Not the trained metric:
 * values of LPIPS itself are others.
 *
 * @apiNote Where all features of a position are 0, the length is kept above 0 inside the root, so
 *     that the gradient stays finite; the original adds its constant outside.
 * @see "Zhang et al. (2018), The unreasonable effectiveness of deep features as a perceptual
 *     metric, equation 1; with equal weights, the code's lpips=False"
 * @since 0.1
 */
public final class FeatureDistance implements PerceptualDistance {

  /** Added to the squared length of features, for positions where all of them are 0. */
  private static final double EPSILON = 1e-10;

  private final Taps taps;

  /** One array a layer, one number a channel; empty if all weigh alike. */
  private final List<double[]> weights;

  private final String name;

  private FeatureDistance(Taps taps, List<double[]> weights, String name) {
    this.taps = taps;
    this.weights = weights;
    this.name = name;
  }

  /**
   * The distance that a network's layers make.
   *
   * @param taps the layers, of shapes {@code [N, C, H, W]} or {@code [N, D]}, of a network that
   *     takes images in [0, 1]; stays the caller's, who closes it after the last use of the
   *     distance and of what it is bound to
   * @param name as tables show it; says which network and layers
   * @return the distance
   * @throws IllegalArgumentException if the network takes images on another scale than [0, 1], or
   *     the name is blank
   */
  public static FeatureDistance of(Taps taps, String name) {
    return checked(taps, List.of(), name);
  }

  /**
   * The distance that a network's layers make, with weights for their channels.
   *
   * @param taps the layers, as for {@link #of}
   * @param weights one array a layer, with one number a channel, none negative
   * @param name as tables show it; says which network, layers and weights
   * @return the distance
   * @throws IllegalArgumentException if the network takes images on another scale than [0, 1], the
   *     weights are not as many as the layers or one is negative or not finite, or the name is
   *     blank
   */
  public static FeatureDistance weighted(Taps taps, List<double[]> weights, String name) {
    if (weights.size() != taps.layers().size()) {
      throw new IllegalArgumentException(
          "expected weights for the layers %s, got %d arrays"
              .formatted(taps.layers(), weights.size()));
    }
    for (int k = 0; k < weights.size(); k++) {
      for (double weight : weights.get(k)) {
        if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
          throw new IllegalArgumentException(
              "expected finite weights of at least 0 for layer %s, got %s"
                  .formatted(taps.layers().get(k), weight));
        }
      }
    }
    return checked(taps, weights.stream().map(double[]::clone).toList(), name);
  }

  private static FeatureDistance checked(Taps taps, List<double[]> weights, String name) {
    ImageSpec input = taps.input();
    if (input.low() != 0 || input.high() != 1) {
      throw new IllegalArgumentException(
          "expected a network that takes images in [0, 1], got [%s, %s]"
              .formatted(input.low(), input.high()));
    }
    if (name.isBlank()) {
      throw new IllegalArgumentException("expected a name, got none");
    }
    return new FeatureDistance(taps, weights, name);
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * {@inheritDoc}
   *
   * @return bounded by 4, the squared difference of opposite directions, times the largest weight
   *     of each layer
   */
  @Override
  public Card card() {
    double most =
        weights.isEmpty()
            ? 4.0 * taps.layers().size()
            : weights.stream().mapToDouble(w -> 4 * Arrays.stream(w).max().orElse(0)).sum();
    return new Card(
        weights.isEmpty() ? "LPIPS' formula, equal weights" : "LPIPS' formula, given weights",
        most,
        Math.min(taps.input().height(), taps.input().width()),
        true,
        "Zhang, Isola, Efros, Shechtman and Wang (2018), The unreasonable effectiveness of deep"
            + " features as a perceptual metric");
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    taps.input().check(reference, "reference images");
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      List<INDArray> goals = new ArrayList<>();
      for (INDArray activation : taps.forward(reference)) {
        INDArray features = positions(activation);
        goals.add(features.div(length(features)).reshape(features.size(0), -1));
      }
      return (x, rows) -> evaluate(goals, x, rows);
    }
  }

  private ValueAndGradient evaluate(List<INDArray> goals, INDArray x, int[] rows) {
    if (x.size(0) != rows.length) {
      throw new IllegalArgumentException(
          "expected %d images, got shape %s".formatted(rows.length, Arrays.toString(x.shape())));
    }
    List<INDArray> activations = taps.forward(x);
    List<INDArray> cotangents = new ArrayList<>();
    double[] value = new double[rows.length];
    for (int k = 0; k < goals.size(); k++) {
      INDArray activation = activations.get(k);
      INDArray features = positions(activation);
      INDArray length = length(features);
      INDArray unit = features.div(length);
      INDArray goal = Nd4j.pullRows(goals.get(k), 1, rows).castTo(unit.dataType());
      INDArray difference = unit.sub(goal.reshape(unit.shape()));
      double perPosition = 1.0 / unit.size(2);
      INDArray weighted = weights.isEmpty() ? difference : difference.mul(weights(k, unit));
      double[] sums = weighted.mul(difference).sum(1, 2).castTo(DataType.DOUBLE).toDoubleVector();
      for (int i = 0; i < value.length; i++) {
        value[i] += perPosition * sums[i];
      }
      // u = f / |f| pulls a cotangent c back to (c - u <u, c>) / |f|.
      INDArray along = unit.mul(weighted).sum(true, 1);
      INDArray cotangent = weighted.subi(unit.muli(along)).divi(length).muli(2 * perPosition);
      cotangents.add(cotangent.reshape(activation.shape()));
    }
    return new ValueAndGradient(value, taps.backward(cotangents));
  }

  /** The weights of layer k, to be broadcast over its features. */
  private INDArray weights(int k, INDArray features) {
    double[] numbers = weights.get(k);
    if (numbers.length != features.size(1)) {
      throw new IllegalArgumentException(
          "expected %d weights for the channels of layer %s, got %d"
              .formatted(features.size(1), taps.layers().get(k), numbers.length));
    }
    return Nd4j.createFromArray(numbers).castTo(features.dataType()).reshape(1, numbers.length, 1);
  }

  /** Activations as [N, channels, positions]. */
  private static INDArray positions(INDArray activation) {
    if (activation.rank() != 2 && activation.rank() != 4) {
      throw new IllegalArgumentException(
          "expected layers of shape [N, C, H, W] or [N, D], got "
              + Arrays.toString(activation.shape()));
    }
    return activation.reshape(activation.size(0), activation.size(1), -1);
  }

  /** The length of the features of each position, [N, 1, positions]. */
  private static INDArray length(INDArray features) {
    INDArray squares = features.mul(features).sum(true, 1).addi(EPSILON);
    return Transforms.sqrt(squares, false);
  }
}
