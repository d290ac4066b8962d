package io.metamer.inversion;

import io.metamer.inversion.AttackOutcome.Adversarial;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Predictions;
import io.metamer.model.RepresentationModel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An attack on one batch of images: the loop, and what it found. */
final class Attack {

  private static final String NAME = "METAMER_ATTACK";

  private final PgdAttack options;
  private final RepresentationModel model;
  private final INDArray images;

  /** The number of the batch's first image among all. */
  private final int first;

  private final int[] labels;
  private final Projection projection;
  private final DifferentiableLoss loss;
  private final List<OptionalInt> clean;

  /** Adversarial examples, or the images where there are none. */
  private final INDArray found;

  private final Map<Integer, Adversarial> adversarial = new HashMap<>();
  private final boolean[] blind;

  /** The predictions of the evaluation that was last. */
  private List<OptionalInt> seen = List.of();

  /**
   * Prepares an attack.
   *
   * @param images of one batch, in the bounds
   * @param labels of all images
   */
  Attack(PgdAttack options, RepresentationModel model, INDArray images, int first, int[] labels) {
    this.options = options;
    this.model = model;
    this.images = images;
    this.first = first;
    this.labels = Arrays.copyOfRange(labels, first, first + (int) images.size(0));
    projection = Projection.of(options.ball(), new InversionProblem(model.input(), images, images));
    loss = loss(options.loss().to(this.labels));
    clean = Predictions.of(model.represent(images));
    found = images.dup('c');
    blind = new boolean[this.labels.length];
  }

  /**
   * Minus the loss, on images, since steps descend. Its gradient at the logits of an image is
   * scaled so that the largest is 1, where the steps do not depend on its length: that of
   * cross-entropy would otherwise be too small for floats where the classifier is sure.
   */
  private DifferentiableLoss loss(DifferentiableLoss onLogits) {
    boolean anyLength =
        options.step() instanceof StepRule.Normalized || options.step() instanceof StepRule.Sign;
    return model.pullBack(
        (z, rows) -> {
          seen = Predictions.of(z);
          ValueAndGradient up = onLogits.evaluate(z.castTo(DataType.DOUBLE), rows);
          double[][] gradient = up.gradient().toDoubleMatrix();
          double[] value = new double[rows.length];
          for (int k = 0; k < rows.length; k++) {
            value[k] = -up.value()[k];
            double largest = Arrays.stream(gradient[k]).map(Math::abs).max().orElse(0);
            double scale = anyLength && largest > 0 ? -1 / largest : -1;
            for (int j = 0; j < gradient[k].length; j++) {
              gradient[k][j] *= scale;
            }
          }
          return new ValueAndGradient(value, Nd4j.createFromArray(gradient).castTo(z.dataType()));
        });
  }

  /** Attacks from each start those that stand; returns whether it was let finish. */
  boolean run() {
    try {
      for (int r = 0; r < options.restarts(); r++) {
        int[] standing =
            IntStream.range(0, labels.length)
                .filter(i -> isRight(clean.get(i), i) && !adversarial.containsKey(i))
                .toArray();
        if (standing.length > 0) {
          restart(r, standing);
        }
        if (Thread.currentThread().isInterrupted()) {
          return false;
        }
      }
    } finally {
      Nd4j.getWorkspaceManager().destroyWorkspace(workspace());
    }
    confirm();
    return true;
  }

  List<AttackOutcome> outcomes() {
    return IntStream.range(0, labels.length)
        .mapToObj(
            i ->
                new AttackOutcome(
                    labels[i], clean.get(i), Optional.ofNullable(adversarial.get(i)), blind[i]))
        .toList();
  }

  INDArray found() {
    return found;
  }

  private boolean isRight(OptionalInt predicted, int i) {
    return predicted.isPresent() && predicted.getAsInt() == labels[i];
  }

  private void restart(int r, int[] standing) {
    int[] rows = standing;
    INDArray x = Search.slices(images, rows, 0);
    int[] numbers = Arrays.stream(rows).map(i -> first + i).toArray();
    x.assign(projection.project(options.start(model.input(), x, numbers, r), rows));
    Descent descent = Descent.of(options.step(), x, projection);
    for (int t = 0; t <= options.iterations(); t++) {
      int[] stay;
      try (MemoryWorkspace memory =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace(Search.STEP_MEMORY, NAME)) {
        stay = step(x, rows, r, t, descent);
      }
      if (stay.length == 0 || Thread.currentThread().isInterrupted()) {
        break;
      }
      if (stay.length < rows.length) {
        x = Search.regrouped(x, stay, 0);
        descent.keep(stay, 0);
        int[] before = rows;
        rows = Arrays.stream(stay).map(k -> before[k]).toArray();
      }
    }
    x.close();
  }

  /** Evaluates the iterates, keeps those that are wrong, and moves all; returns which go on. */
  private int[] step(INDArray x, int[] rows, int r, int t, Descent descent) {
    ValueAndGradient e = loss.evaluate(x, rows);
    double[] norm = e.gradient().norm2(1, 2, 3).toDoubleVector();
    IntStream.Builder stay = IntStream.builder();
    for (int k = 0; k < rows.length; k++) {
      int row = rows[k];
      if (!isRight(seen.get(k), row)) {
        found.slice(row).assign(x.slice(k));
        adversarial.put(row, new Adversarial(seen.get(k), distance(row), r, t));
      } else if (!(norm[k] > 0 && norm[k] < Double.POSITIVE_INFINITY)) {
        blind[row] = true;
      } else {
        stay.add(k);
      }
    }
    if (t < options.iterations()) {
      int[] at = new int[rows.length];
      Arrays.fill(at, t);
      descent.step(x, e.value(), e.gradient(), norm, at, options.iterations());
      x.assign(projection.project(x, rows));
    }
    return stay.build().toArray();
  }

  /** In the norm of the ball, in double. */
  private double distance(int row) {
    INDArray way =
        found.slice(row).castTo(DataType.DOUBLE).sub(images.slice(row).castTo(DataType.DOUBLE));
    return options.ball().norm() == Constraint.Norm.L2
        ? way.norm2Number().doubleValue()
        : way.normmaxNumber().doubleValue();
  }

  /**
   * Looks at what was found once more, in another batch: what is wrong only by the rounding of one
   * batch is no adversarial example.
   */
  private void confirm() {
    if (adversarial.isEmpty()) {
      return;
    }
    List<OptionalInt> again = Predictions.of(model.represent(found));
    for (int i = 0; i < labels.length; i++) {
      if (adversarial.containsKey(i) && isRight(again.get(i), i)) {
        adversarial.remove(i);
        found.slice(i).assign(images.slice(i));
      }
    }
  }

  private static MemoryWorkspace workspace() {
    return Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(Search.STEP_MEMORY, NAME);
  }
}
