package io.metamer.image;

/**
 * Resizing by a triangle filter whose width grows with the reduction, so that it does not alias:
 * Pillow's BILINEAR, torchvision's bilinear with antialias. Written out here because what the
 * filters of AWT do is not specified.
 */
final class TriangleFilter {

  private TriangleFilter() {}

  /** Resizes a plane in row order, in both directions. */
  static double[] resize(double[] plane, int height, int width, int newHeight, int newWidth) {
    return alongColumns(alongRows(plane, height, width, newWidth), height, newWidth, newHeight);
  }

  private static double[] alongRows(double[] plane, int height, int width, int newWidth) {
    double[] result = new double[height * newWidth];
    for (int j = 0; j < newWidth; j++) {
      Window window = Window.of(j, width, newWidth);
      for (int i = 0; i < height; i++) {
        result[i * newWidth + j] = window.apply(plane, i * width, 1);
      }
    }
    return result;
  }

  private static double[] alongColumns(double[] plane, int height, int width, int newHeight) {
    double[] result = new double[newHeight * width];
    for (int i = 0; i < newHeight; i++) {
      Window window = Window.of(i, height, newHeight);
      for (int j = 0; j < width; j++) {
        result[i * width + j] = window.apply(plane, j, width);
      }
    }
    return result;
  }

  /** The weights that make one new element of a line, and where they start. */
  private record Window(int first, double[] weights) {

    static Window of(int index, int size, int newSize) {
      double scale = (double) size / newSize;
      double support = Math.max(scale, 1);
      double centre = (index + 0.5) * scale;
      int first = (int) Math.max(0, centre - support + 0.5);
      int end = (int) Math.min(size, centre + support + 0.5);
      double[] weights = new double[end - first];
      double sum = 0;
      for (int k = 0; k < weights.length; k++) {
        weights[k] = Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / support));
        sum += weights[k];
      }
      for (int k = 0; k < weights.length; k++) {
        weights[k] /= sum;
      }
      return new Window(first, weights);
    }

    double apply(double[] plane, int offset, int stride) {
      double sum = 0;
      for (int k = 0; k < weights.length; k++) {
        sum += weights[k] * plane[offset + (first + k) * stride];
      }
      return sum;
    }
  }
}
