package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Joins, parts, borders, and other constant matrices along an axis. */
final class OnnxParts {

  private OnnxParts() {}

  static void concat(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    if (inputs.count() == 1) {
      to.output(node, to.activation(node, 0));
      return;
    }
    int axis = inputs.axis(node.integer("axis", 1));
    List<String> names =
        IntStream.range(0, inputs.count()).mapToObj(i -> inputs.tensor(i).node()).toList();
    to.output(node, inputs.result(to.add(new Node.Concat(node.output(), names, axis))));
  }

  static void split(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int axis = x.axis(node, node.integer("axis", 0));
    long size = x.example()[axis];
    int count = node.proto().getOutputCount();
    long[] sizes = to.integers(node, 1, "split");
    if (sizes.length == 0) {
      sizes = new long[count];
      long each = (size + count - 1) / count;
      Arrays.fill(sizes, each);
      sizes[count - 1] = size - each * (count - 1);
    }
    if (sizes.length != count
        || LongStream.of(sizes).sum() != size
        || LongStream.of(sizes).anyMatch(s -> s < 1)) {
      throw node.unsupported(
          "of size %d into %s for %d outputs".formatted(size, Arrays.toString(sizes), count));
    }
    long from = 0;
    for (int i = 0; i < count; i++) {
      String name = node.proto().getOutput(i);
      if (!name.isEmpty()) {
        to.output(name, x.alike(part(to, name, x.tensor(), axis, from, sizes[i], 1)));
      }
      from += sizes[i];
    }
  }

  static void slice(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    long[] starts = to.integers(node, 1, "starts");
    long[] ends = to.integers(node, 2, "ends");
    long[] axes = to.integers(node, 3, "axes");
    long[] steps = to.integers(node, 4, "steps");
    if (axes.length == 0) {
      axes = LongStream.range(0, starts.length).toArray();
    }
    if (starts.length != axes.length
        || ends.length != axes.length
        || (steps.length > 0 && steps.length != axes.length)) {
      throw node.unsupported(
          "%d starts, %d ends, %d axes and %d steps"
              .formatted(starts.length, ends.length, axes.length, steps.length));
    }
    long[] shape = x.shape(to.batch());
    int rank = x.example().length;
    long[] start = new long[rank];
    long[] size = x.example().clone();
    long[] step = new long[rank];
    Arrays.fill(step, 1);
    Tensor result = x.tensor();
    for (int i = 0; i < axes.length; i++) {
      int onnxAxis = x.onnxAxis(node, axes[i]);
      long n = shape[onnxAxis];
      long by = steps.length == 0 ? 1 : Math.max(-n, Math.min(n, steps[i]));
      long from = bound(starts[i], n, by);
      long end = bound(ends[i], n, by);
      long count = by == 0 ? 0 : Math.max(0, (end - from + by - Long.signum(by)) / by);
      if (from == 0 && by == 1 && count == n) {
        continue;
      }
      int axis = x.axis(node, axes[i]);
      if (count == 0) {
        throw node.unsupported("of nothing along axis %d of %s".formatted(axes[i], x));
      }
      if (by > 0) {
        start[axis] = from;
        size[axis] = count;
        step[axis] = by;
      } else {
        long[] indices = LongStream.range(0, count).map(j -> from + j * by).toArray();
        result = picked(to, node.output() + "/axis" + axis, result, axis, indices);
        size[axis] = count;
      }
    }
    if (!Arrays.equals(size, result.shape()) || Arrays.stream(step).anyMatch(s -> s != 1)) {
      result = to.add(new Node.Slice(node.output(), result.node(), start, size, step));
    }
    to.output(node, x.alike(result));
  }

  /** Where a slice starts or ends: from the end where negative, and no further than the ends. */
  private static long bound(long given, long n, long step) {
    long at = given < 0 ? given + n : given;
    return step < 0 ? Math.max(-1, Math.min(n - 1, at)) : Math.max(0, Math.min(n, at));
  }

  static void gather(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    INDArray given = to.required(node, 1, "indices");
    gather(node, to, x, given, x.onnxAxis(node, node.integer("axis", 0)));
  }

  /** Indices of one axis only, the first. */
  static void gatherNd(OnnxNode node, OnnxTranslation to) {
    INDArray given = to.required(node, 1, "indices");
    int last = given.rank() - 1;
    if (last < 0 || given.size(last) != 1 || node.integer("batch_dims", 0) != 0) {
      throw node.unsupported(
          "indices of shape %s; supported are those of the first axis, [..., 1]"
              .formatted(Arrays.toString(given.shape())));
    }
    INDArray indices = given.reshape('c', OnnxAxes.without(given.shape(), last));
    gather(node, to, to.activation(node, 0), indices, 0);
  }

