package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.PerceptualDistanceContract;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.weights.StateDict;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** On a VGG16 with few channels and random weights: golden/perceptual/dists.py. */
final class DistsTest implements PerceptualDistanceContract {

  private static final int[] CHANNELS = {4, 5, 6, 7, 8};

  private final Dists distance = narrow();

  @AfterEach
  void close() {
    distance.close();
  }

  @Override
  public PerceptualDistance distance() {
    return distance;
  }

  @Override
  public INDArray references() {
    return random(1);
  }

  @Override
  public INDArray point() {
    return random(2);
  }

  @Override
  public int differenceStride() {
    return 7;
  }

  @Test
  void value_agreesWithPyTorch() throws IOException {
    List<String> lines = Golden.lines("dists.txt");
    assertEquals(3, lines.size());
    for (String line : lines) {
      String[] field = line.split(" ", -1);
      INDArray[] pair = pairs(Integer.parseInt(field[0]), Integer.parseInt(field[1]));
      double[] expected = new double[3];
      for (int k = 0; k < 3; k++) {
        expected[k] = Double.parseDouble(field[2 + k]);
      }

      assertClose(expected, distance.between(pair[0], pair[1]), 0, 1e-9);
      assertClose(
          expected,
          distance.between(pair[0].castTo(DataType.FLOAT), pair[1].castTo(DataType.FLOAT)),
          1e-4,
          0);
    }
  }

  @Test
  void gradient_agreesWithPyTorch() throws IOException {
    INDArray[] pair = pairs(20, 24);
    INDArray expected = StateDict.load(file("dists_gradient.npy")).only();

    INDArray gradient = distance.to(pair[1]).evaluate(pair[0], new int[] {0, 1, 2}).gradient();

    assertCloseInNorm(expected, gradient, 1e-8);
  }

  @Test
  void references_inSeveralPieces_areThoseOneByOne() {
    INDArray many = Nd4j.concat(0, random(1), random(2), random(3), random(4));
    INDArray x = Nd4j.concat(0, random(5), random(6), random(7), random(8));
    DifferentiableLoss all = distance.to(many);
    int[] rows = {11, 8, 0};
    double[] values =
        all.evaluate(Nd4j.pullRows(x.reshape(12, -1), 1, rows).reshape(3, 3, 17, 18), rows).value();
    for (int k = 0; k < 3; k++) {
      assertClose(
          distance.between(image(x, rows[k]), image(many, rows[k]))[0], values[k], 1e-12, 1e-12);
    }
  }

  @Test
  void imagesOfOneChannel_orOtherRanges_areRefused() {
    assertEquals(
        "expected images of shape [N, 3, H, W], got [1, 1, 20, 20]",
        assertThrows(
                IllegalArgumentException.class,
                () -> distance.to(Nd4j.zeros(DataType.FLOAT, 1, 1, 20, 20)))
            .getMessage());
    INDArray bytes = Nd4j.valueArrayOf(new long[] {1, 3, 20, 20}, 200, DataType.FLOAT);
    assertEquals(
        "expected images in [0, 1], got values from 200.0 to 200.0",
        assertThrows(IllegalArgumentException.class, () -> distance.to(bytes)).getMessage());
  }

  @Test
  void closed_cannotBeBound() {
    distance.close();
    assertThrows(IllegalStateException.class, () -> distance.to(references()));
  }

  @Test
  void trunkOfOtherShapes_isRefused_withTensorAndShape() {
    IOException refused =
        assertThrows(
            IOException.class,
            () -> Dists.load(file("dists_vgg16.npz"), file("dists_weights.npz")));
    assertTrue(
        refused
            .getMessage()
            .endsWith("expected tensor 0.weight of shape [64, 3, 3, 3], got [4, 3, 3, 3]"),
        refused.getMessage());
    IOException another =
        assertThrows(
            IOException.class,
            () -> Dists.load(file("dists_weights.npz"), file("dists_weights.npz"), CHANNELS));
    assertTrue(another.getMessage().contains("no tensor \"0.weight\""), another.getMessage());
  }

  @Test
  void weightsOfAnotherNumberOfChannels_areRefused(@TempDir Path folder) throws IOException {
    Path vgg = file("dists_vgg16.npz");
    Path short32 = weights(folder, 32, 1, 1);
    IOException refused = assertThrows(IOException.class, () -> Dists.load(vgg, short32, CHANNELS));
    assertTrue(
        refused
            .getMessage()
            .endsWith("expected tensor alpha of shape [1, 33, 1, 1], got [1, 32, 1, 1]"),
        refused.getMessage());
  }

