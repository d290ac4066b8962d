package io.metamer.perceptual;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Taps;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How differently a network sees two images: the formula of LPIPS over any network and layers, with
 * all channels weighted alike or each with a weight of its own.
 *
 * <p>At each position of a layer the channels are scaled to length 1; the squared differences,
 * times their weights, are summed over the channels, averaged over the positions, and summed over
 * the layers. A layer of shape {@code [N, D]} has one position. Symmetric. Not the trained metric,
 * which is {@link Lpips}: values are others.
 *
 * <p>Not for use by several threads at a time.
 *
 * @apiNote The length of features is {@code sqrt(sum f^2 + 1e-20)}, so that the gradient stays
 *     finite where all features of a position are 0; the original has {@code sqrt(sum f^2) +
 *     1e-10}. The two differ in float only where features are shorter than a thousandth.
 * @see "Zhang et al. (2018), The unreasonable effectiveness of deep features as a perceptual
 *     metric, equation 1; with equal weights, the code's lpips=False"
 * @since 0.1
 */
public final class FeatureDistance implements PerceptualDistance {

  /** How many batch sizes keep their buffers; as many as {@link Taps} keep compiled. */
  private static final int KEPT = 4;

  private final Taps taps;

  /** One array a layer, one number a channel; empty if all weigh alike. */
  private final List<double[]> weights;

  private final String name;

  private final Map<Key, FeatureComparison> comparisons = new LinkedHashMap<>(16, 0.75f, true);

  /** What a comparison is made for. */
  private record Key(long batch, DataType type) {}