  private static void gather(
      OnnxNode node, OnnxTranslation to, OnnxActivation x, INDArray given, int onnxAxis) {
    if (onnxAxis == x.batch() && x.place() == OnnxActivation.Place.OUTER) {
      gatherOfImages(node, to, x, given);
      return;
    }
    int axis = x.axis(node, onnxAxis);
    long n = x.example()[axis];
    long[] indices = Arrays.stream(OnnxTensors.longs(given)).map(i -> i < 0 ? i + n : i).toArray();
    if (indices.length == 0 || Arrays.stream(indices).anyMatch(i -> i < 0 || i >= n)) {
      throw node.unsupported(
          "indices %s of an axis of size %d".formatted(Arrays.toString(indices), n));
    }
    String name = node.output();
    if (given.rank() == 1) {
      to.output(node, x.alike(picked(to, name, x.tensor(), axis, indices)));
      return;
    }
    OnnxActivation part = x.alike(picked(to, name + "/part", x.tensor(), axis, indices));
    if (given.rank() == 0) {
      to.output(node, OnnxAxes.squeezed(node, to, name, part, new long[] {onnxAxis}));
      return;
    }
    long[] example = new long[part.example().length + given.rank() - 1];
    System.arraycopy(part.example(), 0, example, 0, axis);
    System.arraycopy(given.shape(), 0, example, axis, given.rank());
    System.arraycopy(
        part.example(), axis + 1, example, axis + given.rank(), part.example().length - axis - 1);
    int batch = onnxAxis < x.batch() ? x.batch() + given.rank() - 1 : x.batch();
    Tensor split = OnnxAxes.example(to, name, part.tensor(), example);
    to.output(node, new OnnxActivation(split, batch, x.place()));
  }

  /**
   * Elements of {@code [..., N * size, ...]}, for each image the same: {@code [..., N, n, ...]}.
   */
  private static void gatherOfImages(
      OnnxNode node, OnnxTranslation to, OnnxActivation x, INDArray given) {
    int axis = x.batch();
    long size = x.example()[axis];
    long[] all = OnnxTensors.longs(given);
    boolean fits = given.rank() > 0 && given.size(0) == to.batch() && all.length > 0;
    long[] own = fits ? Arrays.copyOf(all, (int) (all.length / to.batch())) : all;
    for (int i = 0; fits && i < all.length; i++) {
      long first = own[i % own.length];
      fits = first >= 0 && first < size && all[i] == first + i / own.length * size;
    }
    if (!fits) {
      throw node.unsupported(
          "along axis %d of %s, which holds the batch; supported are the other axes"
              .formatted(axis, x));
    }
    Tensor part = picked(to, node.output() + "/part", x.tensor(), axis, own);
    long[] rest = OnnxAxes.without(given.shape(), 0);
    long[] shape = new long[part.shape().length - 1 + rest.length];
    System.arraycopy(part.shape(), 0, shape, 0, axis);
    System.arraycopy(rest, 0, shape, axis, rest.length);
    System.arraycopy(
        part.shape(), axis + 1, shape, axis + rest.length, part.shape().length - axis - 1);
    boolean none = shape.length == 0;
    Tensor result = OnnxAxes.example(to, node.output(), part, none ? new long[] {1} : shape);
    to.output(
        node,
        new OnnxActivation(
            result, axis, none ? OnnxActivation.Place.OUTER : OnnxActivation.Place.ALONE));
  }

  /** Elements along an axis in any order: a part where they follow one another evenly. */
  private static Tensor picked(
      OnnxTranslation to, String name, Tensor x, int axis, long[] indices) {
    long step = indices.length > 1 ? indices[1] - indices[0] : 1;
    boolean even = step > 0;
    for (int i = 1; i < indices.length; i++) {
      even &= indices[i] - indices[i - 1] == step;
    }
    if (even) {
      return part(to, name, x, axis, indices[0], indices.length, step);
    }
    OnnxAxes.checkedMatrix(indices.length, x.shape()[axis]);
    double[][] matrix = new double[indices.length][(int) x.shape()[axis]];
    for (int i = 0; i < indices.length; i++) {
      matrix[i][(int) indices[i]] = 1;
    }
    return along(to, name, x, axis, matrix);
  }

  private static Tensor part(
      OnnxTranslation to, String name, Tensor x, int axis, long from, long count, long step) {
    long[] start = new long[x.shape().length];
    long[] size = x.shape().clone();
    long[] steps = new long[size.length];
    Arrays.fill(steps, 1);
    start[axis] = from;
    size[axis] = count;
    steps[axis] = step;
    return to.add(new Node.Slice(name, x.node(), start, size, steps));
  }

  /** A constant matrix along an axis of an example. */
  static Tensor along(OnnxTranslation to, String name, Tensor x, int axis, double[][] matrix) {
    return to.add(new Node.AxisProduct(name, x.node(), axis, Nd4j.createFromArray(matrix)));
  }

