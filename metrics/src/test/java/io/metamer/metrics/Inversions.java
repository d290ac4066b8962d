package io.metamer.metrics;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Certificate;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Provenance;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.StopReason;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import io.metamer.perceptual.Card;
import io.metamer.perceptual.PerceptualDistance;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Results of small made-up inversions, and observers with known answers. */
final class Inversions {

  static final ImageSpec SPEC = new ImageSpec(1, 2, 3, 0, 1);

  private Inversions() {}

  /** A result of given images whose relative distances are given. */
  static InversionResult of(
      ImageSpec spec, INDArray targets, INDArray seeds, INDArray images, double... distances) {
    List<ImageOutcome> outcomes = new ArrayList<>();
    List<Certificate> certificates = new ArrayList<>();
    for (double distance : distances) {
      Certificate.Agreement agreement =
          new Certificate.Agreement(
              distance, OptionalDouble.empty(), 0, 0, Optional.empty(), List.of());
      certificates.add(new Certificate(agreement, agreement));
      outcomes.add(
          new ImageOutcome(distance, distance, 1, 1, 2, StopReason.ITERATIONS, Optional.empty()));
    }
    return new InversionResult(
        spec,
        targets,
        seeds,
        images,
        outcomes,
        certificates,
        Optional.empty(),
        InversionOptions.defaults(),
        new Provenance(
            new ModelId("linear", "0".repeat(64), "penultimate", Preprocessing.none()),
            "0".repeat(64),
            "0".repeat(64),
            "FLOAT",
            "none",
            Instant.EPOCH,
            0));
  }

  /** Every image was found to be its target, exactly; all matched. */
  static InversionResult perfect(int n) {
    INDArray targets = noise(n, 1);
    return of(SPEC, targets, noise(n, 2), targets.dup(), new double[n]);
  }

  /** Every image was left at its seed; none matched. */
  static InversionResult unmoved(int n) {
    INDArray seeds = noise(n, 2);
    double[] distances = new double[n];
    Arrays.fill(distances, 1);
    return of(SPEC, noise(n, 1), seeds, seeds.dup(), distances);
  }

  static InversionResult withDistances(InversionResult result, double... distances) {
    return of(result.input(), result.targets(), result.seeds(), result.images(), distances);
  }

  static InversionResult withRegularizer(InversionResult result, PerceptualDistance distance) {
    Regularizer regularizer =
        new Regularizer() {
          @Override
          public String name() {
            return "-" + distance.name();
          }

          @Override
          public List<PerceptualDistance> distances() {
            return List.of(distance);
          }

          @Override
          public DifferentiableLoss bind(InversionProblem problem) {
            throw new UnsupportedOperationException();
          }
        };
    return new InversionResult(
        result.input(),
        result.targets(),
        result.seeds(),
        result.images(),
        result.outcomes(),
        result.certificates(),
        result.nullDistribution(),
        result.options().withRegularizer(regularizer.times(0.5)),
        result.provenance());
  }

  static INDArray noise(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] pixels = new float[n * 6];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextInt(256) / 255f;
    }
    return Nd4j.createFromArray(pixels).reshape(SPEC.shape(n));
  }

  /** The Euclidean distance of pixels. */
  record PixelDistance(String name) implements PerceptualDistance {

    @Override
    public Card card() {
      return new Card("l2", Double.POSITIVE_INFINITY, 1, true, "made up");
    }

    @Override
    public double[] between(INDArray a, INDArray b) {
      return IntStream.range(0, (int) a.size(0))
          .mapToDouble(
              i -> a.slice(i).castTo(DataType.DOUBLE).distance2(b.slice(i).castTo(DataType.DOUBLE)))
          .toArray();
    }

    @Override
    public DifferentiableLoss to(INDArray reference) {
      throw new UnsupportedOperationException();
    }
  }

  static Observer pixels() {
    return new PerceptualObserver(new PixelDistance("pixels"));
  }

  /** An observer that does not look. */
  static Observer choosing(ToIntFunction<Trial> choice) {
    return new Observer() {
      @Override
      public String name() {
        return "blind";
      }

      @Override
      public List<Answer> answer(Stimuli stimuli, List<Trial> trials) {
        return trials.stream().map(t -> Answer.of(t, choice.applyAsInt(t))).toList();
      }
    };
  }

  static Observer guessing(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return choosing(t -> random.nextInt(t.alternatives().size()));
  }
}
