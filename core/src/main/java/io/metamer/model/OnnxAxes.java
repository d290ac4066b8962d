package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxActivation.Place;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Moves and merges the axes of ONNX tensors, and follows the batch through them. */
final class OnnxAxes {

  /** What stands for an infinity among summands: beyond it, a softmax gives 0 all the same. */
  private static final double BEYOND = 1e30;

  /** How many numbers a matrix along an axis may have: that of an axis of 4,096. */
  private static final long LARGEST_MATRIX = 1L << 24;

  private OnnxAxes() {}

  /** Axes in another order; {@code permutation[i]} is the axis that becomes axis i. */
  static OnnxActivation transposed(
      OnnxTranslation to, String name, OnnxActivation x, int[] permutation) {
    List<Integer> axes = new ArrayList<>();
    int batch = 0;
    for (int i = 0; i < permutation.length; i++) {
      if (permutation[i] == x.batch()) {
        batch = i;
      }
      if (x.place() != Place.ALONE) {
        axes.add(permutation[i]);
      } else if (permutation[i] != x.batch()) {
        axes.add(permutation[i] < x.batch() ? permutation[i] : permutation[i] - 1);
      }
    }
    int[] order = axes.stream().mapToInt(Integer::intValue).toArray();
    boolean same = Arrays.equals(order, rising(order.length));
    Tensor tensor = same ? x.tensor() : to.add(new Node.Transpose(name, x.node(), order));
    return new OnnxActivation(tensor, batch, x.place());
  }

  /** The elements of each example in their order, under another shape of the ONNX tensor. */
  static OnnxActivation reshaped(
      OnnxNode node, OnnxTranslation to, String name, OnnxActivation x, long[] shape) {
    long n = to.batch();
    long before = 1;
    for (int i = 0; i < x.batch() + (x.place() == Place.INNER ? 1 : 0); i++) {
      before *= x.shape()[i];
    }
    int best = -1;
    Place place = Place.ALONE;
    int bestScore = 0;
    long prefix = 1;
    for (int i = 0; i < shape.length; prefix *= shape[i++]) {
      long size = shape[i] / n;
      if (shape[i] % n != 0 || (prefix != before && prefix * size != before)) {
        continue;
      }
      Place candidate =
          prefix != before
              ? Place.INNER
              : size == 1 && shape.length > 1 ? Place.ALONE : Place.OUTER;
      int score = score(x, i, candidate, size);
      if (score > bestScore) {
        best = i;
        place = candidate;
        bestScore = score;
      }
    }
    if (best < 0) {
      throw node.unsupported(
          "from %s to %s, for %d images; supported are shapes that keep images apart"
              .formatted(x, Arrays.toString(shape), n));
    }
    shape = shape.clone();
    shape[best] /= n;
    long[] example = place == Place.ALONE ? without(shape, best) : shape;
    return new OnnxActivation(example(to, name, x.tensor(), example), best, place);
  }

  /** How likely the batch is to be in a place: for a batch of one there may be several. */
  private static int score(OnnxActivation x, int axis, Place place, long size) {
    if (place == Place.ALONE) {
      return axis == x.batch() ? 4 : 3;
    }
    // [T, N, D] becomes [T, N * heads, D / heads], but not [T, N * D]: that would be [T * N, D].
    long[] shape = x.shape();
    int next = x.place() == Place.OUTER ? x.batch() : x.batch() + 1;
    long following = next < shape.length ? shape[next] : 1;
    boolean divides = x.place() == Place.OUTER ? size <= following : size < following;
    return place == Place.OUTER == divides ? 2 : 1;
  }

  /** Leading axes of size 1, up to as many axes as others have. */
  static OnnxActivation raised(OnnxTranslation to, String name, OnnxActivation x, int rank) {
    int more = rank - x.rank();
    if (more == 0) {
      return x;
    }
    boolean vector = x.rank() == 1; // [N], whose example has the shape [1]
    long[] example = new long[vector ? more : more + x.example().length];
    Arrays.fill(example, 1);
    if (!vector) {
      System.arraycopy(x.example(), 0, example, more, x.example().length);
    }
    return new OnnxActivation(
        example(to, name, x.tensor(), example), x.batch() + more, vector ? Place.ALONE : x.place());
  }

