package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import onnx.Onnx.TensorProto;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What changes shapes and no numbers, and what asks for shapes. */
final class OnnxShapes {

  private static final Set<Long> FLOATS =
      Set.of(
          (long) TensorProto.DataType.FLOAT_VALUE,
          (long) TensorProto.DataType.FLOAT16_VALUE,
          (long) TensorProto.DataType.BFLOAT16_VALUE,
          (long) TensorProto.DataType.DOUBLE_VALUE);

  private OnnxShapes() {}

  static void identity(OnnxNode node, OnnxTranslation to) {
    to.output(node, to.activation(node, 0));
  }

  static void dropout(OnnxNode node, OnnxTranslation to) {
    INDArray training = to.constant(node, 2, "training_mode");
    if (training != null && OnnxTensors.longs(training)[0] != 0) {
      throw node.unsupported("training_mode = 1; supported is inference");
    }
    identity(node, to);
  }

  /** Between float types, of which the engine has one at a time; to booleans, what is not 0. */
  static void cast(OnnxNode node, OnnxTranslation to) {
    long type = node.integer("to", 0);
    if (type == TensorProto.DataType.BOOL_VALUE) {
      OnnxFunctions.each(OnnxConditions::nonzero).translate(node, to);
      return;
    }
    if (!FLOATS.contains(type)) {
      throw node.unsupported("to type %d; supported are float types and booleans".formatted(type));
    }
    identity(node, to);
  }

  static void castLike(OnnxNode node, OnnxTranslation to) {
    if (to.isConstant(node, 1) && !to.required(node, 1, "target type").dataType().isFPType()) {
      throw node.unsupported("to whole numbers; supported are float types");
    }
    if (to.isConstant(node, 0)) {
      to.output(node, to.required(node, 0, "input").castTo(DataType.DOUBLE));
    } else {
      identity(node, to);
    }
  }

  static void reshape(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    long[] given = to.integers(node, 1, "shape");
    long[] shape = resolve(node, given, x.shape(to.batch()));
    to.output(node, OnnxAxes.reshaped(node, to, node.output(), x, shape));
  }

  /** Two axes: those before one taken together, and the others. */
  static void flatten(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    long given = node.integer("axis", 1);
    int axis = given == x.rank() ? x.rank() : x.onnxAxis(node, given);
    long[] from = x.shape(to.batch());
    long[] shape = {
      Translation.length(Arrays.copyOf(from, axis)),
      Translation.length(Arrays.copyOfRange(from, axis, from.length))
    };
    to.output(node, OnnxAxes.reshaped(node, to, node.output(), x, shape));
  }

