package io.metamer.image;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.nd4j.linalg.indexing.NDArrayIndex.interval;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class SeedsTest {

  private static final ImageSpec SPEC = ImageSpec.rgb(8);

  private interface Kind {
    INDArray draw(ImageSpec spec, int n, long seed);
  }

  private static final List<Kind> NOISES =
      List.of(Seeds::shared, Seeds::lightNoise, Seeds::perImage, Seeds::grayNoise);

  @Test
  void fourier_isOneColouredCloudForAll() {
    ImageSpec spec = new ImageSpec(3, 9, 8, -1, 1);
    INDArray seeds = Seeds.fourier(spec, 3, 5);
    assertEquals(DataType.FLOAT, seeds.dataType());
    assertArrayEquals(spec.shape(3), seeds.shape());
    assertEquals(seeds.slice(0), seeds.slice(2));
    assertEquals(Seeds.fourier(spec, 3, 5), seeds);
    assertNotEquals(Seeds.fourier(spec, 3, 6), seeds);
    assertEquals(spec.clip(seeds), seeds);
    Coordinates coordinates = Parameterization.fourier().bind(spec, DataType.FLOAT);
    INDArray z = coordinates.of(seeds);
    double spread = z.stdNumber().doubleValue();
    assertTrue(spread > 0.7 && spread < 1.1, "coefficients of standard deviation " + spread);
  }

  @Test
  void noise_ofSeed42_isTheSameOnEveryMachine() {
    // Recomputed by golden/images/noise.py.
    assertArrayEquals(
        new float[] {0.8708371f, -0.4694034f, -0.3315794f, -0.2521993f, 0.5035921f},
        Arrays.copyOf(Seeds.shared(SPEC, 1, 42).reshape(192).toFloatVector(), 5),
        1e-6f);
  }

  @Test
  void image_dependsOnSeedAndNumberOnly() {
    for (Kind kind : NOISES) {
      INDArray many = kind.draw(SPEC, 5, 7);
      INDArray few = kind.draw(SPEC, 2, 7);
      assertEquals(few.slice(0), many.slice(0));
      assertEquals(few.slice(1), many.slice(1));
      assertNotEquals(few, kind.draw(SPEC, 2, 8));
      assertArrayEquals(new long[] {5, 3, 8, 8}, many.shape());
      assertEquals(DataType.FLOAT, many.dataType());
    }
  }

  @Test
  void restarts_haveSeedsOneAfterTheOther() {
    List<INDArray> seeds = Seeds.restarts(2, 7, seed -> Seeds.shared(SPEC, 1, seed));
    assertEquals(List.of(Seeds.shared(SPEC, 1, 7), Seeds.shared(SPEC, 1, 8)), seeds);
  }

  @Test
  void sharedNoise_isOneImage_andOtherNoiseIsNot() {
    assertEquals(Seeds.shared(SPEC, 2, 7).slice(0), Seeds.shared(SPEC, 2, 7).slice(1));
    assertEquals(Seeds.lightNoise(SPEC, 2, 7).slice(0), Seeds.lightNoise(SPEC, 2, 7).slice(1));
    assertNotEquals(Seeds.perImage(SPEC, 2, 7).slice(0), Seeds.perImage(SPEC, 2, 7).slice(1));
    assertNotEquals(Seeds.grayNoise(SPEC, 2, 7).slice(0), Seeds.grayNoise(SPEC, 2, 7).slice(1));
  }

  @Test
  void noise_hasTheMomentsOfANormal() {
    double[] z =
        Seeds.perImage(ImageSpec.gray(100), 10, 3)
            .reshape(100_000)
            .castTo(DataType.DOUBLE)
            .toDoubleVector();

    // Five standard errors of each: 1 / sqrt(n), sqrt(2 / n), sqrt(15 / n), sqrt(96 / n).
    assertClose(0, moment(z, 1), 0, 0.016);
    assertClose(1, moment(z, 2), 0, 0.023);
    assertClose(0, moment(z, 3), 0, 0.062);
    assertClose(3, moment(z, 4), 0, 0.155);
  }

  @Test
  void noise_ofNeighbouringImagesAndSeeds_isUncorrelated() {
    INDArray a = Seeds.perImage(ImageSpec.gray(100), 2, 3).reshape(2, 10_000);
    INDArray b = Seeds.perImage(ImageSpec.gray(100), 1, 4).reshape(1, 10_000);

    // Five standard errors, 1 / sqrt(n).
    assertClose(0, a.getRow(0).mul(a.getRow(1)).meanNumber().doubleValue(), 0, 0.05);
    assertClose(0, a.getRow(0).mul(b.getRow(0)).meanNumber().doubleValue(), 0, 0.05);
  }

  @Test
  void scaledNoise_followsItsFormula() {
    ImageSpec wide = new ImageSpec(3, 8, 8, -1, 3);
    INDArray z = Seeds.perImage(SPEC, 2, 7);

    assertClose(Seeds.shared(SPEC, 2, 7).mul(0.01), Seeds.lightNoise(SPEC, 2, 7), 1e-6, 1e-9);
    assertClose(z.mul(4).sub(1), Seeds.perImage(wide, 2, 7), 1e-6, 1e-6);
    assertClose(SPEC.clip(z.div(20).add(0.5)), Seeds.grayNoise(SPEC, 2, 7), 1e-6, 1e-7);
    assertClose(
        SPEC.clip(z.div(20).add(0.5)).mul(4).sub(1), Seeds.grayNoise(wide, 2, 7), 1e-6, 1e-6);
  }

  @Test
  void constant_isItsValueEverywhere() {
    INDArray ones = Seeds.constant(SPEC, 2, 1);

    assertEquals(Nd4j.ones(DataType.FLOAT, 2, 3, 8, 8), ones);
    assertRefused("expected a finite value, got NaN", () -> Seeds.constant(SPEC, 2, Double.NaN));
  }

  @Test
  void fromImages_takesThemInOrder() {
    INDArray images = Seeds.perImage(SPEC, 3, 1).castTo(DataType.DOUBLE);

    INDArray seeds = Seeds.fromImages(SPEC, images, new int[] {2, 0, 0, 1});

    assertArrayEquals(new long[] {4, 3, 8, 8}, seeds.shape());
    assertEquals(images.slice(2).castTo(DataType.FLOAT), seeds.slice(0));
    assertEquals(images.slice(0).castTo(DataType.FLOAT), seeds.slice(2));
    assertRefused(
        "expected an order of the images 0 to 2, got 3",
        () -> Seeds.fromImages(SPEC, images, new int[] {3}));
    assertRefused(
        "expected at least one image, got 0", () -> Seeds.fromImages(SPEC, images, new int[0]));
    assertRefused(
        "expected images of shape [N, 1, 8, 8], got [3, 3, 8, 8]",
        () -> Seeds.fromImages(ImageSpec.gray(8), images, new int[] {0}));
  }

  @Test
  void fromImages_ofAViewOfPartOfABatch_takesItsImages() {
    INDArray all = Seeds.perImage(SPEC, 5, 1);

    INDArray seeds = Seeds.fromImages(SPEC, all.get(NDArrayIndex.interval(2, 5)), new int[] {1, 0});

    assertEquals(all.slice(3), seeds.slice(0));
    assertEquals(all.slice(2), seeds.slice(1));
  }

  @Test
  void derangement_isAPermutationThatMovesEverything() {
    for (int n : new int[] {2, 3, 10, 101}) {
      for (long seed = 0; seed < 20; seed++) {
        int[] order = Seeds.derangement(n, seed);
        for (int i = 0; i < n; i++) {
          assertNotEquals(i, order[i]);
        }
        assertEquals(n, Arrays.stream(order).distinct().filter(i -> i >= 0 && i < n).count());
        assertArrayEquals(order, Seeds.derangement(n, seed));
      }
    }
    assertTrue(!Arrays.equals(Seeds.derangement(10, 1), Seeds.derangement(10, 2)));
    assertRefused(
        "expected at least 2 images, so that none is its own seed, got 1",
        () -> Seeds.derangement(1, 0));
  }

  @Test
  void batch_ofZero_isRefused() {
    for (Kind kind : NOISES) {
      assertRefused("expected at least one image, got 0", () -> kind.draw(SPEC, 0, 1));
    }
    assertRefused("expected at least one image, got -1", () -> Seeds.constant(SPEC, -1, 0));
  }

  private static double moment(double[] z, int k) {
    return Arrays.stream(z).map(v -> Math.pow(v, k)).average().orElseThrow();
  }

  private static void assertRefused(
      String message, org.junit.jupiter.api.function.Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void points_inCubeAndBall_areUniformThere() {
    // Wide bounds, so that nothing is clipped; two values an image.
    ImageSpec spec = new ImageSpec(1, 1, 2, -10, 10);
    int n = 4000;
    int[] rows = IntStream.range(0, n).toArray();
    INDArray centers = Nd4j.zeros(DataType.DOUBLE, spec.shape(n)).addi(1);
    double radius = 0.5;
    double[][] cube =
        Seeds.inCube(spec, centers, rows, radius, 3).subi(1).reshape(n, 2).toDoubleMatrix();
    double[][] ball =
        Seeds.inBall(spec, centers, rows, radius, 3).subi(1).reshape(n, 2).toDoubleMatrix();
    int inQuarterOfCube = 0;
    int inHalfOfBall = 0;
    int right = 0;
    for (int i = 0; i < n; i++) {
      assertTrue(Math.max(Math.abs(cube[i][0]), Math.abs(cube[i][1])) <= radius);
      double length = Math.hypot(ball[i][0], ball[i][1]);
      assertTrue(length <= radius * (1 + 1e-12));
      inQuarterOfCube += Math.abs(cube[i][0]) < 0.25 && Math.abs(cube[i][1]) < 0.25 ? 1 : 0;
      // Half of the area lies within the radius over the root of 2.
      inHalfOfBall += length < radius / Math.sqrt(2) ? 1 : 0;
      right += ball[i][0] > 0 ? 1 : 0;
    }
    // Four standard deviations of the binomial counts.
    assertEquals(1000, inQuarterOfCube, 110);
    assertEquals(2000, inHalfOfBall, 127);
    assertEquals(2000, right, 127);
  }

  @Test
  void points_nearImages_dependOnSeedAndNumberOnly_andStayInBounds() {
    INDArray images = SPEC.clip(Seeds.perImage(SPEC, 3, 1));
    INDArray two = Nd4j.concat(0, images.get(interval(2, 3)), images.get(interval(0, 1)));
    INDArray cube = Seeds.inCube(SPEC, images, new int[] {0, 1, 7}, 0.1, 5);
    INDArray ball = Seeds.inBall(SPEC, images, new int[] {0, 1, 7}, 0.1, 5);
    int[] rows = {7, 0};
    assertEquals(cube.slice(2), Seeds.inCube(SPEC, two, rows, 0.1, 5).slice(0));
    assertEquals(ball.slice(0), Seeds.inBall(SPEC, two, rows, 0.1, 5).slice(1));
    assertNotEquals(ball, Seeds.inBall(SPEC, images, new int[] {0, 1, 7}, 0.1, 6));
    for (INDArray moved : List.of(cube, ball)) {
      assertEquals(SPEC.clip(moved), moved);
      assertNotEquals(images, moved);
      assertEquals(DataType.FLOAT, moved.dataType());
    }
    assertEquals(images, Seeds.inBall(SPEC, images, new int[] {0, 1, 7}, 0, 5));
    for (double radius : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Seeds.inCube(SPEC, images, new int[] {0, 1, 7}, radius, 5));
    }
    assertThrows(IllegalArgumentException.class, () -> Seeds.inBall(SPEC, images, rows, 0.1, 5));
  }
}
