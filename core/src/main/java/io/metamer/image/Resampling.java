package io.metamer.image;

import java.util.Arrays;

/**
 * An affine map from planes of one size to planes of another, in which each pixel is a weighted sum
 * of a few source pixels plus a constant: {@code y = A x + b}. A chain of geometric changes is one
 * such map, and {@code A'} the exact gradient through all of it.
 */
final class Resampling {

  /** Room made for the weights of a pixel: an image scaled and turned has some nine. */
  private static final int USUAL_TAPS = 10;

  private final int sourceSize;
  private final int height;
  private final int width;
  private final double black;

  /** Pixel p is the sum over k from start[p] to start[p + 1] of weight[k] * x[source[k]], ... */
  private final int[] start;

  private final int[] source;
  private final double[] weight;

  /** ... plus this. */
  private final double[] constant;

  private Resampling(
      int sourceSize,
      int height,
      int width,
      double black,
      int[] start,
      int[] source,
      double[] weight,
      double[] constant) {
    this.sourceSize = sourceSize;
    this.height = height;
    this.width = width;
    this.black = black;
    this.start = start;
    this.source = source;
    this.weight = weight;
    this.constant = constant;
  }

  /** Planes as they are; what later steps leave empty has the value {@code black}. */
  static Resampling identity(int height, int width, double black) {
    int size = height * width;
    int[] start = new int[size + 1];
    int[] source = new int[size];
    for (int p = 0; p < size; p++) {
      start[p + 1] = p + 1;
      source[p] = p;
    }
    double[] weight = new double[size];
    Arrays.fill(weight, 1);
    return new Resampling(size, height, width, black, start, source, weight, new double[size]);
  }

  /** {@link Transformation.Pad}, with a value on the scale of the images. */
  Resampling pad(int pixels, double value) {
    return pad(pixels, pixels, value);
  }

  private Resampling pad(int rows, int columns, double value) {
    return shifted(height + 2 * rows, width + 2 * columns, -rows, -columns, value);
  }

  /** {@link Transformation.Jitter}. */
  Resampling shift(int right, int down) {
    return shifted(height, width, -down, -right, black);
  }

  /** {@link Transformation.Scale}. */
  Resampling scale(double factor) {
    int newHeight = (int) Math.ceil(factor * height);
    int newWidth = (int) Math.ceil(factor * width);
    Position corners = new Position(ratio(height, newHeight), 0, 0, 0, ratio(width, newWidth), 0);
    return sampled(newHeight, newWidth, corners, black)
        .pad(Math.max(0, height - newHeight + 1) / 2, Math.max(0, width - newWidth + 1) / 2, black);
  }

  private static double ratio(int size, int newSize) {
    return newSize == 1 ? 0 : (size - 1.0) / (newSize - 1);
  }

  /** {@link Transformation.Rotate}. */
  Resampling rotate(double degrees) {
    double angle = degrees % 360 * Math.PI / 180;
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    double i = (height - 1) / 2.0;
    double j = (width - 1) / 2.0;
    Position turned =
        new Position(cos, sin, i - cos * i - sin * j, -sin, cos, j + sin * i - cos * j);
    return sampled(height, width, turned, black);
  }

  /** The middle; of two middles, the one that is further up or to the left. */
  Resampling crop(int newHeight, int newWidth) {
    return shifted(newHeight, newWidth, (height - newHeight) / 2, (width - newWidth) / 2, black);
  }

  /** Writes the map of a plane. Planes are in row order and begin at an offset. */
  void apply(double[] x, int from, double[] y, int to) {
    for (int p = 0; p < constant.length; p++) {
      double sum = constant[p];
      for (int k = start[p]; k < start[p + 1]; k++) {
        sum += weight[k] * x[from + source[k]];
      }
      y[to + p] = sum;
    }
  }