  /** Without one axis of size 1 that is not the batch's. */
  static OnnxActivation dropped(
      OnnxNode node, OnnxTranslation to, String name, OnnxActivation x, int onnxAxis) {
    return squeezed(node, to, name, x, new long[] {onnxAxis});
  }

  /** Without some axes of size 1 that are not the batch's. */
  static OnnxActivation squeezed(
      OnnxNode node, OnnxTranslation to, String name, OnnxActivation x, long[] axes) {
    boolean[] drop = new boolean[x.rank()];
    for (long axis : axes) {
      x.axis(node, axis);
      int i = x.onnxAxis(node, axis);
      if (x.shape()[i] != 1) {
        throw node.unsupported("of axis %d of %s, which is not of size 1".formatted(axis, x));
      }
      drop[i] = true;
    }
    int batch = x.batch();
    List<Long> left = new ArrayList<>();
    for (int i = 0; i < drop.length; i++) {
      if (drop[i]) {
        batch -= i < x.batch() ? 1 : 0;
      } else if (i != x.batch() || x.place() != Place.ALONE) {
        left.add(x.shape()[i]);
      }
    }
    boolean vector = left.isEmpty();
    long[] example = vector ? new long[] {1} : longs(left);
    return new OnnxActivation(
        example(to, name, x.tensor(), example), batch, vector ? Place.OUTER : x.place());
  }

