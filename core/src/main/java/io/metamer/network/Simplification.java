package io.metamer.network;

import io.metamer.network.Node.Pool.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Joins nodes with the one that they read, where only they read it and it is no output. The joined
 * node has the later one's name.
 */
final class Simplification {

  /** The nodes that were joined, by those they come from, so that their weights exist once. */
  static final class Joined {
    private final Map<Pair, Node> nodes = new HashMap<>();

    private synchronized Node of(Node before, Node node, Supplier<Node> join) {
      Pair pair = new Pair(before, node);
      Node result = nodes.get(pair);
      if (result == null) {
        result = join.get();
        nodes.put(pair, result);
      }
      return result;
    }
  }

  /** By identity: nodes compare their weights. */
  private record Pair(Node before, Node node) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Pair pair && before == pair.before && node == pair.node;
    }

    @Override
    public int hashCode() {
      return 31 * System.identityHashCode(before) + System.identityHashCode(node);
    }
  }

  private final Graph graph;
  private final Joined joined;
  private final Set<String> outputs;
  private final Map<String, Integer> readers = new HashMap<>();
  private final Map<String, Node> kept = new LinkedHashMap<>();

  private Simplification(Graph graph, Joined joined) {
    this.graph = graph;
    this.joined = joined;
    outputs = Set.copyOf(graph.outputs());
  }

  static List<Node> of(Graph graph, Joined joined) {
    return new Simplification(graph, joined).nodes();
  }

  private List<Node> nodes() {
    List<Node> all = graph.nodes();
    all.forEach(n -> n.inputs().forEach(i -> readers.merge(i, 1, Integer::sum)));
    for (Node node : all) {
      Node last = node instanceof Node.Transpose t ? transpose(t) : node;
      for (Node before = sole(last); before != null; before = sole(last)) {
        Node join = join(before, last);
        if (join == null) {
          break;
        }
        kept.remove(before.name());
        last = join;
      }
      if (last instanceof Node.Dense dense) {
        last = inOrderOfTransposed(dense);
      }
      if (last instanceof Node.Convolution convolution) {
        last = withoutPaddingOnly(convolution);
      }
      kept.put(last.name(), last);
    }
    return new ArrayList<>(kept.values());
  }

  /** The node before, if the node reads one only, which nobody else reads and nobody wants. */
  private @Nullable Node sole(Node node) {
    if (node.inputs().size() != 1) {
      return null;
    }
    String input = node.inputs().get(0);
    return Objects.equals(readers.get(input), 1) && !outputs.contains(input)
        ? kept.get(input)
        : null;
  }

  /** Both nodes as one, or none. */
  private @Nullable Node join(Node before, Node node) {
    if (node instanceof Node.Affine affine) {
      return join(before, affine);
    }
    if (before instanceof Node.Pad pad) {
      return join(pad, node);
    }
    if (before instanceof Node.Transpose first && node instanceof Node.Transpose second) {
      int[] axes = Arrays.stream(second.axes()).map(axis -> first.axes()[axis]).toArray();
      return transpose(new Node.Transpose(second.name(), first.input(), axes));
    }
    if (before instanceof Node.Reshape first && node instanceof Node.Reshape second) {
      return new Node.Reshape(second.name(), first.input(), second.shape());
    }
    return null;
  }

  // Transpositions.

  /** One that moves only axes of size 1 leaves the elements in their order. */
  private Node transpose(Node.Transpose node) {
    long[] in = graph.shape(node.input());
    int[] wide = Arrays.stream(node.axes()).filter(axis -> in[axis] > 1).toArray();
    for (int i = 1; i < wide.length; i++) {
      if (wide[i] < wide[i - 1]) {
        return node;
      }
    }
    return new Node.Reshape(node.name(), node.input(), node.outputShape(List.of(in)));
  }

  /** Where a dense node reads a flattened transposition, its columns are put in order instead. */
  private Node inOrderOfTransposed(Node.Dense dense) {
    if (!(sole(dense) instanceof Node.Reshape reshape)
        || !(sole(reshape) instanceof Node.Transpose transpose)
        || Shapes.length(reshape.shape()) != dense.weights().size(1)) {
      return dense;
    }
    long[] in = graph.shape(transpose.input());
    Node result =
        joined.of(
            transpose,
            dense,
            () ->
                new Node.Dense(
                    dense.name(),
                    dense.input(),
                    ordered(dense.weights(), in, transpose.axes()),
                    dense.bias()));
    kept.remove(transpose.name());
    kept.put(reshape.name(), new Node.Reshape(reshape.name(), transpose.input(), reshape.shape()));
    return result;
  }

  /** The column of each element of the input, as it is before the transposition. */
  private static INDArray ordered(INDArray weights, long[] in, int[] axes) {
    long[] transposed = Arrays.stream(axes).mapToLong(axis -> in[axis]).toArray();
    long[] shape = new long[in.length + 1];
    int[] back = new int[in.length + 1];
    shape[0] = weights.size(0);
    for (int i = 0; i < axes.length; i++) {
      shape[1 + i] = transposed[i];
      back[1 + axes[i]] = 1 + i;
    }
    return weights.reshape(shape).permute(back).dup('c').reshape(weights.shape());
  }

  // Zeros around maps.

  private @Nullable Node join(Node.Pad pad, Node node) {
    boolean around =
        pad.value() == 0 && pad.before().length == 3 && pad.before()[0] + pad.after()[0] == 0;
    if (!around) {
      return null;
    }
    if (node instanceof Node.Convolution c) {
      return joined.of(
          pad,
          c,
          () ->
              new Node.Convolution(
                  c.name(),
                  pad.input(),
                  c.weights(),
                  c.bias(),
                  c.stride(),
                  wider(c.pads(), pad),
                  c.dilation(),
                  c.groups()));
    }
    if (node instanceof Node.Pool p && p.kind() == Kind.AVERAGE && !p.ceil()) {
      int[] pads = wider(p.pads(), pad);
      boolean allCount = p.countPadding() || Arrays.stream(p.pads()).allMatch(n -> n == 0);
      boolean fits = true;
      for (int i = 0; i < 4; i++) {
        fits &= pads[i] < p.kernel()[i % 2];
      }
      if (allCount && fits) {
        return new Node.Pool(
            p.name(),
            pad.input(),
            p.kind(),
            p.kernel(),
            p.stride(),
            pads,
            p.dilation(),
            false,
            true);
      }
    }
    return null;
  }

  /**
   * Without the rows and columns of a kernel that only ever meet padding. On the small maps that
   * small images become in deep layers these are most: of 3 x 3 on a map of one element all but the
   * one in the middle.
   */
  private Node withoutPaddingOnly(Node.Convolution c) {
    long[] in = graph.shape(c.input());
    long[] out = graph.shape(c.name());
    int[] first = new int[2];
    int[] end = new int[2];
    for (int axis = 0; axis < 2; axis++) {
      long last = (out[1 + axis] - 1) * c.stride()[axis] - c.pads()[axis];
      int kernel = Math.toIntExact(c.weights().size(2 + axis));
      first[axis] = (int) Math.min(kernel - 1L, Math.max(0, -last));
      end[axis] = (int) Math.max(first[axis] + 1L, Math.min(kernel, in[1 + axis] + c.pads()[axis]));
    }
    boolean whole =
        first[0] + first[1] == 0 && end[0] == c.weights().size(2) && end[1] == c.weights().size(3);
    if (whole || c.dilation()[0] > 1 || c.dilation()[1] > 1) {
      return c;
    }
    return joined.of(
        c,
        c,
        () ->
            new Node.Convolution(
                c.name(),
                c.input(),
                c.weights()
                    .get(
                        NDArrayIndex.all(),
                        NDArrayIndex.all(),
                        NDArrayIndex.interval(first[0], end[0]),
                        NDArrayIndex.interval(first[1], end[1]))
                    .dup('c'),
                c.bias(),
                c.stride(),
                new int[] {
                  c.pads()[0] - first[0],
                  c.pads()[1] - first[1],
                  c.pads()[2] - Math.toIntExact(c.weights().size(2) - end[0]),
                  c.pads()[3] - Math.toIntExact(c.weights().size(3) - end[1])
                },
                c.dilation(),
                c.groups()));
  }

  private static int[] wider(int[] pads, Node.Pad pad) {
    int[] result = new int[4];
    for (int axis = 0; axis < 2; axis++) {
      result[axis] = Math.toIntExact(pads[axis] + pad.before()[1 + axis]);
      result[axis + 2] = Math.toIntExact(pads[axis + 2] + pad.after()[1 + axis]);
    }
    return result;
  }

  // Scales and shifts.

  /** Folds an affine node into the one it reads, under the affine's name, if that is possible. */
  private @Nullable Node join(Node before, Node.Affine affine) {
    int rank = graph.shape(affine.name()).length;
    if (before instanceof Node.Convolution || before instanceof Node.Deconvolution) {
      return joined(before, affine, along(affine.scale(), rank, 0), along(affine.shift(), rank, 0));
    }
    if (before instanceof Node.Dense) {
      return joined(
          before,
          affine,
          along(affine.scale(), rank, rank - 1),
          along(affine.shift(), rank, rank - 1));
    }
    if (before instanceof Node.Affine first) {
      for (int axis = 0; axis < rank; axis++) {
        INDArray scale = along(affine.scale(), rank, axis);
        INDArray shift = along(affine.shift(), rank, axis);
        INDArray firstScale = along(first.scale(), rank, axis);
        INDArray firstShift = along(first.shift(), rank, axis);
        if (scale != null && shift != null && firstScale != null && firstShift != null) {
          int at = axis;
          return joined.of(
              first,
              affine,
              () -> composed(first, affine, firstScale, firstShift, scale, shift, rank, at));
        }
      }
    }
    return null;
  }

  private @Nullable Node joined(
      Node before, Node.Affine affine, @Nullable INDArray scale, @Nullable INDArray shift) {
    return scale == null || shift == null
        ? null
        : joined.of(before, affine, () -> scaled(before, affine.name(), scale, shift));
  }

  /** One number for all, or one for each element along an axis; none if the numbers differ else. */
  private static @Nullable INDArray along(INDArray numbers, int rank, int axis) {
    if (numbers.length() == 1) {
      return numbers.reshape(1);
    }
    if (numbers.rank() == 1) {
      return axis == 0 ? numbers : null;
    }
    return numbers.rank() == rank && numbers.size(axis) == numbers.length()
        ? numbers.reshape(numbers.length())
        : null;
  }

  /** A convolution, deconvolution or dense node whose outputs are scaled and shifted. */
  private static Node scaled(Node node, String name, INDArray scale, INDArray shift) {
    if (node instanceof Node.Convolution c) {
      return new Node.Convolution(
          name,
          c.input(),
          scaled(c.weights(), scale, 0, 1),
          moved(c.bias(), scale, shift, c.weights().size(0), c.weights().dataType()),
          c.stride(),
          c.pads(),
          c.dilation(),
          c.groups());
    }
    if (node instanceof Node.Deconvolution d) {
      return new Node.Deconvolution(
          name,
          d.input(),
          scaled(d.weights(), scale, 1, d.groups()),
          moved(d.bias(), scale, shift, d.weights().size(1) * d.groups(), d.weights().dataType()),
          d.stride(),
          d.pads(),
          d.outputPadding(),
          d.dilation(),
          d.groups());
    }
    Node.Dense d = (Node.Dense) node;
    return new Node.Dense(
        name,
        d.input(),
        scaled(d.weights(), scale, 0, 1),
        moved(d.bias(), scale, shift, d.weights().size(0), d.weights().dataType()));
  }

  /**
   * Weights times a scale for each output, computed in double.
   *
   * @param axis of the weights, along which the outputs of a group lie
   * @param groups into which the first axis is divided, if the outputs lie along another
   */
  private static INDArray scaled(INDArray weights, INDArray scale, int axis, int groups) {
    long[] shape = weights.shape();
    long[] split = new long[shape.length + 1];
    split[0] = groups;
    split[1] = shape[0] / groups;
    System.arraycopy(shape, 1, split, 2, shape.length - 1);
    long[] spread = new long[split.length];
    Arrays.fill(spread, 1);
    if (scale.length() > 1) {
      spread[0] = groups;
      spread[1 + axis] = scale.length() / groups;
    }
    INDArray wide = weights.castTo(DataType.DOUBLE).reshape(split);
    INDArray factors = scale.castTo(DataType.DOUBLE).reshape(spread);
    INDArray product =
        weights.dataType() == DataType.DOUBLE ? wide.mul(factors) : wide.muli(factors);
    return product.reshape(shape).castTo(weights.dataType());
  }

  private static Node composed(
      Node.Affine first,
      Node.Affine second,
      INDArray firstScale,
      INDArray firstShift,
      INDArray scale,
      INDArray shift,
      int rank,
      int axis) {
    long scales = Math.max(firstScale.length(), scale.length());
    long shifts = Math.max(Math.max(firstShift.length(), scale.length()), shift.length());
    INDArray zero = Nd4j.zeros(DataType.DOUBLE, 1);
    return new Node.Affine(
        second.name(),
        first.input(),
        placed(moved(firstScale, scale, zero, scales, first.scale().dataType()), rank, axis),
        placed(moved(firstShift, scale, shift, shifts, first.shift().dataType()), rank, axis));
  }

  private static INDArray placed(INDArray numbers, int rank, int axis) {
    if (axis == 0 || numbers.length() == 1) {
      return numbers;
    }
    long[] shape = new long[rank];
    Arrays.fill(shape, 1);
    shape[axis] = numbers.length();
    return numbers.reshape(shape);
  }

  /** bias * scale + shift, computed in double. */
  private static INDArray moved(
      @Nullable INDArray bias, INDArray scale, INDArray shift, long size, DataType type) {
    INDArray start = bias == null ? Nd4j.zeros(DataType.DOUBLE, size) : spread(bias, size);
    return start.mul(spread(scale, size)).add(spread(shift, size)).castTo(type);
  }

  /** One number an element, in double, from as many or from one for all. */
  private static INDArray spread(INDArray numbers, long size) {
    INDArray wide = numbers.castTo(DataType.DOUBLE);
    return wide.length() == size
        ? wide
        : Nd4j.valueArrayOf(new long[] {size}, wide.getDouble(0), DataType.DOUBLE);
  }
}
