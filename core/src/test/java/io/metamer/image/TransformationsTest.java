package io.metamer.image;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.Transformation.Jitter;
import io.metamer.image.Transformation.Pad;
import io.metamer.image.Transformation.Rotate;
import io.metamer.image.Transformation.Scale;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class TransformationsTest {

  /** Odd and even sides, and bounds that tell black from 0. */
  private static final ImageSpec SPEC = new ImageSpec(2, 11, 14, -1, 3);

  private static final List<Transformations> ALL =
      List.of(
          only(new Pad(3, 0.25)),
          only(new Jitter(5)),
          only(new Scale(List.of(0.4, 0.97, 1.06, 1.5))),
          only(new Rotate(List.of(-33.0, 5.0, 90.0))),
          Transformations.imageNet(3),
          Transformations.cifar10(3));

  private static Transformations only(Transformation step) {
    return new Transformations(List.of(step), 11);
  }

  /** Values of N(0, 1) as doubles. */
  private static INDArray noise(ImageSpec spec, int n, long seed) {
    return Seeds.perImage(spec, n, seed).castTo(DataType.DOUBLE);
  }

  @Test
  void everyStep_givesWhatPyTorchGives() throws IOException {
    ImageSpec spec = new ImageSpec(1, 11, 14, 0, 1);
    double[] x = new double[11 * 14];
    for (int i = 0; i < 11; i++) {
      for (int j = 0; j < 14; j++) {
        x[i * 14 + j] = (37 * i + 59 * j + 7 * i * j) % 256 / 255.0;
      }
    }
    INDArray image = Nd4j.createFromArray(x).reshape(1, 1, 11, 14);
    Set<String> seen = new HashSet<>();
    for (String line : golden()) {
      String[] parts = line.split(" ");
      double first = Double.parseDouble(parts[1]);
      double second = Double.parseDouble(parts[2]);
      double[] expected = Arrays.stream(parts).skip(3).mapToDouble(Double::parseDouble).toArray();
      Transformations transformations =
          switch (parts[0]) {
            case "pad" -> only(new Pad((int) first, second));
            case "jitter" -> only(new Jitter(5)).withSeed((long) first);
            case "scale" -> only(new Scale(List.of(first)));
            case "rotate" -> only(new Rotate(List.of(first)));
            case "cifar10" -> Transformations.cifar10((long) first);
            case "imageNet" -> Transformations.imageNet((long) first);
            default -> throw new AssertionError(line);
          };
      int[] iterations = {(int) second};
      seen.add(parts[0]);
      assertClose(
          expected, elements(transformations.bind(spec).apply(image, iterations)), 0, 1e-12);
      INDArray single = image.castTo(DataType.FLOAT);
      assertClose(
          expected, elements(transformations.bind(spec).apply(single, iterations)), 1e-6, 1e-6);
    }
    assertEquals(6, seen.size());
  }

  @Test
  void gradient_isThatOfCentralDifferences() {
    for (Transformations transformations : ALL) {
      BoundTransformations bound = transformations.bind(SPEC);
      int[] iterations = {5};
      INDArray x = noise(SPEC, 1, 1);
      INDArray cotangent = noise(SPEC, 1, 2);
      double[] expected = new double[(int) x.length()];
      for (int p = 0; p < expected.length; p++) {
        long[] at = {0, p / 154, p / 14 % 11, p % 14};
        double value = x.getDouble(at);
        x.putScalar(at, value + 0.5);
        double above = dot(bound.apply(x, iterations), cotangent);
        x.putScalar(at, value - 0.5);
        expected[p] = above - dot(bound.apply(x, iterations), cotangent);
        x.putScalar(at, value);
      }
      assertClose(expected, elements(bound.pullBack(cotangent, iterations)), 0, 1e-11);
    }
  }

  @Test
  void gradient_isTheAdjointOfTheLinearPart() {
    for (Transformations transformations : ALL) {
      BoundTransformations bound = transformations.bind(SPEC);
      int[] iterations = IntStream.range(100, 120).toArray();
      INDArray x = noise(SPEC, 20, 1);
      INDArray g = noise(SPEC, 20, 2);
      INDArray linear = bound.apply(x, iterations).sub(bound.apply(x.mul(0), iterations));
      double expected = dot(x, bound.pullBack(g, iterations));
      assertClose(expected, dot(linear, g), 1e-12, 1e-10);
      assertTrue(Math.abs(expected) > 1, "nothing was compared");
    }
  }

  @Test
  void drawsThatChangeNothing_leaveTheBits() {
    List<Transformation> still =
        List.of(
            new Pad(0, 0.5),
            new Jitter(1),
            new Scale(List.of(1.0)),
            new Rotate(List.of(0.0, 360.0)),
            new Pad(7, 0.5));
    for (Transformations transformations :
        List.of(Transformations.none(), new Transformations(still, 4))) {
      for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
        INDArray x = noise(SPEC, 2, 1).castTo(type);
        assertSameBits(x, transformations.bind(SPEC).apply(x, new int[] {0, 9}));
        assertSameBits(x, transformations.bind(SPEC).pullBack(x, new int[] {0, 9}));
      }
    }
  }

  @Test
  void batchOfMixedIterations_isItsImagesOneByOne_toTheBit() {
    // More iterations than are kept, and some of them twice.
    int[] iterations = {3, 0, 7, 3, 12, 13, 14, 15, 16, 17, 18, 0, 18};
    for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
      INDArray x = noise(SPEC, iterations.length, 1).castTo(type);
      BoundTransformations bound = Transformations.imageNet(3).bind(SPEC);
      INDArray y = bound.apply(x, iterations);
      INDArray g = bound.pullBack(y, iterations);
      for (int k = 0; k < iterations.length; k++) {
        BoundTransformations alone = Transformations.imageNet(3).bind(SPEC);
        int[] iteration = {iterations[k]};
        assertSameBits(image(y, k), alone.apply(image(x, k), iteration));
        assertSameBits(image(g, k), alone.pullBack(image(y, k), iteration));
      }
      assertSameBits(y, bound.apply(x, iterations));
    }
  }

  @Test
  void draws_dependOnSeedAndIteration() {
    INDArray x = noise(SPEC, 1, 1);
    INDArray y = Transformations.cifar10(3).bind(SPEC).apply(x, new int[] {6});
    assertSameBits(y, Transformations.cifar10(4).withSeed(3).bind(SPEC).apply(x, new int[] {6}));
    assertNotEquals(y, Transformations.cifar10(4).bind(SPEC).apply(x, new int[] {6}));
    assertNotEquals(y, Transformations.cifar10(3).bind(SPEC).apply(x, new int[] {7}));
  }

  @Test
  void jitter_drawsEachShiftAboutEquallyOften() {
    ImageSpec spec = new ImageSpec(1, 4, 4, 0, 1);
    INDArray x = Nd4j.zeros(DataType.FLOAT, spec.shape(1));
    x.putScalar(0, 1);
    BoundTransformations bound = only(new Jitter(3)).bind(spec);
    int[] count = new int[16];
    for (int t = 0; t < 9_000; t++) {
      double[] y = elements(bound.apply(x, new int[] {t}));
      count[IntStream.range(0, 16).filter(p -> y[p] == 1).findFirst().orElseThrow()]++;
    }
    for (int p = 0; p < 16; p++) {
      // Four standard deviations.
      assertEquals(p / 4 < 3 && p % 4 < 3 ? 1_000 : 0, count[p], 120, "shift " + p);
    }
  }

  @Test
  void whatIsLeftEmpty_isTheLowerBound_andTheFrameOnTheScaleOfTheBounds() {
    INDArray white = Nd4j.valueArrayOf(SPEC.shape(1), 3.0, DataType.DOUBLE);
    INDArray turned = only(new Rotate(List.of(45.0))).bind(SPEC).apply(white, new int[] {0});
    assertEquals(-1, turned.getDouble(0, 1, 0, 0));
    assertEquals(3, turned.getDouble(0, 1, 5, 7), 1e-12);
    Transformations framed =
        new Transformations(List.of(new Pad(9, 0.5), new Scale(List.of(0.5))), 1);
    assertEquals(1, framed.bind(SPEC).apply(white, new int[] {0}).getDouble(0, 1, 0, 0));
  }

  @Test
  void viewsAndWorkspaces_changeNothing() {
    INDArray batch = noise(SPEC, 4, 1);
    INDArray view = batch.get(NDArrayIndex.interval(1, 3));
    INDArray turned = view.permute(0, 1, 3, 2).dup('c').permute(0, 1, 3, 2);
    BoundTransformations bound = Transformations.cifar10(3).bind(SPEC);
    int[] iterations = {1, 2};
    INDArray expected = bound.apply(view.dup('c'), iterations);
    INDArray original = batch.dup('c');
    assertSameBits(expected, bound.apply(view, iterations));
    assertSameBits(expected, bound.apply(turned, iterations));
    WorkspaceConfiguration memory = WorkspaceConfiguration.builder().initialSize(1 << 20).build();
    for (int t = 0; t < 3; t++) {
      try (MemoryWorkspace step =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace(memory, "TRANSFORMATIONS")) {
        INDArray inside = bound.apply(view, iterations);
        assertSameBits(inside, bound.apply(turned, iterations));
        assertSameBits(expected, inside);
      }
    }
    Nd4j.getWorkspaceManager()
        .destroyWorkspace(
            Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(memory, "TRANSFORMATIONS"));
    assertSameBits(original, batch);
  }

  @Test
  void notANumber_staysInItsImage() {
    INDArray x = noise(SPEC, 2, 1);
    x.putScalar(new long[] {0, 0, 5, 5}, Double.NaN);
    INDArray y = Transformations.cifar10(3).bind(SPEC).apply(x, new int[] {1, 1});
    assertTrue(Arrays.stream(elements(image(y, 0))).anyMatch(Double::isNaN));
    assertTrue(Arrays.stream(elements(image(y, 1))).allMatch(Double::isFinite));
  }

  @Test
  void transformations_areValues() {
    assertEquals(Transformations.imageNet(3), Transformations.imageNet(3));
    assertNotEquals(Transformations.imageNet(3), Transformations.cifar10(3));
    assertEquals(
        "Transformations[steps=[Pad[pixels=2, fill=0.5], Scale[factors=[0.9, 1.1]]], seed=5]",
        new Transformations(List.of(new Pad(2, 0.5), new Scale(List.of(0.9, 1.1))), 5).toString());
  }

  @Test
  void stepsThatAreNone_areRefused() {
    assertRefused("frame of at least 0 pixels, got -1", () -> new Pad(-1, 0.5));
    assertRefused("finite fill, got NaN", () -> new Pad(1, Double.NaN));
    assertRefused("jitter of at least 1 pixel, which is none, got 0", () -> new Jitter(0));
    assertRefused("at least one factor, got none", () -> new Scale(List.of()));
    assertRefused("factors above 0, got 0.0", () -> new Scale(List.of(1.0, 0.0)));
    assertRefused("finite factors, got NaN", () -> new Scale(List.of(Double.NaN)));
    assertRefused("at least one angle, got none", () -> new Rotate(List.of()));
    assertRefused(
        "finite angles, got Infinity", () -> new Rotate(List.of(Double.POSITIVE_INFINITY)));
  }

  @Test
  void stepsThatMakeHugeImages_areRefused() {
    for (Transformation step :
        List.of(new Pad(Integer.MAX_VALUE, 0), new Scale(List.of(1.0, 1e300)))) {
      assertRefused("at most 4194304 pixels, got " + step, () -> only(step).bind(SPEC));
    }
  }

  @Test
  void otherBatches_areRefused() {
    BoundTransformations bound = Transformations.cifar10(3).bind(SPEC);
    INDArray x = noise(SPEC, 2, 1);
    assertRefused(
        "expected images of shape [1, 2, 11, 14], one for each iteration, got [2, 2, 11, 14]",
        () -> bound.apply(x, new int[1]));
    assertRefused(
        "expected gradients of shape [2, 2, 11, 14], one for each iteration, got [2, 2, 14, 11]",
        () -> bound.pullBack(x.permute(0, 1, 3, 2), new int[2]));
    assertRefused(
        "expected images of type FLOAT or DOUBLE, got INT",
        () -> bound.apply(x.castTo(DataType.INT32), new int[2]));
  }

  @Test
  void emptyBatch_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Transformations.none().bind(SPEC).apply(noise(SPEC, 1, 1), new int[0]));
  }

  private static void assertRefused(String message, Runnable call) {
    String said = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(said.contains(message), said);
  }

  private static INDArray image(INDArray batch, int k) {
    return batch.get(NDArrayIndex.interval(k, k + 1)).dup('c');
  }

  /** Not by equals of ND4J, which takes what differs by 1e-5 for equal. */
  private static void assertSameBits(INDArray expected, INDArray actual) {
    assertEquals(expected.dataType(), actual.dataType());
    assertArrayEquals(expected.shape(), actual.shape());
    assertArrayEquals(elements(expected), elements(actual));
  }

  private static double[] elements(INDArray array) {
    return array.castTo(DataType.DOUBLE).dup('c').reshape(array.length()).toDoubleVector();
  }

  private static double dot(INDArray a, INDArray b) {
    double[] x = elements(a);
    double[] y = elements(b);
    assertArrayEquals(a.shape(), b.shape());
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * y[i]).sum();
  }

  private static List<String> golden() throws IOException {
    try (InputStream in =
            Objects.requireNonNull(
                TransformationsTest.class.getResourceAsStream(
                    "/golden/transformations/transformations.txt"));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }
}