  static void pad(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int rank = x.rank();
    long[] pads = pads(node, to, rank);
    if (Arrays.stream(pads).allMatch(p -> p == 0)) {
      to.output(node, x);
      return;
    }
    int axes = x.example().length;
    long[] before = new long[axes];
    long[] after = new long[axes];
    for (int i = 0; i < rank; i++) {
      if (pads[i] != 0 || pads[rank + i] != 0) {
        int axis = x.axis(node, i);
        before[axis] = pads[i];
        after[axis] = pads[rank + i];
      }
    }
    String mode = node.text("mode", "constant");
    if (!mode.equals("constant")) {
      to.output(node, x.alike(bordered(node, to, x.tensor(), before, after, mode)));
      return;
    }
    @Nullable INDArray given = to.constant(node, 2, "value");
    double value = given == null || given.isEmpty() ? node.number("value", 0) : given.getDouble(0);
    // What a maximum never takes, where a file pads with minus infinity.
    double finite = value == Double.NEGATIVE_INFINITY ? -Float.MAX_VALUE : value;
    to.output(
        node, x.alike(to.composites().padded(node.output(), x.tensor(), before, after, finite)));
  }

  /** Before and after each axis of the ONNX tensor. */
  private static long[] pads(OnnxNode node, OnnxTranslation to, int rank) {
    long[] given = to.integers(node, 1, "pads");
    long[] axes = to.integers(node, 3, "axes");
    if (axes.length == 0) {
      axes = LongStream.range(0, rank).toArray();
    }
    if (given.length != 2 * axes.length) {
      throw node.unsupported("%d pads for %d axes".formatted(given.length, axes.length));
    }
    long[] pads = new long[2 * rank];
    for (int i = 0; i < axes.length; i++) {
      int axis = node.axis(axes[i], rank);
      pads[axis] = given[i];
      pads[rank + axis] = given[axes.length + i];
    }
    return pads;
  }

  /** Borders that repeat what is inside: a matrix along each axis. */
  private static Tensor bordered(
      OnnxNode node, OnnxTranslation to, Tensor x, long[] before, long[] after, String mode) {
    Tensor result = x;
    for (int axis = 0; axis < before.length; axis++) {
      if (before[axis] == 0 && after[axis] == 0) {
        continue;
      }
      long n = x.shape()[axis];
      long size = OnnxAxes.checkedMatrix(n + before[axis] + after[axis], n);
      double[][] matrix = new double[(int) size][(int) n];
      for (int i = 0; i < size; i++) {
        matrix[i][(int) source(node, i - before[axis], n, mode)] = 1;
      }
      result = along(to, node.output() + "/axis" + axis, result, axis, matrix);
    }
    return result;
  }

  private static long source(OnnxNode node, long i, long n, String mode) {
    return switch (mode) {
      case "edge" -> Math.max(0, Math.min(n - 1, i));
      case "wrap" -> Math.floorMod(i, n);
      case "reflect" -> {
        long period = Math.max(1, 2 * (n - 1));
        long at = Math.floorMod(i, period);
        yield at < n ? at : period - at;
      }
      default ->
          throw node.unsupported(
              "mode %s; supported are constant, reflect, edge and wrap".formatted(mode));
    };
  }

  /** Sums of all elements up to each one along an axis. */
  static void cumulativeSum(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int axis = x.axis(node, OnnxTensors.longs(to.required(node, 1, "axis"))[0]);
    boolean reverse = node.integer("reverse", 0) != 0;
    boolean exclusive = node.integer("exclusive", 0) != 0;
    int n = (int) OnnxAxes.checkedMatrix(x.example()[axis], x.example()[axis]);
    double[][] matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        boolean counts = reverse ? j >= i : j <= i;
        matrix[i][j] = counts && !(exclusive && i == j) ? 1 : 0;
      }
    }
    to.output(node, x.alike(along(to, node.output(), x.tensor(), axis, matrix)));
  }

  /** The upper or lower triangle of the last two axes. */
  static void triangle(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    INDArray given = to.constant(node, 1, "k");
    long k = given == null ? 0 : OnnxTensors.longs(given)[0];
    boolean upper = node.integer("upper", 1) != 0;
    long[] shape = x.example();
    int row = x.axis(node, -2);
    int column = x.axis(node, -1);
    long[] mask = new long[shape.length];
    Arrays.fill(mask, 1);
    mask[row] = shape[row];
    mask[column] = shape[column];
    OnnxAxes.checkedMatrix(shape[row], shape[column]);
    double[] numbers = new double[(int) (shape[row] * shape[column])];
    for (int i = 0; i < numbers.length; i++) {
      long over = i % shape[column] - i / shape[column];
      numbers[i] = (upper ? over >= k : over <= k) ? 1 : 0;
    }
    INDArray scale = Nd4j.createFromArray(numbers).castTo(DataType.FLOAT).reshape('c', mask);
    to.output(node, x.alike(OnnxBroadcasting.scaled(to, node.output(), x.tensor(), scale)));
  }
}
