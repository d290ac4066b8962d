package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.DifferentiableLossContract;
import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.perceptual.PixelDistance;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Several searches for the same targets. */
final class RestartTest implements DifferentiableLossContract {

  private static final ImageSpec SPEC = new ImageSpec(2, 3, 4, -1, 3);

  /** Sees six mixtures of 24 pixels: most of an image is free. */
  private static final LinearModel MODEL =
      new LinearModel(SPEC, uniform(9, 6).reshape(6, 24).subi(1));

  private static final InversionOptions OPTIONS =
      InversionOptions.defaults()
          .withIterations(150)
          .withBatch(2)
          .withStep(StepRule.normalized(0.5).withSchedule(Schedule.COSINE));

  @Override
  public DifferentiableLoss loss() {
    INDArray any = images(1, 3);
    return Apart.inPixels(0.9)
        .from(List.of(images(3, 3), images(4, 3)))
        .bind(new InversionProblem(SPEC, any, any));
  }

  @Override
  public INDArray point() {
    return images(2, 3);
  }

  @Test
  void restarts_areTheSearchesFromEachSeed() {
    INDArray targets = images(1, 3);
    List<INDArray> seeds =
        Seeds.restarts(3, 7, s -> Seeds.perImage(SPEC, 3, s).castTo(DataType.DOUBLE));
    Inverter inverter = new Inverter(MODEL, OPTIONS);
    List<InversionResult> all = inverter.restart(targets, seeds, InversionListener.none());
    assertEquals(3, all.size());
    for (int r = 0; r < 3; r++) {
      try (InversionResult alone = inverter.invert(targets, seeds.get(r))) {
        assertClose(alone.images(), all.get(r).images(), 0, 0);
      }
    }
    all.forEach(InversionResult::close);
  }

  @Test
  void best_isNowhereWorseThanAny() {
    INDArray targets = images(1, 3);
    Inverter inverter = new Inverter(MODEL, OPTIONS.withIterations(4));
    List<INDArray> seeds = seeds(3);
    for (int r = 0; r < 3; r++) {
      seeds.get(r).slice(r).assign(targets.slice(r).add(0.001));
    }
    List<InversionResult> all = inverter.restart(targets, seeds, InversionListener.none());
    List<Integer> from = new ArrayList<>();
    try (InversionResult best = InversionResult.bestOf(all)) {
      for (int i = 0; i < 3; i++) {
        int row = i;
        double lowest =
            all.stream().mapToDouble(r -> r.outcomes().get(row).loss()).min().orElseThrow();
        assertEquals(lowest, best.outcomes().get(i).loss());
        int which =
            IntStream.range(0, 3)
                .filter(r -> all.get(r).outcomes().get(row).loss() == lowest)
                .findFirst()
                .orElseThrow();
        from.add(which);
        assertEquals(all.get(which).certificates().get(i), best.certificates().get(i));
        assertClose(all.get(which).images().slice(i), best.images().slice(i), 0, 0);
        assertClose(all.get(which).seeds().slice(i), best.seeds().slice(i), 0, 0);
      }
      assertEquals(64, best.provenance().seedsSha256().length());
    }
    assertEquals(List.of(0, 1, 2), from, "each began near one of the targets");
    all.forEach(InversionResult::close);
  }

  @Test
  void best_ofResultsThatCannotBeCompared_isRefused() {
    Inverter inverter = new Inverter(MODEL, OPTIONS.withIterations(1));
    List<InversionResult> apart =
        inverter.diverse(images(1, 3), seeds(2), Apart.inPixels(0.3), InversionListener.none());
    assertThrows(IllegalArgumentException.class, () -> InversionResult.bestOf(apart));
    assertThrows(IllegalArgumentException.class, () -> InversionResult.bestOf(List.of()));
    apart.forEach(InversionResult::close);
  }

