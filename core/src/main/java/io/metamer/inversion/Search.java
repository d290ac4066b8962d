package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.Arrays;
import java.util.List;
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
  private final StopReason[] stop;

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
                new ImageOutcome(bestDistance[i], bestLoss[i], bestIteration[i], steps[i], stop[i]))
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
    Descent descent = Descent.of(options.step(), x);
    try {
      if (raw) {
        try (MemoryWorkspace memory = openStep()) {
          keepBest(0, images(seeds), rows, evaluate(seeds, rows));
        }
      }
      for (int t = 0; t <= last && rows.length > 0; t++) {
        int[] finite;
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
            mark(rows, StopReason.INTERRUPTED);
            return;
          }
          finite = IntStream.range(0, rows.length).filter(e::isFinite).toArray();
          if (t < last) {
            descent.step(x, e.gradient, e.gradientNorm, t, last);
            x.assign(input.clip(x));
          }
        }
        if (finite.length < rows.length) {
          int[] evaluated = rows;
          mark(evaluated, StopReason.DIVERGED);
          rows = IntStream.of(finite).map(k -> evaluated[k]).toArray();
          mark(rows, StopReason.ITERATIONS);
          x = slices(x, finite);
          images = images(x);
          descent.keep(finite);
        }
        for (int row : rows) {
          steps[row] = Math.min(t + 1, last);
        }
      }
    } finally {
      Nd4j.getWorkspaceManager().destroyWorkspace(workspace());
    }
  }

  /** Distance, penalty and gradient of a batch of iterates. */
  private record Evaluation(
      double[] distance, double[] penalty, INDArray gradient, double[] gradientNorm) {

    double loss(int k) {
      return distance[k] + penalty[k];
    }

    boolean isFinite(int k) {
      return Double.isFinite(loss(k)) && Double.isFinite(gradientNorm[k]);
    }
  }

  private Evaluation evaluate(INDArray x, int[] rows) {
    ValueAndGradient m = match.evaluate(x, rows);
    ValueAndGradient p = penalty.evaluate(x, rows);
    INDArray gradient = m.gradient().add(p.gradient());
    return new Evaluation(m.value(), p.value(), gradient, gradient.norm2(1, 2, 3).toDoubleVector());
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

  private void mark(int[] rows, StopReason reason) {
    for (int row : rows) {
      stop[row] = reason;
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
