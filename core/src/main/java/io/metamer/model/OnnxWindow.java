package io.metamer.model;

import java.util.Arrays;

/**
 * What the attributes of convolutions and pools say of their windows, for rows and columns. A
 * sequence is a map of one row.
 *
 * @param kernel rows, columns
 * @param stride rows, columns
 * @param pads top, left, bottom, right
 * @param dilation rows, columns
 */
record OnnxWindow(int[] kernel, int[] stride, int[] pads, int[] dilation) {

  /**
   * Reads the attributes.
   *
   * @param kernel one number for sequences, two for maps
   * @param map of one example, [C, H, W]
   */
  static OnnxWindow of(OnnxNode node, long[] kernel, long[] map) {
    OnnxWindow window =
        new OnnxWindow(
            two(node, "kernel", kernel, 1),
            two(node, "strides", node.integers("strides", ones(kernel)), 1),
            pads(node, kernel.length),
            two(node, "dilations", node.integers("dilations", ones(kernel)), 1));
    String mode = node.text("auto_pad", "NOTSET");
    switch (mode) {
      case "", "NOTSET" -> {}
      case "VALID" -> Arrays.fill(window.pads, 0);
      case "SAME_UPPER", "SAME_LOWER" -> {
        for (int i = 0; i < 2; i++) {
          long windows = (map[1 + i] + window.stride[i] - 1) / window.stride[i];
          long total = (windows - 1) * window.stride[i] + window.extent(i) - map[1 + i];
          window.pad(i, Math.max(0, total), mode.equals("SAME_UPPER"));
        }
      }
      default ->
          throw node.unsupported(
              "auto_pad = %s; supported are NOTSET, VALID, SAME_UPPER and SAME_LOWER"
                  .formatted(mode));
    }
    return window;
  }

  /** How far a window reaches: rows or columns. */
  long extent(int i) {
    return dilation[i] * (kernel[i] - 1L) + 1;
  }

  /** Shares padding between both ends; what is odd comes after, or before. */
  void pad(int i, long total, boolean after) {
    int half = Math.toIntExact(total / 2);
    pads[i] = after ? half : Math.toIntExact(total) - half;
    pads[i + 2] = Math.toIntExact(total) - pads[i];
  }

  boolean isDilated() {
    return dilation[0] != 1 || dilation[1] != 1;
  }

  /** A list of an attribute as rows and columns, with a number for the one row of a sequence. */
  static int[] two(OnnxNode node, String attribute, long[] numbers, int ofRow) {
    if (numbers.length == 1) {
      return new int[] {ofRow, Math.toIntExact(numbers[0])};
    }
    if (numbers.length != 2) {
      throw node.unsupported(
          "%s %s; supported are maps and sequences".formatted(attribute, Arrays.toString(numbers)));
    }
    return OnnxAxes.ints(numbers);
  }

  private static int[] pads(OnnxNode node, int axes) {
    long[] pads = node.integers("pads", new long[2 * axes]);
    if (pads.length != 2 * axes) {
      throw node.unsupported("pads %s for %d axes".formatted(Arrays.toString(pads), axes));
    }
    int[] before = two(node, "pads", Arrays.copyOf(pads, axes), 0);
    int[] after = two(node, "pads", Arrays.copyOfRange(pads, axes, 2 * axes), 0);
    return new int[] {before[0], before[1], after[0], after[1]};
  }

  private static long[] ones(long[] kernel) {
    long[] ones = new long[kernel.length];
    Arrays.fill(ones, 1);
    return ones;
  }
}
