package io.metamer.inversion;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link StepRule.Lbfgs}: each image has its own history and its own line search, and answers an
 * evaluation with the next point to evaluate. In Java's doubles: the search asks for some forty
 * inner products a step, and each would be a wait for the device.
 */
final class LbfgsDescent implements Descent {

  private final StepRule.Lbfgs rule;
  private final Projection projection;
  private List<Line> lines = List.of();

  /** How many images have joined, and thus which is next. */
  private int joined;

  LbfgsDescent(StepRule.Lbfgs rule, int images, Projection projection) {
    this.rule = rule;
    this.projection = projection;
    keep(new int[0], images);
  }

  @Override
  public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n) {
    double[][] points = Projection.rows(x);
    double[][] gradients = Projection.rows(g);
    for (int k = 0; k < loss.length; k++) {
      // Where the gradient is not finite, the loss is as good as none.
      double known = Double.isFinite(gradientNorm[k]) ? loss[k] : Double.NaN;
      points[k] = lines.get(k).next(points[k], known, gradients[k]);
    }
    x.assign(Nd4j.createFromArray(points).castTo(x.dataType()).reshape('c', x.shape()));
  }

  @Override
  public boolean isStalled(int k) {
    return lines.get(k).stalled;
  }

  @Override
  public boolean triesShorter(int k) {
    return lines.get(k).rejects;
  }

  @Override
  public void keep(int[] which, int joining) {
    lines =
        Stream.concat(
                IntStream.of(which).mapToObj(lines::get),
                IntStream.range(joined, joined + joining)
                    .mapToObj(row -> new Line(rule, projection.region(row))))
            .toList();
    joined += joining;
  }

  /** The line search of one image, and the curvature it remembers. */
  private static final class Line {

    private final StepRule.Lbfgs rule;
    private final Region region;
    private final Deque<Pair> history = new ArrayDeque<>();

    /** The last accepted point, and the way from there; none before the first. */
    private double @Nullable [] base;

    private double baseLoss;
    private double[] baseGradient = {};
    private double[] direction = {};
    private double slope;
    private double length;
    private int rejected;
    private boolean stalled;

    /** Whether the last point was a trial that is not accepted. */
    private boolean rejects;

    /** A step and the change of the gradient along it. */
    private record Pair(double[] s, double[] y, double sy) {}

    Line(StepRule.Lbfgs rule, Region region) {
      this.rule = rule;
      this.region = region;
    }

    /** The point to evaluate after x. */
    double[] next(double[] x, double loss, double[] g) {
      rejects = false;
      if (base == null) {
        if (!region.contains(x)) {
          double norm = Math.sqrt(dot(g, g));
          return norm == 0 ? x : moved(x, -rule.first() / norm, g);
        }
        return from(x, loss, g);
      }
      double[] way = moved(x, -1, base);
      double promised = dot(baseGradient, way);
      if (promised < 0 && loss <= baseLoss + StepRule.Lbfgs.SUFFICIENT * promised) {
        // Along a sphere, the loss curves by as much more as the sphere turns away from it.
        double bend = region.bend(x, moved(new double[x.length], -1, g));
        remember(way, moved(moved(g, -1, baseGradient), bend, way));
        return from(x, loss, g);
      }
      rejects = true;
      if (++rejected < StepRule.Lbfgs.TRIALS) {
        double parabola = -slope * length * length / (2 * (loss - baseLoss - slope * length));
        // Where the parabola has no minimum, the comparison is false.
        length = parabola > 0.1 * length ? Math.min(parabola, 0.5 * length) : 0.1 * length;
        return moved(base, length, direction);
      }
      if (!history.isEmpty()) {
        history.clear();
        return from(base, baseLoss, baseGradient);
      }
      stalled = true;
      return base;
    }

    /** Accepts a point, and begins a line search from it. */
    private double[] from(double[] x, double loss, double[] g) {
      base = x;
      baseLoss = loss;
      baseGradient = g;
      rejected = 0;
      double[] steepest = region.tangent(x, moved(new double[x.length], -1, g));
      direction = downhill(x, steepest);
      slope = -dot(direction, steepest);
      if (!(slope < 0)) {
        history.clear();
        direction = steepest;
        slope = -dot(steepest, steepest);
      }
      if (slope == 0) {
        stalled = true;
        return x;
      }
      direction = region.held(x, steepest, direction);
      length = history.isEmpty() ? rule.first() / Math.sqrt(-slope) : 1;
      return moved(x, length, direction);
    }

    /** The inverse Hessian, as estimated from the history, times the steepest way downhill. */
    private double[] downhill(double[] x, double[] steepest) {
      double[] q = steepest.clone();
      double[] alpha = new double[history.size()];
      int i = 0;
      for (Pair pair : history) {
        alpha[i] = dot(pair.s, q) / pair.sy;
        add(q, -alpha[i++], pair.y);
      }
      Pair latest = history.peekFirst();
      double scale = latest == null ? 1 : latest.sy / dot(latest.y, latest.y);
      for (int j = 0; j < q.length; j++) {
        q[j] *= scale;
      }
      for (Iterator<Pair> oldest = history.descendingIterator(); oldest.hasNext(); ) {
        Pair pair = oldest.next();
        add(q, alpha[--i] - dot(pair.y, q) / pair.sy, pair.s);
      }
      for (int j = 0; j < q.length; j++) {
        q[j] = steepest[j] == 0 ? 0 : q[j];
      }
      return region.tangent(x, q);
    }

    private void remember(double[] s, double[] y) {
      double sy = dot(s, y);
      if (sy > StepRule.Lbfgs.CURVATURE * Math.sqrt(dot(s, s) * dot(y, y))) {
        if (history.size() == rule.history()) {
          history.removeLast();
        }
        history.addFirst(new Pair(s, y, sy));
      }
    }

    private static double[] moved(double[] x, double by, double[] along) {
      double[] moved = x.clone();
      add(moved, by, along);
      return moved;
    }

    private static void add(double[] to, double by, double[] what) {
      for (int j = 0; j < to.length; j++) {
        to[j] += by * what[j];
      }
    }

    private static double dot(double[] a, double[] b) {
      double sum = 0;
      for (int j = 0; j < a.length; j++) {
        sum += a[j] * b[j];
      }
      return sum;
    }
  }
}
