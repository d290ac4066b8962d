package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.Matching;
import io.metamer.loss.RelativeL2;
import io.metamer.loss.ValueAndGradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class InverterTest {

  private static final ImageSpec SPEC = new ImageSpec(2, 3, 4, 0, 1);
  private static final int PIXELS = 24;

  /** The first ten pixels are seen, mixed; the others are the null space. */
  private static final LinearModel MODEL = new LinearModel(SPEC, seesFirst(10));

  private static final StepRule DECAYING = StepRule.normalized(0.5).withSchedule(Schedule.COSINE);

  @Test
  void search_onALinearMap_findsTheRepresentationAndKeepsTheNullSpaceOfTheSeed() {
    INDArray targets = uniform(4, 1, DataType.DOUBLE);
    INDArray seeds = uniform(4, 2, DataType.DOUBLE);
    InversionOptions options = InversionOptions.defaults().withIterations(3_000).withStep(DECAYING);
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      for (int i = 0; i < 4; i++) {
        assertTrue(result.outcomes().get(i).distance() < 1e-3, result.outcomes().toString());
        double[] seed = pixels(seeds, i);
        double[] target = pixels(targets, i);
        double[] found = pixels(result.images(), i);
        assertArrayEquals(
            Arrays.copyOfRange(seed, 10, PIXELS), Arrays.copyOfRange(found, 10, PIXELS));
        assertClose(Arrays.copyOf(target, 10), Arrays.copyOf(found, 10), 0, 0.02);
      }
      assertArrayEquals(new int[] {0, 1, 2, 3}, result.identical(1e-3));
      assertEquals(4, result.size());
    }
  }

  @Test
  void step_published_isTheNormalisedGradientAndTheBoxInPlainArithmetic() {
    INDArray targets = uniform(3, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(3, 2, DataType.DOUBLE);
    DifferentiableLoss loss = MODEL.pullBack(new RelativeL2(MODEL.represent(targets)));
    INDArray gradient = loss.evaluate(seeds, new int[] {0, 1, 2}).gradient();
    List<double[]> distances = new ArrayList<>();
    InversionOptions options = InversionOptions.defaults().withIterations(1).withRawSeed(true);
    try (InversionResult result =
        new Inverter(MODEL, options).invert(targets, seeds, t -> distances.add(t.distance()))) {
      for (int i = 0; i < 3; i++) {
        double[] g = pixels(gradient, i);
        double norm = Math.sqrt(Arrays.stream(g).map(v -> v * v).sum());
        double[] seed = pixels(seeds, i);
        double[] expected =
            IntStream.range(0, PIXELS)
                .mapToDouble(j -> Math.min(1, Math.max(0, seed[j] - g[j] / (norm + 1e-10))))
                .toArray();
        ImageOutcome outcome = result.outcomes().get(i);
        if (outcome.bestIteration() == 1) {
          assertClose(expected, pixels(result.images(), i), 1e-12, 1e-12);
        } else {
          assertClose(clip(seed), pixels(result.images(), i), 0, 0);
        }
      }
      assertEquals(2, distances.size());
    }
  }

  @Test
  void result_anySeed_isNoWorseThanItsClippedSeedAndStaysInBounds() {
    INDArray targets = uniform(5, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(5, 2, DataType.DOUBLE);
    DifferentiableLoss loss = MODEL.pullBack(new RelativeL2(MODEL.represent(targets)));
    double[] atSeed = loss.evaluate(SPEC.clip(seeds), new int[] {0, 1, 2, 3, 4}).value();
    for (StepRule rule :
        List.of(
            StepRule.normalized(30),
            StepRule.sign(3),
            StepRule.gradient(50),
            StepRule.momentum(50),
            StepRule.adam(5),
            StepRule.lbfgs(),
            StepRule.normalized(0.01))) {
      for (boolean raw : new boolean[] {false, true}) {
        InversionOptions options =
            InversionOptions.defaults().withIterations(7).withStep(rule).withRawSeed(raw);
        try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
          for (int i = 0; i < 5; i++) {
            assertTrue(result.outcomes().get(i).loss() <= atSeed[i]);
            assertEquals(7, result.outcomes().get(i).iterations());
          }
          assertTrue(result.images().minNumber().doubleValue() >= 0);
          assertTrue(result.images().maxNumber().doubleValue() <= 1);
        }
      }
    }
  }

  @Test
  void search_ofABatch_isThatOfItsImagesAlone() {
    INDArray targets = uniform(4, 1, DataType.DOUBLE);
    INDArray seeds = uniform(4, 2, DataType.DOUBLE);
    for (StepRule rule :
        List.of(
            StepRule.normalized(1),
            StepRule.sign(0.01),
            StepRule.gradient(0.1),
            StepRule.momentum(0.02),
            StepRule.adam(0.05),
            StepRule.lbfgs(),
            StepRule.normalized(1).withSchedule(new Schedule.Plateau(0.5, 2, 0.01)))) {
      Inverter inverter =
          new Inverter(MODEL, InversionOptions.defaults().withIterations(60).withStep(rule));
      try (InversionResult together = inverter.invert(targets, seeds)) {
        for (int i = 0; i < 4; i++) {
          try (InversionResult alone = inverter.invert(one(targets, i), one(seeds, i))) {
            assertClose(one(together.images(), i), alone.images(), 1e-9, 1e-9);
            assertClose(together.outcomes().get(i).loss(), alone.outcomes().get(0).loss(), 1e-9, 0);
          }
        }
      }
    }
  }

  @Test
  void search_twice_givesTheSameBits() {
    INDArray targets = uniform(4, 1, DataType.FLOAT);
    INDArray seeds = gaussian(4, 2, DataType.FLOAT);
    Inverter inverter = new Inverter(MODEL, InversionOptions.defaults().withIterations(50));
    try (InversionResult first = inverter.invert(targets, seeds);
        InversionResult second = inverter.invert(targets, seeds)) {
      assertEquals(DataType.FLOAT, first.images().dataType());
      assertArrayEquals(
          first.images().reshape(first.images().length()).toFloatVector(),
          second.images().reshape(second.images().length()).toFloatVector());
      assertEquals(first.outcomes(), second.outcomes());
    }
  }

  @Test
  void image_thatDiverges_keepsItsBestIterateAndDoesNotDisturbItsNeighbours() {
    INDArray targets = uniform(3, 1, DataType.DOUBLE);
    INDArray seeds = uniform(3, 2, DataType.DOUBLE);
    for (StepRule rule : List.of(StepRule.normalized(0.3), StepRule.adam(0.05))) {
      InversionOptions sound = InversionOptions.defaults().withIterations(20).withStep(rule);
      InversionOptions failing = sound.withRegularizer(new NanFrom(1, 5));
      try (InversionResult expected = new Inverter(MODEL, sound).invert(targets, seeds);
          InversionResult actual = new Inverter(MODEL, failing).invert(targets, seeds);
          InversionResult shorter =
              new Inverter(MODEL, sound.withIterations(4)).invert(targets, seeds)) {
        for (int i : new int[] {0, 2}) {
          assertClose(one(expected.images(), i), one(actual.images(), i), 1e-12, 1e-12);
          assertEquals(StopReason.ITERATIONS, actual.outcomes().get(i).stop());
          assertEquals(20, actual.outcomes().get(i).iterations());
        }
        assertEquals(StopReason.DIVERGED, actual.outcomes().get(1).stop());
        assertEquals(5, actual.outcomes().get(1).iterations());
        assertEquals(6, actual.outcomes().get(1).evaluations());
        assertEquals(
            "penalty not finite at iteration 5",
            actual.outcomes().get(1).divergence().orElseThrow().toString());
        assertTrue(actual.outcomes().get(0).divergence().isEmpty());
        assertClose(one(shorter.images(), 1), one(actual.images(), 1), 0, 0);
      }
    }
  }

  @Test
  void image_thatIsNeverFinite_keepsItsSeedAndSaysSo() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    InversionOptions options =
        InversionOptions.defaults().withIterations(5).withRegularizer(new NanFrom(0, 0));
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      ImageOutcome lost = result.outcomes().get(0);
      assertEquals(StopReason.DIVERGED, lost.stop());
      assertEquals(Double.POSITIVE_INFINITY, lost.loss());
      assertClose(pixels(seeds, 0), pixels(result.images(), 0), 0, 0);
      assertClose(
          new RelativeL2(MODEL.represent(targets))
              .distance(MODEL.represent(seeds), new int[] {0, 1})[0],
          lost.distance(),
          1e-12,
          0);
    }
  }

  @Test
  void image_whoseLossIsMinusInfinity_keepsItsBestFiniteIterate() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    Regularizer bottomless =
        new Regularizer() {
          @Override
          public String name() {
            return "bottomless";
          }

          @Override
          public DifferentiableLoss bind(InversionProblem problem) {
            return (x, rows) -> {
              double[] value = new double[rows.length];
              Arrays.fill(value, Double.NEGATIVE_INFINITY);
              return new ValueAndGradient(value, x.ulike().assign(0));
            };
          }
        };
    InversionOptions options = InversionOptions.defaults().withRegularizer(bottomless);
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      assertEquals(StopReason.DIVERGED, result.outcomes().get(0).stop());
      assertEquals(Double.POSITIVE_INFINITY, result.outcomes().get(0).loss());
    }
  }

  @Test
  void listener_thatOverwritesWhatItIsTold_changesNothing() {
    INDArray targets = uniform(3, 1, DataType.DOUBLE);
    INDArray seeds = uniform(3, 2, DataType.DOUBLE);
    Inverter inverter = new Inverter(MODEL, InversionOptions.defaults().withIterations(10));
    int[] told = {0};
    try (InversionResult quiet = inverter.invert(targets, seeds);
        InversionResult meddled =
            inverter.invert(
                targets,
                seeds,
                t -> {
                  assertEquals(told[0]++, t.index()[0]);
                  assertEquals(10, t.last());
                  Arrays.fill(t.rows(), 0);
                  Arrays.fill(t.index(), 3);
                  Arrays.fill(t.loss(), 0);
                  t.image().apply(1).assign(0.5);
                  Arrays.fill(t.distance(), Double.NaN);
                  Arrays.fill(t.penalty(), Double.NaN);
                  Arrays.fill(t.gradientNorm(), 0);
                })) {
      assertClose(quiet.images(), meddled.images(), 0, 0);
      assertEquals(11, told[0]);
    }
  }

  @Test
  void listener_thatSearchesInBetween_changesNothing() {
    INDArray targets = uniform(3, 1, DataType.DOUBLE);
    INDArray seeds = uniform(3, 2, DataType.DOUBLE);
    Inverter inverter = new Inverter(MODEL, InversionOptions.defaults().withIterations(10));
    INDArray others = uniform(5, 3, DataType.DOUBLE);
    try (InversionResult quiet = inverter.invert(targets, seeds);
        InversionResult busy =
            inverter.invert(targets, seeds, t -> inverter.invert(others, others).close())) {
      assertClose(quiet.images(), busy.images(), 0, 0);
      assertEquals(quiet.outcomes(), busy.outcomes());
    }
  }

  @Test
  void search_ofPartOfABatch_isThatOfItsCopy() {
    INDArray targets = uniform(5, 1, DataType.FLOAT);
    INDArray seeds = uniform(5, 2, DataType.FLOAT);
    INDArrayIndex some = NDArrayIndex.interval(2, 4);
    Inverter inverter = new Inverter(MODEL, InversionOptions.defaults().withIterations(5));
    for (boolean raw : new boolean[] {false, true}) {
      Inverter either =
          new Inverter(MODEL, InversionOptions.defaults().withIterations(5).withRawSeed(raw));
      try (InversionResult views = either.invert(targets.get(some), seeds.get(some));
          InversionResult copies =
              inverter.invert(targets.get(some).dup('c'), seeds.get(some).dup('c'))) {
        assertClose(copies.images(), views.images(), 0, 0);
        assertEquals(copies.provenance().targetsSha256(), views.provenance().targetsSha256());
      }
    }
  }

  @Test
  void image_whoseGradientIsNotFinite_saysWhose() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    Regularizer steep =
        new Regularizer() {
          @Override
          public String name() {
            return "steep";
          }

          @Override
          public DifferentiableLoss bind(InversionProblem problem) {
            return (x, rows) ->
                new ValueAndGradient(
                    new double[rows.length], x.ulike().assign(Double.POSITIVE_INFINITY));
          }
        };
    InversionOptions options = InversionOptions.defaults().withRegularizer(steep);
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      assertEquals(
          "gradient of the penalty not finite at iteration 0",
          result.outcomes().get(1).divergence().orElseThrow().toString());
    }
  }

  @Test
  void evaluations_countTheSeedEveryStepAndARawSeedsClippedForm() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(2, 2, DataType.DOUBLE);
    InversionOptions options = InversionOptions.defaults().withIterations(7);
    try (InversionResult clipped = new Inverter(MODEL, options).invert(targets, seeds);
        InversionResult raw =
            new Inverter(MODEL, options.withRawSeed(true)).invert(targets, seeds)) {
      assertEquals(8, clipped.outcomes().get(0).evaluations());
      assertEquals(9, raw.outcomes().get(1).evaluations());
    }
  }

  @Test
  void image_thatIsNearEnough_leavesTheBatchAndTheOthersGoOnAsIfAlone() {
    INDArray targets = uniform(5, 1, DataType.DOUBLE);
    INDArray seeds = uniform(5, 2, DataType.DOUBLE);
    for (StepRule rule :
        List.of(DECAYING, StepRule.momentum(0.02), StepRule.adam(0.02), StepRule.lbfgs())) {
      InversionOptions options =
          InversionOptions.defaults()
              .withIterations(200)
              .withStep(rule)
              .withStopping(Stopping.at(0.05));
      List<Integer> running = new ArrayList<>();
      Inverter inverter = new Inverter(MODEL, options);
      try (InversionResult together =
          inverter.invert(targets, seeds, t -> running.add(t.rows().length))) {
        assertEquals(5, running.get(0));
        for (int i = 0; i < 5; i++) {
          ImageOutcome outcome = together.outcomes().get(i);
          assertEquals(StopReason.REACHED, outcome.stop(), rule.toString());
          assertTrue(outcome.distance() <= 0.05);
          assertEquals(outcome.iterations() + 1, outcome.evaluations());
          assertEquals(outcome.iterations(), outcome.bestIteration());
          int until = outcome.iterations();
          assertTrue(running.size() > until);
          try (InversionResult alone = inverter.invert(one(targets, i), one(seeds, i))) {
            assertClose(alone.images(), one(together.images(), i), 1e-12, 1e-12);
            assertEquals(alone.outcomes().get(0).iterations(), until);
          }
        }
      }
    }
  }

  @Test
  void images_thatWait_takeThePlacesOfThoseDoneAndAreSearchedForAsIfAlone() {
    INDArray targets = uniform(7, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(7, 2, DataType.DOUBLE);
    for (StepRule rule :
        List.of(
            DECAYING,
            StepRule.momentum(0.02),
            StepRule.adam(0.02),
            StepRule.lbfgs(),
            StepRule.normalized(1).withSchedule(new Schedule.Plateau(0.5, 2, 0.01)))) {
      InversionOptions options =
          InversionOptions.defaults()
              .withIterations(60)
              .withRawSeed(true)
              .withStep(rule)
              .withBatch(3)
              .withStopping(Stopping.at(0.05));
      List<int[]> batches = new ArrayList<>();
      int[] next = new int[7];
      Inverter inverter = new Inverter(MODEL, options);
      try (InversionResult queued =
          inverter.invert(
              targets,
              seeds,
              t -> {
                batches.add(t.rows());
                for (int k = 0; k < t.rows().length; k++) {
                  assertEquals(next[t.rows()[k]]++, t.index()[k]);
                }
              })) {
        assertArrayEquals(new int[] {0, 1, 2}, batches.get(0));
        for (int[] batch : batches) {
          assertTrue(batch.length <= 3);
        }
        for (int i = 0; i < 7; i++) {
          try (InversionResult alone = inverter.invert(one(targets, i), one(seeds, i))) {
            assertClose(alone.images(), one(queued.images(), i), 1e-12, 1e-12);
            ImageOutcome expected = alone.outcomes().get(0);
            assertEquals(expected.stop(), queued.outcomes().get(i).stop());
            assertEquals(expected.evaluations(), queued.outcomes().get(i).evaluations());
            assertEquals(expected.bestIteration(), queued.outcomes().get(i).bestIteration());
          }
        }
      }
    }
  }

  @Test
  void search_interruptedWhileImagesWait_saysOfThemToo() {
    INDArray targets = uniform(3, 1, DataType.DOUBLE);
    INDArray seeds = uniform(3, 2, DataType.DOUBLE);
    InversionOptions options = InversionOptions.defaults().withBatch(1);
    try (InversionResult result =
        new Inverter(MODEL, options)
            .invert(targets, seeds, t -> Thread.currentThread().interrupt())) {
      assertTrue(Thread.interrupted());
      for (int i = 0; i < 3; i++) {
        assertEquals(StopReason.INTERRUPTED, result.outcomes().get(i).stop());
        assertClose(one(seeds, i), one(result.images(), i), 0, 0);
      }
      assertEquals(0, result.outcomes().get(2).evaluations());
    }
  }

  @Test
  void last_isKeptWhereAskedFor() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    InversionOptions options =
        InversionOptions.defaults()
            .withIterations(50)
            .withStep(StepRule.normalized(0.5))
            .withKeep(Keep.LAST);
    List<INDArray> last = new ArrayList<>();
    try (InversionResult result =
        new Inverter(MODEL, options)
            .invert(
                targets,
                seeds,
                t -> {
                  if (t.index()[0] == t.last()) {
                    last.add(t.image().apply(0));
                    last.add(t.image().apply(1));
                  }
                })) {
      for (int i = 0; i < 2; i++) {
        assertEquals(50, result.outcomes().get(i).bestIteration());
        assertArrayEquals(last.get(i).reshape(PIXELS).toDoubleVector(), pixels(result.images(), i));
      }
    }
  }

  @Test
  void goals_thatAreGiven_areMatchedInPlaceOfTheTargetsOwn() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray others = uniform(2, 3, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    InversionOptions options = InversionOptions.defaults().withIterations(40);
    Inverter inverter = new Inverter(MODEL, options);
    try (InversionResult expected = inverter.invert(others, seeds);
        InversionResult actual =
            inverter.invertTo(MODEL.represent(others), targets, seeds, InversionListener.none())) {
      assertClose(expected.images(), actual.images(), 0, 0);
      assertClose(targets, actual.targets(), 0, 0);
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            inverter.invertTo(
                Nd4j.ones(DataType.DOUBLE, 2, 9), targets, seeds, InversionListener.none()));
  }

  @Test
  void matching_bySquares_isMinimisedAndReportedAsTheDistanceItself() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    InversionOptions options =
        InversionOptions.defaults()
            .withIterations(30)
            .withMatching(Matching.SQUARED_RELATIVE_L2)
            .withStep(StepRule.lbfgs());
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      for (ImageOutcome outcome : result.outcomes()) {
        assertClose(outcome.distance() * outcome.distance(), outcome.loss(), 1e-12, 0);
        assertTrue(outcome.distance() < 1e-3, outcome.toString());
      }
    }
  }

  @Test
  void image_thatMakesNoProgress_isGivenUp() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    InversionOptions options =
        InversionOptions.defaults()
            .withStep(StepRule.normalized(1))
            .withStopping(Stopping.at(1e-9).orAfter(25, 0.01));
    List<double[]> losses = new ArrayList<>();
    try (InversionResult result =
        new Inverter(MODEL, options)
            .invert(one(targets, 0), one(seeds, 0), t -> losses.add(t.distance()))) {
      ImageOutcome outcome = result.outcomes().get(0);
      assertEquals(StopReason.PLATEAU, outcome.stop());
      assertEquals(losses.size(), outcome.evaluations());
      double bar = Double.POSITIVE_INFINITY;
      int last = 0;
      for (int t = 0; t < losses.size(); t++) {
        if (losses.get(t)[0] < 0.99 * bar || t == 0) {
          bar = losses.get(t)[0];
          last = t;
        }
      }
      assertEquals(25, losses.size() - 1 - last);
    }
  }

  @Test
  void lbfgs_fromARawSeed_matchesInFewerEvaluationsThanThePublishedRule() {
    INDArray targets = uniform(4, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(4, 2, DataType.DOUBLE);
    InversionOptions options =
        InversionOptions.defaults()
            .withRawSeed(true)
            .withStep(StepRule.lbfgs())
            .withStopping(Stopping.at(0.01))
            .withIterations(200);
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      for (ImageOutcome outcome : result.outcomes()) {
        assertTrue(outcome.distance() <= 0.01, result.outcomes().toString());
        assertTrue(outcome.evaluations() <= 60, result.outcomes().toString());
      }
    }
  }

  @Test
  void stopping_thatCannotBe_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> Stopping.at(0));
    assertThrows(IllegalArgumentException.class, () -> Stopping.at(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Stopping.never().orAfter(0, 0.1));
    assertThrows(IllegalArgumentException.class, () -> Stopping.never().orAfter(1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Stopping(-1, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Stopping(0, -1, 0));
  }

  @Test
  void search_interrupted_givesTheBestSoFarAndStaysInterrupted() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = uniform(2, 2, DataType.DOUBLE);
    Inverter inverter = new Inverter(MODEL, InversionOptions.defaults().withIterations(1_000_000));
    InversionListener interrupting =
        t -> {
          if (t.index()[0] == 12) {
            Thread.currentThread().interrupt();
          }
        };
    try (InversionResult result = inverter.invert(targets, seeds, interrupting)) {
      assertTrue(Thread.interrupted());
      for (ImageOutcome outcome : result.outcomes()) {
        assertEquals(StopReason.INTERRUPTED, outcome.stop());
        assertEquals(12, outcome.iterations());
        assertTrue(Double.isFinite(outcome.loss()));
      }
    }
  }

  @Test
  void search_ofNoSteps_returnsTheClippedSeed() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(2, 2, DataType.DOUBLE);
    try (InversionResult result =
        new Inverter(MODEL, InversionOptions.defaults().withIterations(0)).invert(targets, seeds)) {
      assertClose(SPEC.clip(seeds), result.images(), 0, 0);
      assertEquals(0, result.outcomes().get(0).iterations());
    }
  }

  @Test
  void arguments_areNotChanged() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    INDArray seeds = gaussian(2, 2, DataType.DOUBLE);
    INDArray targetsBefore = targets.dup();
    INDArray seedsBefore = seeds.dup();
    new Inverter(MODEL, InversionOptions.defaults().withIterations(3))
        .invert(targets, seeds)
        .close();
    assertEquals(targetsBefore, targets);
    assertEquals(seedsBefore, seeds);
  }

  @Test
  void provenance_namesModelInputsAndVersions() {
    INDArray targets = uniform(2, 1, DataType.DOUBLE);
    try (InversionResult result =
        new Inverter(MODEL, InversionOptions.defaults().withIterations(1))
            .invert(targets, targets.add(0.1))) {
      Provenance provenance = result.provenance();
      assertEquals("linear", provenance.model().name());
      assertEquals(64, provenance.targetsSha256().length());
      assertTrue(!provenance.targetsSha256().equals(provenance.seedsSha256()));
      assertTrue(
          provenance
              .versions()
              .matches(
                  "Metamer \\d+\\.\\d+.*, Java \\Q"
                      + System.getProperty("java.version")
                      + "\\E, engine nd4j, .* with \\d+ threads"),
          provenance.versions());
      assertEquals("DOUBLE", provenance.type());
    }
  }

  @Test
  void badInput_isRefusedBeforeAnyWork() {
    INDArray good = uniform(2, 1, DataType.DOUBLE);
    INDArray nan = good.dup();
    nan.putScalar(new long[] {1, 0, 0, 0}, Double.NaN);
    INDArray dark = good.dup();
    dark.slice(1).assign(0);
    assertRefused(
        Nd4j.zeros(DataType.DOUBLE, 2, 3, 4, 2),
        good,
        "expected targets of shape [N, 2, 3, 4], got [2, 3, 4, 2]");
    assertRefused(
        good, uniform(3, 1, DataType.DOUBLE), "expected one seed for each of 2 targets, got 3");
    assertRefused(nan, good, "image 1");
    assertRefused(good, nan, "seeds");
    assertRefused(dark, good, "1");
    assertRefused(Nd4j.empty(DataType.DOUBLE), good, "targets");
    INDArray bytes = Nd4j.zeros(DataType.DOUBLE, 2, 2, 3, 4);
    bytes.putScalar(new long[] {1, 0, 2, 3}, 255);
    assertRefused(bytes, good, "expected targets in [0.0, 1.0], got values from 0.0 to 255.0");
  }

  private static void assertRefused(INDArray targets, INDArray seeds, String expected) {
    Inverter inverter = new Inverter(MODEL, InversionOptions.defaults());
    InversionListener notCalled =
        t -> {
          throw new AssertionError("work was done");
        };
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> inverter.invert(targets, seeds, notCalled));
    assertTrue(String.valueOf(e.getMessage()).contains(expected), e.getMessage());
  }

  /** A penalty of 0 whose gradient is not a number for one image from one evaluation on. */
  private record NanFrom(int row, int evaluation) implements Regularizer {

    @Override
    public String name() {
      return "NaN";
    }

    @Override
    public DifferentiableLoss bind(InversionProblem problem) {
      int[] calls = {0};
      return (x, rows) -> {
        INDArray gradient = x.ulike().assign(0);
        if (calls[0]++ >= evaluation) {
          for (int k = 0; k < rows.length; k++) {
            if (rows[k] == row) {
              gradient.slice(k).assign(Double.NaN);
              return new ValueAndGradient(
                  IntStream.of(rows).mapToDouble(r -> r == row ? Double.NaN : 0).toArray(),
                  gradient);
            }
          }
        }
        return new ValueAndGradient(new double[rows.length], gradient);
      };
    }
  }

  private static INDArray seesFirst(int count) {
    INDArray matrix = Nd4j.zeros(DataType.DOUBLE, count, PIXELS);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        matrix.putScalar(i, j, (i == j ? 2 : 0) + random.nextDouble(-0.3, 0.3));
      }
    }
    return matrix;
  }

  private static INDArray uniform(int n, long seed, DataType type) {
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles((long) n * PIXELS).toArray())
        .castTo(type)
        .reshape('c', SPEC.shape(n));
  }

  private static INDArray gaussian(int n, long seed, DataType type) {
    SplittableRandom random = new SplittableRandom(seed);
    return Nd4j.createFromArray(
            IntStream.range(0, n * PIXELS).mapToDouble(i -> random.nextGaussian()).toArray())
        .castTo(type)
        .reshape('c', SPEC.shape(n));
  }

  private static INDArray one(INDArray images, int i) {
    return Search.slices(images, new int[] {i}, 0);
  }

  private static double[] pixels(INDArray images, int i) {
    return images.slice(i).dup('c').reshape(PIXELS).toDoubleVector();
  }

  private static double[] clip(double[] values) {
    return Arrays.stream(values).map(v -> Math.min(1, Math.max(0, v))).toArray();
  }
}
