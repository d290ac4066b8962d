package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.contract.Close;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.InversionListener;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.StepRule;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.PixelDistance;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class BalancedTest implements RegularizerLaws {

  private static final double[] MATCH = {0.7, 0, 1.3};

  @Override
  public Regularizer regularizer() {
    return new Balanced(new AdversarialRegularizer(new SquaredDistance("squares")));
  }

  @Override
  public boolean nonNegative() {
    return false;
  }

  @Override
  public InversionProblem problem(DataType type) {
    InversionProblem images = RegularizerLaws.super.problem(type);
    return new InversionProblem(images.input(), images.targets(), images.seeds(), () -> MATCH);
  }

  @Test
  void penalty_atTheSeeds_isAsLargeAsTheMatch() {
    INDArray seeds = problem(DataType.DOUBLE).seeds();
    double[] value = loss().evaluate(seeds, rows()).value();

    assertClose(Arrays.stream(MATCH).map(m -> -m).toArray(), value, 1e-12, 0);
  }

  @Test
  void coefficient_staysWhatItWasAtTheSeed_andScalesTheGradient() {
    Regularizer plain = new AdversarialRegularizer(new SquaredDistance("squares"));
    InversionProblem problem = problem(DataType.DOUBLE);
    DifferentiableLoss unscaled = plain.bind(problem);
    double atSeed = unscaled.evaluate(problem.seeds(), rows()).value()[2];
    ValueAndGradient before = unscaled.evaluate(point(), rows());

    ValueAndGradient at = loss().evaluate(point(), rows());

    double c = MATCH[2] / Math.abs(atSeed);
    assertClose(c * before.value()[2], at.value()[2], 1e-12, 0);
    assertClose(before.gradient().slice(2).mul(c), at.gradient().slice(2), 1e-12, 1e-12);
    assertClose(at.gradient().slice(1).mul(0), at.gradient().slice(1), 0, 0);
  }

  @Test
  void problem_ofMoreImagesThanABatch_isScaledImageByImage() {
    ImageSpec spec = spec();
    int n = InversionOptions.DEFAULT_BATCH + 3;
    INDArray targets = noise(spec, n, 1);
    INDArray seeds = noise(spec, n, 2);
    double[] match = new Random(3).doubles(n).toArray();
    int[] rows = IntStream.range(0, n).toArray();

    double[] value =
        regularizer()
            .bind(new InversionProblem(spec, targets, seeds, () -> match))
            .evaluate(seeds, rows)
            .value();

    assertClose(Arrays.stream(match).map(m -> -m).toArray(), value, 1e-12, 0);
  }

  @Test
  void penalty_thatIsZeroAtTheSeed_isRefusedWithTheImage() {
    Regularizer toSeed =
        new Balanced(new AdversarialRegularizer(new SquaredDistance("squares"), Anchor.SEED));

    assertEquals(
        "expected adversarial(squares, seed) to be finite and not 0 at the seeds, got 0.0 at the"
            + " seed of image 0",
        assertThrows(IllegalArgumentException.class, () -> toSeed.bind(problem(DataType.DOUBLE)))
            .getMessage());
  }

  @Test
  void match_thatIsNotFinite_isLeftToTheSearch() {
    InversionProblem images = problem(DataType.DOUBLE);
    InversionProblem broken =
        new InversionProblem(
            images.input(),
            images.targets(),
            images.seeds(),
            () -> new double[] {Double.NaN, 1, Double.POSITIVE_INFINITY});

    double[] value = regularizer().bind(broken).evaluate(images.seeds(), rows()).value();

    assertClose(new double[] {0, -1, 0}, value, 1e-12, 0);
  }

  @Test
  void problem_withoutASearch_isRefused() {
    InversionProblem images = RegularizerLaws.super.problem(DataType.DOUBLE);
    assertThrows(IllegalStateException.class, () -> regularizer().bind(images));
  }

  @Test
  void search_beginsWithAPenaltyAsLargeAsTheMatch_whoeverElseIsInTheBatch() {
    ImageSpec spec = spec();
    Flat model = new Flat(spec, noise(new ImageSpec(1, 7, 40, 0, 1), 1, 5).reshape(7, 40));
    INDArray targets = noise(spec, 5, 6);
    INDArray seeds = noise(spec, 5, 7);
    InversionOptions options =
        InversionOptions.defaults()
            .withIterations(3)
            .withStep(StepRule.normalized(0.02))
            .withRegularizer(new Balanced(new AdversarialRegularizer(new PixelDistance())));
    AtomicReference<double[]> first = new AtomicReference<>();
    InversionListener listener =
        iteration -> {
          if (iteration.index()[0] == 0) {
            first.set(iteration.loss());
          }
        };

    try (InversionResult all = new Inverter(model, options).invert(targets, seeds, listener)) {
      assertClose(new double[5], first.get(), 0, 1e-12);
      for (int i = 0; i < 5; i++) {
        try (InversionResult alone =
            new Inverter(model, options).invert(image(targets, i), image(seeds, i))) {
          ImageOutcome one = alone.outcomes().get(0);
          assertClose(one.loss(), all.outcomes().get(i).loss(), 1e-9, 1e-12);
          assertTrue(one.loss() < 0, "the search went on from 0: " + one);
          Close.assertCloseInNorm(alone.images().slice(0), all.images().slice(i), 1e-9);
        }
      }
    }
  }

  @Test
  void distances_andName_areThePenaltys() {
    assertEquals("balanced adversarial(squares)", regularizer().name());
    assertEquals(List.of(new SquaredDistance("squares")), regularizer().distances());
  }

  private static INDArray image(INDArray images, int i) {
    long[] shape = images.shape().clone();
    shape[0] = 1;
    return images.slice(i).dup('c').reshape(shape);
  }

  private static INDArray noise(ImageSpec spec, int n, long seed) {
    long[] shape = spec.shape(n);
    return Nd4j.createFromArray(
            new Random(seed).doubles(Arrays.stream(shape).reduce(1, Math::multiplyExact)).toArray())
        .reshape(shape);
  }

  /** The representation A x. */
  private record Flat(ImageSpec input, INDArray matrix) implements RepresentationModel {

    @Override
    public ModelId id() {
      return new ModelId("linear", "0".repeat(64), "product", Preprocessing.none());
    }

    @Override
    public int size() {
      return (int) matrix.size(0);
    }

    @Override
    public INDArray represent(INDArray images) {
      return images.dup('c').reshape(images.size(0), -1).mmul(matrix.transpose());
    }

    @Override
    public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
      return (x, rows) -> {
        ValueAndGradient r = onRepresentations.evaluate(represent(x), rows);
        return new ValueAndGradient(
            r.value(), r.gradient().mmul(matrix).dup('c').reshape(x.shape()));
      };
    }

    @Override
    public void close() {}
  }
}
