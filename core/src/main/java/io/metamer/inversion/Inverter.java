package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.RepresentationModel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Searches for images that a model represents as it represents given targets.
 *
 * <p>From a seed, gradient descent on {@code ||m(x') - m(x)|| / ||m(x)|| + R(x')}. Each image is
 * searched for on its own; they share only the batch, which holds as many as the options say, while
 * others wait. In the end each image found gets its {@link Certificate}. Not for use by several
 * threads at a time.
 *
 * @see <a href="https://arxiv.org/abs/1412.0035">Mahendran and Vedaldi, 2015</a>
 * @see <a href="https://arxiv.org/abs/2111.14726">Nanda et al., 2023</a>
 * @since 0.1
 */
public final class Inverter {

  /**
   * How far arithmetic in float may have carried a target beyond the bounds, of their distance, or
   * a relative distance from the same one computed in another batch.
   */
  private static final double ROUNDING = 1e-4;

  private final RepresentationModel model;
  private final InversionOptions options;
  private final Optional<RepresentationModel> classifier;
  private final Optional<NullDistribution> nullDistribution;

  /**
   * Prepares searches.
   *
   * @param model the model to invert; stays the caller's to close
   * @param options how to search
   */
  public Inverter(RepresentationModel model, InversionOptions options) {
    this(model, options, Optional.empty(), Optional.empty());
  }

  private Inverter(
      RepresentationModel model,
      InversionOptions options,
      Optional<RepresentationModel> classifier,
      Optional<NullDistribution> nullDistribution) {
    this.model = model;
    this.options = options;
    this.classifier = classifier;
    this.nullDistribution = nullDistribution;
  }

  /**
   * Has certificates say what a classifier takes targets and images for.
   *
   * @param logits of the same images as the model, usually the same network at its logits: the
   *     class is the index of the largest; stays the caller's to close
   * @return a copy
   * @throws IllegalArgumentException if it takes other images
   */
  public Inverter withClassifier(RepresentationModel logits) {
    if (!logits.input().equals(model.input())) {
      throw new IllegalArgumentException(
          "expected a classifier of %s, got one of %s".formatted(model.input(), logits.input()));
    }
    return new Inverter(model, options, Optional.of(logits), nullDistribution);
  }

  /**
   * Has certificates compare with random pairs of other images than the targets. Unless given,
   * pairs of targets are what is compared with, where at least two differ.
   *
   * @param pairs of this model
   * @return a copy
   */
  public Inverter withNull(NullDistribution pairs) {
    return new Inverter(model, options, classifier, Optional.of(pairs));
  }

  /**
   * Searches for one image for each target.
   *
   * @param targets shape {@code [N, C, H, W]}, values in the bounds of the model's input, FLOAT or
   *     DOUBLE
   * @param seeds where to start, the same shape; may lie outside the bounds
   * @return the caller's, to be closed
   * @throws IllegalArgumentException if a shape is another, a value is not finite, a target is out
   *     of bounds, a target's representation is zero, or the options weigh parts that the model
   *     does not have
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
   *     of bounds, a target's representation is zero, or the options weigh parts that the model
   *     does not have
   */
  public InversionResult invert(INDArray targets, INDArray seeds, InversionListener listener) {
    check(targets, seeds);
    return search(targets, model.represent(targets), seeds, listener);
  }

  /**
   * Searches for images whose representations are given ones, rather than those that the model
   * makes of the targets.
   *
   * @param goals the representations to match, shape {@code [N, D]}
   * @param targets the images they are of: what regularizers compare with, and what is kept in the
   *     result; shape {@code [N, C, H, W]}, values in the bounds of the model's input
   * @param seeds where to start, the same shape; may lie outside the bounds
   * @param listener is told of each iteration
   * @return the caller's, to be closed
   * @throws IllegalArgumentException if a shape is another, a value is not finite, a target is out
   *     of bounds, or a goal is zero
   */
  public InversionResult invertTo(
      INDArray goals, INDArray targets, INDArray seeds, InversionListener listener) {
    check(targets, seeds);
    if (goals.rank() != 2 || goals.size(0) != targets.size(0) || goals.size(1) != model.size()) {
      throw new IllegalArgumentException(
          "expected goals of shape [%d, %d], got %s"
              .formatted(targets.size(0), model.size(), Arrays.toString(goals.shape())));
    }
    return search(targets, goals, seeds, listener);
  }

  /**
   * Searches several times for the same targets, from different seeds. {@link
   * InversionResult#bestOf} chooses among them.
   *
   * @param targets as for {@link #invert}
   * @param seeds where each search starts, as for {@link #invert}; at least one
   * @param listener is told of each iteration of each search
   * @return one result a search, in order, fewer if the thread is interrupted; the caller's, to be
   *     closed
   * @throws IllegalArgumentException as for {@link #invert}, or if there are no seeds
   */
  public List<InversionResult> restart(
      INDArray targets, List<INDArray> seeds, InversionListener listener) {
    return each(targets, seeds, found -> options, listener);
  }

