package io.metamer.model;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.Locale;

/** What layers compute, in the field's words. */
final class Kinds {

  private Kinds() {}

  /** Of one node. */
  static String of(Node node, Graph graph) {
    if (node instanceof Node.Convolution c) {
      return c.groups() > 1 && c.weights().size(1) == 1
          ? "depthwise convolution"
          : c.groups() > 1 ? "grouped convolution" : "convolution";
    }
    if (node instanceof Node.Deconvolution) {
      return "transposed convolution";
    }
    if (node instanceof Node.MatrixProduct) {
      return "matrix product";
    }
    if (node instanceof Node.AxisProduct p) {
      return "linear along " + axis(p.axis(), graph.shape(p.input()).length);
    }
    if (node instanceof Node.Activation a) {
      return function(a.function());
    }
    if (node instanceof Node.Pool p) {
      return words(p.kind()) + " pool";
    }
    if (node instanceof Node.Reduce r) {
      return reduction(r, graph.shape(r.input()));
    }
    if (node instanceof Node.Standardize s) {
      return normalization(s.axes(), graph.shape(s.input()).length);
    }
    if (node instanceof Node.Add) {
      return "sum";
    }
    if (node instanceof Node.Multiply) {
      return "product";
    }
    if (node instanceof Node.Concat) {
      return "concatenation";
    }
    if (node instanceof Node.Pad) {
      return "padding";
    }
    if (node instanceof Node.Reshape r) {
      return reshape(r);
    }
    if (node instanceof Node.Softmax s) {
      return s.logarithm() ? "log softmax" : "softmax";
    }
    // Dense, affine, maximum, slice, transpose.
    return node.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  /** Of mean 0 and variance 1 over axes of an example with so many axes. */
  static String normalization(int[] over, int axes) {
    return axes == 3 && Arrays.equals(over, new int[] {1, 2})
        ? "instance normalization"
        : "layer normalization";
  }

  private static String reshape(Node.Reshape reshape) {
    return reshape.shape().length == 1 ? "flatten" : "reshape";
  }

  private static String reduction(Node.Reduce r, long[] shape) {
    boolean wholeMaps = shape.length == 3 && Arrays.equals(r.axes(), new int[] {1, 2});
    if (wholeMaps && r.reduction() == Reduction.MEAN) {
      return "global average pool";
    }
    if (wholeMaps && r.reduction() == Reduction.MAX) {
      return "global max pool";
    }
    String what = r.reduction() == Reduction.L2 ? "norm" : words(r.reduction());
    String over =
        String.join(" and ", Arrays.stream(r.axes()).mapToObj(a -> axis(a, shape.length)).toList());
    return what + " over " + over;
  }

  /** The name of an axis of an example with so many axes. */
  private static String axis(int axis, int axes) {
    if (axes == 3) {
      return switch (axis) {
        case 0 -> "channels";
        case 1 -> "rows";
        default -> "columns";
      };
    }
    return "axis " + axis;
  }

  private static String function(Function function) {
    return switch (function) {
      case ERF -> "error function";
      case EXP -> "exponential";
      case LOG -> "logarithm";
      case SQRT -> "square root";
      case ABS -> "absolute value";
      default -> words(function);
    };
  }

  private static String words(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
