package io.metamer.inversion;

import io.metamer.image.Coordinates;
import io.metamer.image.Parameterization;
import io.metamer.inversion.ImageOutcome.Divergence;
import io.metamer.inversion.ImageOutcome.Term;
import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One run of the search: the loop, the best image found for each target, and how each one ended.
 */
final class Search {

  private static final AtomicLong SEARCHES = new AtomicLong();

  /**
   * Memory of the temporaries of a step, reused by the next; the first step tells how much is
   * needed.
   */
  static final WorkspaceConfiguration STEP_MEMORY =
      WorkspaceConfiguration.builder()
          .initialSize(0)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .build();

  /** Its own for each search, since a listener may run another one in the middle of a step. */
  private final String workspace = "METAMER_STEP_" + SEARCHES.incrementAndGet();

  private final InversionOptions options;
  private final Coordinates coordinates;
  private final Projection projection;
  private final Match match;
  private final DifferentiableLoss penalty;

  /** Coordinates of the seeds, as the search may have them. */
  private final INDArray seeds;

  private final INDArray best;
  private final INDArray[] bestImages;
  private final double[] bestDistance;
  private final double[] bestLoss;
  private final int[] bestIteration;
  private final int[] steps;
  private final int[] evaluations;

  /** Null for an image that is searched for, or waits. */
  private final @Nullable StopReason[] stop;

  private final Map<Integer, Divergence> divergences = new HashMap<>();

  Search(
      InversionProblem problem, InversionOptions options, Match match, DifferentiableLoss penalty) {
    this.options = options;
    this.match = match;
    this.penalty = penalty;
    Parameterization parameterization = options.parameterization();
    coordinates = parameterization.bind(problem.input(), problem.seeds().dataType());
    if (parameterization == Parameterization.PIXELS) {
      projection = Projection.of(options.constraint(), problem);
      int[] all = IntStream.range(0, Math.toIntExact(problem.seeds().size(0))).toArray();
      seeds = projection.project(problem.seeds(), all);
    } else {
      projection = Projection.of(coordinates);
      // Not projected: where coordinates are clipped by mistake, that happens after steps only.
      seeds = coordinates.of(problem.seeds());
    }
    best = coordinates.images(seeds).dup('c');
    bestImages = images(best);
    int n = Math.toIntExact(best.size(0));
    bestDistance = new double[n];
    bestLoss = new double[n];
    bestIteration = new int[n];
    steps = new int[n];
    evaluations = new int[n];
    stop = new StopReason[n];
    // An image that never has a finite loss keeps its seed, infinitely far from its target.
    Arrays.fill(bestDistance, Double.POSITIVE_INFINITY);
    Arrays.fill(bestLoss, Double.POSITIVE_INFINITY);
  }

  INDArray best() {
    return best;
  }

  List<ImageOutcome> outcomes() {
    return IntStream.range(0, stop.length)
        .mapToObj(
            i ->
                new ImageOutcome(
                    bestDistance[i],
                    bestLoss[i],
                    bestIteration[i],
                    steps[i],
                    evaluations[i],
                    Objects.requireNonNull(stop[i]),
                    Optional.ofNullable(divergences.get(i))))
        .toList();
  }

  /**
   * Searches from the seeds, or from pixels outside the bounds if they are asked for; then too, the
   * first candidates are the seeds.
   */
  void run(INDArray raw, InversionListener listener) {
    try {
      if (isRaw()) {
        evaluateSeeds();
      }
      Batch batch = new Batch(isRaw() ? raw : seeds);
      while (batch.rows.length > 0) {
        try (MemoryWorkspace memory = openStep()) {
          step(batch, listener);
        }
        if (Thread.currentThread().isInterrupted()) {
          for (int row = 0; row < stop.length; row++) {
            stop[row] = stop[row] == null ? StopReason.INTERRUPTED : stop[row];
          }
          return;
        }
        batch.advance();
      }
    } finally {
      Nd4j.getWorkspaceManager().destroyWorkspace(workspace());
    }
  }

  private boolean isRaw() {
    return options.rawSeed() && options.parameterization() == Parameterization.PIXELS;
  }

