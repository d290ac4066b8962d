package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.ImageOutcome.Divergence;
import io.metamer.inversion.ImageOutcome.Term;
import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
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
  private static final WorkspaceConfiguration STEP_MEMORY =
      WorkspaceConfiguration.builder()
          .initialSize(0)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .build();

  /** Its own for each search, since a listener may run another one in the middle of a step. */
  private final String workspace = "METAMER_STEP_" + SEARCHES.incrementAndGet();

  private final ImageSpec input;
  private final InversionOptions options;
  private final DifferentiableLoss match;
  private final DifferentiableLoss penalty;
  private final INDArray seeds;

  private final INDArray best;
  private final INDArray[] bestImages;
  private final double[] bestDistance;
  private final double[] bestLoss;
  private final int[] bestIteration;
  private final int[] steps;
  private final int[] evaluations;
  private final StopReason[] stop;
  private final Map<Integer, Divergence> divergences = new HashMap<>();

  Search(
      InversionProblem problem,
      InversionOptions options,
      DifferentiableLoss match,
      DifferentiableLoss penalty) {
    this.input = problem.input();
    this.options = options;
    this.match = match;
    this.penalty = penalty;
    seeds = problem.seeds();
    best = seeds.dup('c');
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
    Arrays.fill(stop, StopReason.ITERATIONS);
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
                    stop[i],
                    Optional.ofNullable(divergences.get(i))))
        .toList();
  }

  /**
   * Searches from a start, which may lie outside the bounds; its clipped form is the first
   * candidate.
   */
  void run(INDArray start, InversionListener listener) {
    boolean raw = options.rawSeed();
    int last = options.iterations();
    INDArray x = start.dup('c');
    int[] rows = IntStream.range(0, stop.length).toArray();
    INDArray[] images = images(x);
    Descent descent = Descent.of(options.step(), x, input);
    Patience patience = new Patience(options.stopping().share(), rows.length);
    try {
      if (raw) {
        try (MemoryWorkspace memory = openStep()) {
          keepBest(0, images(seeds), rows, evaluate(seeds, rows));
        }
      }
      for (int t = 0; t <= last && rows.length > 0; t++) {
        int[] stay;
        try (MemoryWorkspace memory = openStep()) {
          Evaluation e = evaluate(x, rows);
          if (t > 0 || !raw) {
            keepBest(t, images, rows, e);
          }
          listener.evaluated(
              new Iteration(
                  t,
                  last,
                  rows.clone(),
                  e.distance.clone(),
                  e.penalty.clone(),
                  e.gradientNorm.clone()));
          if (Thread.currentThread().isInterrupted()) {
            for (int row : rows) {
              stop[row] = StopReason.INTERRUPTED;
            }
            return;
          }
          patience.see(e.loss());
          if (t < last) {
            descent.step(x, e.loss(), e.gradient, e.gradientNorm, t, last);
            x.assign(input.clip(x));
          }
          for (int k = 0; k < rows.length; k++) {
            stop[rows[k]] = reason(t, k, rows[k], e, patience, descent);
          }
          int[] all = rows;
          stay =
              IntStream.range(0, rows.length)
                  .filter(k -> stop[all[k]] == StopReason.ITERATIONS)
                  .toArray();
        }
        if (stay.length < rows.length) {
          int[] all = rows;
          rows = IntStream.of(stay).map(k -> all[k]).toArray();
          if (rows.length > 0) {
            x = slices(x, stay);
            images = images(x);
            descent.keep(stay);
            patience.keep(stay);
          }
        }
        for (int row : rows) {
          steps[row] = Math.min(t + 1, last);
        }
      }
    } finally {
      Nd4j.getWorkspaceManager().destroyWorkspace(workspace());
    }
  }

  /** Why image k of the batch is done; all iterations, if it is not. */
  private StopReason reason(
      int t, int k, int row, Evaluation e, Patience patience, Descent descent) {
    if (!e.isFinite(k)) {
      divergences.put(row, new Divergence(t, e.notFinite(k)));
      return StopReason.DIVERGED;
    }
    Stopping stopping = options.stopping();
    if (bestDistance[row] <= stopping.distance() && stopping.distance() > 0) {
      return StopReason.REACHED;
    }
    if (patience.waited(k) >= stopping.patience() && stopping.patience() > 0) {
      return StopReason.PLATEAU;
    }
    return descent.isStalled(k) ? StopReason.STALLED : StopReason.ITERATIONS;
  }

  /** Distance, penalty and gradient of a batch of iterates. */
  private record Evaluation(
      double[] distance,
      double[] penalty,
      INDArray gradient,
      double[] gradientNorm,
      INDArray matchGradient) {

    double loss(int k) {
      return distance[k] + penalty[k];
    }

    double[] loss() {
      return IntStream.range(0, distance.length).mapToDouble(this::loss).toArray();
    }

    boolean isFinite(int k) {
      return Double.isFinite(loss(k)) && Double.isFinite(gradientNorm[k]);
    }

    /** The first term of image k that is not finite. */
    Term notFinite(int k) {
      if (!Double.isFinite(distance[k])) {
        return Term.MATCH;
      }
      if (!Double.isFinite(loss(k))) {
        return Term.PENALTY;
      }
      double[] norm = matchGradient.norm2(1, 2, 3).toDoubleVector();
      return Double.isFinite(norm[k]) ? Term.PENALTY_GRADIENT : Term.MATCH_GRADIENT;
    }
  }

  private Evaluation evaluate(INDArray x, int[] rows) {
    for (int row : rows) {
      evaluations[row]++;
    }
    ValueAndGradient m = match.evaluate(x, rows);
    ValueAndGradient p = penalty.evaluate(x, rows);
    INDArray gradient = m.gradient().add(p.gradient());
    return new Evaluation(
        m.value(), p.value(), gradient, gradient.norm2(1, 2, 3).toDoubleVector(), m.gradient());
  }

  private void keepBest(int t, INDArray[] images, int[] rows, Evaluation e) {
    for (int k = 0; k < rows.length; k++) {
      int row = rows[k];
      // A loss of minus infinity is no better than one of NaN.
      if (Double.isFinite(e.loss(k)) && e.loss(k) < bestLoss[row]) {
        bestLoss[row] = e.loss(k);
        bestDistance[row] = e.distance[k];
        bestIteration[row] = t;
        bestImages[row].assign(images[k]);
      }
    }
  }

  /** Views of the images of a batch; each view holds native memory, so they are made once. */
  private static INDArray[] images(INDArray batch) {
    return IntStream.range(0, Math.toIntExact(batch.size(0)))
        .mapToObj(batch::slice)
        .toArray(INDArray[]::new);
  }

  /** Slices along the first axis, copied. */
  static INDArray slices(INDArray array, int[] which) {
    long[] shape = array.shape().clone();
    shape[0] = which.length;
    INDArray some = Nd4j.createUninitialized(array.dataType(), shape, 'c');
    for (int k = 0; k < which.length; k++) {
      some.slice(k).assign(array.slice(which[k]));
    }
    return some;
  }

  private MemoryWorkspace openStep() {
    return Nd4j.getWorkspaceManager().getAndActivateWorkspace(STEP_MEMORY, workspace);
  }

  private MemoryWorkspace workspace() {
    return Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(STEP_MEMORY, workspace);
  }
}
