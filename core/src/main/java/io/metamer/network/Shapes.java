package io.metamer.network;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What nodes ask of shapes, and how they complain. */
final class Shapes {

  private Shapes() {}

  static long length(long[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  static String text(List<long[]> shapes) {
    return shapes.stream().map(Arrays::toString).collect(Collectors.joining(", "));
  }

  static IllegalArgumentException misfit(String node, String expected, long[] got) {
    return new IllegalArgumentException(
        "node '%s': expected an input of %s, got %s"
            .formatted(node, expected, Arrays.toString(got)));
  }

  static void checkBias(String node, @Nullable INDArray bias, long size) {
    if (bias != null && (bias.rank() != 1 || bias.length() != size)) {
      throw new IllegalArgumentException(
          "node '%s': expected a bias of shape [%d], got %s"
              .formatted(node, size, Arrays.toString(bias.shape())));
    }
  }

  /** Some operations of ND4J drop NaN: of a network that holds it, results would look sound. */
  static void checkFinite(String node, @Nullable INDArray... arrays) {
    for (INDArray array : arrays) {
      // A sum is finite only if its terms are.
      if (array != null && !Double.isFinite(array.sumNumber().doubleValue())) {
        throw new IllegalArgumentException(
            "node '%s': expected finite weights, got NaN or an infinity among them"
                .formatted(node));
      }
    }
  }

  static void checkNumbers(String node, String what, int[] numbers, int count, int least) {
    if (numbers.length != count || Arrays.stream(numbers).anyMatch(n -> n < least)) {
      throw new IllegalArgumentException(
          "node '%s': expected %d numbers of at least %d as %s, got %s"
              .formatted(node, count, least, what, Arrays.toString(numbers)));
    }
  }

  static void checkAxis(String node, int axis, long[] shape) {
    if (axis < 0 || axis >= shape.length) {
      throw misfit(node, "a shape with an axis %d".formatted(axis), shape);
    }
  }

  static void checkAxes(String node, int[] axes) {
    for (int i = 0; i < axes.length; i++) {
      if (axes[i] < 0 || (i > 0 && axes[i] <= axes[i - 1])) {
        throw new IllegalArgumentException(
            "node '%s': expected axes of at least 0 in rising order, got %s"
                .formatted(node, Arrays.toString(axes)));
      }
    }
    if (axes.length == 0) {
      throw new IllegalArgumentException(
          "node '%s': expected one or more axes, got none".formatted(node));
    }
  }

  static List<String> atLeastTwo(String node, List<String> inputs) {
    if (inputs.size() < 2) {
      throw new IllegalArgumentException(
          "node '%s': expected two or more inputs, got %s".formatted(node, inputs));
    }
    return List.copyOf(inputs);
  }

  /** The shape that all broadcast to; of more than two, one of them has it. */
  static long[] broadcast(String node, List<long[]> shapes) {
    long[] out = shapes.get(0).clone();
    boolean fits = true;
    for (long[] shape : shapes) {
      fits &= shape.length == out.length;
      for (int i = 0; fits && i < out.length; i++) {
        fits = shape[i] == out[i] || shape[i] == 1 || out[i] == 1;
        out[i] = Math.max(out[i], shape[i]);
      }
    }
    fits &= shapes.size() == 2 || shapes.stream().anyMatch(shape -> Arrays.equals(shape, out));
    if (!fits) {
      throw new IllegalArgumentException(
          "node '%s': expected shapes that broadcast to one another, got %s"
              .formatted(node, text(shapes)));
    }
    return out;
  }
}
