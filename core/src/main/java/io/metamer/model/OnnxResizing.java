package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Resizing, which is linear: a constant matrix along each axis that changes its size.
 *
 * <p>Coordinates are computed in float as ONNX Runtime does, so that what lies halfway between two
 * pixels is rounded alike.
 */
final class OnnxResizing {

  /**
   * How a file wants it.
   *
   * @param mode nearest, linear or cubic
   * @param coordinates coordinate_transformation_mode
   * @param nearest nearest_mode; "simple" is that of the operator sets before 11
   * @param cubic the coefficient of cubic interpolation
   * @param excludeOutside whether what is outside the map has no part in cubic interpolation
   */
  private record Way(
      String mode, String coordinates, String nearest, double cubic, boolean excludeOutside) {}

  private OnnxResizing() {}

  static void resize(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    if (node.opset() < 11) {
      Way old = new Way(mode(node), "asymmetric", "simple", 0, false);
      scale(node, to, x, OnnxTensors.doubles(to.required(node, 1, "scales")), null, old);
      return;
    }
    if (node.integer("antialias", 0) != 0) {
      throw node.unsupported("antialias = 1; supported is 0");
    }
    Way way =
        new Way(
            mode(node),
            node.text("coordinate_transformation_mode", "half_pixel"),
            node.text("nearest_mode", "round_prefer_floor"),
            node.number("cubic_coeff_a", -0.75),
            node.integer("exclude_outside", 0) != 0);
    long[] axes = node.integers("axes", LongStream.range(0, x.rank()).toArray());
    INDArray scales = to.constant(node, 2, "scales");
    if (scales != null && !scales.isEmpty()) {
      scale(node, to, x, spread(node, x, axes, OnnxTensors.doubles(scales)), null, way);
      return;
    }
    long[] sizes = OnnxTensors.longs(to.required(node, 3, "sizes"));
    if (sizes.length != axes.length) {
      throw node.unsupported("%d sizes for %d axes".formatted(sizes.length, axes.length));
    }
    long[] from = x.shape(to.batch());
    double[] ratios = new double[axes.length];
    for (int i = 0; i < axes.length; i++) {
      ratios[i] = (float) sizes[i] / from[x.onnxAxis(node, axes[i])];
    }
    String policy = node.text("keep_aspect_ratio_policy", "stretch");
    if (!policy.equals("stretch")) {
      double ratio =
          policy.equals("not_larger")
              ? Arrays.stream(ratios).min().orElse(1)
              : Arrays.stream(ratios).max().orElse(1);
      Arrays.fill(ratios, ratio);
      for (int i = 0; i < axes.length; i++) {
        sizes[i] = Math.round(ratio * from[x.onnxAxis(node, axes[i])]);
      }
    }
    long[] all = from.clone();
    for (int i = 0; i < axes.length; i++) {
      all[x.onnxAxis(node, axes[i])] = sizes[i];
    }
    scale(node, to, x, spread(node, x, axes, ratios), all, way);
  }

  static void upsample(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    INDArray given = to.constant(node, 1, "scales");
    double[] scales = given == null ? node.numbers("scales") : OnnxTensors.doubles(given);
    scale(node, to, x, scales, null, new Way(mode(node), "asymmetric", "simple", 0, false));
  }

  private static String mode(OnnxNode node) {
    String mode = node.text("mode", "nearest");
    if (!List.of("nearest", "linear", "bilinear", "cubic").contains(mode)) {
      throw node.unsupported("mode %s; supported are nearest, linear and cubic".formatted(mode));
    }
    return mode.equals("bilinear") ? "linear" : mode;
  }

  /** A number for each axis of the tensor, 1 where the file gives none. */
  private static double[] spread(OnnxNode node, OnnxActivation x, long[] axes, double[] numbers) {
    if (numbers.length != axes.length) {
      throw node.unsupported("%d scales for %d axes".formatted(numbers.length, axes.length));
    }
    double[] all = new double[x.rank()];
    Arrays.fill(all, 1);
    for (int i = 0; i < axes.length; i++) {
      all[x.onnxAxis(node, axes[i])] = numbers[i];
    }
    return all;
  }