  /**
   * Searches several times for the same targets, each time away from the images found before:
   * images that the model represents alike and that look different. The first search is as ever;
   * images of different targets stay independent of each other.
   *
   * @param targets as for {@link #invert}
   * @param seeds where each search starts, as for {@link #invert}; at least one
   * @param apart what keeps a target's images apart
   * @param listener is told of each iteration of each search
   * @return one result a search, in order, fewer if the thread is interrupted; the caller's, to be
   *     closed. The options of each but the first have the penalty in their regularizer
   * @throws IllegalArgumentException as for {@link #invert}, or if there are no seeds
   */
  public List<InversionResult> diverse(
      INDArray targets, List<INDArray> seeds, Apart apart, InversionListener listener) {
    return each(
        targets,
        seeds,
        found ->
            found.isEmpty()
                ? options
                : options.withRegularizer(options.regularizer().plus(apart.from(found))),
        listener);
  }

  /** One search after the other, with options that may depend on the images found before. */
  private List<InversionResult> each(
      INDArray targets,
      List<INDArray> seeds,
      Function<List<INDArray>, InversionOptions> options,
      InversionListener listener) {
    if (seeds.isEmpty()) {
      throw new IllegalArgumentException("expected seeds of at least one search, got none");
    }
    seeds.forEach(some -> check(targets, some));
    List<InversionResult> results = new ArrayList<>();
    boolean done = false;
    try {
      for (INDArray some : seeds) {
        InversionOptions next =
            options.apply(results.stream().map(InversionResult::images).toList());
        results.add(
            new Inverter(model, next, classifier, nullDistribution)
                .invert(targets, some, listener));
        if (Thread.currentThread().isInterrupted()) {
          break;
        }
      }
      done = true;
      return results;
    } finally {
      if (!done) {
        results.forEach(InversionResult::close);
      }
    }
  }

  private InversionResult search(
      INDArray targets, INDArray goals, INDArray seeds, InversionListener listener) {
    ImageSpec input = model.input();
    Instant started = Instant.now();
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray raw = seeds.castTo(targets.dataType()).dup('c');
      INDArray start = input.clip(raw);
      Match match = new Match(model, options, goals);
      InversionProblem problem =
          new InversionProblem(input, targets.dup('c'), start, () -> match.of(start));
      DifferentiableLoss penalty = options.regularizer().bind(problem);
      Search search = new Search(problem, options, match, penalty);
      search.run(raw, listener);
      Optional<NullDistribution> pairs =
          nullDistribution.or(() -> NullDistribution.of(problem.targets(), goals));
      List<Certificate> certificates =
          new Certification(model, classifier, pairs)
              .certify(problem.targets(), search.best(), goals, options.batch());
      return new InversionResult(
          input,
          problem.targets(),
          problem.seeds(),
          search.best(),
          outcomes(search, certificates),
          certificates,
          pairs,
          options,
          Provenance.of(model.id(), targets, seeds, started));
    }
  }

  /**
   * The distance is the certificate's where the search's own is not that of the image found: where
   * it was shown changed images, where the model's losses see other images than it represents, and
   * of an image without a finite evaluation, which is at its seed. Else it is the search's, which
   * is what it was stopped by.
   */
  private static List<ImageOutcome> outcomes(Search search, List<Certificate> certificates) {
    List<ImageOutcome> outcomes = search.outcomes();
    return IntStream.range(0, outcomes.size())
        .mapToObj(
            i -> {
              double found = certificates.get(i).asFound().distance();
              double own = outcomes.get(i).distance();
              return Double.isFinite(own) && Math.abs(own - found) <= ROUNDING * (1 + own)
                  ? outcomes.get(i)
                  : outcomes.get(i).withDistance(found);
            })
        .toList();
  }

  private void check(INDArray targets, INDArray seeds) {
    ImageSpec input = model.input();
    input.check(targets, "targets");
    input.check(seeds, "seeds");
    if (targets.size(0) != seeds.size(0)) {
      throw new IllegalArgumentException(
          "expected one seed for each of %d targets, got %d"
              .formatted(targets.size(0), seeds.size(0)));
    }
    requireInBounds(targets, input, "targets");
  }

  /** Models clamp what is out of bounds: of pixels of 0 to 255, say, nearly all would be white. */
  static void requireInBounds(INDArray images, ImageSpec input, String role) {
    double least = images.minNumber().doubleValue();
    double most = images.maxNumber().doubleValue();
    double slack = ROUNDING * (input.high() - input.low());
    if (!(least >= input.low() - slack && most <= input.high() + slack)) {
      throw new IllegalArgumentException(
          "expected %s in [%s, %s], got values from %s to %s"
              .formatted(role, input.low(), input.high(), least, most));
    }
  }
}