  static void squeeze(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    long[] axes = to.integers(node, 1, "axes");
    long[] shape = x.shape(to.batch());
    boolean batch =
        axes.length == 0
            ? shape[x.batch()] == 1
            : Arrays.stream(axes).anyMatch(a -> x.onnxAxis(node, a) == x.batch());
    if (batch && to.batch() == 1) {
      to.output(node, OnnxAxes.reshaped(node, to, node.output(), x, squeezed(shape, axes)));
      return;
    }
    List<Long> of = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      if (axes.length == 0 && shape[i] == 1 && i != x.batch()) {
        of.add((long) i);
      }
    }
    to.output(
        node,
        OnnxAxes.squeezed(
            node, to, node.output(), x, axes.length == 0 ? OnnxAxes.longs(of) : axes));
  }

  static void unsqueeze(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    long[] axes = to.integers(node, 1, "axes");
    if (to.batch() == 1 && x.place() != OnnxActivation.Place.ALONE) {
      // A batch of one that was squeezed away comes back.
      long[] shape = unsqueezed(x.shape(), axes);
      to.output(node, OnnxAxes.reshaped(node, to, node.output(), x, shape));
      return;
    }
    to.output(node, OnnxAxes.unsqueezed(node, to, node.output(), x, axes));
  }

  static void transpose(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    int rank = x.rank();
    long[] reversed = new long[rank];
    Arrays.setAll(reversed, i -> rank - 1 - i);
    int[] axes = OnnxAxes.ints(node.integers("perm", reversed));
    int[] sorted = axes.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, OnnxAxes.rising(rank))) {
      throw node.unsupported("perm %s of %s".formatted(Arrays.toString(axes), x));
    }
    to.output(node, OnnxAxes.transposed(to, node.output(), x, axes));
  }

  static void expand(OnnxNode node, OnnxTranslation to) {
    OnnxActivation given = to.activation(node, 0);
    long[] shape = to.integers(node, 1, "shape");
    int rank = Math.max(given.rank(), shape.length);
    OnnxActivation x = OnnxAxes.raised(to, node.output() + "/raised", given, rank);
    long[] from = x.shape(to.batch());
    long[] target = from.clone();
    for (int i = 0; i < shape.length; i++) {
      int axis = rank - shape.length + i;
      target[axis] = Math.max(shape[i], from[axis]);
      boolean fits = shape[i] == 1 || from[axis] == 1 || shape[i] == from[axis];
      if (!fits || (axis == x.batch() && target[axis] != from[axis])) {
        throw node.unsupported(
            "of %s to %s; supported are axes of size 1 other than the batch's"
                .formatted(x, Arrays.toString(shape)));
      }
    }
    target[x.batch()] /= to.batch();
    long[] example =
        x.place() == OnnxActivation.Place.ALONE ? OnnxAxes.without(target, x.batch()) : target;
    to.output(node, x.alike(OnnxAxes.expanded(to, node.output(), x.tensor(), example)));
  }

  static void tile(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.activation(node, 0);
    long[] repeats = to.integers(node, 1, "repeats");
    if (repeats.length != x.rank()) {
      throw node.unsupported("%d repeats of %s".formatted(repeats.length, x));
    }
    Tensor result = x.tensor();
    for (int i = 0; i < repeats.length; i++) {
      if (repeats[i] != 1) {
        int axis = x.axis(node, i);
        long size = result.shape()[axis];
        OnnxAxes.checkedMatrix(size, Math.multiplyExact(size, repeats[i]));
        INDArray once = Nd4j.eye(size).castTo(DataType.FLOAT);
        INDArray matrix = Nd4j.tile(once, Math.toIntExact(repeats[i]), 1);
        result =
            to.add(new Node.AxisProduct(node.output() + "/axis" + i, result.node(), axis, matrix));
      }
    }
    to.output(node, x.alike(result));
  }

  /** Channels to blocks of rows and columns. */
  static void depthToSpace(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.map(node, 0);
    long b = node.integer("blocksize", 1);
    long[] s = x.example();
    checkBlocks(node, x, b, s[0] % Math.max(1, b * b) == 0);
    long c = s[0] / (b * b);
    String mode = node.text("mode", "DCR");
    boolean blocksFirst = mode.equals("DCR");
    if (!blocksFirst && !mode.equals("CRD")) {
      throw node.unsupported("mode %s; supported are DCR and CRD".formatted(mode));
    }
    long[] split =
        blocksFirst ? new long[] {b, b, c, s[1], s[2]} : new long[] {c, b, b, s[1], s[2]};
    int[] order = blocksFirst ? new int[] {2, 3, 0, 4, 1} : new int[] {0, 3, 1, 4, 2};
    to.output(node, x.alike(moved(node, to, x, split, order, new long[] {c, s[1] * b, s[2] * b})));
  }

  /** Blocks of rows and columns to channels. */
  static void spaceToDepth(OnnxNode node, OnnxTranslation to) {
    OnnxActivation x = to.map(node, 0);
    long b = node.integer("blocksize", 1);
    long[] s = x.example();
    checkBlocks(node, x, b, s[1] % Math.max(1, b) == 0 && s[2] % Math.max(1, b) == 0);
    long[] split = {s[0], s[1] / b, b, s[2] / b, b};
    long[] shape = {s[0] * b * b, s[1] / b, s[2] / b};
    to.output(node, x.alike(moved(node, to, x, split, new int[] {2, 4, 0, 1, 3}, shape)));
  }

  private static void checkBlocks(OnnxNode node, OnnxActivation x, long block, boolean divides) {
    if (block < 1 || block > Short.MAX_VALUE || !divides) {
      throw node.unsupported("blocksize %d of %s".formatted(block, x));
    }
  }

  private static Tensor moved(
      OnnxNode node,
      OnnxTranslation to,
      OnnxActivation x,
      long[] split,
      int[] order,
      long[] merged) {
    String name = node.output();
    Tensor blocks = to.add(new Node.Reshape(name + "/blocks", x.node(), split));
    Tensor moved = to.add(new Node.Transpose(name + "/moved", blocks.node(), order));
    return to.add(new Node.Reshape(name, moved.node(), merged));
  }

  // Shapes as numbers.

  static void shape(OnnxNode node, OnnxTranslation to) {
    to.output(node, shape(node, to.activation(node, 0).shape(to.batch())));
  }

  static void size(OnnxNode node, OnnxTranslation to) {
    long size = Translation.length(to.activation(node, 0).shape(to.batch()));
    to.output(node, Nd4j.scalar(size));
  }

  /** The part of a shape that a node asks for; all of it before opset 15. */
  static INDArray shape(OnnxNode node, long[] shape) {
    int start = bound(node.integer("start", 0), shape.length);
    int end = bound(node.integer("end", shape.length), shape.length);
    return Nd4j.createFromArray(Arrays.copyOfRange(shape, start, Math.max(start, end)));
  }

  /** From the end where negative, and no further than the ends. */
  private static int bound(long given, int rank) {
    return (int) Math.max(0, Math.min(rank, given < 0 ? given + rank : given));
  }

  /** Puts numbers for the 0 (as in the input) and -1 (what is left) of a reshaping. */
  static long[] resolve(OnnxNode node, long[] target, long[] from) {
    long[] shape = target.clone();
    int open = -1;
    long known = 1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == 0 && node.integer("allowzero", 0) == 0 && i < from.length) {
        shape[i] = from[i];
      }
      if (shape[i] == -1) {
        open = i;
      } else {
        known *= shape[i];
      }
    }
    if (open >= 0 && known != 0) {
      shape[open] = Translation.length(from) / known;
    }
    if (Translation.length(shape) != Translation.length(from)) {
      throw node.unsupported(
          "from %s to %s; supported are shapes of as many elements"
              .formatted(Arrays.toString(from), Arrays.toString(target)));
    }
    return shape;
  }

  static long[] squeezed(long[] shape, long[] axes) {
    Set<Long> dropped = new HashSet<>();
    for (long a : axes) {
      dropped.add(a < 0 ? a + shape.length : a);
    }
    List<Long> left = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      if (axes.length == 0 ? shape[i] != 1 : !dropped.contains((long) i)) {
        left.add(shape[i]);
      }
    }
    return OnnxAxes.longs(left);
  }

  static long[] unsqueezed(long[] shape, long[] axes) {
    long[] result = new long[shape.length + axes.length];
    for (long a : axes) {
      result[(int) (a < 0 ? a + result.length : a)] = -1;
    }
    int next = 0;
    for (int i = 0; i < result.length; i++) {
      result[i] = result[i] == -1 ? 1 : shape[next++];
    }
    return result;
  }
}
