package io.metamer.perceptual;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Taps;
import io.metamer.weights.StateDict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Deep image structure and texture similarity (DISTS): how differently VGG16 sees two images, but
 * hardly how differently it sees two patches of one texture.
 *
 * <p>The image itself and the last ReLU of each block of VGG16 are six stages of 1475 channels in
 * all. Of each channel only the mean m over the whole map, the variance and the covariance count:
 *
 * <pre>{@code
 * sum_c alpha_c (1 - (2 mx my + c1) / (mx^2 + my^2 + c1)) + beta_c (1 - (2 cov + c2) / (var x + var y + c2))
 * }</pre>
 *
 * with c1 = c2 = 1e-6 and learned weights of texture, alpha, and structure, beta, divided by their
 * sum. Instead of the largest of 2 x 2 values the blocks pass on the root of a weighted mean of
 * squares, with a Hann window of 3 x 3 at every second position. Symmetric. For colour images of at
 * least 17 pixels a side: with fewer, the maps of the last stage are single points, which have no
 * structure.
 *
 * <p>Holds networks compiled for each size of references, and the features of those that losses are
 * bound to, until it is closed. Not for use by several threads at a time.
 *
 * @apiNote The authors reduce images whose short side is above 256 pixels to 256 before all this;
 *     that is left to the caller. The weights are taken as they are given: whether they are the
 *     published ones is not known here, where only shapes and signs can be checked.
 * @implNote Value and gradient of one image take about two passes through VGG16, each 15 billion
 *     multiplications at 224 x 224, which grow with the pixels. A reference of 224 x 224 keeps 25
 *     MB of features in float.
 * @see "Ding, Ma, Wang and Simoncelli (2020), Image quality assessment: unifying structure and
 *     texture similarity"
 * @since 0.1
 */
public final class Dists implements PerceptualDistance, AutoCloseable {

  /** Keeps quotients of means of nothing at 1. */
  private static final double C1 = 1e-6;

  /** Likewise of variances. */
  private static final double C2 = 1e-6;

  private static final int SMALLEST = 17;

  /** References that go through the network at a time. */
  private static final int PIECE = 8;

  private static final int[] PUBLISHED_CHANNELS = {64, 128, 256, 512, 512};

  private final TextureNetwork network;

  /** By stage and channel, divided by the sum of all. */
  private final List<double[]> alpha;

  private final List<double[]> beta;
  private final Map<List<Long>, Taps> taps = new HashMap<>();
  private boolean closed;

  private Dists(TextureNetwork network, List<double[]> alpha, List<double[]> beta) {
    this.network = network;
    this.alpha = alpha;
    this.beta = beta;
  }

  /**
   * The distance of weights in a folder.
   *
   * @param directory holds a file of VGG16 whose name begins with {@code vgg16}, and one of the
   *     weights: the authors' {@code weights.pt}, or one whose name begins with {@code dists}; of
   *     several the first by name
   * @return the caller's, to be closed after the last use of what it is bound to
   * @throws IOException as for {@link #load(Path, Path)}, and if a file is not there; the message
   *     says which names were expected and found
   */
  public static Dists load(Path directory) throws IOException {
    return load(WeightFiles.vgg16(directory), WeightFiles.dists(directory));
  }

  /**
   * The distance of weights in files.
   *
   * @param vgg16 torchvision's VGG16 of ImageNet, whole or its features alone: tensors {@code
   *     features.0.weight} or {@code 0.weight} and so on, of any kind that {@link StateDict} reads
   * @param weights the authors' {@code weights.pt}, or its tensors {@code alpha} and {@code beta}
   *     of shape {@code [1, 1475, 1, 1]} in another kind of file
   * @return the caller's, to be closed after the last use of what it is bound to
   * @throws IOException if a file is missing, damaged, lacks a tensor or has one of another shape,
   *     or if a weight is negative or not finite or all are 0; the message names file and tensor
   */
  public static Dists load(Path vgg16, Path weights) throws IOException {
    return load(vgg16, weights, PUBLISHED_CHANNELS);
  }