  /** With axes of size 1 put in, at these positions of the result. */
  static OnnxActivation unsqueezed(
      OnnxNode node, OnnxTranslation to, String name, OnnxActivation x, long[] axes) {
    int rank = x.rank() + axes.length;
    boolean[] fresh = new boolean[rank];
    for (long axis : axes) {
      fresh[node.axis(axis, rank)] = true;
    }
    boolean vector = x.rank() == 1;
    int from = 0;
    int batch = 0;
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      if (fresh[i]) {
        shape.add(1L);
        continue;
      }
      boolean here = from == x.batch();
      if (here) {
        batch = i;
      }
      if (!here || !(vector || x.place() == Place.ALONE)) {
        shape.add(x.shape()[from]);
      }
      from++;
    }
    Place place = vector && rank > 1 ? Place.ALONE : x.place();
    return new OnnxActivation(example(to, name, x.tensor(), longs(shape)), batch, place);
  }

  /** Another shape for each example, if it is another. */
  static Tensor example(OnnxTranslation to, String name, Tensor x, long[] shape) {
    return Arrays.equals(x.shape(), shape) ? x : to.add(new Node.Reshape(name, x.node(), shape));
  }

  /** Axes of size 1 repeated, up to a shape. */
  static Tensor expanded(OnnxTranslation to, String name, Tensor x, long[] shape) {
    Tensor result = x;
    for (int i = 0; i < shape.length; i++) {
      if (result.shape()[i] == 1 && shape[i] > 1) {
        long[] next = result.shape().clone();
        next[i] = shape[i];
        String part = Arrays.equals(next, shape) ? name : name + "/axis" + i;
        result = to.add(new Node.AxisProduct(part, result.node(), i, ones(shape[i])));
      }
    }
    return result;
  }

  private static INDArray ones(long size) {
    return Nd4j.ones(DataType.FLOAT, checkedMatrix(size, 1), 1);
  }

  /** Refuses matrices that no image network needs and that no memory could hold. */
  static long checkedMatrix(long rows, long columns) {
    if (rows < 1 || columns < 1 || rows > LARGEST_MATRIX / columns) {
      throw new IllegalArgumentException(
          "expected a matrix of at most %d numbers, got %d x %d"
              .formatted(LARGEST_MATRIX, rows, columns));
    }
    return rows;
  }

  /**
   * A constant that meets an activation, in the form of the example: as many axes, none for a batch
   * that is alone.
   *
   * @param x has at least as many axes
   */
  static INDArray constant(OnnxNode node, OnnxTranslation to, INDArray given, OnnxActivation x) {
    int rank = x.rank();
    INDArray c = raised(given, rank);
    long size = c.size(x.batch());
    if (x.place() == Place.ALONE) {
      if (size > 1) {
        c = oneOf(node, to, c, x.batch(), size);
      }
      long[] shape = without(c.shape(), x.batch());
      return c.reshape('c', shape.length == 0 ? new long[] {1} : shape);
    }
    if (size > 1 && to.batch() > 1) {
      throw node.unsupported(
          "with a constant of shape %s on activations %s; supported is size 1 along the batch"
              .formatted(Arrays.toString(given.shape()), x));
    }
    return c;
  }

  /** A constant that a file holds once for each image of its batch: the one for an image. */
  private static INDArray oneOf(
      OnnxNode node, OnnxTranslation to, INDArray c, int axis, long size) {
    INDArrayIndex[] first = new INDArrayIndex[c.rank()];
    Arrays.fill(first, NDArrayIndex.all());
    first[axis] = NDArrayIndex.interval(0, 1);
    long[] shape = c.shape().clone();
    shape[axis] = 1;
    INDArray one = c.get(first).dup('c').reshape('c', shape);
    if (size != to.batch() || !c.equals(one.broadcast(c.shape()).dup('c'))) {
      throw node.unsupported(
          "with a constant of %d rows along the batch; supported are constants that are the same"
                  .formatted(size)
              + " for all images");
    }
    return one;
  }

  /** A constant with leading axes of size 1, in double unless it is of a float type. */
  static INDArray raised(INDArray c, int rank) {
    long[] shape = new long[Math.max(rank, c.rank())];
    Arrays.fill(shape, 1);
    System.arraycopy(c.shape(), 0, shape, shape.length - c.rank(), c.rank());
    INDArray numbers = c.dataType().isFPType() ? c : c.castTo(DataType.DOUBLE);
    return numbers.dup('c').reshape('c', shape);
  }

  /** Infinities, as masks of attention hold them, as large finite numbers. */
  static INDArray bounded(INDArray c) {
    double sum = c.sumNumber().doubleValue();
    if (Double.isFinite(sum)) {
      return c;
    }
    double[] numbers = OnnxTensors.doubles(c);
    for (int i = 0; i < numbers.length; i++) {
      if (Double.isInfinite(numbers[i])) {
        numbers[i] = Math.copySign(BEYOND, numbers[i]);
      }
    }
    return Nd4j.createFromArray(numbers).castTo(c.dataType()).reshape('c', c.shape());
  }

  /** One number for each position along an axis of an example, as {@link Node.Affine} takes it. */
  static INDArray along(INDArray vector, int axis, int rank) {
    long[] shape = new long[rank];
    Arrays.fill(shape, 1);
    shape[axis] = vector.length();
    return scale(vector.dup('c').reshape('c', shape));
  }

  /** The shortest form of a constant of an example's rank that {@link Node.Affine} takes. */
  static INDArray scale(INDArray c) {
    boolean ofFirst = c.length() == c.size(0);
    return c.length() == 1 || ofFirst ? c.reshape(new long[] {c.length()}) : c;
  }

  /** Whether a constant of an example's rank leaves the example's shape as it is. */
  static boolean fits(INDArray c, long[] example) {
    for (int i = 0; i < example.length; i++) {
      if (c.size(i) != 1 && c.size(i) != example[i]) {
        return false;
      }
    }
    return true;
  }

  static INDArray number(double value) {
    return Nd4j.createFromArray(new double[] {value});
  }

  /** The one number that a constant holds, everywhere the same, or null. */
  static @Nullable Double uniform(INDArray c) {
    double[] numbers = OnnxTensors.doubles(c);
    for (double v : numbers) {
      if (v != numbers[0]) {
        return null;
      }
    }
    return numbers.length == 0 ? null : numbers[0];
  }

  static int[] rising(int count) {
    int[] axes = new int[count];
    Arrays.setAll(axes, i -> i);
    return axes;
  }

  static long[] without(long[] shape, int axis) {
    long[] rest = new long[shape.length - 1];
    System.arraycopy(shape, 0, rest, 0, axis);
    System.arraycopy(shape, axis + 1, rest, axis, rest.length - axis);
    return rest;
  }

  static long[] longs(List<Long> numbers) {
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  static int[] ints(long[] numbers) {
    return Arrays.stream(numbers).mapToInt(Math::toIntExact).toArray();
  }
}
