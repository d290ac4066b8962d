package io.metamer.contract;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What holds for every perceptual distance. Implementations of the contract give a distance, and
 * two batches of three images in double: references, and the point at which gradients are checked.
 */
public interface PerceptualDistanceContract extends DifferentiableLossContract {

  /**
   * The distance under test.
   *
   * @return takes FLOAT and DOUBLE
   */
  PerceptualDistance distance();

  /**
   * What the images at {@link #point()} are compared with.
   *
   * @return shape {@code [3, C, H, W]}, DOUBLE, in [0, 1], each unlike that of the point
   */
  INDArray references();

  @Override
  default DifferentiableLoss loss() {
    return distance().to(references());
  }

  @Test
  default void distance_toTheImageItself_isZeroAndDoesNotPull() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      double atol = type == DataType.FLOAT ? 1e-5 : 1e-12;
      INDArray images = references().castTo(type);

      ValueAndGradient at = distance().to(images).evaluate(images, new int[] {0, 1, 2});

      assertClose(new double[3], at.value(), 0, atol);
      assertClose(images.mul(0), at.gradient(), 0, atol);
    }
  }

  @Test
  default void distance_ofUnlikeImages_isPositive_andSymmetricIfTheCardSaysSo() {
    double[] there = distance().between(point(), references());
    double[] back = distance().between(references(), point());

    if (distance().card().symmetric()) {
      assertClose(there, back, 1e-12, 1e-12);
    }
    assertTrue(
        Arrays.stream(there).allMatch(d -> d > 0 && d <= distance().card().most()),
        () -> Arrays.toString(there));
    assertClose(there, loss().evaluate(point(), new int[] {0, 1, 2}).value(), 1e-12, 1e-12);
  }

  @Test
  default void distance_ofBlackWhiteAndGrayImages_isFinite_andWithinTheCardsBound() {
    double most = distance().card().most() + 1e-6;
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      INDArray x = references().castTo(type);
      x.slice(0).assign(0);
      x.slice(1).assign(1);
      x.slice(2).assign(0.5);
      for (INDArray reference : new INDArray[] {x, references().castTo(type)}) {
        for (int[] rows : new int[][] {{0, 1, 2}, {1, 2, 0}}) {
          ValueAndGradient at = distance().to(reference).evaluate(x, rows);

          assertTrue(
              Arrays.stream(at.value()).allMatch(d -> d >= 0 && d <= most),
              () -> Arrays.toString(at.value()));
          double sum = at.gradient().castTo(DataType.DOUBLE).sumNumber().doubleValue();
          assertTrue(Double.isFinite(sum), () -> at.gradient().toString());
        }
      }
    }
  }

  @Test
  default void distance_inFloat_agreesWithDouble() {
    int[] rows = {0, 1, 2};
    ValueAndGradient expected = loss().evaluate(point(), rows);
    double[] value = expected.value().clone();
    INDArray gradient = expected.gradient().dup('c');

    ValueAndGradient actual =
        distance()
            .to(references().castTo(DataType.FLOAT))
            .evaluate(point().castTo(DataType.FLOAT), rows);

    assertClose(value, actual.value(), 1e-4, 1e-6);
    Close.assertCloseInNorm(gradient, actual.gradient().castTo(DataType.DOUBLE), 1e-4);
  }

  @Test
  default void references_changedOrFreedAfterBinding_doNotMatter() {
    int[] rows = {0, 1, 2};
    double[] expected = loss().evaluate(point(), rows).value();
    INDArray references = references();
    DifferentiableLoss loss;
    WorkspaceConfiguration spacious = WorkspaceConfiguration.builder().initialSize(1 << 24).build();
    try (MemoryWorkspace ws =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(spacious, "references")) {
      loss = distance().to(references.dup());
    }
    try (MemoryWorkspace ws =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(spacious, "references")) {
      Nd4j.ones(DataType.DOUBLE, 1 << 20); // overwrites what was bound there
    }
    Nd4j.getWorkspaceManager()
        .destroyWorkspace(
            Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(spacious, "references"));
    assertClose(expected, loss.evaluate(point(), rows).value(), 1e-12, 1e-12);

    loss = distance().to(references);
    references.assign(0.25);
    assertClose(expected, loss.evaluate(point(), rows).value(), 1e-12, 1e-12);
  }

  @Test
  default void batches_ofDifferentShapes_areRefused() {
    long[] shape = references().shape();
    INDArray one = Nd4j.zeros(DataType.DOUBLE, 1, shape[1], shape[2], shape[3]);

    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> distance().between(one, references()));

    assertEquals(
        "expected two batches of the same shape, got %s and %s"
            .formatted(Arrays.toString(one.shape()), Arrays.toString(shape)),
        refused.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> distance().to(references().reshape(3, shape[1] * shape[2] * shape[3])));
    assertThrows(IllegalArgumentException.class, () -> loss().evaluate(one, new int[] {0, 1, 2}));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            loss()
                .evaluate(
                    Nd4j.zeros(DataType.DOUBLE, 1, shape[1], shape[2] + 1, shape[3]),
                    new int[] {0}));
  }

  @Test
  default void images_belowTheCardsSmallest_areRefused() {
    int smallest = distance().card().smallest();
    long[] shape = references().shape();
    assertTrue(shape[2] >= smallest && shape[3] >= smallest, "the references are large enough");
    if (smallest > 1) {
      INDArray low = Nd4j.zeros(DataType.DOUBLE, 3, shape[1], smallest - 1, shape[3]);
      INDArray narrow = Nd4j.zeros(DataType.DOUBLE, 3, shape[1], shape[2], smallest - 1);
      assertThrows(IllegalArgumentException.class, () -> distance().to(low));
      assertThrows(IllegalArgumentException.class, () -> distance().to(narrow));
    }
  }

  @Test
  default void card_isThere_andStays() {
    assertEquals(distance().card(), distance().card());
    assertTrue(distance().card().toString().contains(distance().card().source()));
  }

  @Test
  default void name_isThere_andStays() {
    assertFalse(distance().name().isBlank());
    assertEquals(distance().name(), distance().name());
    assertArrayEquals(new long[] {3}, new long[] {references().size(0)}, "three references");
  }
}
