package io.metamer.loss;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How wrong a classifier is, from its logits and the right classes: what an attack makes larger.
 *
 * <p>With z the logits of an image, y its class and m the largest logit of any other class. All are
 * computed in double, whatever the type of the logits.
 *
 * @since 0.1
 */
public enum ClassificationLoss {
  /**
   * {@code log(sum_j exp(z_j)) - z_y}, at least 0: what networks are trained with.
   *
   * @see "Madry et al. (2018), Towards deep learning models resistant to adversarial attacks"
   */
  CROSS_ENTROPY("cross-entropy", 1) {
    @Override
    double evaluate(double[] z, int y, double[] g) {
      // From the differences to z_y, so that neither value nor gradient is the small difference of
      // two large numbers where the classifier is sure and right.
      double largest = Math.max(0, z[other(z, y, -1)] - z[y]);
      double sum = 0;
      for (int j = 0; j < z.length; j++) {
        g[j] = j == y ? 0 : Math.exp(z[j] - z[y] - largest);
        sum += g[j];
      }
      double all = sum + Math.exp(-largest);
      for (int j = 0; j < z.length; j++) {
        g[j] /= all;
      }
      g[y] = -sum / all;
      return largest == 0 ? Math.log1p(sum) : largest + Math.log(all);
    }
  },

  /**
   * {@code m - z_y}: above 0 where the classifier errs, and as steep where it is sure as elsewhere.
   * At a tie of other classes, where it has a kink, the first one counts.
   *
   * @see "Carlini and Wagner (2017), Towards evaluating the robustness of neural networks: f6,
   *     without its bound and its confidence"
   */
  MARGIN("margin", 1) {
    @Override
    double evaluate(double[] z, int y, double[] g) {
      int most = other(z, y, -1);
      g[most] = 1;
      g[y] = -1;
      return z[most] - z[y];
    }
  },

  /**
   * The difference of logits ratio, {@code (m - z_y) / (z_(1) - z_(3) + 1e-12)} with the largest
   * and the third largest logit, in [-1, 1]: the same for logits scaled or moved.
   *
   * @see "Croce and Hein (2020), Reliable evaluation of adversarial robustness with an ensemble of
   *     diverse parameter-free attacks; the constant is that of their code"
   */
  DIFFERENCE_OF_LOGITS_RATIO("difference of logits ratio", 2) {
    @Override
    double evaluate(double[] z, int y, double[] g) {
      int most = other(z, y, -1);
      int first = z[y] >= z[most] ? y : most;
      int second = first == y ? most : other(z, first, -1);
      int third = other(z, first, second);
      double range = z[first] - z[third] + RANGE;
      double value = (z[most] - z[y]) / range;
      g[most] += 1 / range;
      g[y] -= 1 / range;
      g[first] -= value / range;
      g[third] += value / range;
      return value;
    }
  };

  /** Protects the division by the range of three logits that are all the same. */
  private static final double RANGE = 1e-12;

  private final String label;
  private final int others;

  ClassificationLoss(String label, int others) {
    this.label = label;
    this.others = others;
  }

  /**
   * The loss in words.
   *
   * @return {@code cross-entropy}, {@code margin} or {@code difference of logits ratio}
   */
  public String label() {
    return label;
  }

  /** The value of one image; adds the gradient to g, which is 0. */
  abstract double evaluate(double[] z, int y, double[] g);

  /**
   * Binds the loss to the right classes.
   *
   * @param labels the class of each image, counted from 0; copied
   * @return scores batches of logits, shape {@code [k, classes]}; refuses those of fewer than two
   *     classes (for the ratio, three), or too few for a label
   * @throws IllegalArgumentException if a label is negative
   */
  public DifferentiableLoss to(int[] labels) {
    int[] bound = labels.clone();
    for (int i = 0; i < bound.length; i++) {
      if (bound[i] < 0) {
        throw new IllegalArgumentException(
            "expected labels of at least 0, image %d has %d".formatted(i, bound[i]));
      }
    }
    int largest = Arrays.stream(bound).max().orElse(0);
    int least = Math.max(largest, others) + 1;
    return (x, rows) -> {
      if (x.rank() != 2 || x.size(0) != rows.length || x.size(1) < least) {
        throw new IllegalArgumentException(
            "expected logits of shape [%d, %d or more classes], got %s"
                .formatted(rows.length, least, Arrays.toString(x.shape())));
      }
      double[][] logits = x.castTo(DataType.DOUBLE).dup('c').toDoubleMatrix();
      double[][] gradient = new double[rows.length][Math.toIntExact(x.size(1))];
      double[] value = new double[rows.length];
      for (int k = 0; k < rows.length; k++) {
        value[k] = evaluate(logits[k], bound[rows[k]], gradient[k]);
      }
      return new ValueAndGradient(value, Nd4j.createFromArray(gradient).castTo(x.dataType()));
    };
  }

  /** The largest logit but two, the first of equal ones. */
  private static int other(double[] z, int one, int two) {
    int largest = -1;
    for (int j = 0; j < z.length; j++) {
      if (j != one && j != two && (largest < 0 || z[j] > z[largest])) {
        largest = j;
      }
    }
    return largest;
  }
}
