package io.metamer.perceptual;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** On narrow trunks with the numbers that PyTorch computes, and on files that are not LPIPS. */
final class LpipsTest {

  private static final int[] FIRST = {37, 59, 7, 83};
  private static final int[] SECOND = {11, 5, 3, 29};

  @TempDir private Path folder;

  // What it computes.

  @ParameterizedTest
  @EnumSource
  void values_onANarrowTrunk_areThoseOfPyTorch(Trunk trunk) throws IOException {
    int compared = 0;
    try (Lpips lpips = narrow(trunk, "_trunk.pth")) {
      for (String line : Files.readAllLines(golden("values.txt"))) {
        String[] field = line.split(" ", -1);
        if (!field[0].equals(trunk.label())) {
          continue;
        }
        double[] expected = Arrays.stream(field).skip(3).mapToDouble(Double::parseDouble).toArray();
        int height = Integer.parseInt(field[1]);
        int width = Integer.parseInt(field[2]);
        INDArray a = image(FIRST, height, width, DataType.DOUBLE);
        INDArray b = image(SECOND, height, width, DataType.DOUBLE);

        assertClose(expected, lpips.layers(a, b)[0], 1e-8, 1e-11);
        assertClose(Arrays.stream(expected).sum(), lpips.between(a, b)[0], 1e-8, 0);
        ValueAndGradient at = lpips.to(b).evaluate(a, new int[] {0});
        assertClose(Arrays.stream(expected).sum(), at.value()[0], 1e-8, 0);
        if (height == 33) {
          INDArray gradient = Nd4j.createFromNpyFile(golden(trunk, "_gradient.npy").toFile());
          assertCloseInNorm(gradient.castTo(DataType.DOUBLE), at.gradient(), 1e-6);
          INDArray map = Nd4j.createFromNpyFile(golden(trunk, "_map.npy").toFile());
          assertClose(map.castTo(DataType.DOUBLE), lpips.map(a, b), 1e-5, 1e-7);
        }
        double[] single = lpips.layers(a.castTo(DataType.FLOAT), b.castTo(DataType.FLOAT))[0];
        assertClose(expected, single, 1e-4, 1e-6);
        compared++;
      }
    }
    assertEquals(3, compared);
  }

  @ParameterizedTest
  @CsvSource({"ALEX, _trunk.onnx", "VGG, _trunk.onnx", "SQUEEZE, _trunk.onnx", "ALEX, _plain.npz"})
  void trunk_inAnotherFormat_isTheSame(Trunk trunk, String file) throws IOException {
    INDArray a = image(FIRST, 37, 35, DataType.DOUBLE);
    INDArray b = image(SECOND, 37, 35, DataType.DOUBLE);
    try (Lpips one = narrow(trunk, "_trunk.pth");
        Lpips other = narrow(trunk, file)) {
      assertClose(one.layers(a, b)[0], other.layers(a, b)[0], 1e-12, 1e-12);
    }
  }

  @Test
  void heads_inAnotherFormat_areTheSame() throws IOException {
    List<double[]> torch = LpipsHeads.load(golden("alex_heads.pth")).weights();
    List<double[]> numpy = LpipsHeads.load(golden("alex_heads.npz")).weights();
    assertEquals(5, torch.size());
    for (int k = 0; k < 5; k++) {
      assertArrayEquals(torch.get(k), numpy.get(k));
    }
  }

  @ParameterizedTest
  @EnumSource
  void image_smallerThanTheTrunkTakes_isRefused_andTheSmallestIsNot(Trunk trunk)
      throws IOException {
    int smallest = trunk.smallest();
    try (Lpips lpips = narrow(trunk, "_trunk.pth")) {
      INDArray a = image(FIRST, smallest, smallest + 3, DataType.FLOAT);
      INDArray b = image(SECOND, smallest, smallest + 3, DataType.FLOAT);
      assertTrue(lpips.between(a, b)[0] > 0);
      INDArray small = image(FIRST, 40, smallest - 1, DataType.FLOAT);
      assertEquals(
          "expected images of at least %1$d x %1$d pixels, which %2$s needs, got 40 x %3$d"
              .formatted(smallest, trunk.network(), smallest - 1),
          assertThrows(IllegalArgumentException.class, () -> lpips.between(small, small))
              .getMessage());
      // The graph itself knows nothing of the number, so they agree.
      assertThrows(
          IllegalArgumentException.class,
          () ->
              LpipsTrunk.load(golden(trunk, "_trunk.pth"), trunk, false)
                  .graph(smallest - 1, smallest));
    }
  }

