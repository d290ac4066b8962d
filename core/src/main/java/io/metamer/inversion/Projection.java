package io.metamer.inversion;

import io.metamer.image.Coordinates;
import io.metamer.image.ImageSpec;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Moves iterates to the nearest ones that are allowed; each image has a region of its own. */
sealed interface Projection {

  /**
   * The iterates, projected; NaN stays NaN.
   *
   * @param x any number of iterates; not changed
   * @param rows which image of the problem each one is
   */
  INDArray project(INDArray x, int[] rows);

  /** Where the iterates of an image of the problem may be. */
  Region region(int row);

  /** A constraint on the images of a problem. */
  static Projection of(Constraint constraint, InversionProblem problem) {
    ImageSpec input = problem.input();
    if (constraint instanceof Constraint.Ball ball) {
      INDArray centers =
          ball.center() == Constraint.Center.SEED ? problem.seeds() : problem.targets();
      long n = centers.size(0);
      return new Around(ball, input, input.clip(centers).reshape('c', n, centers.length() / n));
    }
    return bounds(input, problem.seeds().dataType());
  }

  /** The bounds as numbers of the iterates' type: clipped iterates are compared with them. */
  private static Box bounds(ImageSpec input, DataType type) {
    return type == DataType.FLOAT
        ? new Box((float) input.low(), (float) input.high())
        : new Box(input.low(), input.high());
  }

  /** The bounds that coordinates have. */
  static Projection of(Coordinates coordinates) {
    return new Box(coordinates.low(), coordinates.high());
  }

  /** The same bounds for each element of each iterate. */
  record Box(double low, double high) implements Projection, Region.Bounds {

    @Override
    public INDArray project(INDArray x, int[] rows) {
      // Unlike max and min of ND4J, this op leaves NaN alone.
      return Nd4j.math().clipByValue(x, low, high);
    }

    @Override
    public Region region(int row) {
      return this;
    }

    @Override
    public double low(int j) {
      return low;
    }

    @Override
    public double high(int j) {
      return high;
    }
  }

  /**
   * A ball around each image, within the bounds. In Java's doubles: a Euclidean projection asks for
   * several sums over each image, and the next depends on the last.
   *
   * @param centers {@code [N, elements]}, in the bounds
   */
  record Around(Constraint.Ball ball, ImageSpec input, INDArray centers) implements Projection {

    @Override
    public INDArray project(INDArray x, int[] rows) {
      double[][] points = rows(x);
      for (int k = 0; k < rows.length; k++) {
        points[k] = region(rows[k]).project(points[k]);
      }
      return Nd4j.createFromArray(points).castTo(x.dataType()).reshape('c', x.shape());
    }

    @Override
    public Region region(int row) {
      double[] center = rows(Nd4j.pullRows(centers, 1, new int[] {row}))[0];
      boolean isFloat = centers.dataType() == DataType.FLOAT;
      Box box = bounds(input, centers.dataType());
      return ball.norm() == Constraint.Norm.LINF
          ? Region.Cube.around(center, ball.radius(), box.low, box.high, isFloat)
          : new Region.Sphere(center, ball.radius(), box, isFloat);
    }
  }

  /** The elements of each image of a batch. */
  static double[][] rows(INDArray batch) {
    long n = batch.size(0);
    return batch
        .castTo(DataType.DOUBLE)
        .dup('c')
        .reshape('c', n, batch.length() / n)
        .toDoubleMatrix();
  }
}
