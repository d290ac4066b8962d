package io.metamer.model;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The classes that logits stand for.
 *
 * @since 0.1
 */
public final class Predictions {

  private Predictions() {}

  /**
   * The class of the largest logit of each image.
   *
   * @param logits shape {@code [N, classes]}, FLOAT or DOUBLE
   * @return one class for each image, counted from 0; none where several logits are the largest, or
   *     one is NaN: such an image is classified rightly by no label
   * @throws IllegalArgumentException if the shape is another
   */
  public static List<OptionalInt> of(INDArray logits) {
    if (logits.rank() != 2 || logits.isEmpty()) {
      throw new IllegalArgumentException(
          "expected logits of shape [N, classes], got " + Arrays.toString(logits.shape()));
    }
    double[][] rows = logits.castTo(DataType.DOUBLE).dup('c').toDoubleMatrix();
    return Arrays.stream(rows).map(Predictions::largest).toList();
  }

  /**
   * Checks that images can be classified, and that labels are classes of theirs.
   *
   * @param logits the classifier: a network at its logits, one for each class
   * @param images shape {@code [N, C, H, W]}
   * @param labels the right class of each image, counted from 0
   * @throws IllegalArgumentException if the images are not what the classifier takes, it has fewer
   *     than two classes, there is not one label for each image, or a label is no class
   */
  public static void check(RepresentationModel logits, INDArray images, int[] labels) {
    logits.input().check(images, "images");
    int classes = logits.size();
    if (classes < 2) {
      throw new IllegalArgumentException(
          "expected a classifier of at least two classes, got one of %d".formatted(classes));
    }
    if (labels.length != images.size(0)) {
      throw new IllegalArgumentException(
          "expected a label of each of %d images, got %d".formatted(images.size(0), labels.length));
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            "expected labels from 0 to %d, the classes of %s; image %d has %d"
                .formatted(classes - 1, logits.id().name(), i, labels[i]));
      }
    }
  }

  private static OptionalInt largest(double[] logits) {
    int best = 0;
    boolean tie = false;
    for (int j = 0; j < logits.length; j++) {
      if (Double.isNaN(logits[j])) {
        return OptionalInt.empty();
      }
      if (j > 0 && logits[j] >= logits[best]) {
        tie = logits[j] == logits[best];
        best = j;
      }
    }
    return tie ? OptionalInt.empty() : OptionalInt.of(best);
  }
}