  /** Without checks, for what has made them. */
  FeatureDistance(Taps taps, List<double[]> weights, String name) {
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
  public double[] between(INDArray a, INDArray b) {
    double[][] layers = layers(a, b);
    return Arrays.stream(layers).mapToDouble(of -> Arrays.stream(of).sum()).toArray();
  }

  /**
   * What each layer adds to the distance of each pair.
   *
   * @param a shape {@code [N, C, H, W]}, values in [0, 1]
   * @param b the same shape
   * @return {@code [N][layers]}, the layers in the order of the taps; each of the N sums to the
   *     pair's distance
   * @throws IllegalArgumentException if the shapes differ or are ones this distance cannot take
   */
  public double[][] layers(INDArray a, INDArray b) {
    List<INDArray> differences = differences(a, b);
    double[][] layers = new double[Math.toIntExact(a.size(0))][differences.size()];
    for (int k = 0; k < differences.size(); k++) {
      double[] means = means(differences.get(k));
      for (int i = 0; i < means.length; i++) {
        layers[i][k] = means[i];
      }
    }
    return layers;
  }

  /**
   * Where two images look different: the sum of the layers' maps, each brought to the images' size
   * by bilinear interpolation (PyTorch's with {@code align_corners=False}).
   *
   * @param a shape {@code [N, C, H, W]}, values in [0, 1]
   * @param b the same shape
   * @return shape {@code [N, 1, H, W]}, at least 0, DOUBLE; the caller's. Its mean is near the
   *     distance and not the same, as interpolation does not keep the means of maps
   * @throws IllegalArgumentException if the shapes differ or are ones this distance cannot take
   * @see "the original code's spatial=True"
   */
  public INDArray map(INDArray a, INDArray b) {
    List<INDArray> differences = differences(a, b);
    int height = taps.input().height();
    int width = taps.input().width();
    double[] sum = new double[Math.toIntExact(a.size(0)) * height * width];
    for (INDArray maps : differences) {
      Interpolation.add(
          maps.data().asDouble(), (int) maps.size(2), (int) maps.size(3), sum, height, width);
    }
    return Nd4j.createFromArray(sum).reshape(a.size(0), 1, height, width);
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    taps.input().check(reference, "reference images");
    return new Loss(referred(reference).references());
  }

  /** Frees the buffers, which are made again when they are needed. */
  void release() {
    comparisons.values().forEach(FeatureComparison::close);
    comparisons.clear();
  }

  /** For each layer, {@code [N, 1, rows, columns]}; valid until the next call. */
  private List<INDArray> differences(INDArray a, INDArray b) {
    if (!Arrays.equals(a.shape(), b.shape())) {
      throw new IllegalArgumentException(
          "expected two batches of the same shape, got %s and %s"
              .formatted(Arrays.toString(a.shape()), Arrays.toString(b.shape())));
    }
    taps.input().check(a, "images");
    taps.input().check(b, "images");
    FeatureComparison comparison = referred(b);
    return comparison.compare(taps.forward(a.castTo(b.dataType())), false);
  }

  private FeatureComparison referred(INDArray reference) {
    List<INDArray> activations = taps.forward(reference);
    FeatureComparison comparison = comparison(activations);
    comparison.refer(activations);
    return comparison;
  }

  private FeatureComparison comparison(List<INDArray> activations) {
    Key key = new Key(activations.get(0).size(0), activations.get(0).dataType());
    FeatureComparison comparison = comparisons.get(key);
    if (comparison == null) {
      check(activations);
      if (comparisons.size() == KEPT) {
        var oldest = comparisons.values().iterator();
        oldest.next().close();
        oldest.remove();
      }
      comparison = new FeatureComparison(activations, weights);
      comparisons.put(key, comparison);
    }
    return comparison;
  }

  private void check(List<INDArray> activations) {
    for (int k = 0; k < activations.size(); k++) {
      INDArray activation = activations.get(k);
      if (activation.rank() != 2 && activation.rank() != 4) {
        throw new IllegalArgumentException(
            "expected layers of shape [N, C, H, W] or [N, D], got "
                + Arrays.toString(activation.shape()));
      }
      if (!weights.isEmpty() && weights.get(k).length != activation.size(1)) {
        throw new IllegalArgumentException(
            "expected %d weights for the channels of layer %s, got %d"
                .formatted(activation.size(1), taps.layers().get(k), weights.get(k).length));
      }
    }
  }

  /** The mean of each example's map, in double. */
  private static double[] means(INDArray maps) {
    double[] numbers = maps.data().asDouble();
    double[] means = new double[Math.toIntExact(maps.size(0))];
    int positions = numbers.length / means.length;
    for (int i = 0; i < means.length; i++) {
      double sum = 0;
      for (int p = i * positions; p < (i + 1) * positions; p++) {
        sum += numbers[p];
      }
      means[i] = sum / positions;
    }
    return means;
  }

  /** The distance to references whose features are kept. */
  private final class Loss implements DifferentiableLoss {

    private final List<INDArray> references;

    /** Not the one of the taps, which the next loss overwrites that reads them. */
    private @Nullable INDArray gradient;

    Loss(List<INDArray> references) {
      this.references = references;
    }

    @Override
    public ValueAndGradient evaluate(INDArray x, int[] rows) {
      if (x.rank() == 0 || x.size(0) != rows.length) {
        throw new IllegalArgumentException(
            "expected %d images, got shape %s".formatted(rows.length, Arrays.toString(x.shape())));
      }
      List<INDArray> activations = taps.forward(x);
      FeatureComparison comparison = comparison(activations);
      comparison.refer(references, rows);
      double[] value = new double[rows.length];
      for (INDArray maps : comparison.compare(activations, true)) {
        double[] means = means(maps);
        Arrays.setAll(value, i -> value[i] + means[i]);
      }
      return new ValueAndGradient(value, kept(taps.backward(comparison.cotangents())));
    }

    private INDArray kept(INDArray fresh) {
      INDArray buffer = gradient;
      if (buffer == null
          || buffer.dataType() != fresh.dataType()
          || !Arrays.equals(buffer.shape(), fresh.shape())) {
        buffer = Nd4j.createUninitializedDetached(fresh.dataType(), 'c', fresh.shape());
        gradient = buffer;
      }
      return buffer.assign(fresh);
    }
  }
}