  @Test
  void weightsThatAreNegativeOrNotFiniteOrNone_areRefused(@TempDir Path folder) throws IOException {
    Path vgg = file("dists_vgg16.npz");
    for (float wrong : new float[] {-0.1f, Float.NaN, Float.POSITIVE_INFINITY}) {
      Path file = weights(folder, 33, 1, wrong);
      IOException refused = assertThrows(IOException.class, () -> Dists.load(vgg, file, CHANNELS));
      assertEquals(
          file + ": expected finite weights of at least 0 in beta, got " + (double) wrong,
          refused.getMessage());
    }
    Path none = weights(folder, 33, 0, 0);
    assertEquals(
        none + ": expected weights above 0, got none",
        assertThrows(IOException.class, () -> Dists.load(vgg, none, CHANNELS)).getMessage());
  }

  /** A trunk of zeros sees no difference; what is left is that of the images themselves. */
  @Test
  void distance_ofTheWholeNetwork_isLoadedInTorchvisionsShapes(@TempDir Path folder)
      throws IOException {
    List<String> names = new ArrayList<>();
    List<long[]> shapes = new ArrayList<>();
    int[] places = {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28};
    long[] channels = {3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};
    for (int k = 0; k < places.length; k++) {
      names.add("features.%d.weight".formatted(places[k]));
      shapes.add(new long[] {channels[k + 1], channels[k], 3, 3});
      names.add("features.%d.bias".formatted(places[k]));
      shapes.add(new long[] {channels[k + 1]});
    }
    Path vgg = folder.resolve("vgg16.safetensors");
    safetensors(vgg, names, shapes, new float[0]);
    double a = 0.2;
    double b = 0.7;
    INDArray dark = Nd4j.valueArrayOf(new long[] {1, 3, 17, 17}, a, DataType.DOUBLE);
    INDArray bright = Nd4j.valueArrayOf(new long[] {1, 3, 17, 17}, b, DataType.DOUBLE);

    weights(folder, 1475, 1, 1);
    try (Dists dists = Dists.load(folder)) {
      double texture = (2 * a * b + 1e-6) / (a * a + b * b + 1e-6);
      assertClose(3 * (1 - texture) / (2 * 1475), dists.between(dark, bright)[0], 1e-9, 0);
      assertClose(1.5, dists.card().most(), 1e-9, 0);
    }
  }

  private static Dists narrow() {
    try {
      return Dists.load(file("dists_vgg16.npz"), file("dists_weights.npz"), CHANNELS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path file(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(DistsTest.class.getResource("/golden/perceptual/" + name))
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Weights of which all are the first number, but the last of beta. */
  private static Path weights(Path folder, int channels, float all, float last) throws IOException {
    float[] numbers = new float[2 * channels];
    Arrays.fill(numbers, all);
    numbers[2 * channels - 1] = last;
    Path file = folder.resolve("weights.safetensors");
    long[] shape = {1, channels, 1, 1};
    safetensors(file, List.of("alpha", "beta"), List.of(shape, shape), numbers);
    return file;
  }

  /** A file of tensors one after the other; what numbers are missing is 0. */
  private static void safetensors(
      Path file, List<String> names, List<long[]> shapes, float[] numbers) throws IOException {
    List<String> entries = new ArrayList<>();
    long end = 0;
    for (int k = 0; k < names.size(); k++) {
      long start = end;
      long length = 4;
      for (long size : shapes.get(k)) {
        length *= size;
      }
      end += length;
      entries.add(
          "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(names.get(k), Arrays.toString(shapes.get(k)), start, end));
    }
    byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(numbers);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(0);
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
      out.write(header);
      out.write(data.array());
      out.setLength(8 + header.length + end);
    }
  }

  /** The pairs of dists.py. */
  private static INDArray[] pairs(int height, int width) {
    double[] a = new double[3 * height * width];
    double[][] b = new double[3][a.length];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
          int at = (c * height + i) * width + j;
          a[at] = noise(c, i, j);
          b[0][at] = ((11 * i + 5 * j + 3 * i * j + 29 * c) % 256) / 255.0;
          b[1][at] = 0.5 * a[at] + 0.4;
          b[2][at] = noise(c, i, (j - 3 + width) % width);
        }
      }
    }
    long[] shape = {1, 3, height, width};
    INDArray first = Nd4j.createFromArray(a).reshape(shape);
    INDArray[] others = new INDArray[3];
    for (int k = 0; k < 3; k++) {
      others[k] = Nd4j.createFromArray(b[k]).reshape(shape);
    }
    return new INDArray[] {Nd4j.concat(0, first, first, first), Nd4j.concat(0, others)};
  }

  private static double noise(int c, int i, int j) {
    return ((37 * i + 59 * j + 7 * i * j + 83 * c) % 256) / 255.0;
  }

  private static INDArray image(INDArray images, int i) {
    return Nd4j.pullRows(images.reshape(images.size(0), -1), 1, i).reshape(1, 3, 17, 18);
  }

  private static INDArray random(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 3 * 17 * 18).toArray())
        .reshape(3, 3, 17, 18);
  }
}
