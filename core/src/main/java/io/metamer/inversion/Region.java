package io.metamer.inversion;

/** A convex set of images, where one image may be. */
interface Region {

  /** The nearest point of the region; of a point with NaN, that clipped to the bounds. */
  double[] project(double[] x);

  /** Whether x is in the region, up to the rounding of iterates. */
  boolean contains(double[] x);

  /**
   * The direction nearest to v in which one can go from x: the projection of v onto the tangent
   * cone. It is 0 for minus the gradient of a convex loss where x is the minimum.
   */
  double[] tangent(double[] x, double[] v);

  /** Whether element j of a direction leads out of bounds. */
  private static boolean isBlocked(Bounds bounds, int j, double x, double v) {
    return (x <= bounds.low(j) && v < 0) || (x >= bounds.high(j) && v > 0);
  }

  /**
   * How strongly the edge bends the way along it: the multiplier of half the squared distance from
   * the centre, at x, for a loss with gradient -v. A step s along a flat edge has none.
   */
  double bend(double[] x, double[] v);

  /**
   * A direction, changed so that the projection of what lies ahead leaves the elements at their
   * bounds of which the steepest way has nothing.
   */
  double[] held(double[] x, double[] steepest, double[] direction);

  /** Bounds of each element. */
  interface Bounds extends Region {

    double low(int j);

    double high(int j);

    @Override
    default double[] project(double[] x) {
      double[] y = new double[x.length];
      for (int j = 0; j < x.length; j++) {
        y[j] = Math.max(low(j), Math.min(high(j), x[j]));
      }
      return y;
    }

    @Override
    default boolean contains(double[] x) {
      for (int j = 0; j < x.length; j++) {
        if (x[j] < low(j) || x[j] > high(j)) {
          return false;
        }
      }
      return true;
    }

    @Override
    default double[] tangent(double[] x, double[] v) {
      double[] free = v.clone();
      for (int j = 0; j < v.length; j++) {
        if (Region.isBlocked(this, j, x[j], v[j])) {
          free[j] = 0;
        }
      }
      return free;
    }

    @Override
    default double bend(double[] x, double[] v) {
      return 0;
    }

    @Override
    default double[] held(double[] x, double[] steepest, double[] direction) {
      return direction;
    }
  }

  /** A ball of the maximum norm, cut by the bounds of the images. */
  record Cube(double[] lows, double[] highs) implements Bounds {

    /**
     * With bounds that are numbers of the iterates' type, or rounding would leave iterates beside
     * them.
     */
    static Cube around(double[] center, double radius, double low, double high, boolean isFloat) {
      double[] lows = new double[center.length];
      double[] highs = new double[center.length];
      for (int j = 0; j < center.length; j++) {
        lows[j] = Math.max(low, center[j] - radius);
        highs[j] = Math.min(high, center[j] + radius);
        if (isFloat) {
          lows[j] = -floor(-lows[j]);
          highs[j] = floor(highs[j]);
        }
      }
      return new Cube(lows, highs);
    }

    private static double floor(double v) {
      float nearest = (float) v;
      return nearest > v ? Math.nextDown(nearest) : nearest;
    }

    @Override
    public double low(int j) {
      return lows[j];
    }

    @Override
    public double high(int j) {
      return highs[j];
    }
  }

  /** A Euclidean ball, cut by the bounds of the images; the centre lies within them. */
  record Sphere(double[] center, double radius, Bounds box, boolean isFloat) implements Region {

    /** Beyond it, a square would overflow; such a pixel is as good as infinite. */
    private static final double FAR = 1e100;

    @Override
    public double[] project(double[] x) {
      double[] nearest = box.project(x);
      if (!(distance(nearest) > radius)) {
        return nearest;
      }
      // The point is clip(c + t (x - c)), with the t for which it lies on the sphere. Its distance
      // grows with t. From a t that is too small, solve for the t at which it would lie there, were
      // no more elements clipped than now: that is not too large. So t grows, and the clipped
      // elements become more, until they stay the same and t is exact.
      double t = 0;
      int clipped = -1;
      while (true) {
        double fixed = 0;
        double moving = 0;
        int count = 0;
        for (int j = 0; j < x.length; j++) {
          double d = far(x[j] - center[j]);
          double edge = edge(j, d);
          if (t * Math.abs(d) > edge) {
            fixed += edge * edge;
            count++;
          } else {
            moving += d * d;
          }
        }
        if (count == clipped || moving == 0) {
          break;
        }
        clipped = count;
        t = Math.max(t, Math.sqrt(Math.max(0, radius * radius - fixed) / moving));
      }
      double[] y = new double[x.length];
      for (int j = 0; j < x.length; j++) {
        y[j] = center[j] + t * far(x[j] - center[j]);
      }
      return box.project(y);
    }

    @Override
    public boolean contains(double[] x) {
      return box.contains(x) && distance(x) <= radius + rounding();
    }

    @Override
    public double[] tangent(double[] x, double[] v) {
      double mu = bend(x, v);
      double[] w = v.clone();
      for (int j = 0; mu > 0 && j < x.length; j++) {
        w[j] -= mu * (x[j] - center[j]);
      }
      return box.tangent(x, w);
    }

    /**
     * The least mu with {@code <w, d> <= 0}, where d is the way from the centre and w is v - mu d
     * without what the bounds block. Since the bounds block no way towards the centre, the larger
     * mu, the less they block. Solve with what is free at 0, and then with what is free at the last
     * mu: after the first it falls, and what is free becomes less, until that stays the same.
     */
    @Override
    public double bend(double[] x, double[] v) {
      double mu = 0;
      if (distance(x) < radius - rounding()) {
        return mu;
      }
      for (int free = -1; ; ) {
        double outwards = 0;
        double square = 0;
        int count = 0;
        for (int j = 0; j < x.length; j++) {
          double d = x[j] - center[j];
          if (!Region.isBlocked(box, j, x[j], v[j] - mu * d)) {
            outwards += v[j] * d;
            square += d * d;
            count++;
          }
        }
        if (count == free || !(outwards > 0)) {
          return mu;
        }
        free = count;
        mu = outwards / square;
      }
    }

    /**
     * What lies ahead is beyond the sphere, and pulled towards the centre, by no more than the
     * length of the way over the radius; so elements at their bounds go as much beyond.
     */
    @Override
    public double[] held(double[] x, double[] steepest, double[] direction) {
      double square = 0;
      for (double v : direction) {
        square += v * v;
      }
      double[] held = direction.clone();
      for (int j = 0; j < x.length; j++) {
        if (steepest[j] == 0 && (x[j] <= box.low(j) || x[j] >= box.high(j))) {
          held[j] = Math.sqrt(square) / radius * (x[j] - center[j]);
        }
      }
      return held;
    }

    private double distance(double[] x) {
      double sum = 0;
      for (int j = 0; j < x.length; j++) {
        sum += (x[j] - center[j]) * (x[j] - center[j]);
      }
      return Math.sqrt(sum);
    }

    /** How far from the sphere rounding may have put an iterate. */
    private double rounding() {
      double largest = Math.max(Math.abs(box.low(0)), Math.abs(box.high(0)));
      return (isFloat ? 0x1p-22 : 0x1p-51) * (Math.sqrt(center.length) * largest + radius);
    }

    /** The distance from the centre to the bound on the side of d. */
    private double edge(int j, double d) {
      return d < 0 ? center[j] - box.low(j) : box.high(j) - center[j];
    }

    private static double far(double d) {
      return Math.max(-FAR, Math.min(FAR, d));
    }
  }
}
