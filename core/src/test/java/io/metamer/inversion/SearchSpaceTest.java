package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.BoundTransformations;
import io.metamer.image.Coordinates;
import io.metamer.image.ImageSpec;
import io.metamer.image.Parameterization;
import io.metamer.image.Transformations;
import io.metamer.inversion.Constraint.Center;
import io.metamer.loss.Matching;
import io.metamer.loss.RelativeL2;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Searches in other coordinates, within balls, and through random changes. */
final class SearchSpaceTest {

  private static final ImageSpec SPEC = new ImageSpec(3, 8, 6, -1, 3);
  private static final int PIXELS = 144;
  private static final int SEEN = 20;
  private static final LinearModel MODEL = new LinearModel(SPEC, gaussian(0, SEEN, PIXELS));

  private static final List<StepRule> RULES =
      List.of(
          StepRule.normalized(1).withSchedule(Schedule.COSINE),
          StepRule.momentum(2).withSchedule(Schedule.COSINE),
          StepRule.adam(0.1).withSchedule(Schedule.COSINE),
          StepRule.lbfgs());

  private final INDArray targets = uniform(1);
  private final INDArray seeds = SPEC.clip(gaussian(2, 5, PIXELS).reshape('c', SPEC.shape(5)));

  @Test
  void inFourierCoordinates_everyRule_matchesWithinTheBounds() {
    for (StepRule rule : RULES) {
      InversionOptions options =
          InversionOptions.defaults()
              .withParameterization(Parameterization.fourier())
              .withStep(rule)
              .withIterations(300);
      try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
        for (ImageOutcome outcome : result.outcomes()) {
          assertTrue(outcome.distance() < 0.05, rule + ": " + outcome);
        }
        assertTrue(result.images().minNumber().doubleValue() > -1);
        assertTrue(result.images().maxNumber().doubleValue() <= 3);
        assertClose(
            distances(result.images()),
            result.outcomes().stream().mapToDouble(ImageOutcome::distance).toArray(),
            1e-9,
            1e-12);
      }
    }
  }

  /** In float, a pixel at such a bound lies beside it. */
  @ParameterizedTest
  @CsvSource({"-0.1, 0.9", "0.1, 1.1", "-2.1179, 2.64", "0, 255"})
  void lbfgs_inFloat_withinBoundsThatAreNoFloats_findsItsMinimum(double low, double high) {
    ImageSpec spec = new ImageSpec(3, 8, 6, low, high);
    INDArray some = uniform(1).subi(-1).divi(4).muli(high - low).addi(low).castTo(DataType.FLOAT);
    INDArray noise = gaussian(2, 5, PIXELS).muli(high - low).addi((low + high) / 2);
    INDArray start = spec.clip(noise.reshape('c', spec.shape(5)).castTo(DataType.FLOAT));
    LinearModel model = new LinearModel(spec, MODEL.matrix());
    InversionOptions options =
        InversionOptions.defaults()
            .withMatching(Matching.SQUARED_RELATIVE_L2)
            .withStep(new StepRule.Lbfgs(10, high - low))
            .withIterations(100);
    try (InversionResult result = new Inverter(model, options).invert(some, start)) {
      for (ImageOutcome outcome : result.outcomes()) {
        assertTrue(outcome.distance() < 1e-5, outcome::toString);
      }
    }
  }

  @Test
  void inFourierCoordinates_oneStep_isThatOfTheCoordinates() {
    Coordinates coordinates = Parameterization.fourier().bind(SPEC, DataType.DOUBLE);
    INDArray z = coordinates.of(seeds);
    INDArray x = coordinates.images(z);
    int[] rows = {0, 1, 2, 3, 4};
    INDArray gradient =
        MODEL.pullBack(new RelativeL2(MODEL.represent(targets))).evaluate(x, rows).gradient();
    INDArray expected = coordinates.images(z.sub(coordinates.pullBack(z, gradient).muli(0.5)));
    InversionOptions options =
        InversionOptions.defaults()
            .withParameterization(Parameterization.fourier())
            .withStep(StepRule.gradient(0.5))
            .withKeep(Keep.LAST)
            .withIterations(1);
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, seeds)) {
      assertClose(expected, result.images(), 1e-12, 1e-12);
    }
  }

  @Test
  void inFourierCoordinates_queuedImages_areSearchedForAsIfAlone() {
    InversionOptions options =
        InversionOptions.defaults()
            .withParameterization(Parameterization.fourier())
            .withStep(StepRule.adam(0.1))
            .withStopping(Stopping.at(0.3))
            .withIterations(40)
            .withBatch(2);
    Inverter inverter = new Inverter(MODEL, options);
    try (InversionResult together = inverter.invert(targets, seeds)) {
      for (int i = 0; i < 5; i++) {
        int[] one = {i};
        try (InversionResult alone =
            inverter.invert(Search.slices(targets, one, 0), Search.slices(seeds, one, 0))) {
          assertClose(alone.images(), Search.slices(together.images(), one, 0), 1e-9, 1e-9);
          assertEquals(
              alone.outcomes().get(0).evaluations(), together.outcomes().get(i).evaluations());
        }
      }
    }
  }

  @Test
  void inABall_everyIterateOfEveryRule_isInIt() {
    for (StepRule rule : RULES) {
      for (Constraint.Ball ball :
          List.of(
              Constraint.l2(2),
              Constraint.l2(3).around(Center.TARGET),
              Constraint.linf(0.3),
              Constraint.linf(0.2).around(Center.TARGET))) {
        INDArray centers = ball.center() == Center.SEED ? seeds : targets;
        InversionOptions options =
            InversionOptions.defaults().withConstraint(ball).withStep(rule).withIterations(60);
        List<Double> farthest = new ArrayList<>(List.of(0.0));
        InversionListener listener =
            t -> {
              for (int k = 0; k < t.rows().length; k++) {
                INDArray way = t.image().apply(k).sub(centers.slice(t.rows()[k]));
                farthest.add(
                    ball.norm() == Constraint.Norm.L2
                        ? way.norm2Number().doubleValue()
                        : way.normmaxNumber().doubleValue());
              }
            };
        try (InversionResult result =
            new Inverter(MODEL, options).invert(targets, seeds, listener)) {
          double most = farthest.stream().mapToDouble(d -> d).max().orElseThrow();
          assertTrue(most <= ball.radius() * (1 + 1e-12), rule + " " + ball + ": " + most);
          assertTrue(most > 0.5 * ball.radius(), rule + " " + ball + ": " + most);
          assertTrue(result.images().minNumber().doubleValue() >= -1);
          assertTrue(result.images().maxNumber().doubleValue() <= 3);
        }
      }
    }
  }

  @Test
  void inABall_fromARawSeed_theResultIsInIt() {
    INDArray raw = gaussian(3, 5, PIXELS).muli(3).reshape('c', SPEC.shape(5));
    InversionOptions options =
        InversionOptions.defaults()
            .withConstraint(Constraint.l2(1))
            .withRawSeed(true)
            .withIterations(5);
    try (InversionResult result = new Inverter(MODEL, options).invert(targets, raw)) {
      for (int i = 0; i < 5; i++) {
        double way =
            result.images().slice(i).sub(SPEC.clip(raw).slice(i)).norm2Number().doubleValue();
        assertTrue(way <= 1 + 1e-12, "image " + i + ": " + way);
      }
    }
  }

  @Test
  void throughRandomChanges_oneStep_isThatOfTheChangedImages() {
    Transformations transformations = Transformations.cifar10(7);
    BoundTransformations changes = transformations.bind(SPEC);
    int[] rows = {0, 1, 2, 3, 4};
    int[] first = new int[5];
    var loss = MODEL.pullBack(new RelativeL2(MODEL.represent(targets)));
    INDArray gradient =
        changes.pullBack(loss.evaluate(changes.apply(seeds, first), rows).gradient(), first);
    INDArray expected = SPEC.clip(seeds.sub(gradient.mul(3)));
    InversionOptions options =
        InversionOptions.defaults()
            .withTransformations(transformations)
            .withStep(StepRule.gradient(3))
            .withKeep(Keep.LAST)
            .withIterations(1);
    List<double[]> told = new ArrayList<>();
    try (InversionResult result =
        new Inverter(MODEL, options).invert(targets, seeds, t -> told.add(t.distance()))) {
      assertClose(expected, result.images(), 1e-12, 1e-12);
      assertClose(
          loss.evaluate(changes.apply(expected, new int[] {1, 1, 1, 1, 1}), rows).value(),
          told.get(1),
          1e-12,
          0);
      // Nobody wants to know how far a changed image was.
      assertClose(
          distances(result.images()),
          result.outcomes().stream().mapToDouble(ImageOutcome::distance).toArray(),
          1e-12,
          0);
    }
  }

  @Test
  void throughRandomChanges_queuedImages_undergoThoseOfTheirOwnIterations() {
    InversionOptions options =
        InversionOptions.defaults()
            .withTransformations(Transformations.cifar10(7))
            .withStep(StepRule.normalized(0.3))
            .withIterations(10)
            .withBatch(2);
    Inverter inverter = new Inverter(MODEL, options);
    try (InversionResult queued = inverter.invert(targets, seeds);
        InversionResult together =
            new Inverter(MODEL, options.withBatch(5)).invert(targets, seeds)) {
      assertClose(together.images(), queued.images(), 1e-9, 1e-9);
    }
  }

  @Test
  void combinations_thatMeanNothing_areRefused() {
    InversionOptions fourier =
        InversionOptions.defaults().withParameterization(Parameterization.fourier());
    assertThrows(IllegalArgumentException.class, () -> fourier.withConstraint(Constraint.l2(1)));
    InversionOptions lines = InversionOptions.defaults().withStep(StepRule.lbfgs());
    assertThrows(
        IllegalArgumentException.class,
        () -> lines.withTransformations(Transformations.cifar10(0)));
    assertArrayEquals(
        new int[] {300},
        new int[] {fourier.withConstraint(Constraint.box()).withIterations(300).iterations()});
  }

  private double[] distances(INDArray images) {
    return new RelativeL2(MODEL.represent(targets))
        .distance(MODEL.represent(images), new int[] {0, 1, 2, 3, 4});
  }

  private static INDArray uniform(long seed) {
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles(5L * PIXELS, -1, 3).toArray())
        .reshape('c', SPEC.shape(5));
  }

  private static INDArray gaussian(long seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] numbers = new double[rows * columns];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextGaussian();
    }
    return Nd4j.createFromArray(numbers).reshape('c', rows, columns);
  }
}
