package io.metamer.model;

import static java.util.Map.entry;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BinaryOperator;
import onnx.Onnx.AttributeProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Operators applied to constants only, computed while a network is translated: exporters write the
 * shape of a flattening, say, as arithmetic.
 */
final class OnnxConstants {

  /** Computes a node of one output whose inputs are all constants. */
  @FunctionalInterface
  interface Fold {
    INDArray apply(OnnxNode node, List<INDArray> inputs);
  }

  private static final Map<String, Fold> FOLDS =
      Map.ofEntries(
          entry("Add", (node, x) -> arithmetic(node, x, INDArray::add)),
          entry("Cast", OnnxConstants::cast),
          entry("Concat", OnnxConstants::concat),
          entry("Constant", (node, x) -> constant(node)),
          entry("Div", (node, x) -> arithmetic(node, x, INDArray::div)),
          entry("Gather", OnnxConstants::gather),
          entry("Identity", (node, x) -> x.get(0)),
          entry("Mul", (node, x) -> arithmetic(node, x, INDArray::mul)),
          entry("Reshape", OnnxConstants::reshape),
          entry("Shape", (node, x) -> OnnxOperators.shape(node, x.get(0).shape())),
          entry("Squeeze", OnnxConstants::squeeze),
          entry("Sub", (node, x) -> arithmetic(node, x, INDArray::sub)),
          entry("Transpose", OnnxConstants::transpose),
          entry("Unsqueeze", OnnxConstants::unsqueeze));

  private OnnxConstants() {}

  static boolean knows(String operator) {
    return FOLDS.containsKey(operator);
  }

  static Set<String> names() {
    return FOLDS.keySet();
  }

  /**
   * Computes a node whose inputs are all constants.
   *
   * @param inputs in the node's order, null where an optional one is left out
   * @return what it writes, one array for each of its outputs
   * @throws UnsupportedModelException if the operator or a case of it is not supported
   */
  static List<INDArray> fold(OnnxNode node, List<@Nullable INDArray> inputs) {
    Fold fold = FOLDS.get(node.operator());
    if (fold == null) {
      throw node.unsupported("supported on activations, not on constants only");
    }
    return List.of(fold.apply(node, inputs.stream().filter(Objects::nonNull).toList()));
  }

  private static INDArray constant(OnnxNode node) {
    for (AttributeProto a : node.proto().getAttributeList()) {
      switch (a.getName()) {
        case "value" -> {
          try {
            return OnnxTensors.array(a.getT(), "node " + node.output());
          } catch (IOException e) {
            throw node.unsupported(String.valueOf(e.getMessage()));
          }
        }
        case "value_float" -> {
          return Nd4j.scalar(a.getF());
        }
        case "value_int" -> {
          return Nd4j.scalar(a.getI());
        }
        case "value_floats" -> {
          double[] x = a.getFloatsList().stream().mapToDouble(Float::doubleValue).toArray();
          return Nd4j.createFromArray(x).castTo(DataType.FLOAT);
        }
        case "value_ints" -> {
          return Nd4j.createFromArray(
              a.getIntsList().stream().mapToLong(Long::longValue).toArray());
        }
        default -> {
          // Not the attribute that holds the value.
        }
      }
    }
    throw node.unsupported("supported are the attributes value, value_float(s) and value_int(s)");
  }

  private static INDArray cast(OnnxNode node, List<INDArray> x) {
    long to = node.integer("to", 0);
    return x.get(0)
        .castTo(
            switch ((int) to) {
              case 1 -> DataType.FLOAT;
              case 6 -> DataType.INT32;
              case 7 -> DataType.INT64;
              case 9 -> DataType.BOOL;
              case 11 -> DataType.DOUBLE;
              default ->
                  throw node.unsupported(
                      "to type %d; supported are float, double, int32, int64 and bool"
                          .formatted(to));
            });
  }

  private static INDArray arithmetic(
      OnnxNode node, List<INDArray> x, BinaryOperator<INDArray> operation) {
    INDArray a = x.get(0);
    INDArray b = x.get(1);
    if (!a.equalShapes(b)
        && !(a.length() == 1 && a.rank() <= b.rank())
        && !(b.length() == 1 && b.rank() <= a.rank())) {
      throw node.unsupported(
          "of constants of shapes %s and %s; supported are equal shapes, or one number"
              .formatted(Arrays.toString(a.shape()), Arrays.toString(b.shape())));
    }
    return operation.apply(a, b);
  }

  private static INDArray concat(OnnxNode node, List<INDArray> x) {
    int axis = (int) node.integer("axis", 0);
    return Nd4j.concat(axis < 0 ? axis + x.get(0).rank() : axis, x.toArray(new INDArray[0]));
  }

  private static INDArray gather(OnnxNode node, List<INDArray> x) {
    INDArray from = x.get(0);
    INDArray indices = x.get(1);
    if (from.rank() != 1 || node.integer("axis", 0) != 0 || indices.rank() > 1) {
      throw node.unsupported("supported on constants: elements of a vector");
    }
    // A double holds every number of the types that are read, but for integers above 2^53.
    double[] vector = OnnxTensors.doubles(from);
    double[] taken =
        Arrays.stream(OnnxTensors.longs(indices))
            .mapToDouble(i -> vector[index(node, i, vector.length)])
            .toArray();
    INDArray result = Nd4j.createFromArray(taken).castTo(from.dataType());
    return indices.rank() == 0 ? Nd4j.scalar(from.dataType(), taken[0]) : result;
  }

  /** A negative index counts from the end. */
  private static int index(OnnxNode node, long given, int length) {
    if (given < -length || given >= length) {
      throw node.unsupported("index %d of a vector of length %d".formatted(given, length));
    }
    return Math.toIntExact(given < 0 ? given + length : given);
  }

  private static INDArray reshape(OnnxNode node, List<INDArray> x) {
    long[] shape = OnnxTensors.longs(x.get(1));
    return x.get(0).dup('c').reshape('c', OnnxOperators.resolve(node, shape, x.get(0).shape()));
  }

  private static INDArray squeeze(OnnxNode node, List<INDArray> x) {
    long[] axes = x.size() > 1 ? OnnxTensors.longs(x.get(1)) : node.integers("axes");
    return x.get(0).dup('c').reshape('c', OnnxOperators.squeezed(x.get(0).shape(), axes));
  }

  private static INDArray unsqueeze(OnnxNode node, List<INDArray> x) {
    long[] axes = x.size() > 1 ? OnnxTensors.longs(x.get(1)) : node.integers("axes");
    return x.get(0).dup('c').reshape('c', OnnxOperators.unsqueezed(x.get(0).shape(), axes));
  }

  private static INDArray transpose(OnnxNode node, List<INDArray> x) {
    int rank = x.get(0).rank();
    long[] reversed = new long[rank];
    Arrays.setAll(reversed, i -> rank - 1 - i);
    long[] axes = node.integers("perm", reversed);
    return x.get(0).permute(Arrays.stream(axes).mapToInt(Math::toIntExact).toArray()).dup('c');
  }
}