  @Test
  void loss_staysBound_whateverSizesAreComparedMeanwhile() throws IOException {
    try (Lpips lpips = narrow(Trunk.VGG, "_trunk.pth")) {
      INDArray a = image(FIRST, 20, 20, DataType.FLOAT);
      DifferentiableLoss loss = lpips.to(image(SECOND, 20, 20, DataType.FLOAT));
      INDArray gradient = loss.evaluate(a, new int[] {0}).gradient();
      INDArray before = gradient.dup();
      for (int size = 16; size < 24; size++) {
        INDArray other = image(FIRST, size, size, DataType.FLOAT);
        lpips.between(other, other);
      }
      lpips.to(a).evaluate(image(SECOND, 20, 20, DataType.FLOAT), new int[] {0});

      assertEquals(before, gradient);
      assertEquals(before, loss.evaluate(a, new int[] {0}).gradient());
    }
  }

  @Test
  void loss_takesValuesBeyondTheRange_asTheFirstPointOfASearchMayHaveThem() throws IOException {
    try (Lpips lpips = narrow(Trunk.VGG, "_trunk.pth")) {
      INDArray x = image(FIRST, 16, 16, DataType.DOUBLE).mul(5).subi(2);
      DifferentiableLoss loss = lpips.to(image(SECOND, 16, 16, DataType.DOUBLE));
      ValueAndGradient at = loss.evaluate(x, new int[] {0});
      double value = at.value()[0];
      double slope = at.gradient().getDouble(0, 1, 3, 4);
      double h = 1e-6;
      x.putScalar(new int[] {0, 1, 3, 4}, x.getDouble(0, 1, 3, 4) + h);

      double moved = loss.evaluate(x, new int[] {0}).value()[0];

      assertTrue(Math.abs(slope) > 0);
      assertClose(slope, (moved - value) / h, 1e-3, 0);
    }
  }

