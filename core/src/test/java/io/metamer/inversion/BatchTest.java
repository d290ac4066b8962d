package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.RelativeL2;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.KerasNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Images share nothing but the batch: what becomes of one depends neither on how many others there
 * are nor on when they come and go. On a small residual network, run by the engine.
 */
final class BatchTest {

  /** The largest batch. */
  private static final int MOST = 32;

  private static final ImageSpec SPEC = new ImageSpec(3, 8, 8, 0, 1);

  private static RepresentationModel model;

  @BeforeAll
  static void load() throws IOException {
    model =
        KerasNetwork.load(Path.of("src", "test", "resources", "golden", "same", "network.keras"))
            .at("features", SPEC, Preprocessing.none());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void evaluation_ofABatchOfAnySize_isThatOfItsImagesAlone() {
    for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
      double rtol = type == DataType.FLOAT ? 1e-4 : 1e-12;
      INDArray x = noise(MOST, 1, type);
      DifferentiableLoss loss =
          model.pullBack(new RelativeL2(model.represent(noise(MOST, 2, type))));
      List<ValueAndGradient> alone =
          IntStream.range(0, MOST).mapToObj(i -> loss.evaluate(some(x, i), new int[] {i})).toList();
      SplittableRandom random = new SplittableRandom(3);
      for (int size = 1; size <= MOST; size++) {
        int[] rows = sample(size, random);
        ValueAndGradient together = loss.evaluate(some(x, rows), rows);
        for (int k = 0; k < size; k++) {
          assertClose(alone.get(rows[k]).value()[0], together.value()[k], rtol, 0);
          assertCloseInNorm(alone.get(rows[k]).gradient(), some(together.gradient(), k), rtol);
        }
      }
    }
  }

  @Test
  void step_asImagesComeAndLeaveOneByOne_isThatOfEachImageAlone() {
    // Sizes 32, of which eight images leave to others that waited, and then 31 down to 1.
    int n = 40;
    INDArray targets = noise(n, 1, DataType.FLOAT);
    DifferentiableLoss loss = model.pullBack(new RelativeL2(model.represent(targets)));
    InversionOptions options =
        InversionOptions.defaults().withBatch(MOST).withRegularizer(new Leaving(n));
    TreeSet<Integer> sizes = new TreeSet<>();
    INDArray[] expected = new INDArray[n];
    InversionListener alone =
        iteration -> {
          sizes.add(iteration.rows().length);
          for (int k = 0; k < iteration.rows().length; k++) {
            int row = iteration.rows()[k];
            INDArray x = iteration.image().apply(k).reshape(SPEC.shape(1));
            if (expected[row] != null) {
              assertCloseInNorm(expected[row], x, 1e-4);
            }
            ValueAndGradient at = loss.evaluate(x, new int[] {row});
            double norm = at.gradient().norm2Number().doubleValue();
            assertClose(at.value()[0], iteration.distance()[k], 1e-4, 1e-6);
            if (Double.isFinite(iteration.loss()[k])) {
              assertClose(norm, iteration.gradientNorm()[k], 1e-4, 1e-6);
              expected[row] = SPEC.clip(x.sub(at.gradient().div(norm + StepRule.EPSILON))).detach();
            }
          }
        };
    try (InversionResult result =
        new Inverter(model, options).invert(targets, noise(n, 2, DataType.FLOAT), alone)) {
      for (int i = 0; i < n; i++) {
        assertEquals(i + 1, result.outcomes().get(i).iterations());
      }
      assertEquals(IntStream.rangeClosed(1, MOST).boxed().toList(), List.copyOf(sizes));
    }
  }

  @Test
  void search_inDouble_isThatOfEachImageAloneWhateverTheRuleAndTheQueue() {
    int n = 7;
    INDArray targets = noise(n, 1, DataType.DOUBLE);
    INDArray seeds = noise(n, 2, DataType.DOUBLE);
    for (StepRule rule :
        List.of(
            StepRule.normalized(0.3),
            StepRule.normalized(0.3).withSchedule(Schedule.COSINE),
            StepRule.normalized(0.3).withSchedule(Schedule.halving(4)),
            StepRule.normalized(0.3).withSchedule(new Schedule.Plateau(0.5, 2, 0.01)),
            StepRule.sign(0.01),
            StepRule.gradient(0.3),
            StepRule.momentum(0.05),
            StepRule.adam(0.02),
            StepRule.lbfgs())) {
      InversionOptions options =
          InversionOptions.defaults()
              .withIterations(40)
              .withStep(rule)
              .withBatch(3)
              .withStopping(Stopping.at(0.02).orAfter(25, 0.01));
      Inverter inverter = new Inverter(model, options);
      try (InversionResult together = inverter.invert(targets, seeds)) {
        for (int i = 0; i < n; i++) {
          try (InversionResult alone = inverter.invert(some(targets, i), some(seeds, i))) {
            ImageOutcome expected = alone.outcomes().get(0);
            ImageOutcome actual = together.outcomes().get(i);
            assertEquals(expected.stop(), actual.stop(), rule.toString());
            assertEquals(expected.iterations(), actual.iterations(), rule.toString());
            assertClose(expected.distance(), actual.distance(), 1e-8, 1e-8);
            assertCloseInNorm(alone.images(), some(together.images(), i), 1e-8);
          }
        }
      }
    }
  }

