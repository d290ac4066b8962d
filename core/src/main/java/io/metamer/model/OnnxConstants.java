package io.metamer.model;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import onnx.Onnx.AttributeProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Operators applied to constants only, computed as a network is read or translated: exporters write
 * the shape of a flattening, say, as arithmetic, or a table of positions as a small network.
 *
 * <p>A file of a few bytes can ask for numbers without end, so there is room for so many only: all
 * that are computed have together at most {@value #ROOM} elements, or {@value #ROOM_OF_WEIGHTS}
 * times those of the file's weights if that is more, and tensors filled with one number at most
 * {@value #ROOM_OF_FILLED}. All that is read, copied and multiplied on the way is at most {@value
 * #WORK} times that.
 */
final class OnnxConstants {

  static final long ROOM = 16L << 20;
  static final long ROOM_OF_WEIGHTS = 8;

  /** For networks whose weights are one number each, as in the ONNX project's own tests. */
  static final long ROOM_OF_FILLED = 160L << 20;

  private static final long WORK = 4;

  /** Steps of a matrix product that take as long as copying a number. */
  private static final long PRODUCTS = 16;

  /** Computes what a node writes. */
  @FunctionalInterface
  interface Fold {
    Numbers apply(Operands x);
  }

  /** As {@link Fold}, for nodes that write more than one tensor. */
  @FunctionalInterface
  interface Folds {
    List<Numbers> apply(Operands x);
  }

  /** Another shape for the same numbers. */
  @FunctionalInterface
  private interface Shaping {
    long[] shape(OnnxNode node, long[] shape, long[] given);
  }

  private static final Map<String, Shaping> SHAPINGS =
      Map.of(
          "Dropout",
          (node, shape, given) -> shape,
          "Flatten",
          OnnxConstants::flattened,
          "Identity",
          (node, shape, given) -> shape,
          "Reshape",
          OnnxConstants::reshaped,
          "Squeeze",
          OnnxConstants::squeezed,
          "Unsqueeze",
          OnnxConstants::unsqueezed);

  private static final Map<String, Folds> TABLE = table();

  private long room;
  private long work;
  private long filled = ROOM_OF_FILLED;

  /**
   * Folds the constants of one network.
   *
   * @param weights how many numbers its file holds
   */
  OnnxConstants(long weights) {
    this.room = Math.max(ROOM, ROOM_OF_WEIGHTS * weights);
    this.work = WORK * room;
  }

  private static Map<String, Folds> table() {
    Map<String, Folds> table = new TreeMap<>();
    OnnxArithmetic.folds().forEach((name, fold) -> table.put(name, x -> List.of(fold.apply(x))));
    OnnxArrangement.FOLDS.forEach((name, fold) -> table.put(name, x -> List.of(fold.apply(x))));
    table.put("BatchNormalization", OnnxArithmetic::normalize);
    table.put("Split", OnnxArrangement::split);
    return table;
  }

  static boolean knows(String operator) {
    return names().contains(operator);
  }

  static Set<String> names() {
    Map<String, Object> all = new TreeMap<>(TABLE);
    all.putAll(SHAPINGS);
    all.put("Constant", "");
    all.put("ConstantOfShape", "");
    return all.keySet();
  }

  /**
   * Computes a node whose inputs are all constants.
   *
   * @param inputs in the node's order, null where an optional one is left out
   * @return what it writes, one array for each of its outputs
   * @throws UnsupportedModelException if the operator or a case of it is not supported
   */
  List<INDArray> fold(OnnxNode node, List<@Nullable INDArray> inputs) {
    String domain = node.proto().getDomain();
    String operator = domain.isEmpty() || domain.equals("ai.onnx") ? node.operator() : "";
    try {
      if (operator.equals("Constant")) {
        return List.of(constant(node));
      }
      for (INDArray input : inputs) {
        if (input != null && input.dataType() == DataType.UINT64) {
          throw node.unsupported("of constants of type uint64; supported are the other types");
        }
      }
      Shaping shaping = SHAPINGS.get(operator);
      if (shaping != null) {
        return List.of(shaped(node, inputs, shaping));
      }
      Operands operands = new Operands(node, inputs);
      if (operator.equals("ConstantOfShape")) {
        return List.of(constantOfShape(node, operands));
      }
      Folds fold = TABLE.get(operator);
      if (fold == null) {
        throw node.unsupported("supported on activations, not on constants only");
      }
      List<Numbers> results = fold.apply(operands);
      results.forEach(result -> room -= enough(node, result.length(), room));
      return results.stream().map(Numbers::array).toList();
    } catch (ArithmeticException e) {
      throw node.unsupported("of these constants: " + e.getMessage());
    }
  }

  /** A node with what it reads, and the room there is for what it writes. */
  final class Operands {

    private final OnnxNode node;
    private final List<@Nullable INDArray> inputs;

    private Operands(OnnxNode node, List<@Nullable INDArray> inputs) {
      this.node = node;
      this.inputs = inputs;
    }

    OnnxNode node() {
      return node;
    }

    int count() {
      return inputs.size();
    }

    boolean has(int i) {
      return i < inputs.size() && inputs.get(i) != null;
    }

    Numbers get(int i) {
      INDArray array = array(i);
      take(array.length());
      return Numbers.of(array);
    }

    long[] shape(int i) {
      return array(i).shape();
    }

    private INDArray array(int i) {
      INDArray array = i < inputs.size() ? inputs.get(i) : null;
      if (array == null) {
        throw node.unsupported("its input %d is missing".formatted(i));
      }
      return array;
    }

    long[] wholes(int i) {
      return get(i).wholes();
    }

    /** Whole numbers that newer versions of an operator read, and older ones have as attribute. */
    long[] wholes(int i, String attribute, long... otherwise) {
      return has(i) ? wholes(i) : node.integers(attribute, otherwise);
    }

    /** Numbers to be filled in, zeros until then. */
    Numbers make(DataType type, long... shape) {
      if (Arrays.stream(shape).anyMatch(d -> d < 0)) {
        throw node.unsupported("it would write a tensor of " + Arrays.toString(shape));
      }
      if (shape.length > OnnxTensors.MOST_AXES) {
        throw node.unsupported("it would write a tensor of %d axes".formatted(shape.length));
      }
      take(enough(node, OnnxTensors.length(shape), room));
      return Numbers.zeros(type, shape);
    }

    /** As many indices as an axis is long. */
    int[] indices(long length) {
      if (length < 0) {
        throw node.unsupported("it would write an axis of length " + length);
      }
      take(enough(node, length, room));
      return new int[Math.toIntExact(length)];
    }

    /** Asks for the time of a number of products. */
    void multiply(long... counts) {
      take(OnnxTensors.length(counts) / PRODUCTS);
    }

    private void take(long numbers) {
      work -= enough(node, numbers, work);
    }

    /** An axis from the front, of an attribute that may count from the end. */
    int axis(long axis, int rank) {
      return OnnxConstants.axis(node, axis, rank);
    }
  }

  private static long enough(OnnxNode node, long wanted, long room) {
    if (wanted > room) {
      throw node.unsupported(
          ("of constants, it would make %d numbers, and there is room for %d: supported are %d, or"
                  + " %d times those of the weights")
              .formatted(wanted, room, ROOM, ROOM_OF_WEIGHTS));
    }
    return wanted;
  }

  static int axis(OnnxNode node, long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw node.unsupported("axis %d of a constant of %d axes".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static INDArray constant(OnnxNode node) {
    for (AttributeProto a : node.proto().getAttributeList()) {
      switch (a.getName()) {
        case "value" -> {
          return OnnxTensors.attribute(node, a.getT());
        }
        case "value_float" -> {
          return Nd4j.scalar(a.getF());
        }
        case "value_int" -> {
          return Nd4j.scalar(a.getI());
        }
        case "value_floats" -> {
          Numbers x = Numbers.zeros(DataType.FLOAT, a.getFloatsCount());
          for (int i = 0; i < x.length(); i++) {
            x.set(i, (double) a.getFloats(i));
          }
          return x.array();
        }
        case "value_ints" -> {
          Numbers x = Numbers.zeros(DataType.INT64, a.getIntsCount());
          for (int i = 0; i < x.length(); i++) {
            x.set(i, a.getInts(i));
          }
          return x.array();
        }
        default -> {
          // Not the attribute that holds the value, or one of texts or of sparse numbers.
        }
      }
    }
    throw node.unsupported(
        "supported are the attributes value, value_float(s) and value_int(s), got "
            + node.proto().getAttributeList().stream().map(AttributeProto::getName).toList());
  }

  private INDArray constantOfShape(OnnxNode node, Operands x) {
    long[] shape = x.wholes(0);
    if (Arrays.stream(shape).anyMatch(d -> d < 0) || shape.length > OnnxTensors.MOST_AXES) {
      throw node.unsupported("it would write a tensor of " + Arrays.toString(shape));
    }
    INDArray value =
        node.has("value")
            ? OnnxTensors.attribute(node, node.attribute("value").getT())
            : Nd4j.scalar(0f);
    if (value.length() != 1) {
      throw node.unsupported(
          "its value has %d numbers; supported is one".formatted(value.length()));
    }
    filled -= enough(node, OnnxTensors.length(shape), filled);
    INDArray array = Nd4j.createUninitialized(value.dataType(), shape, 'c');
    if (!array.isEmpty()) {
      fill(OnnxTensors.contents(array), OnnxTensors.contents(value), value.dataType().width());
    }
    return array;
  }

  /** By hand, for assigning whole numbers is inexact or sets the first element only. */
  private static void fill(ByteBuffer into, ByteBuffer value, int width) {
    while (into.hasRemaining()) {
      switch (width) {
        case 1 -> into.put(value.get(0));
        case 2 -> into.putShort(value.getShort(0));
        case 4 -> into.putInt(value.getInt(0));
        default -> into.putLong(value.getLong(0));
      }
    }
  }

  private static INDArray shaped(OnnxNode node, List<@Nullable INDArray> inputs, Shaping shaping) {
    INDArray x = inputs.isEmpty() ? null : inputs.get(0);
    if (x == null) {
      throw node.unsupported("its input 0 is missing");
    }
    INDArray second = inputs.size() > 1 ? inputs.get(1) : null;
    long[] given =
        second != null
            ? OnnxTensors.longs(second)
            : node.integers(node.operator().equals("Reshape") ? "shape" : "axes");
    long[] shape = shaping.shape(node, x.shape(), given);
    if (shape.length > OnnxTensors.MOST_AXES) {
      throw node.unsupported("it would write a tensor of %d axes".formatted(shape.length));
    }
    if (Arrays.equals(shape, x.shape())) {
      return x;
    }
    return x.isEmpty() ? Nd4j.createUninitialized(x.dataType(), shape, 'c') : x.reshape('c', shape);
  }

  private static long[] flattened(OnnxNode node, long[] shape, long[] given) {
    long axis = node.integer("axis", 1);
    int at = axis == shape.length ? shape.length : axis(node, axis, shape.length);
    return new long[] {
      OnnxTensors.length(Arrays.copyOf(shape, at)),
      OnnxTensors.length(Arrays.copyOfRange(shape, at, shape.length))
    };
  }

  private static long[] reshaped(OnnxNode node, long[] from, long[] target) {
    boolean zeroIsZero = node.integer("allowzero", 0) != 0;
    long[] shape = target.clone();
    int open = -1;
    boolean fits = true;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == 0 && !zeroIsZero && i < from.length) {
        shape[i] = from[i];
      } else if (shape[i] == -1 && open < 0) {
        open = i;
        shape[i] = 1;
      }
      fits &= shape[i] >= 0;
    }
    long known = fits ? OnnxTensors.length(shape) : 0;
    if (open >= 0 && known > 0) {
      shape[open] = OnnxTensors.length(from) / known;
    }
    if (!fits || OnnxTensors.length(shape) != OnnxTensors.length(from)) {
      throw node.unsupported(
          "from %s to %s; supported are shapes of as many elements"
              .formatted(Arrays.toString(from), Arrays.toString(target)));
    }
    return shape;
  }

  private static long[] squeezed(OnnxNode node, long[] shape, long[] given) {
    boolean[] drop = new boolean[shape.length];
    for (long a : given) {
      drop[axis(node, a, shape.length)] = true;
    }
    List<Long> kept = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      if (drop[i] && shape[i] != 1) {
        throw node.unsupported("axis %d of %s is not 1".formatted(i, Arrays.toString(shape)));
      }
      if (given.length == 0 ? shape[i] != 1 : !drop[i]) {
        kept.add(shape[i]);
      }
    }
    return kept.stream().mapToLong(Long::longValue).toArray();
  }

  private static long[] unsqueezed(OnnxNode node, long[] shape, long[] given) {
    int rank = shape.length + given.length;
    boolean[] fresh = new boolean[rank];
    for (long a : given) {
      int axis = axis(node, a, rank);
      if (fresh[axis]) {
        throw node.unsupported("axes %s name one twice".formatted(Arrays.toString(given)));
      }
      fresh[axis] = true;
    }
    long[] result = new long[rank];
    int next = 0;
    for (int i = 0; i < rank; i++) {
      result[i] = fresh[i] ? 1 : shape[next++];
    }
    return result;
  }
}