  // Images that are not in [0, 1].

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | -1 | got values from -1.0 to 1.0; of images in [-1, 1] give (x + 1) / 2",
        "255 | 0 | got values from 0.0 to 255.0; of images in 0..255 give x / 255",
        "1.5 | 0 | got values from 0.0 to 1.5"
      })
  void images_ofAnotherRange_areRefused(double factor, double shift, String expected)
      throws IOException {
    INDArray a = image(FIRST, 33, 33, DataType.DOUBLE);
    INDArray wrong = a.mul(factor).addi(shift);
    try (Lpips lpips = narrow(Trunk.ALEX, "_trunk.pth")) {
      for (var refused :
          List.of(
              assertThrows(IllegalArgumentException.class, () -> lpips.between(wrong, a)),
              assertThrows(IllegalArgumentException.class, () -> lpips.layers(a, wrong)),
              assertThrows(IllegalArgumentException.class, () -> lpips.map(a, wrong)),
              assertThrows(IllegalArgumentException.class, () -> lpips.to(wrong)))) {
        assertTrue(refused.getMessage().endsWith(expected), refused::getMessage);
        assertTrue(refused.getMessage().contains("images in [0, 1]"), refused::getMessage);
      }
      INDArray rounded = a.mul(1.0000001);
      assertEquals(0, lpips.between(rounded, rounded)[0]);
      INDArray holed = a.dup();
      holed.putScalar(0, Double.NaN);
      assertThrows(IllegalArgumentException.class, () -> lpips.between(a, holed));
    }
  }

  @Test
  void images_ofOtherShapes_areRefused() throws IOException {
    try (Lpips lpips = narrow(Trunk.ALEX, "_trunk.pth")) {
      assertEquals(
          "expected images of shape [N, 3, H, W], got [2, 1, 40, 40]",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> lpips.between(Nd4j.zeros(2, 1, 40, 40), Nd4j.zeros(2, 1, 40, 40)))
              .getMessage());
      assertEquals(
          "expected two batches of the same shape, got [1, 3, 40, 40] and [1, 3, 40, 41]",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> lpips.layers(Nd4j.zeros(1, 3, 40, 40), Nd4j.zeros(1, 3, 40, 41)))
              .getMessage());
      DifferentiableLoss loss = lpips.to(Nd4j.zeros(1, 3, 40, 40));
      assertThrows(
          IllegalArgumentException.class,
          () -> loss.evaluate(Nd4j.zeros(1, 3, 40, 41), new int[] {0}));
      lpips.close();
      assertThrows(IllegalStateException.class, () -> lpips.to(Nd4j.zeros(1, 3, 40, 40)));
    }
  }

  // Files that are not the published ones.

  @Test
  void heads_ofAnotherTrunk_areRefused() {
    assertRefused(
        () ->
            Lpips.untrusted(
                golden("alex_trunk.pth"), golden("squeeze_heads.pth"), Trunk.ALEX, "narrow"),
        "squeeze_heads.pth: expected heads for AlexNet, of [5, 6, 7, 6, 5] weights, found [6, ");
  }

  @Test
  void heads_ofAnotherPublishedTrunk_areNamed() throws IOException {
    write(folder.resolve("vgg.safetensors"), heads(Trunk.ALEX, 1, false));
    write(folder.resolve("vgg16.safetensors"), heads(Trunk.ALEX, 1, false));
    assertRefused(
        () -> Lpips.load(folder, Trunk.VGG, Heads.V0_1),
        "vgg.safetensors: expected heads for VGG16, of [64, 128, 256, 512, 512] weights, found"
            + " [64, 192, 384, 256, 256]: those of AlexNet");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void heads_drawnAtRandom_areRefused(boolean signed) throws IOException {
    write(folder.resolve("alex.safetensors"), heads(Trunk.ALEX, 1, signed));
    write(folder.resolve("alexnet.safetensors"), heads(Trunk.ALEX, 1, false));
    assertRefused(
        () -> Lpips.load(folder),
        signed
            ? "alex.safetensors: expected weights of at least 0, as trained heads have them, found -"
            : "alex.safetensors: expected the heads of LPIPS v0.1 for AlexNet, whose lin0 sums to"
                + " 2.349532, found ");
  }

  @Test
  void trunk_withOtherWeights_isRefusedByTheSelfTest() throws Exception {
    Path file = folder.resolve("squeezenet1_1-other.safetensors");
    write(file, squeezeNet());
    assertRefused(
        () -> Lpips.load(folder, Trunk.SQUEEZE, Heads.NONE),
        "squeezenet1_1-other.safetensors: expected torchvision's weights of SqueezeNet 1.1, which"
            + " see the self-test's images 1.273318 apart in layer 1, found ");
    // The door for one's own.
    write(folder.resolve("heads.safetensors"), heads(Trunk.SQUEEZE, 1, false));
    try (Lpips own =
        Lpips.untrusted(file, folder.resolve("heads.safetensors"), Trunk.SQUEEZE, "mine")) {
      assertEquals("mine", own.name());
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(Files.readAllBytes(file));
      digest.update(Files.readAllBytes(folder.resolve("heads.safetensors")));
      assertEquals(HexFormat.of().formatHex(digest.digest()), own.sha256());
      assertEquals(Trunk.SQUEEZE, own.trunk());
    }
  }

  @Test
  void trunk_cutShort_isRefused() throws IOException {
    Path file = folder.resolve("alexnet-cut.pth");
    byte[] bytes = Files.readAllBytes(golden("alex_trunk.pth"));
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    assertRefused(() -> Lpips.load(folder, Trunk.ALEX, Heads.NONE), "alexnet-cut.pth");
  }

  @Test
  void trunk_ofOtherWidthsOrLayers_isRefused() throws IOException {
    Files.copy(golden("alex_trunk.pth"), folder.resolve("alexnet.pth"));
    assertRefused(
        () -> Lpips.load(folder, Trunk.ALEX, Heads.NONE),
        "alexnet.pth: expected features.0.weight of shape [64, 3, 11, 11] and as many biases, as"
            + " AlexNet has them, found [5, 3, 11, 11] and [5]");
    Files.copy(golden("alex_trunk.onnx"), folder.resolve("vgg16.onnx"));
    assertRefused(
        () -> Lpips.load(folder, Trunk.VGG, Heads.NONE),
        "vgg16.onnx: expected 64 channels in the layer ");
    Files.copy(golden("alex_trunk.onnx"), folder.resolve("squeezenet1_1.onnx"));
    assertRefused(
        () ->
            Lpips.untrusted(
                folder.resolve("squeezenet1_1.onnx"),
                golden("squeeze_heads.pth"),
                Trunk.SQUEEZE,
                "x"),
        "squeezenet1_1.onnx: expected SqueezeNet 1.1 with at least 2 layers of the kind"
            + " concatenation, found 0");
    Files.copy(golden("squeeze_trunk.pth"), folder.resolve("vgg16_a.pth"));
    Files.delete(folder.resolve("vgg16.onnx"));
    assertRefused(
        () -> Lpips.load(folder, Trunk.VGG, Heads.NONE),
        "vgg16_a.pth: expected features.0.weight of shape [64, 3, 3, 3]");
    assertRefused(
        () ->
            Lpips.untrusted(folder.resolve("vgg16_a.pth"), golden("vgg_heads.pth"), Trunk.VGG, "x"),
        "vgg16_a.pth: expected the tensor features.2.weight of VGG16, found features.0.weight,");
  }

  @Test
  void heads_thatAreNone_areRefused() {
    assertRefused(
        () -> Lpips.untrusted(golden("alex_trunk.pth"), golden("alex_trunk.pth"), Trunk.ALEX, "x"),
        "alex_trunk.pth: expected the heads lin0.model.1.weight (or lin0) and so on, found"
            + " [features.0.weight,");
  }

  @Test
  void files_thatAreMissing_areNamedWithWhatIsThere() throws IOException {
    Files.write(folder.resolve("notes.txt"), new byte[0]);
    assertRefused(
        () -> Lpips.load(folder),
        "expected a file of AlexNet whose name begins with alexnet and ends in .pth, .pt,"
            + " .safetensors, .npz or .onnx, found notes.txt");
    Files.copy(golden("alex_trunk.pth"), folder.resolve("alexnet.pth"));
    assertRefused(
        () -> Lpips.load(folder),
        "expected the heads of LPIPS v0.1 for AlexNet, alex.pth or lin_v0.1_alex.npz, found"
            + " alexnet.pth, notes.txt");
    assertThrows(
        java.nio.file.NoSuchFileException.class, () -> Lpips.load(folder.resolve("nowhere")));
    assertThrows(
        java.nio.file.NotDirectoryException.class, () -> Lpips.load(folder.resolve("notes.txt")));
  }

  @Test
  void name_ofOnesOwnWeights_isNotThatOfThePublishedOnes() {
    for (String name : new String[] {" ", "LPIPS alex v0.1", "lpips mine"}) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              Lpips.untrusted(
                  golden("alex_trunk.pth"), golden("alex_heads.pth"), Trunk.ALEX, name));
    }
  }

  private interface Load {
    Lpips load() throws IOException;
  }

  private static void assertRefused(Load load, String message) {
    IOException refused =
        assertThrows(
            IOException.class,
            () -> {
              try (Lpips lpips = load.load()) {
                assertEquals("refused", lpips.name());
              }
            });
    String text = String.valueOf(refused.getMessage());
    assertTrue(text.contains(message), text);
  }

  // Files.

  static Lpips narrow(Trunk trunk, String file) throws IOException {
    return Lpips.untrusted(
        golden(trunk, file), golden(trunk, "_heads.pth"), trunk, "narrow " + trunk.label());
  }

  private static Path golden(Trunk trunk, String file) {
    return golden(trunk.label() + file);
  }

  private static Path golden(String file) {
    try {
      return Path.of(
          Objects.requireNonNull(
                  LpipsTest.class.getResource("/golden/perceptual/lpips/" + file), file)
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The images of golden/perceptual/lpips.py. */
  static INDArray image(int[] factors, int height, int width, DataType type) {
    double[] pixels = new double[3 * height * width];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
          int level = factors[0] * i + factors[1] * j + factors[2] * i * j + factors[3] * c;
          pixels[(c * height + i) * width + j] = level % 256 / 255.0;
        }
      }
    }
    return Nd4j.createFromArray(pixels).reshape(1, 3, height, width).castTo(type);
  }

  private static Map<String, long[]> heads(Trunk trunk) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (int k = 0; k < trunk.channels().length; k++) {
      shapes.put("lin%d.model.1.weight".formatted(k), new long[] {1, trunk.channels()[k], 1, 1});
    }
    return shapes;
  }

  private static byte[] heads(Trunk trunk, long seed, boolean signed) {
    return safetensors(heads(trunk), seed, signed ? -0.5f : 0, 1);
  }

  /** SqueezeNet 1.1 of the published size, with other weights. */
  private static byte[] squeezeNet() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    put(shapes, "features.0", 64, 3, 3);
    int[] places = {3, 4, 6, 7, 9, 10, 11, 12};
    int[] few = {16, 16, 32, 32, 48, 48, 64, 64};
    long before = 64;
    for (int k = 0; k < places.length; k++) {
      put(shapes, "features." + places[k] + ".squeeze", few[k], before, 1);
      put(shapes, "features." + places[k] + ".expand1x1", 4L * few[k], few[k], 1);
      put(shapes, "features." + places[k] + ".expand3x3", 4L * few[k], few[k], 3);
      before = 8L * few[k];
    }
    return safetensors(shapes, 3, -0.5f, 0.1f);
  }

  private static void put(Map<String, long[]> shapes, String name, long out, long in, long kernel) {
    shapes.put(name + ".weight", new long[] {out, in, kernel, kernel});
    shapes.put(name + ".bias", new long[] {out});
  }

  /** Noise from {@code shift * scale} to {@code (shift + 1) * scale}. */
  private static byte[] safetensors(
      Map<String, long[]> shapes, long seed, float shift, float scale) {
    List<String> entries = new ArrayList<>();
    long end = 0;
    for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
      long start = end;
      end += 4 * LongStream.of(tensor.getValue()).reduce(1, Math::multiplyExact);
      entries.add(
          String.format(
              Locale.ROOT,
              "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
              tensor.getKey(),
              Arrays.toString(tensor.getValue()),
              start,
              end));
    }
    byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(8 + header.length + end))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header);
    Random random = new Random(seed);
    while (bytes.hasRemaining()) {
      bytes.putFloat(scale * (random.nextFloat() + shift));
    }
    return bytes.array();
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes);
  }
}
