package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.RelativeL2;
import io.metamer.model.RepresentationModel;
import java.time.Instant;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Searches for images that a model represents as it represents given targets.
 *
 * <p>From a seed, gradient descent on {@code ||m(x') - m(x)|| / ||m(x)|| + R(x')}. Each image is
 * searched for on its own; they share only the batch. Not for use by several threads at a time.
 *
 * @see <a href="https://arxiv.org/abs/1412.0035">Mahendran and Vedaldi, 2015</a>
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al., 2023</a>
 * @since 0.1
 */
public final class Inverter {

  /** How far beyond the bounds arithmetic in float may have carried a target, of their distance. */
  private static final double ROUNDING = 1e-4;

  private final RepresentationModel model;
  private final InversionOptions options;

  /**
   * Prepares searches.
   *
   * @param model the model to invert; stays the caller's to close
   * @param options how to search
   */
  public Inverter(RepresentationModel model, InversionOptions options) {
    this.model = model;
    this.options = options;
  }

  /**
   * Searches for one image for each target.
   *
   * @param targets shape {@code [N, C, H, W]}, values in the bounds of the model's input, FLOAT or
   *     DOUBLE
   * @param seeds where to start, the same shape; may lie outside the bounds
   * @return the caller's, to be closed
   * @throws IllegalArgumentException if a shape is another, a value is not finite, a target is out
   *     of bounds, or a target's representation is zero
   */
  public InversionResult invert(INDArray targets, INDArray seeds) {
    return invert(targets, seeds, InversionListener.none());
  }

  /**
   * Searches for one image for each target. Ends early, with the best images so far, if the thread
   * is interrupted; it stays interrupted.
   *
   * @param targets shape {@code [N, C, H, W]}, values in the bounds of the model's input, FLOAT or
   *     DOUBLE
   * @param seeds where to start, the same shape; may lie outside the bounds
   * @param listener is told of each iteration
   * @return the caller's, to be closed
   * @throws IllegalArgumentException if a shape is another, a value is not finite, a target is out
   *     of bounds, or a target's representation is zero
   */
  public InversionResult invert(INDArray targets, INDArray seeds, InversionListener listener) {
    ImageSpec input = model.input();
    input.check(targets, "targets");
    input.check(seeds, "seeds");
    if (targets.size(0) != seeds.size(0)) {
      throw new IllegalArgumentException(
          "expected one seed for each of %d targets, got %d"
              .formatted(targets.size(0), seeds.size(0)));
    }
    requireInBounds(targets, input);
    Instant started = Instant.now();
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray raw = seeds.castTo(targets.dataType());
      InversionProblem problem = new InversionProblem(input, targets.dup('c'), input.clip(raw));
      DifferentiableLoss match = model.pullBack(new RelativeL2(model.represent(targets)));
      DifferentiableLoss penalty = options.regularizer().bind(problem);
      Search search = new Search(problem, options, match, penalty);
      search.run(options.rawSeed() ? raw : problem.seeds(), listener);
      return new InversionResult(
          input,
          problem.targets(),
          problem.seeds(),
          search.best(),
          search.outcomes(),
          options,
          Provenance.of(model.id(), targets, seeds, started));
    }
  }

  /** Models clamp what is out of bounds: of pixels of 0 to 255, say, nearly all would be white. */
  private static void requireInBounds(INDArray targets, ImageSpec input) {
    double least = targets.minNumber().doubleValue();
    double most = targets.maxNumber().doubleValue();
    double slack = ROUNDING * (input.high() - input.low());
    if (!(least >= input.low() - slack && most <= input.high() + slack)) {
      throw new IllegalArgumentException(
          "expected targets in [%s, %s], got values from %s to %s"
              .formatted(input.low(), input.high(), least, most));
    }
  }
}
