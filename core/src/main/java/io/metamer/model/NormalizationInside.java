package io.metamer.model;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Finds the preprocessing that a network does inside: what happens to its images before the first
 * node that does more than to scale, move and reorder their channels.
 */
final class NormalizationInside {

  /** Weights are floats, mostly; further digits of a quotient of two of them are noise. */
  private static final MathContext DIGITS = new MathContext(6);

  /** What has more is no image, and no preprocessing is listed for it. */
  private static final int MOST_CHANNELS = 256;

  /** A channel of the images, times a factor, plus a summand. */
  private record Plane(int channel, double factor, double summand) {

    Plane then(double f, double s) {
      return new Plane(channel, factor * f, summand * f + s);
    }
  }

  /** A tensor that is made of such planes along an axis; -1 where a single one has no axis. */
  private record Planes(List<Plane> list, int axis) {

    int count() {
      return list.size();
    }
  }

  private final Graph graph;
  private final Map<String, Planes> recognized = new HashMap<>();

  private NormalizationInside(Graph graph) {
    this.graph = graph;
  }

  /** Nothing where none is seen, or one that a {@link Preprocessing} cannot say. */
  static Optional<Preprocessing> of(Graph graph) {
    return new NormalizationInside(graph.upTo(graph.outputs())).find();
  }

  private Optional<Preprocessing> find() {
    Map<String, Planes> read = new HashMap<>();
    for (Node node : graph.nodes()) {
      Planes planes = planes(node);
      if (planes != null) {
        recognized.put(node.name(), planes);
        continue;
      }
      for (String input : node.inputs()) {
        Planes entrance = recognized.get(input);
        if (entrance != null) {
          read.put(input, entrance);
        }
      }
    }
    // Where the rest of the network reads two of them, the images enter it in two forms.
    return read.size() == 1
        ? preprocessing(read.values().iterator().next().list())
        : Optional.empty();
  }

  private @Nullable Planes planes(Node node) {
    if (node instanceof Node.Input input) {
      if (input.shape()[0] > MOST_CHANNELS) {
        return null;
      }
      List<Plane> planes = new ArrayList<>();
      for (int c = 0; c < input.shape()[0]; c++) {
        planes.add(new Plane(c, 1, 0));
      }
      return new Planes(planes, 0);
    }
    if (node instanceof Node.Concat concat) {
      return joined(concat);
    }
    Planes before = node.inputs().isEmpty() ? null : recognized.get(node.inputs().get(0));
    if (before == null || node.inputs().size() > 1) {
      return null;
    }
    long[] shape = graph.shape(node.inputs().get(0));
    if (node instanceof Node.Affine affine) {
      return moved(before, shape, affine);
    }
    if (node instanceof Node.Slice slice) {
      return picked(before, shape, slice);
    }
    if (node instanceof Node.AxisProduct product) {
      return permuted(before, product);
    }
    if (node instanceof Node.Transpose transpose && before.axis >= 0) {
      int[] axes = transpose.axes();
      for (int i = 0; i < axes.length; i++) {
        if (axes[i] == before.axis) {
          return new Planes(before.list, i);
        }
      }
    }
    if (node instanceof Node.Reshape reshape) {
      long first = reshape.shape()[0];
      if (before.axis <= 0 && first == before.count()) {
        return new Planes(before.list, 0);
      }
      return before.count() == 1 ? new Planes(before.list, -1) : null;
    }
    return null;
  }

  private static @Nullable Planes moved(Planes before, long[] shape, Node.Affine affine) {
    double[] factors = perPlane(affine.scale(), before, shape);
    double[] summands = perPlane(affine.shift(), before, shape);
    if (factors == null || summands == null) {
      return null;
    }
    List<Plane> planes = new ArrayList<>();
    for (int i = 0; i < before.count(); i++) {
      planes.add(before.list.get(i).then(factors[i], summands[i]));
    }
    return new Planes(planes, before.axis);
  }

  /** The numbers that broadcast to each plane, or null if they differ within one. */
  private static double @Nullable [] perPlane(INDArray numbers, Planes planes, long[] shape) {
    int axis = numbers.rank() == 1 ? 0 : planes.axis;
    boolean one = numbers.length() == 1;
    boolean each =
        axis == planes.axis
            && axis >= 0
            && numbers.length() == planes.count()
            && numbers.size(axis) == shape[axis];
    if (!one && !each) {
      return null;
    }
    INDArray flat = numbers.dup('c').reshape(numbers.length());
    double[] perPlane = new double[planes.count()];
    for (int i = 0; i < perPlane.length; i++) {
      perPlane[i] = flat.getDouble(one ? 0 : i);
    }
    return perPlane;
  }

  private static @Nullable Planes picked(Planes before, long[] shape, Node.Slice slice) {
    for (int i = 0; i < shape.length; i++) {
      if (i != before.axis && slice.size()[i] != shape[i]) {
        return null;
      }
    }
    if (before.axis < 0) {
      return before;
    }
    List<Plane> planes = new ArrayList<>();
    for (int i = 0; i < slice.size()[before.axis]; i++) {
      long from = slice.start()[before.axis] + i * slice.step()[before.axis];
      planes.add(before.list.get((int) from));
    }
    return new Planes(planes, before.axis);
  }

  private static @Nullable Planes permuted(Planes before, Node.AxisProduct product) {
    if (product.axis() != before.axis) {
      return null;
    }
    INDArray matrix = product.matrix();
    List<Plane> planes = new ArrayList<>();
    for (long i = 0; i < matrix.size(0); i++) {
      Plane only = null;
      for (int j = 0; j < matrix.size(1); j++) {
        double factor = matrix.getDouble(i, j);
        if (factor != 0 && only != null) {
          return null;
        }
        only = factor == 0 ? only : before.list.get(j).then(factor, 0);
      }
      if (only == null) {
        return null;
      }
      planes.add(only);
    }
    return new Planes(planes, before.axis);
  }

  private @Nullable Planes joined(Node.Concat concat) {
    List<Plane> planes = new ArrayList<>();
    for (String input : concat.inputs()) {
      Planes part = recognized.get(input);
      if (part == null || part.axis != concat.axis()) {
        return null;
      }
      planes.addAll(part.list);
    }
    return new Planes(planes, concat.axis());
  }

  private Optional<Preprocessing> preprocessing(List<Plane> planes) {
    int channels = planes.size();
    boolean same = channels == graph.inputShape()[0];
    boolean reversed = same && channels == 3;
    for (int i = 0; i < channels; i++) {
      Plane plane = planes.get(i);
      if (!Double.isFinite(1 / plane.factor) || !Double.isFinite(plane.summand / plane.factor)) {
        return Optional.empty();
      }
      same &= plane.channel == i;
      reversed &= plane.channel == channels - 1 - i;
    }
    if (!same && !reversed) {
      return Optional.empty();
    }
    List<Double> mean = new ArrayList<>();
    List<Double> std = new ArrayList<>();
    for (Plane plane : planes) {
      mean.add(rounded(-plane.summand / plane.factor));
      std.add(rounded(1 / plane.factor));
    }
    boolean alike = mean.stream().distinct().count() == 1 && std.stream().distinct().count() == 1;
    Preprocessing found =
        new Preprocessing(
            alike ? mean.subList(0, 1) : mean,
            alike ? std.subList(0, 1) : std,
            1,
            same ? Preprocessing.Order.RGB : Preprocessing.Order.BGR);
    return found.equals(Preprocessing.none()) ? Optional.empty() : Optional.of(found);
  }

  private static double rounded(double number) {
    return new BigDecimal(number).round(DIGITS).doubleValue();
  }
}
