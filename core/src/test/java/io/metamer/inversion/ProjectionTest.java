package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Parameterization;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class ProjectionTest {

  private static final int IMAGES = 40;
  private static final int PIXELS = 12;
  private static final int[] ALL = IntStream.range(0, IMAGES).toArray();
  private static final ImageSpec SPEC = new ImageSpec(3, 2, 2, -0.7, 1.3);
  private static final List<Constraint> CONSTRAINTS =
      List.of(
          Constraint.box(),
          Constraint.l2(0.3),
          Constraint.l2(1.2),
          Constraint.l2(2.5).around(Constraint.Center.TARGET),
          Constraint.linf(0.2),
          Constraint.linf(1).around(Constraint.Center.TARGET));

  private final SplittableRandom random = new SplittableRandom(1);

  private final InversionProblem problem =
      new InversionProblem(SPEC, SPEC.clip(batch(1.2)), SPEC.clip(batch(1.2)));

  private final double[][] targets = Projection.rows(problem.targets());
  private final double[][] seeds = Projection.rows(problem.seeds());

  @Test
  void projected_isTheNearestPointOfTheRegion() {
    for (Constraint constraint : CONSTRAINTS) {
      INDArray x = batch(3);
      double[][] from = Projection.rows(x);
      double[][] to = Projection.rows(Projection.of(constraint, problem).project(x, ALL));
      for (int i = 0; i < IMAGES; i++) {
        assertTrue(isInside(constraint, i, to[i], 1e-14), constraint + " of image " + i);
        for (int trial = 0; trial < 100; trial++) {
          double[] z = inside(constraint, i);
          double ahead = 0;
          for (int j = 0; j < PIXELS; j++) {
            ahead += (from[i][j] - to[i][j]) * (z[j] - to[i][j]);
          }
          assertTrue(ahead <= 1e-13, constraint + " of image " + i + ": " + ahead);
        }
      }
    }
  }

  @Test
  void projected_ontoABall_isWhereBisectionFindsIt() {
    double radius = 1.2;
    INDArray x = batch(3);
    double[][] from = Projection.rows(x);
    double[][] to = Projection.rows(Projection.of(Constraint.l2(radius), problem).project(x, ALL));
    for (int i = 0; i < IMAGES; i++) {
      assertClose(bisected(from[i], seeds[i], radius), to[i], 1e-12, 1e-12);
    }
  }

  @Test
  void projected_again_staysAndNeverSpreads() {
    for (Constraint constraint : CONSTRAINTS) {
      Projection projection = Projection.of(constraint, problem);
      INDArray a = batch(3);
      INDArray b = a.add(batch(0.5));
      INDArray onceA = projection.project(a, ALL);
      INDArray onceB = projection.project(b, ALL);
      assertClose(onceA, projection.project(onceA, ALL), 0, 1e-14);
      INDArray before = a.sub(b).norm2(1, 2, 3);
      INDArray after = onceA.sub(onceB).norm2(1, 2, 3);
      for (int i = 0; i < IMAGES; i++) {
        assertTrue(after.getDouble(i) <= before.getDouble(i) * (1 + 1e-14), constraint.toString());
      }
    }
  }

  @Test
  void projected_fromInside_staysToTheBit() {
    for (Constraint constraint : CONSTRAINTS) {
      for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
        double[][] points = new double[IMAGES][];
        for (int i = 0; i < IMAGES; i++) {
          points[i] = inside(constraint, i);
        }
        INDArray x = array(points).castTo(type);
        assertEquals(x, Projection.of(constraint, of(type)).project(x, ALL));
      }
    }
  }

  @Test
  void projected_inFloat_isThatInDoubleAndWithinTheBounds() {
    for (Constraint constraint : CONSTRAINTS) {
      Projection inFloat = Projection.of(constraint, of(DataType.FLOAT));
      INDArray x = batch(3).castTo(DataType.FLOAT);
      INDArray y = inFloat.project(x, ALL);
      assertEquals(DataType.FLOAT, y.dataType());
      assertClose(
          Projection.of(constraint, problem).project(x.castTo(DataType.DOUBLE), ALL), y, 0, 1e-6);
      assertEquals(SPEC.clip(y), y);
      for (int i = 0; i < IMAGES; i++) {
        assertTrue(inFloat.region(i).contains(Projection.rows(y)[i]), constraint.toString());
      }
      if (!(constraint instanceof Constraint.Ball ball && ball.norm() == Constraint.Norm.L2)) {
        assertEquals(y, inFloat.project(y, ALL));
      }
    }
  }

  @Test
  void projected_someRows_areThoseOfTheirImages() {
    int[] rows = {7, 0, 31};
    for (Constraint constraint : CONSTRAINTS) {
      Projection projection = Projection.of(constraint, problem);
      INDArray x = batch(3);
      INDArray before = x.dup();
      INDArray all = projection.project(x, ALL);
      assertEquals(
          Search.slices(all, rows, 0), projection.project(Search.slices(x, rows, 0), rows));
      assertEquals(before, x);
    }
  }

  @Test
  void projected_nan_staysAndDoesNotSpread() {
    for (Constraint constraint : CONSTRAINTS) {
      Projection projection = Projection.of(constraint, problem);
      INDArray x = batch(3);
      INDArray clean = projection.project(x, ALL);
      x.putScalar(3L * PIXELS + 5, Double.NaN);
      double[][] y = Projection.rows(projection.project(x, ALL));
      assertTrue(Double.isNaN(y[3][5]), constraint.toString());
      assertArrayEquals(Projection.rows(clean)[2], y[2]);
      assertArrayEquals(Projection.rows(clean)[4], y[4]);
    }
  }

  @Test
  void projected_infinity_isFinite() {
    for (Constraint constraint : CONSTRAINTS) {
      INDArray x = batch(3);
      x.putScalar(2, Double.POSITIVE_INFINITY);
      x.putScalar(PIXELS + 1L, Double.NEGATIVE_INFINITY);
      double[][] y = Projection.rows(Projection.of(constraint, problem).project(x, ALL));
      assertTrue(isInside(constraint, 0, y[0], 1e-14), constraint.toString());
      assertTrue(isInside(constraint, 1, y[1], 1e-14), constraint.toString());
    }
  }

  @Test
  void tangent_ofADirection_isTheNearestThatStays() {
    for (Constraint constraint : CONSTRAINTS) {
      Projection projection = Projection.of(constraint, problem);
      double[][] at = Projection.rows(projection.project(batch(3), ALL));
      double[][] directions = Projection.rows(batch(1));
      for (int i = 0; i < IMAGES; i++) {
        double[] v = directions[i];
        double[] w = projection.region(i).tangent(at[i], v);
        assertClose(0, ahead(v, w, w), 0, 1e-13);
        for (int trial = 0; trial < 100; trial++) {
          double[] z = inside(constraint, i);
          for (int j = 0; j < PIXELS; j++) {
            z[j] -= at[i][j];
          }
          assertTrue(ahead(v, w, z) <= 1e-12, constraint + " of image " + i);
        }
        double[] little = at[i].clone();
        for (int j = 0; j < PIXELS; j++) {
          little[j] += 1e-7 * w[j];
        }
        assertTrue(isInside(constraint, i, little, 1e-12), constraint + " of image " + i);
      }
    }
  }

  @Test
  void coordinates_areProjectedOntoTheirBounds() {
    INDArray z = batch(3);
    assertClose(
        z,
        Projection.of(Parameterization.fourier().bind(SPEC, DataType.DOUBLE)).project(z, ALL),
        0,
        0);
    INDArray clamped =
        Projection.of(new Parameterization.Fourier(1, true).bind(SPEC, DataType.DOUBLE))
            .project(z, ALL);
    assertEquals(0, clamped.minNumber().doubleValue());
    assertEquals(1, clamped.maxNumber().doubleValue());
  }

  @Test
  void constraints_areValues() {
    assertEquals(Constraint.l2(3), Constraint.l2(3));
    assertNotEquals(Constraint.l2(3), Constraint.l2(3).around(Constraint.Center.TARGET));
    assertNotEquals(Constraint.l2(3), Constraint.linf(3));
    assertEquals(Constraint.box(), Constraint.box());
    assertEquals("Ball[norm=L2, radius=3.0, center=SEED]", Constraint.l2(3).toString());
    for (double radius : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> Constraint.l2(radius));
      assertThrows(IllegalArgumentException.class, () -> Constraint.linf(radius));
    }
  }

  /** {@code <v - w, u>}. */
  private static double ahead(double[] v, double[] w, double[] u) {
    double sum = 0;
    for (int j = 0; j < v.length; j++) {
      sum += (v[j] - w[j]) * u[j];
    }
    return sum;
  }

  private boolean isInside(Constraint constraint, int image, double[] x, double slack) {
    double square = 0;
    double largest = 0;
    double[] center = center(constraint, image);
    for (int j = 0; j < PIXELS; j++) {
      if (!(x[j] >= SPEC.low() - slack && x[j] <= SPEC.high() + slack)) {
        return false;
      }
      square += (x[j] - center[j]) * (x[j] - center[j]);
      largest = Math.max(largest, Math.abs(x[j] - center[j]));
    }
    if (!(constraint instanceof Constraint.Ball ball)) {
      return true;
    }
    double distance = ball.norm() == Constraint.Norm.L2 ? Math.sqrt(square) : largest;
    return distance <= ball.radius() + slack;
  }

  private double[] center(Constraint constraint, int image) {
    boolean target =
        constraint instanceof Constraint.Ball ball && ball.center() == Constraint.Center.TARGET;
    return (target ? targets : seeds)[image];
  }

  /** A random point of the region, often at bounds of pixels. */
  private double[] inside(Constraint constraint, int image) {
    double[] center = center(constraint, image);
    double[] way = new double[PIXELS];
    for (int j = 0; j < PIXELS; j++) {
      way[j] = random.nextDouble(-3, 3);
    }
    for (double t = 1; ; t *= 0.8) {
      double[] y = new double[PIXELS];
      for (int j = 0; j < PIXELS; j++) {
        y[j] = Math.max(SPEC.low(), Math.min(SPEC.high(), center[j] + t * way[j]));
      }
      if (isInside(constraint, image, y, 0)) {
        return shrunk(y, center);
      }
    }
  }

  /** A little nearer to the centre, so that rounding to float leaves it inside. */
  private static double[] shrunk(double[] y, double[] center) {
    double[] z = y.clone();
    for (int j = 0; j < y.length; j++) {
      z[j] = center[j] + (1 - 1e-5) * (y[j] - center[j]);
    }
    return z;
  }

  /** {@code clip(c + t (x - c))} with the largest t in [0, 1] that is in the ball. */
  private static double[] bisected(double[] x, double[] center, double radius) {
    double least = 0;
    double most = 1;
    double[] y = new double[PIXELS];
    for (int step = 0; step < 200; step++) {
      double t = step == 0 ? 1 : (least + most) / 2;
      double square = 0;
      for (int j = 0; j < PIXELS; j++) {
        double moved = center[j] + t * (x[j] - center[j]);
        y[j] = Math.max(SPEC.low(), Math.min(SPEC.high(), moved));
        square += (y[j] - center[j]) * (y[j] - center[j]);
      }
      if (square <= radius * radius) {
        if (t == 1) {
          return y;
        }
        least = t;
      } else {
        most = t;
      }
    }
    return y;
  }

  private InversionProblem of(DataType type) {
    return new InversionProblem(SPEC, problem.targets().castTo(type), problem.seeds().castTo(type));
  }

  private INDArray batch(double range) {
    double[][] numbers = new double[IMAGES][PIXELS];
    for (double[] row : numbers) {
      for (int j = 0; j < PIXELS; j++) {
        row[j] = random.nextDouble(-range, range);
      }
    }
    return array(numbers);
  }

  private static INDArray array(double[][] rows) {
    return Nd4j.createFromArray(rows).reshape('c', SPEC.shape(rows.length));
  }
}