  /** The seeds, which are candidates where the search itself begins elsewhere. */
  private void evaluateSeeds() {
    for (int from = 0; from < stop.length; from += options.batch()) {
      int[] rows = IntStream.range(from, Math.min(stop.length, from + options.batch())).toArray();
      INDArray some = slices(seeds, rows, 0);
      try (MemoryWorkspace memory = openStep()) {
        Evaluation e = evaluate(some, some, rows, new int[rows.length]);
        for (int k = 0; k < rows.length; k++) {
          keep(rows[k], 0, e, k, some.slice(k));
        }
      }
    }
  }

  /** Evaluates the iterates of a batch, keeps what is worth it, and makes the next ones. */
  private void step(Batch batch, InversionListener listener) {
    Evaluation e = evaluate(batch.z, batch.x, batch.rows, batch.t);
    int last = options.iterations();
    for (int k = 0; k < batch.rows.length; k++) {
      steps[batch.rows[k]] = batch.t[k];
      if (batch.t[k] > 0 || !isRaw()) {
        keep(batch.rows[k], batch.t[k], e, k, batch.images[k]);
      }
    }
    listener.evaluated(
        new Iteration(
                batch.rows,
                batch.t,
                last,
                e.distance,
                e.loss,
                e.penalty,
                e.gradientNorm,
                k -> lasting(batch.images[k]))
            .copied());
    if (Thread.currentThread().isInterrupted()) {
      return;
    }
    batch.patience.see(e.loss);
    if (IntStream.of(batch.t).anyMatch(t -> t < last)) {
      batch.descent.step(batch.z, e.loss, e.gradient, e.gradientNorm, batch.t, last);
      batch.z.assign(projection.project(batch.z, batch.rows));
      if (batch.x != batch.z) {
        batch.x.assign(coordinates.images(batch.z));
      }
    }
    for (int k = 0; k < batch.rows.length; k++) {
      stop[batch.rows[k]] = reason(batch, k, e);
    }
  }

  /** Why image k of the batch is done; null if it is not. */
  private @Nullable StopReason reason(Batch batch, int k, Evaluation e) {
    int row = batch.rows[k];
    if (!e.isFinite(k) && !batch.descent.triesShorter(k)) {
      divergences.put(row, new Divergence(batch.t[k], e.notFinite(k)));
      return StopReason.DIVERGED;
    }
    Stopping stopping = options.stopping();
    if (bestDistance[row] <= stopping.distance() && stopping.distance() > 0) {
      return StopReason.REACHED;
    }
    if (batch.patience.waited(k) >= stopping.patience() && stopping.patience() > 0) {
      return StopReason.PLATEAU;
    }
    if (batch.t[k] == options.iterations()) {
      return StopReason.ITERATIONS;
    }
    return batch.descent.isStalled(k) ? StopReason.STALLED : null;
  }

  /** The images that are searched for at a time, each at an iteration of its own. */
  private final class Batch {

    private final INDArray start;
    private final Descent descent;
    private final Patience patience;
    private int[] rows;
    private int[] t;
    private INDArray z;

    /** The images at z, in an array of their own or, for pixels, in the same. */
    private INDArray x;

    /** Views of x; each view holds native memory, so they are made once. */
    private INDArray[] images;

    /** The first of those that wait; they come in the order of the targets. */
    private int waiting;

    Batch(INDArray start) {
      this.start = start;
      waiting = Math.min(options.batch(), stop.length);
      rows = IntStream.range(0, waiting).toArray();
      t = new int[waiting];
      z = slices(start, rows, 0);
      x = coordinates.images(z);
      images = images(x);
      descent = Descent.of(options.step(), z, projection);
      patience = new Patience(options.stopping().share(), rows.length);
    }