  /** Adds {@code A' g} to a plane of the source. */
  void pullBack(double[] g, int from, double[] sum, int to) {
    for (int p = 0; p < constant.length; p++) {
      for (int k = start[p]; k < start[p + 1]; k++) {
        sum[to + source[k]] += weight[k] * g[from + p];
      }
    }
  }

  /** This map, then a window on it, whose pixel (i, j) is pixel (i + top, j + left) of this map. */
  private Resampling shifted(int newHeight, int newWidth, int top, int left, double outside) {
    int[] newStart = new int[newHeight * newWidth + 1];
    int[] newSource = new int[start[height * width]];
    double[] newWeight = new double[newSource.length];
    double[] newConstant = new double[newHeight * newWidth];
    Arrays.fill(newConstant, outside);
    // What of a row of the window is inside: a run of pixels, of which the first is j.
    int j = Math.min(newWidth, Math.max(0, -left));
    int run = Math.max(0, Math.min(newWidth, width - left) - j);
    int end = 0;
    for (int i = 0; i < newHeight; i++) {
      int row = i * newWidth;
      Arrays.fill(newStart, row, row + newWidth + 1, end);
      if (run > 0 && i + top >= 0 && i + top < height) {
        int from = (i + top) * width + j + left;
        int taps = start[from + run] - start[from];
        System.arraycopy(source, start[from], newSource, end, taps);
        System.arraycopy(weight, start[from], newWeight, end, taps);
        System.arraycopy(constant, from, newConstant, row + j, run);
        for (int k = 1; k <= run; k++) {
          newStart[row + j + k] = end + start[from + k] - start[from];
        }
        end += taps;
        Arrays.fill(newStart, row + j + run, row + newWidth + 1, end);
      }
    }
    return new Resampling(
        sourceSize, newHeight, newWidth, black, newStart, newSource, newWeight, newConstant);
  }

  /**
   * Where pixel (i, j) reads: row {@code yi * i + yj * j + y}, column {@code xi * i + xj * j + x}.
   */
  private record Position(double yi, double yj, double y, double xi, double xj, double x) {}

  /** This map, then bilinear interpolation; beyond the edge there is one value. */
  private Resampling sampled(int newHeight, int newWidth, Position at, double outside) {
    int size = newHeight * newWidth;
    int[] newStart = new int[size + 1];
    int[] newSource = new int[Math.min(4 * start[height * width], USUAL_TAPS * size)];
    double[] newWeight = new double[newSource.length];
    double[] newConstant = new double[size];
    int[] place = new int[sourceSize]; // where each source pixel was put last
    Arrays.fill(place, -1);
    int end = 0;
    for (int p = 0; p < size; p++) {
      int i = p / newWidth;
      int j = p % newWidth;
      double y = at.yi * i + at.yj * j + at.y;
      double x = at.xi * i + at.xj * j + at.x;
      int top = (int) Math.floor(y);
      int left = (int) Math.floor(x);
      for (int corner = 0; corner < 4; corner++) {
        int row = top + corner / 2;
        int column = left + corner % 2;
        double factor = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
        if (factor == 0) {
          continue;
        }
        if (row < 0 || row >= height || column < 0 || column >= width) {
          newConstant[p] += factor * outside;
          continue;
        }
        int pixel = row * width + column;
        newConstant[p] += factor * constant[pixel];
        int last = start[pixel + 1];
        if (end + last - start[pixel] > newSource.length) {
          newSource = Arrays.copyOf(newSource, 2 * newSource.length + last - start[pixel]);
          newWeight = Arrays.copyOf(newWeight, newSource.length);
        }
        for (int k = start[pixel]; k < last; k++) {
          int s = source[k];
          int to = place[s];
          if (to < newStart[p]) {
            to = end++;
            place[s] = to;
            newSource[to] = s;
          }
          newWeight[to] += factor * weight[k];
        }
      }
      newStart[p + 1] = end;
    }
    return new Resampling(
        sourceSize, newHeight, newWidth, black, newStart, newSource, newWeight, newConstant);
  }
}