  private static void scale(
      OnnxNode node,
      OnnxTranslation to,
      OnnxActivation x,
      double[] scales,
      long @Nullable [] sizes,
      Way way) {
    if (scales.length != x.rank()) {
      throw node.unsupported("%d scales of %s".formatted(scales.length, x));
    }
    long[] from = x.shape(to.batch());
    List<Integer> changing = new ArrayList<>();
    for (int i = 0; i < scales.length; i++) {
      if (!(scales[i] > 0)) {
        throw node.unsupported(
            "scales %s; supported are above 0".formatted(Arrays.toString(scales)));
      }
      if (scales[i] != 1) {
        x.axis(node, i); // refuses the batch's
        changing.add(i);
      }
    }
    long[] size = new long[scales.length];
    Arrays.setAll(
        size, i -> sizes == null ? (long) Math.floor((float) scales[i] * from[i]) : sizes[i]);
    if (Arrays.equals(size, from)) {
      // Whatever the scales: a copy, as ONNX Runtime and PyTorch have it.
      to.output(node, x);
      return;
    }
    Tensor result = x.tensor();
    for (int i : changing) {
      boolean last = i == changing.get(changing.size() - 1);
      result =
          to.add(
              new Node.AxisProduct(
                  last ? node.output() : node.output() + "/axis" + i,
                  result.node(),
                  x.axis(node, i),
                  matrix(node, way, from[i], size[i], (float) scales[i])));
    }
    to.output(node, x.alike(result));
  }

  /** What each pixel of the new axis takes from each of the old one. */
  private static INDArray matrix(OnnxNode node, Way way, long from, long to, float scale) {
    OnnxAxes.checkedMatrix(to, from);
    int n = (int) from;
    double[][] matrix = new double[(int) to][n];
    for (int i = 0; i < to; i++) {
      float at = coordinate(node, way.coordinates(), i, n, (int) to, scale);
      switch (way.mode()) {
        case "nearest" -> matrix[i][clamp(nearest(node, way.nearest(), at, scale), n)] = 1;
        case "linear" -> {
          double inside = Math.max(0, Math.min(n - 1, at));
          int left = (int) inside;
          matrix[i][left] += 1 - (inside - left);
          matrix[i][clamp(left + 1, n)] += inside - left;
        }
        default -> cubic(matrix[i], at, way);
      }
    }
    return Nd4j.createFromArray(matrix);
  }

  /** Where the centre of a new pixel lies among the old ones. */
  private static float coordinate(
      OnnxNode node, String mode, int i, int from, int to, float scale) {
    return switch (mode) {
      case "half_pixel" -> (i + 0.5f) / scale - 0.5f;
      case "pytorch_half_pixel" -> to > 1 ? (i + 0.5f) / scale - 0.5f : 0;
      case "align_corners" -> to == 1 ? 0 : (float) i * (from - 1) / (to - 1);
      case "asymmetric" -> i / scale;
      case "tf_half_pixel_for_nn" -> (i + 0.5f) / scale;
      case "half_pixel_symmetric" -> {
        float adjustment = to / (scale * from);
        float centre = from / 2f;
        yield centre * (1 - adjustment) + (i + 0.5f) / scale - 0.5f;
      }
      default ->
          throw node.unsupported(
              "coordinate_transformation_mode %s; supported are half_pixel, half_pixel_symmetric,"
                      .formatted(mode)
                  + " pytorch_half_pixel, align_corners, asymmetric and tf_half_pixel_for_nn");
    };
  }

  private static int nearest(OnnxNode node, String mode, float at, float scale) {
    return (int)
        switch (mode) {
          case "round_prefer_floor" -> Math.ceil(at - 0.5f);
          case "round_prefer_ceil" -> Math.floor(at + 0.5f);
          case "floor" -> Math.floor(at);
          case "ceil" -> Math.ceil(at);
          case "simple" -> scale < 1 ? Math.ceil(at) : Math.floor(at);
          default ->
              throw node.unsupported(
                  "nearest_mode %s; supported are round_prefer_floor, round_prefer_ceil, floor"
                          .formatted(mode)
                      + " and ceil");
        };
  }

  /** Keys (1981), four pixels; what is outside is the border's or nothing. */
  private static void cubic(double[] row, float at, Way way) {
    int left = (int) Math.floor(at);
    double s = at - left;
    double a = way.cubic();
    double[] weights = {
      ((a * (s + 1) - 5 * a) * (s + 1) + 8 * a) * (s + 1) - 4 * a,
      ((a + 2) * s - (a + 3)) * s * s + 1,
      ((a + 2) * (1 - s) - (a + 3)) * (1 - s) * (1 - s) + 1,
      ((a * (2 - s) - 5 * a) * (2 - s) + 8 * a) * (2 - s) - 4 * a
    };
    double sum = 0;
    for (int k = 0; k < 4; k++) {
      int j = left - 1 + k;
      boolean outside = j < 0 || j >= row.length;
      if (!outside || !way.excludeOutside()) {
        row[clamp(j, row.length)] += weights[k];
        sum += weights[k];
      }
    }
    for (int j = 0; j < row.length; j++) {
      row[j] /= way.excludeOutside() ? sum : 1;
    }
  }

  private static int clamp(int i, int n) {
    return Math.max(0, Math.min(n - 1, i));
  }
}
