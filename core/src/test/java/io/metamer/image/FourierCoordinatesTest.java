package io.metamer.image;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.Parameterization.Fourier;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class FourierCoordinatesTest {

  /** Odd and even widths, other shapes than squares, colours and none, other bounds. */
  private static final List<ImageSpec> SPECS =
      List.of(
          new ImageSpec(3, 4, 6, 0, 1),
          new ImageSpec(3, 5, 3, 0, 255),
          new ImageSpec(1, 4, 5, -1, 1),
          new ImageSpec(2, 3, 4, 0.1, 0.7),
          new ImageSpec(3, 1, 2, 0, 1),
          new ImageSpec(1, 1, 1, 0, 1));

  @Test
  void imagesAndGradients_areThoseOfPyTorch() throws IOException {
    List<String> lines = golden();
    assertEquals(12, lines.size());
    for (int i = 0; i < lines.size(); i += 3) {
      double[] head = numbers(lines.get(i));
      ImageSpec unit = new ImageSpec((int) head[0], (int) head[1], (int) head[2], 0, 1);
      long[] shape = {1, unit.channels(), unit.height(), 2L * (unit.width() / 2 + 1)};
      INDArray z = numbers(shape, 37);
      INDArray image = Nd4j.createFromArray(numbers(lines.get(i + 1))).reshape(unit.shape(1));
      INDArray gradient = Nd4j.createFromArray(numbers(lines.get(i + 2))).reshape(shape);
      INDArray weights = numbers(unit.shape(1), 11);
      Fourier fourier = new Fourier(head[3], false);

      Coordinates coordinates = fourier.bind(unit, DataType.DOUBLE);
      assertClose(image, coordinates.images(z), 1e-12, 1e-12);
      assertClose(gradient, coordinates.pullBack(z, weights), 1e-12, 1e-12);

      ImageSpec other = new ImageSpec((int) head[0], (int) head[1], (int) head[2], -3, 5);
      coordinates = fourier.bind(other, DataType.DOUBLE);
      assertClose(image.mul(8).sub(3), coordinates.images(z), 1e-12, 1e-12);
      assertClose(gradient.mul(8), coordinates.pullBack(z, weights), 1e-12, 1e-11);

      coordinates = fourier.bind(unit, DataType.FLOAT);
      INDArray inFloat = z.castTo(DataType.FLOAT);
      assertClose(image, coordinates.images(inFloat), 1e-4, 1e-6);
      assertCloseInNorm(
          gradient, coordinates.pullBack(inFloat, weights.castTo(DataType.FLOAT)), 1e-5);
    }
  }

  @Test
  void pullBack_inDouble_agreesWithCentralDifferences() {
    for (ImageSpec spec : SPECS) {
      Coordinates coordinates = Parameterization.fourier().bind(spec, DataType.DOUBLE);
      INDArray z = coordinates.of(images(spec, 2, 1));
      z.addi(random(z.shape(), 2));
      INDArray weights = random(spec.shape(2), 3);
      INDArray differences = z.like();
      for (long j = 0; j < z.length(); j++) {
        differences.putScalar(
            j,
            (weighed(coordinates, z, j, 1e-5, weights) - weighed(coordinates, z, j, -1e-5, weights))
                / 2e-5);
      }
      assertCloseInNorm(differences, coordinates.pullBack(z, weights), 1e-6);
    }
  }

  @Test
  void images_ofTheirCoordinates_areTheImages() {
    for (ImageSpec spec : SPECS) {
      for (double decay : new double[] {0, 1, 1.5}) {
        INDArray x = images(spec, 3, 4);
        Fourier fourier = new Fourier(decay, false);
        Coordinates inDouble = fourier.bind(spec, DataType.DOUBLE);
        assertClose(x, inDouble.images(inDouble.of(x)), 1e-12, 1e-12 * spec.high());
        Coordinates inFloat = fourier.bind(spec, DataType.FLOAT);
        assertCloseInNorm(x, inFloat.images(inFloat.of(x.castTo(DataType.FLOAT))), 1e-5);
      }
    }
  }

  @Test
  void images_ofEightBits_comeBackAsTheyWere() {
    ImageSpec spec = new ImageSpec(1, 16, 16, 0, 1);
    INDArray x = Nd4j.arange(256).castTo(DataType.FLOAT).reshape(spec.shape(1)).div(255);
    Coordinates coordinates = Parameterization.fourier().bind(spec, DataType.FLOAT);
    INDArray back = coordinates.images(coordinates.of(x));
    for (int level = 0; level < 256; level++) {
      assertEquals(level, Math.round(255 * back.getDouble(level)));
    }
  }

  @Test
  void images_ofHugeCoefficients_stayInTheBounds() {
    for (ImageSpec spec : SPECS) {
      for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
        Coordinates coordinates = Parameterization.fourier().bind(spec, type);
        INDArray z = coordinates.of(images(spec, 2, 1));
        INDArray x = coordinates.images(random(z.shape(), 5).mul(1e6).castTo(type));
        assertTrue(
            x.minNumber().doubleValue()
                >= (type == DataType.FLOAT ? (float) spec.low() : spec.low()));
        assertTrue(
            x.maxNumber().doubleValue()
                <= (type == DataType.FLOAT ? (float) spec.high() : spec.high()));
      }
    }
  }

  @Test
  void maps_ofABatch_areThoseOfItsImages() {
    ImageSpec spec = ImageSpec.rgb(32);
    Coordinates coordinates = Parameterization.fourier().bind(spec, DataType.FLOAT);
    INDArray x = images(spec, 7, 6).castTo(DataType.FLOAT);
    INDArray g = random(spec.shape(7), 7).castTo(DataType.FLOAT);
    INDArray z = coordinates.of(x);
    INDArray image = coordinates.images(z);
    INDArray gradient = coordinates.pullBack(z, g);
    for (int i = 0; i < 7; i++) {
      INDArray alone = coordinates.of(one(x, i));
      assertCloseInNorm(one(z, i), alone, 1e-6);
      assertClose(one(image, i), coordinates.images(one(z, i)), 0, 1e-6);
      assertCloseInNorm(one(gradient, i), coordinates.pullBack(one(z, i), one(g, i)), 1e-6);
    }
  }

  @Test
  void maps_leaveTheirArgumentsAndTakeViews() {
    ImageSpec spec = new ImageSpec(3, 4, 6, 0, 1);
    Coordinates coordinates = Parameterization.fourier().bind(spec, DataType.DOUBLE);
    INDArray x = images(spec, 3, 8);
    INDArray g = random(spec.shape(3), 9);
    INDArray z = coordinates.of(x);
    INDArray image = coordinates.images(z);
    INDArray gradient = coordinates.pullBack(z, g);
    for (int i = 0; i < 2; i++) {
      INDArray[] before = {x.dup(), g.dup(), z.dup()};
      assertClose(z, coordinates.of(x), 0, 0);
      assertClose(image, coordinates.images(z), 0, 0);
      assertClose(gradient, coordinates.pullBack(z, g), 0, 0);
      assertArrayEquals(before, new INDArray[] {x, g, z});
      x = view(x);
      g = g.dup('f');
      z = view(z);
    }
  }

  @Test
  void coordinates_ofAnotherShapeOrType_areRefused() {
    Coordinates coordinates =
        Parameterization.fourier().bind(new ImageSpec(3, 4, 5, 0, 1), DataType.DOUBLE);
    assertEquals(
        "expected DOUBLE coordinates of shape [N, 3, 4, 6], got DOUBLE of shape [2, 3, 4, 5]",
        assertThrows(
                IllegalArgumentException.class,
                () -> coordinates.images(Nd4j.zeros(DataType.DOUBLE, 2, 3, 4, 5)))
            .getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> coordinates.images(Nd4j.zeros(DataType.FLOAT, 2, 3, 4, 6)));
    assertThrows(
        IllegalArgumentException.class,
        () -> coordinates.of(Nd4j.zeros(DataType.DOUBLE, 2, 3, 5, 4)));
  }

  @Test
  void bounds_areThoseOfWhatIsClipped() {
    ImageSpec spec = new ImageSpec(1, 2, 2, -1, 1);
    Coordinates pixels = Parameterization.PIXELS.bind(spec, DataType.FLOAT);
    Coordinates fourier = Parameterization.fourier().bind(spec, DataType.FLOAT);
    Coordinates released = new Fourier(1, true).bind(spec, DataType.FLOAT);
    assertArrayEquals(new double[] {-1, 1}, new double[] {pixels.low(), pixels.high()});
    assertArrayEquals(new double[] {0, 1}, new double[] {released.low(), released.high()});
    assertEquals(Double.NEGATIVE_INFINITY, fourier.low());
    assertEquals(Double.POSITIVE_INFINITY, fourier.high());
  }

  @Test
  void pixels_areTheirOwnCoordinates() {
    ImageSpec spec = new ImageSpec(1, 2, 2, -1, 1);
    INDArray x = random(spec.shape(2), 1);
    Coordinates pixels = Parameterization.PIXELS.bind(spec, DataType.DOUBLE);
    assertSame(x, pixels.of(x));
    assertSame(x, pixels.images(x));
    assertSame(x, pixels.pullBack(random(spec.shape(2), 2), x));
  }

  @Test
  void parameterizations_areValues() {
    assertEquals(new Fourier(1, false), Parameterization.fourier());
    assertEquals("PIXELS", Parameterization.PIXELS.toString());
    for (double decay : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> new Fourier(decay, false));
    }
  }

  private static double weighed(
      Coordinates coordinates, INDArray z, long j, double by, INDArray weights) {
    INDArray moved = z.dup('c');
    moved.putScalar(j, moved.getDouble(j) + by);
    return coordinates.images(moved).mul(weights).sumNumber().doubleValue();
  }

  /** Uniform in the middle nine tenths of the bounds. */
  private static INDArray images(ImageSpec spec, int n, long seed) {
    double range = spec.high() - spec.low();
    return random(spec.shape(n), seed).mul(0.45 * range).add(spec.low() + 0.5 * range);
  }

  private static INDArray random(long[] shape, long seed) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    SplittableRandom random = new SplittableRandom(seed);
    Arrays.setAll(numbers, j -> random.nextDouble(-1, 1));
    return Nd4j.createFromArray(numbers).reshape(shape);
  }

  /** The same numbers in the middle of a larger array. */
  private static INDArray view(INDArray array) {
    INDArray larger = Nd4j.concat(0, array, array, array);
    larger.get(NDArrayIndex.interval(0, array.size(0))).assign(Double.NaN);
    return larger.get(NDArrayIndex.interval(array.size(0), 2 * array.size(0)));
  }

  private static INDArray one(INDArray batch, int i) {
    return batch.get(NDArrayIndex.interval(i, i + 1)).dup('c');
  }

  /** The numbers of golden/fourier/fourier.py. */
  private static INDArray numbers(long[] shape, int factor) {
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.setAll(numbers, j -> (factor * j * j + 59 * j) % 256 / 64.0 - 2);
    return Nd4j.createFromArray(numbers).reshape(shape);
  }

  private static double[] numbers(String line) {
    return Arrays.stream(line.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  private static List<String> golden() throws IOException {
    try (InputStream stream =
        Objects.requireNonNull(
            FourierCoordinatesTest.class.getResourceAsStream("/golden/fourier/fourier.txt"))) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }
}