    /** Goes on to the next iteration; images that are done leave, and waiting ones follow them. */
    void advance() {
      int[] stay = IntStream.range(0, rows.length).filter(k -> stop[rows[k]] == null).toArray();
      int joining = Math.min(rows.length - stay.length, stop.length - waiting);
      for (int k : stay) {
        t[k]++;
      }
      if (stay.length == rows.length) {
        return;
      }
      if (stay.length + joining == 0) {
        rows = stay;
        return;
      }
      if (x != z) {
        x.close();
      }
      z = regrouped(z, stay, joining);
      int[] next = new int[stay.length + joining];
      int[] iterations = new int[next.length];
      for (int k = 0; k < next.length; k++) {
        boolean isNew = k >= stay.length;
        next[k] = isNew ? waiting : rows[stay[k]];
        iterations[k] = isNew ? 0 : t[stay[k]];
        if (isNew) {
          z.slice(k).assign(start.slice(waiting++));
        }
      }
      rows = next;
      t = iterations;
      x = coordinates.images(z);
      images = images(x);
      descent.keep(stay, joining);
      patience.keep(stay, joining);
    }
  }

  /** Distance, loss and gradient of a batch of iterates. */
  private record Evaluation(
      double[] distance,
      double[] loss,
      double[] match,
      double[] penalty,
      INDArray gradient,
      double[] gradientNorm,
      INDArray matchGradient) {

    boolean isFinite(int k) {
      return Double.isFinite(loss[k]) && Double.isFinite(gradientNorm[k]);
    }

    /** The first term of image k that is not finite. */
    Term notFinite(int k) {
      if (!Double.isFinite(match[k])) {
        return Term.MATCH;
      }
      if (!Double.isFinite(loss[k])) {
        return Term.PENALTY;
      }
      double[] norm = matchGradient.norm2(1, 2, 3).toDoubleVector();
      return Double.isFinite(norm[k]) ? Term.PENALTY_GRADIENT : Term.MATCH_GRADIENT;
    }
  }

  private Evaluation evaluate(INDArray z, INDArray x, int[] rows, int[] t) {
    for (int row : rows) {
      evaluations[row]++;
    }
    ValueAndGradient m = match.evaluate(x, rows, t);
    ValueAndGradient p = penalty.evaluate(x, rows);
    double[] loss = new double[rows.length];
    Arrays.setAll(loss, k -> m.value()[k] + p.value()[k]);
    INDArray gradient = coordinates.pullBack(z, m.gradient().add(p.gradient()));
    return new Evaluation(
        match.distance(),
        loss,
        m.value(),
        p.value(),
        gradient,
        gradient.norm2(1, 2, 3).toDoubleVector(),
        m.gradient());
  }

  /** Keeps image k of an evaluation, if it is what the options ask for. */
  private void keep(int row, int t, Evaluation e, int k, INDArray image) {
    boolean better = options.keep() == Keep.LAST || e.loss[k] < bestLoss[row];
    // A loss of minus infinity is no better than one of NaN.
    if (better && Double.isFinite(e.loss[k])) {
      bestLoss[row] = e.loss[k];
      bestDistance[row] = e.distance[k];
      bestIteration[row] = t;
      bestImages[row].assign(image);
    }
  }

  /** A copy that outlives the step. */
  private static INDArray lasting(INDArray image) {
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return image.dup('c');
    }
  }

  private static INDArray[] images(INDArray batch) {
    return IntStream.range(0, Math.toIntExact(batch.size(0)))
        .mapToObj(batch::slice)
        .toArray(INDArray[]::new);
  }

  /** Slices along the first axis, copied, and after them some of zeros. */
  static INDArray slices(INDArray array, int[] which, int zeros) {
    long[] shape = array.shape().clone();
    shape[0] = (long) which.length + zeros;
    INDArray some = Nd4j.create(array.dataType(), shape);
    for (int k = 0; k < which.length; k++) {
      some.slice(k).assign(array.slice(which[k]));
    }
    return some;
  }

  /** The same of an array that is no longer needed. */
  static INDArray regrouped(INDArray array, int[] which, int zeros) {
    INDArray some = slices(array, which, zeros);
    array.close();
    return some;
  }

  private MemoryWorkspace openStep() {
    return Nd4j.getWorkspaceManager().getAndActivateWorkspace(STEP_MEMORY, workspace);
  }

  private MemoryWorkspace workspace() {
    return Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(STEP_MEMORY, workspace);
  }
}