  @Test
  void search_inFloat_hasTheSameFinalDistancesAloneAndInABatch() {
    assertSameFinalDistances(64, 40);
  }

  @Test
  @Tag("slow")
  void search_ofManyInFloat_hasTheSameFinalDistancesAloneAndInABatch() {
    assertSameFinalDistances(512, 100);
  }

  private static void assertSameFinalDistances(int n, int iterations) {
    INDArray targets = noise(n, 1, DataType.FLOAT);
    INDArray seeds = noise(n, 2, DataType.FLOAT);
    InversionOptions options =
        InversionOptions.defaults().withIterations(iterations).withStep(StepRule.normalized(0.02));
    double[] alone = finalDistances(targets, seeds, options.withBatch(1));
    double[] together = finalDistances(targets, seeds, options.withBatch(MOST));
    assertSameDistribution(alone, together);
    // Half the steps would be seen.
    double[] shorter = finalDistances(targets, seeds, options.withIterations(iterations / 2));
    assertThrows(AssertionError.class, () -> assertSameDistribution(alone, shorter));
  }

  @Test
  void search_inFloatAsImagesComeAndLeave_givesTheSameBitsAgain() {
    int n = 40;
    INDArray targets = noise(n, 1, DataType.FLOAT);
    INDArray seeds = noise(n, 2, DataType.FLOAT);
    for (StepRule rule : List.of(StepRule.normalized(1), StepRule.adam(0.02), StepRule.lbfgs())) {
      InversionOptions options =
          InversionOptions.defaults()
              .withIterations(50)
              .withStep(rule)
              .withStopping(Stopping.at(0.1));
      Inverter inverter = new Inverter(model, options);
      try (InversionResult first = inverter.invert(targets, seeds);
          InversionResult second = inverter.invert(targets, seeds)) {
        assertEquals(first.outcomes(), second.outcomes());
        assertArrayEquals(first.images().data().asFloat(), second.images().data().asFloat());
        assertTrue(
            first.outcomes().stream().mapToInt(ImageOutcome::iterations).distinct().count() > 3);
      }
    }
  }

  private static double[] finalDistances(
      INDArray targets, INDArray seeds, InversionOptions options) {
    try (InversionResult result = new Inverter(model, options).invert(targets, seeds)) {
      return result.outcomes().stream().mapToDouble(ImageOutcome::distance).toArray();
    }
  }

  /**
   * Of each target's two distances neither is the smaller one in general, and neither are the
   * samples further apart than two of one distribution would be in one case of a thousand: the
   * logarithms of the ratios in units of the standard error, and the statistic of Kolmogorov and
   * Smirnov.
   */
  private static void assertSameDistribution(double[] a, double[] b) {
    double[] ratios =
        IntStream.range(0, a.length).mapToDouble(i -> Math.log(a[i] / b[i])).toArray();
    double mean = Arrays.stream(ratios).average().orElseThrow();
    double variance =
        Arrays.stream(ratios).map(r -> (r - mean) * (r - mean)).sum() / (ratios.length - 1);
    double z = mean / Math.sqrt(variance / ratios.length);
    double apart =
        DoubleStream.concat(Arrays.stream(a), Arrays.stream(b))
            .map(at -> Math.abs(share(a, at) - share(b, at)))
            .max()
            .orElseThrow();
    assertTrue(Math.abs(z) <= 3.29, "%s standard errors".formatted(z));
    assertTrue(apart <= 1.95 * Math.sqrt(2.0 / a.length), "%s apart".formatted(apart));
  }

  private static double share(double[] sample, double most) {
    return Arrays.stream(sample).filter(v -> v <= most).count() / (double) sample.length;
  }

  /** A penalty of 0 that ends the search for image i at its iteration i + 1. */
  private record Leaving(int images) implements Regularizer {

    @Override
    public String name() {
      return "leaving";
    }

    @Override
    public DifferentiableLoss bind(InversionProblem problem) {
      int[] evaluations = new int[images];
      return (x, rows) ->
          new ValueAndGradient(
              IntStream.of(rows)
                  .mapToDouble(row -> evaluations[row]++ == row + 1 ? Double.NaN : 0)
                  .toArray(),
              x.ulike().assign(0));
    }
  }

  private static INDArray noise(int n, long seed, DataType type) {
    return SPEC.clip(Seeds.perImage(SPEC, n, seed).muli(0.2).addi(0.5)).castTo(type);
  }

  /** Different rows in any order. */
  private static int[] sample(int size, SplittableRandom random) {
    List<Integer> rows = new ArrayList<>(IntStream.range(0, MOST).boxed().toList());
    return IntStream.range(0, size).map(k -> rows.remove(random.nextInt(rows.size()))).toArray();
  }

  private static INDArray some(INDArray images, int... rows) {
    return Search.slices(images, rows, 0);
  }
}
