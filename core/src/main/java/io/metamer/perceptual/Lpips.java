package io.metamer.perceptual;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.Taps;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LPIPS, the learned perceptual image patch similarity: how differently a trained network sees two
 * images, in weights that were fitted to people's judgments.
 *
 * <p>At each position of some layers of the network, its trunk, the features are scaled to length
 * 1. The squared differences, each times the learned weight of its channel, are summed over the
 * channels, averaged over the positions, and summed over the layers. From 0 for the same image to
 * about 1 to 2 for images that have nothing in common; symmetric; no metric in the mathematical
 * sense.
 *
 * <p>Images are batches of shape {@code [N, 3, H, W]}, RGB, in [0, 1], of any size that the trunk
 * can take ({@link Trunk#smallest()}); they are never resized. Images to compare, and references,
 * that are clearly beyond [0, 1] are refused: in [-1, 1] or 0..255 the value would be another. A
 * loss that {@link #to} gave takes any values, as the first point of a search may lie beyond.
 *
 * <p>There is none without its weights. Those of {@link #load} have to be the published ones: at
 * load, the heads' shapes, signs and sums are checked, and the trunk has to see two made-up images
 * as the published one does. Of VGG16 that covers the two layers before the second pooling; of the
 * rest the shapes are checked, and the SHA-256 of torchvision's own file says more. Weights of
 * one's own have a door of their own, {@link #untrusted}.
 *
 * <p>Holds the memory of what it has compiled for each size of references until it is closed. Not
 * for use by several threads at a time.
 *
 * @see "Zhang, Isola, Efros, Shechtman and Wang (2018), The unreasonable effectiveness of deep
 *     features as a perceptual metric"
 * @see <a href="https://github.com/richzhang/PerceptualSimilarity">the original code, version
 *     0.1.4</a>
 * @since 0.1
 */
public final class Lpips implements PerceptualDistance, AutoCloseable {

  /** The network whose layers are compared. */
  public enum Trunk {
    /** AlexNet: the fastest, and the one that agreed best with people. */
    ALEX("alex", "AlexNet", "alexnet", 31),
    /** VGG16, configuration D: closest to what is used as a loss elsewhere. */
    VGG("vgg", "VGG16", "vgg16", 16),
    /** SqueezeNet 1.1: the smallest file. */
    SQUEEZE("squeeze", "SqueezeNet 1.1", "squeezenet1_1", 17);

    private final String label;
    private final String network;
    private final String file;
    private final int smallest;

    Trunk(String label, String network, String file, int smallest) {
      this.label = label;
      this.network = network;
      this.file = file;
      this.smallest = smallest;
    }

    /**
     * The name in the original code.
     *
     * @return alex, vgg or squeeze
     */
    public String label() {
      return label;
    }

    /**
     * The smallest images it can take.
     *
     * @return pixels a side
     */
    public int smallest() {
      return smallest;
    }

    /** The name in words. */
    String network() {
      return network;
    }

    /** How the names of its files begin. */
    String file() {
      return file;
    }

    /** Of the layers that are compared. */
    int[] channels() {
      return switch (this) {
        case ALEX -> new int[] {64, 192, 384, 256, 256};
        case VGG -> new int[] {64, 128, 256, 512, 512};
        case SQUEEZE -> new int[] {64, 128, 256, 384, 384, 512, 512};
      };
    }

    /** The how-manyth of its kind the k-th layer is: of VGG the last ReLU of each block. */
    int place(int k) {
      int[] places =
          switch (this) {
            case ALEX -> new int[] {1, 2, 3, 4, 5};
            case VGG -> new int[] {2, 4, 7, 10, 13};
            case SQUEEZE -> new int[] {1, 2, 4, 5, 6, 7, 8};
          };
      return places[k];
    }

    /**
     * Without heads, what each layer adds to the distance of the two images of the self-test;
     * computed with PyTorch in double precision. Of VGG16 the deeper layers were not at hand.
     */
    double[] selfTest() {
      return switch (this) {
        case ALEX -> new double[] {1.3845911, 0.7087141, 1.0800968, 1.0900932, 1.4743074};
        case VGG -> new double[] {1.3870994, 1.1488551};
        case SQUEEZE ->
            new double[] {
              1.2733178, 0.5756044, 0.4694286, 0.5543061, 0.7802850, 0.9721962, 1.6425200
            };
      };
    }
  }

  /** The weights of the channels. */
  public enum Heads {
    /**
     * Version 0.1 of 2018, what is meant by LPIPS: images are scaled as the trunks were trained.
     */
    V0_1("v0.1"),
    /** Version 0.0, for old numbers: images go into the trunk as they are, in [-1, 1]. */
    V0_0("v0.0"),
    /** All channels weigh alike: the baseline that the learned ones were compared with. */
    NONE("without heads");

    private final String label;

    Heads(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }

    /** Whether images in [-1, 1] are scaled before they enter the trunk. */
    boolean scaling() {
      return this != V0_0;
    }
  }

  /** Sizes that only pairs were compared in keep their networks, as many as these. */
  private static final int SIZES_KEPT = 2;

  /** How far beyond [0, 1] rounding may take an image. */
  private static final double RANGE_TOLERANCE = 0.01;

  /** How far a trunk may see from what the published one sees; 16-bit weights stay within. */
  private static final double SELF_TEST_TOLERANCE = 1e-3;

  private static final int SELF_TEST_SIZE = 64;

  private final String name;
  private final String sha256;
  private final Trunk trunk;
  private final LpipsTrunk layers;
  private final boolean scaling;
  private final List<double[]> weights;

  /** Least recently used first. */
  private final Map<Size, Sized> sizes = new LinkedHashMap<>(16, 0.75f, true);

  private boolean closed;

  private record Size(int height, int width) {}

  /** The distance for images of one size. */
  private static final class Sized {
    final Taps taps;
    final FeatureDistance distance;
    boolean bound;

    Sized(Taps taps, FeatureDistance distance) {
      this.taps = taps;
      this.distance = distance;
    }

    void close() {
      distance.release();
      taps.close();
    }
  }

  private Lpips(
      String name,
      String sha256,
      Trunk trunk,
      LpipsTrunk layers,
      boolean scaling,
      List<double[]> weights) {
    this.name = name;
    this.sha256 = sha256;
    this.trunk = trunk;
    this.layers = layers;
    this.scaling = scaling;
    this.weights = weights;
  }

  /**
   * LPIPS as the field reports it: AlexNet, version 0.1.
   *
   * @param directory as for {@link #load(Path, Trunk, Heads)}
   * @return the caller's, to be closed
   * @throws IOException as for {@link #load(Path, Trunk, Heads)}
   */
  public static Lpips load(Path directory) throws IOException {
    return load(directory, Trunk.ALEX, Heads.V0_1);
  }

  /**
   * LPIPS from a folder of weights.
   *
   * @param directory holds a file of the trunk and, unless there are to be none, one of the heads.
   *     The trunk is a state dict ({@code .pth}, {@code .pt}, {@code .safetensors}, {@code .npz};
   *     torchvision's own, whole or its features) or an {@code .onnx} model whose name begins with
   *     {@code alexnet}, {@code vgg16} or {@code squeezenet1_1}. The heads are a state dict called
   *     like the original's, {@code alex}, {@code vgg} or {@code squeeze}, or {@code lin_v0.1_alex}
   *     and so on, in the folder or in its folder {@code v0.1} or {@code v0.0}
   * @param trunk which network
   * @param heads which weights of the channels
   * @return the caller's, to be closed
   * @throws IOException if a file is missing, damaged, or not the published one; the message names
   *     it, what was expected and what was found
   */
  public static Lpips load(Path directory, Trunk trunk, Heads heads) throws IOException {
    Path trunkFile = WeightFiles.trunk(directory, trunk);
    List<Path> files = new ArrayList<>(List.of(trunkFile));
    if (heads != Heads.NONE) {
      files.add(WeightFiles.heads(directory, trunk, heads));
    }
    LpipsHeads learned = heads == Heads.NONE ? null : LpipsHeads.load(files.get(1));
    if (learned != null) {
      learned.checkPublished(trunk, heads);
    }
    LpipsTrunk layers = LpipsTrunk.load(trunkFile, trunk, true);
    selfTest(trunkFile, trunk, layers);
    return new Lpips(
        "LPIPS %s %s".formatted(trunk.label, heads.label),
        WeightFiles.sha256(files),
        trunk,
        layers,
        heads.scaling(),
        learned == null ? List.of() : learned.weights());
  }

  /**
   * The formula of LPIPS with weights of one's own, such as ones trained further: <em>not</em> the
   * published distance. Only that the files fit together and no weight is negative is checked.
   *
   * @param trunkFile as for {@link #load(Path, Trunk, Heads)}, with any name; the layers may have
   *     other numbers of channels
   * @param headsFile of the heads
   * @param trunk which network's layers
   * @param name as tables show it; says whose weights
   * @return the caller's, to be closed; images are scaled as for version 0.1
   * @throws IOException if a file is missing, damaged or does not fit
   * @throws IllegalArgumentException if the name is blank, or one that the published distances have
   */
  public static Lpips untrusted(Path trunkFile, Path headsFile, Trunk trunk, String name)
      throws IOException {
    if (name.isBlank() || name.toUpperCase(Locale.ROOT).startsWith("LPIPS")) {
      throw new IllegalArgumentException(
          "expected a name that says whose weights they are and does not begin with LPIPS, got \"%s\""
              .formatted(name));
    }
    LpipsHeads heads = LpipsHeads.load(headsFile);
    LpipsTrunk layers = LpipsTrunk.load(trunkFile, trunk, false);
    try (Taps taps = taps(layers, trunkFile)) {
      INDArray image = Nd4j.zeros(DataType.FLOAT, taps.input().shape(1));
      int[] channels =
          taps.forward(image).stream().mapToInt(layer -> (int) layer.size(1)).toArray();
      heads.checkChannels(trunk, channels);
    }
    return new Lpips(
        name,
        WeightFiles.sha256(List.of(trunkFile, headsFile)),
        trunk,
        layers,
        true,
        heads.weights());
  }

  private static Taps taps(LpipsTrunk layers, Path file) throws IOException {
    try {
      return new ScaledTaps(layers.graph(SELF_TEST_SIZE, SELF_TEST_SIZE), true);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Whether the trunk sees two made-up images as the published one does. */
  static void selfTest(Path file, Trunk trunk, LpipsTrunk layers) throws IOException {
    double[] found;
    try (Taps taps = taps(layers, file)) {
      FeatureDistance baseline = new FeatureDistance(taps, List.of(), "self-test");
      found = baseline.layers(madeUp(37, 59, 7, 83), madeUp(11, 5, 3, 29))[0];
      baseline.release();
    }
    double[] expected = trunk.selfTest();
    for (int k = 0; k < expected.length; k++) {
      if (!(Math.abs(found[k] - expected[k]) <= SELF_TEST_TOLERANCE * expected[k])) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%s: expected torchvision's weights of %s, which see the self-test's images %.6f apart in layer %d, found %.6f; these are other weights, or their channels are in another order. Lpips.untrusted takes weights of one's own",
                file,
                trunk.network,
                expected[k],
                k + 1,
                found[k]));
      }
    }
  }

  /** An image without structure, from whole numbers. */
  private static INDArray madeUp(int row, int column, int both, int channel) {
    int size = SELF_TEST_SIZE;
    float[] pixels = new float[3 * size * size];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          int level = (row * i + column * j + both * i * j + channel * c) % 256;
          pixels[(c * size + i) * size + j] = level / 255f;
        }
      }
    }
    return Nd4j.createFromArray(pixels).reshape(1, 3, size, size);
  }

  /**
   * The name.
   *
   * @return "LPIPS alex v0.1" and so on; of {@link #untrusted} the caller's
   */
  @Override
  public String name() {
    return name;
  }

  /**
   * {@inheritDoc}
   *
   * @return bounded by 2, the squared difference of two directions of features that are not
   *     negative, times the largest weight of each layer
   */
  @Override
  public Card card() {
    double most =
        weights.isEmpty()
            ? 2.0 * trunk.channels().length
            : weights.stream().mapToDouble(w -> 2 * Arrays.stream(w).max().orElse(0)).sum();
    return new Card(
        name,
        most,
        trunk.smallest,
        true,
        "Zhang, Isola, Efros, Shechtman and Wang (2018), The unreasonable effectiveness of deep"
            + " features as a perceptual metric");
  }

  /**
   * The network whose layers are compared.
   *
   * @return as loaded
   */
  public Trunk trunk() {
    return trunk;
  }

  /**
   * Identifies the weights.
   *
   * @return the SHA-256 of the trunk's file followed by that of the heads, if there are any; 64
   *     hexadecimal digits
   */
  public String sha256() {
    return sha256;
  }

  @Override
  public double[] between(INDArray a, INDArray b) {
    return pair(a, b).between(a, b);
  }

  /**
   * What each layer adds to the distance of each pair.
   *
   * @param a shape {@code [N, 3, H, W]}, values in [0, 1]
   * @param b the same shape
   * @return {@code [N][layers]}, the trunk's layers from input to output; each of the N sums to the
   *     pair's distance
   * @throws IllegalArgumentException as for {@link #between}
   */
  public double[][] layers(INDArray a, INDArray b) {
    return pair(a, b).layers(a, b);
  }

  /**
   * Where two images look different, as {@link FeatureDistance#map} has it.
   *
   * @param a shape {@code [N, 3, H, W]}, values in [0, 1]
   * @param b the same shape
   * @return shape {@code [N, 1, H, W]}, at least 0, DOUBLE; the caller's
   * @throws IllegalArgumentException as for {@link #between}
   * @see io.metamer.image.HeatMap
   */
  public INDArray map(INDArray a, INDArray b) {
    return pair(a, b).map(a, b);
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    checkRange(reference, "reference images");
    Sized sized = sized(reference);
    sized.bound = true;
    return sized.distance.to(reference);
  }

  /** Frees what was compiled. Losses that it gave can no longer be evaluated. */
  @Override
  public void close() {
    closed = true;
    sizes.values().forEach(Sized::close);
    sizes.clear();
  }

  @Override
  public String toString() {
    return name;
  }

  private FeatureDistance pair(INDArray a, INDArray b) {
    if (!Arrays.equals(a.shape(), b.shape())) {
      throw new IllegalArgumentException(
          "expected two batches of the same shape, got %s and %s"
              .formatted(Arrays.toString(a.shape()), Arrays.toString(b.shape())));
    }
    checkRange(a, "images");
    checkRange(b, "images");
    return sized(a).distance;
  }

  private Sized sized(INDArray images) {
    if (closed) {
      throw new IllegalStateException("this distance is closed");
    }
    Size size = new Size((int) images.size(2), (int) images.size(3));
    Sized sized = sizes.get(size);
    if (sized == null) {
      makeRoom();
      Taps taps = new ScaledTaps(layers.graph(size.height, size.width), scaling);
      sized = new Sized(taps, new FeatureDistance(taps, weights, name));
      sizes.put(size, sized);
    }
    return sized;
  }

  /** Lets go of sizes that no loss is bound to. */
  private void makeRoom() {
    List<Size> free = new ArrayList<>();
    sizes.forEach(
        (size, sized) -> {
          if (!sized.bound) {
            free.add(size);
          }
        });
    for (Size size : free.subList(0, Math.max(0, free.size() - SIZES_KEPT + 1))) {
      sizes.remove(size).close();
    }
  }

  private void checkRange(INDArray images, String role) {
    long[] shape = images.shape();
    if (shape.length != 4 || shape[1] != 3 || images.isEmpty()) {
      throw new IllegalArgumentException(
          "expected %s of shape [N, 3, H, W], got %s".formatted(role, Arrays.toString(shape)));
    }
    if (shape[2] < trunk.smallest || shape[3] < trunk.smallest) {
      throw new IllegalArgumentException(
          "expected %s of at least %d x %d pixels, which %s needs, got %d x %d"
              .formatted(role, trunk.smallest, trunk.smallest, trunk.network, shape[2], shape[3]));
    }
    double low = images.minNumber().doubleValue();
    double high = images.maxNumber().doubleValue();
    if (low < -RANGE_TOLERANCE || high > 1 + RANGE_TOLERANCE) {
      String advice =
          high > 2
              ? "; of images in 0..255 give x / 255"
              : low >= -1 - RANGE_TOLERANCE && high <= 1 + RANGE_TOLERANCE
                  ? "; of images in [-1, 1] give (x + 1) / 2"
                  : "";
      throw new IllegalArgumentException(
          "expected %s in [0, 1], got values from %s to %s%s"
              .formatted(role, (float) low, (float) high, advice));
    }
  }
}