  /** The same with other numbers of channels in the five blocks. */
  static Dists load(Path vgg16, Path weights, int... channels) throws IOException {
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      TextureNetwork network = TextureNetwork.of(StateDict.load(vgg16), channels);
      StateDict tensors = StateDict.load(weights);
      int all = 3 + Arrays.stream(channels).sum();
      double[] alpha = weights(tensors, weights, "alpha", all);
      double[] beta = weights(tensors, weights, "beta", all);
      double sum = DoubleStream.concat(Arrays.stream(alpha), Arrays.stream(beta)).sum();
      if (!(sum > 0)) {
        throw new IOException("%s: expected weights above 0, got none".formatted(weights));
      }
      return new Dists(network, stages(alpha, sum, channels), stages(beta, sum, channels));
    } catch (IllegalArgumentException e) {
      // What StateDict says of a tensor that is not there or of another shape.
      throw new IOException(e.getMessage(), e);
    }
  }

  private static double[] weights(StateDict tensors, Path file, String name, int channels)
      throws IOException {
    double[] weights =
        tensors
            .tensor(name, 1, channels, 1, 1)
            .castTo(DataType.DOUBLE)
            .reshape(channels)
            .toDoubleVector();
    for (double weight : weights) {
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IOException(
            "%s: expected finite weights of at least 0 in %s, got %s"
                .formatted(file, name, weight));
      }
    }
    return weights;
  }

  private static List<double[]> stages(double[] weights, double sum, int[] channels) {
    List<double[]> stages = new ArrayList<>();
    int from = 0;
    for (int k = -1; k < channels.length; k++) {
      int to = from + (k < 0 ? 3 : channels[k]);
      stages.add(Arrays.stream(weights, from, to).map(w -> w / sum).toArray());
      from = to;
    }
    return stages;
  }

  @Override
  public String name() {
    return "DISTS";
  }

  /** {@inheritDoc} */
  @Override
  public Card card() {
    double structure = beta.stream().flatMapToDouble(Arrays::stream).sum();
    return new Card(
        "DISTS",
        1 + structure,
        SMALLEST,
        true,
        "Ding, Ma, Wang and Simoncelli (2020), Image quality assessment: unifying structure and"
            + " texture similarity");
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the images are not of three channels, in [0, 1], and at
   *     least 17 pixels a side
   * @throws IllegalStateException if this is closed
   */
  @Override
  public DifferentiableLoss to(INDArray reference) {
    card().check(reference);
    if (reference.size(1) != 3) {
      throw new IllegalArgumentException(
          "expected images of shape [N, 3, H, W], got " + Arrays.toString(reference.shape()));
    }
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new Loss(reference, taps(reference.size(2), reference.size(3)));
    }
  }

  /** Frees what was compiled. Losses that it gave can no longer be evaluated. */
  @Override
  public void close() {
    closed = true;
    taps.values().forEach(Taps::close);
    taps.clear();
  }

  private Taps taps(long height, long width) {
    if (closed) {
      throw new IllegalStateException("this distance is closed");
    }
    return taps.computeIfAbsent(
        List.of(height, width),
        size -> {
          ImageSpec spec = new ImageSpec(3, Math.toIntExact(height), Math.toIntExact(width), 0, 1);
          return Taps.of(network.graph(spec.height(), spec.width()), spec);
        });
  }

  /** The features of a batch at one stage: each map's mean, and what it is beside its mean. */
  private record Stage(double[] mean, double[] variance, INDArray centred) {

    /** Of maps {@code [n, C, H, W]}. */
    static Stage of(INDArray maps) {
      INDArray planes = maps.reshape(maps.size(0) * maps.size(1), maps.size(2), maps.size(3));
      double[] mean = Averages.of(planes);
      INDArray centred =
          planes
              .reshape(planes.size(0), -1)
              .subColumnVector(column(mean, planes))
              .reshape(planes.shape());
      return new Stage(mean, Averages.of(centred.mul(centred)), centred);
    }

    /** Shape {@code [n * C, 1]}, in the type of the maps. */
    static INDArray column(double[] numbers, INDArray maps) {
      return Nd4j.createFromArray(numbers).castTo(maps.dataType()).reshape(numbers.length, 1);
    }
  }

  /** What the references are at one stage, example by example. */
  private static final class Reference {

    final double[][] mean;
    final double[][] variance;
    final INDArray centred; // [N, C * H * W]

    Reference(INDArray maps, int n) {
      mean = new double[n][];
      variance = new double[n][];
      centred =
          Nd4j.createUninitializedDetached(maps.dataType(), 'c', n, maps.length() / maps.size(0));
    }

    void set(int from, Stage stage) {
      int channels = stage.mean.length / count(stage);
      for (int i = 0; i < count(stage); i++) {
        mean[from + i] = Arrays.copyOfRange(stage.mean, i * channels, (i + 1) * channels);
        variance[from + i] = Arrays.copyOfRange(stage.variance, i * channels, (i + 1) * channels);
      }
      centred
          .get(NDArrayIndex.interval(from, from + count(stage)), NDArrayIndex.all())
          .assign(stage.centred.reshape(count(stage), centred.size(1)));
    }

    private int count(Stage stage) {
      return Math.toIntExact(stage.centred.length() / centred.size(1));
    }
  }

  /** Bound to references of one size. */
  private final class Loss implements DifferentiableLoss {

    private final Taps taps;
    private final long[] shape;
    private final DataType type;
    private final List<Reference> references = new ArrayList<>();

    Loss(INDArray images, Taps taps) {
      this.taps = taps;
      shape = images.shape().clone();
      type = images.dataType();
      int n = Math.toIntExact(shape[0]);
      for (int from = 0; from < n; from += PIECE) {
        INDArray piece =
            images
                .get(
                    NDArrayIndex.interval(from, Math.min(n, from + PIECE)),
                    NDArrayIndex.all(),
                    NDArrayIndex.all(),
                    NDArrayIndex.all())
                .dup('c');
        List<INDArray> maps = maps(piece);
        for (int k = 0; k < maps.size(); k++) {
          if (from == 0) {
            references.add(new Reference(maps.get(k), n));
          }
          references.get(k).set(from, Stage.of(maps.get(k)));
        }
      }
    }

    /** The image itself, and the activations. */
    private List<INDArray> maps(INDArray images) {
      List<INDArray> maps = new ArrayList<>(List.of(images));
      maps.addAll(taps.forward(images));
      return maps;
    }

    @Override
    public ValueAndGradient evaluate(INDArray images, int[] rows) {
      shape[0] = rows.length;
      if (!Arrays.equals(shape, images.shape()) || images.dataType() != type) {
        throw new IllegalArgumentException(
            "expected %s images of shape %s, got %s of shape %s"
                .formatted(
                    type,
                    Arrays.toString(shape),
                    images.dataType(),
                    Arrays.toString(images.shape())));
      }
      INDArray x = images.dup('c');
      List<INDArray> maps = maps(x);
      double[] value = new double[rows.length];
      List<INDArray> cotangents = new ArrayList<>();
      for (int k = 0; k < maps.size(); k++) {
        cotangents.add(compare(k, maps.get(k), rows, value));
      }
      INDArray gradient = cotangents.remove(0);
      return new ValueAndGradient(value, gradient.addi(taps.backward(cotangents)));
    }

    /** Adds the k-th stage to the values, and gives its gradient at the stage's maps. */
    private INDArray compare(int k, INDArray maps, int[] rows, double[] value) {
      Reference reference = references.get(k);
      Stage x = Stage.of(maps);
      INDArray y = Nd4j.pullRows(reference.centred, 1, rows).reshape(x.centred.shape());
      double[] covariance = Averages.of(x.centred.mul(y));
      int channels = alpha.get(k).length;
      double perPosition = 1.0 / (maps.size(2) * maps.size(3));
      double[] byMean = new double[covariance.length];
      double[] byDeviation = new double[covariance.length];
      double[] byReference = new double[covariance.length];
      for (int i = 0; i < rows.length; i++) {
        for (int c = 0; c < channels; c++) {
          int at = i * channels + c;
          double mx = x.mean[at];
          double my = reference.mean[rows[i]][c];
          double means = mx * mx + my * my + C1;
          double texture = (2 * mx * my + C1) / means;
          double variances = x.variance[at] + reference.variance[rows[i]][c] + C2;
          double structure = (2 * covariance[at] + C2) / variances;
          double a = alpha.get(k)[c];
          double b = beta.get(k)[c];
          value[i] += a * Math.max(0, 1 - texture) + b * Math.max(0, 1 - structure);
          byMean[at] = -a * 2 * (my - mx * texture) / means * perPosition;
          byDeviation[at] = b * 2 * structure / variances * perPosition;
          byReference[at] = -b * 2 / variances * perPosition;
        }
      }
      long planes = covariance.length;
      INDArray gradient =
          x.centred
              .reshape(planes, -1)
              .muliColumnVector(Stage.column(byDeviation, maps))
              .addi(y.reshape(planes, -1).muliColumnVector(Stage.column(byReference, maps)))
              .addiColumnVector(Stage.column(byMean, maps));
      return gradient.reshape(maps.shape());
    }
  }
}
