package io.metamer.metrics;

import io.metamer.inversion.AttackOutcome;
import io.metamer.inversion.AttackResult;
import io.metamer.model.Predictions;
import io.metamer.model.RepresentationModel;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How many images a classifier gets right, as they are or under attack: a fact about a network to
 * be read beside its alignment.
 *
 * <p>An image counts if the logit of its class is the largest. Ties and logits with NaN do not.
 *
 * @param correct images that count, 0 to n
 * @param n all images, at least 1
 * @param interval Wilson's (1927) confidence interval of the proportion: how far it would move with
 *     other images of the same kind, the network staying
 * @since 0.1
 */
public record Accuracy(int correct, int n, Interval interval) {

  public Accuracy {
    if (n < 1 || correct < 0 || correct > n) {
      throw new IllegalArgumentException(
          "expected 0 to n images classified rightly of at least one, got %d of %d"
              .formatted(correct, n));
    }
  }

  private static Accuracy of(int correct, int n) {
    if (n < 1) {
      throw new IllegalArgumentException("expected at least one image, got none");
    }
    return new Accuracy(correct, n, Binomial.wilson(correct, n, Interval.DEFAULT_CONFIDENCE));
  }

  /**
   * The accuracy on images as they are.
   *
   * @param logits the classifier: a network at its logits, one for each class; stays the caller's
   * @param images shape {@code [N, C, H, W]}, values in the bounds of the classifier's input
   * @param labels the right class of each image, counted from 0
   * @return the accuracy
   * @throws IllegalArgumentException if the images are not what the classifier takes, there is not
   *     one label for each, or a label is no class
   */
  public static Accuracy of(RepresentationModel logits, INDArray images, int[] labels) {
    Predictions.check(logits, images, labels);
    List<OptionalInt> predicted = Predictions.of(logits.represent(images));
    int correct = 0;
    for (int i = 0; i < labels.length; i++) {
      correct += predicted.get(i).orElse(-1) == labels[i] ? 1 : 0;
    }
    return of(correct, labels.length);
  }

  /**
   * The accuracy on the images that were attacked, as they were before.
   *
   * @param result of an attack on at least one image
   * @return the clean accuracy
   * @throws IllegalArgumentException if it was interrupted before its first images were done
   */
  public static Accuracy clean(AttackResult result) {
    return of(result, AttackOutcome::correct);
  }

  /**
   * The accuracy under attack: images that are classified rightly, and that the attack found no
   * wrong one near. It is an upper bound of the robust accuracy, never above the clean one.
   *
   * @param result of an attack on at least one image
   * @return the accuracy under that attack
   * @throws IllegalArgumentException if it was interrupted before its first images were done
   */
  public static Accuracy robust(AttackResult result) {
    return of(result, AttackOutcome::robust);
  }

  private static Accuracy of(AttackResult result, Predicate<AttackOutcome> counts) {
    List<AttackOutcome> outcomes = result.outcomes();
    return of((int) outcomes.stream().filter(counts).count(), outcomes.size());
  }

  /**
   * The proportion of images that count.
   *
   * @return in [0, 1]
   */
  public double value() {
    return (double) correct / n;
  }

  /** The proportion with its interval: {@code 0.9173 [0.9117, 0.9225], n = 10000}. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%.4f [%.4f, %.4f], n = %d", value(), interval.low(), interval.high(), n);
  }
}
