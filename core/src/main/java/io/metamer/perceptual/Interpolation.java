package io.metamer.perceptual;

/**
 * Bilinear interpolation of maps to another size as PyTorch has it with {@code
 * align_corners=False}: pixels are squares, and beyond the middles of the outermost ones the map
 * goes on as they are.
 */
final class Interpolation {

  private Interpolation() {}

  /**
   * Adds resized maps to planes.
   *
   * @param maps of size rows x columns, one after the other
   * @param planes as many of size height x width; added to
   */
  static void add(double[] maps, int rows, int columns, double[] planes, int height, int width) {
    int n = planes.length / (height * width);
    for (int i = 0; i < height; i++) {
      double y = position(i, rows, height);
      int top = (int) y;
      int below = Math.min(top + 1, rows - 1);
      for (int j = 0; j < width; j++) {
        double x = position(j, columns, width);
        int left = (int) x;
        int right = Math.min(left + 1, columns - 1);
        for (int k = 0; k < n; k++) {
          int map = k * rows * columns;
          double above = mixed(maps, map + top * columns, left, right, x - left);
          double under = mixed(maps, map + below * columns, left, right, x - left);
          planes[(k * height + i) * width + j] += above + (y - top) * (under - above);
        }
      }
    }
  }

  /** Where the middle of pixel i of so many lies among those of the map, at least 0. */
  private static double position(int i, int from, int to) {
    return Math.max(0, (i + 0.5) * from / to - 0.5);
  }

  private static double mixed(double[] maps, int row, int left, int right, double share) {
    return maps[row + left] + share * (maps[row + right] - maps[row + left]);
  }
}