  @Test
  void images_keptApart_areFartherApartAndStillMatch() {
    INDArray targets = images(1, 3);
    List<INDArray> seeds =
        Seeds.restarts(3, 5, s -> images(5, 3).addi(images(10 + s, 3).muli(0.05)));
    Inverter inverter = new Inverter(MODEL, OPTIONS);
    List<InversionResult> near = inverter.restart(targets, seeds, InversionListener.none());
    List<InversionResult> apart =
        inverter.diverse(targets, seeds, Apart.inPixels(0.2), InversionListener.none());
    assertEquals("apart from 2 found (pixels, 0.2)", apart.get(2).options().regularizer().name());
    assertClose(near.get(0).images(), apart.get(0).images(), 0, 0);
    for (int a = 0; a < 3; a++) {
      assertEquals(3, apart.get(a).identical(0.05).length, apart.get(a).outcomes().toString());
      for (int b = 0; b < a; b++) {
        double[] before = between(near.get(a), near.get(b));
        double[] after = between(apart.get(a), apart.get(b));
        for (int i = 0; i < 3; i++) {
          assertTrue(before[i] < 0.05, "alike without: " + before[i]);
          assertTrue(after[i] > 0.15, "apart with: " + after[i]);
        }
      }
    }
    near.forEach(InversionResult::close);
    apart.forEach(InversionResult::close);
  }

  @Test
  void images_keptApart_areAsIfAlone() {
    INDArray targets = images(1, 3);
    Inverter inverter = new Inverter(MODEL, OPTIONS.withIterations(40));
    Apart pixels = Apart.inPixels(0.3);
    List<InversionResult> together =
        inverter.diverse(targets, seeds(2), pixels, InversionListener.none());
    for (int i = 0; i < 3; i++) {
      int[] row = {i};
      List<InversionResult> alone =
          inverter.diverse(
              Search.slices(targets, row, 0),
              seeds(2).stream().map(s -> Search.slices(s, row, 0)).toList(),
              pixels,
              InversionListener.none());
      assertClose(alone.get(1).images().slice(0), together.get(1).images().slice(i), 1e-10, 1e-12);
      alone.forEach(InversionResult::close);
    }
    together.forEach(InversionResult::close);
  }

  @Test
  void penalty_liesBetweenZeroAndItsWeight() {
    INDArray found = images(3, 2);
    InversionProblem problem = new InversionProblem(SPEC, found, found);
    DifferentiableLoss loss =
        new Apart(new PixelDistance(), 0.1, 2).from(List.of(found)).bind(problem);
    int[] rows = {0, 1};
    assertClose(new double[] {2, 2}, loss.evaluate(found, rows).value(), 1e-12, 0);
    INDArray far = SPEC.clip(found.add(1));
    assertClose(new double[] {0, 0}, loss.evaluate(far, rows).value(), 0, 0);
    assertClose(far.mul(0), loss.evaluate(far, rows).gradient(), 0, 0);
  }

  @Test
  void restarts_interrupted_areThoseSoFar() {
    List<InversionResult> results =
        new Inverter(MODEL, OPTIONS)
            .restart(
                images(1, 2),
                List.of(images(2, 2), images(3, 2)),
                t -> Thread.currentThread().interrupt());
    assertTrue(Thread.interrupted());
    assertEquals(1, results.size());
    results.get(0).close();
  }

  @Test
  void arguments_thatCannotBe_areRefused() {
    Inverter inverter = new Inverter(MODEL, OPTIONS);
    InversionListener none = InversionListener.none();
    assertThrows(
        IllegalArgumentException.class, () -> inverter.restart(images(1, 2), List.of(), none));
    assertThrows(
        IllegalArgumentException.class,
        () -> inverter.restart(images(1, 2), List.of(images(2, 2), images(2, 3)), none));
    for (double number : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> Apart.inPixels(number));
      assertThrows(
          IllegalArgumentException.class, () -> new Apart(new PixelDistance(), 0.1, number));
    }
    assertThrows(IllegalArgumentException.class, () -> Apart.inPixels(0.1).from(List.of()));
    assertThrows(IllegalArgumentException.class, () -> Seeds.restarts(0, 1, s -> images(s, 1)));
  }

  private static double[] between(InversionResult a, InversionResult b) {
    return new PixelDistance().between(SPEC.toUnit(a.images()), SPEC.toUnit(b.images()));
  }

  private static List<INDArray> seeds(int restarts) {
    return Seeds.restarts(restarts, 20, s -> images(s, 3));
  }

  private static INDArray images(long seed, int n) {
    return uniform(seed, n);
  }

  /** Numbers in [0, 2], well inside the bounds; shape [n, 2, 3, 4]. */
  private static INDArray uniform(long seed, int n) {
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(24L * n, 0, 2).toArray())
        .reshape(n, 2, 3, 4);
  }
}
