package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxOperators.Translator;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** What is left of whole axes. */
final class OnnxReductions {

  private OnnxReductions() {}

  /** What a reduction is of one example: it keeps the axes, which become of size 1. */
  @FunctionalInterface
  interface Reducer {
    Tensor of(OnnxTranslation to, String name, Tensor x, int[] axes);
  }

  static Translator reduce(Reduction reduction) {
    return reduce((to, name, x, axes) -> to.add(new Node.Reduce(name, x.node(), reduction, axes)));
  }

  static Translator reduce(Reducer reducer) {
    return (node, to) -> {
      OnnxActivation x = to.activation(node, 0);
      long[] given = to.integers(node, 1, "axes");
      if (given.length == 0 && node.integer("noop_with_empty_axes", 0) != 0) {
        to.output(node, x);
        return;
      }
      long[] over = given.length == 0 ? LongStream.range(0, x.rank()).toArray() : given;
      int[] axes = x.axes(node, over);
      String name = node.output();
      if (node.integer("keepdims", 1) != 0) {
        to.output(node, x.alike(reducer.of(to, name, x.tensor(), axes)));
        return;
      }
      OnnxActivation kept = x.alike(reducer.of(to, name + "/kept", x.tensor(), axes));
      long[] distinct = Arrays.stream(over).map(a -> x.onnxAxis(node, a)).distinct().toArray();
      to.output(node, OnnxAxes.squeezed(node, to, name, kept, distinct));
    };
  }

  static Tensor smallest(OnnxTranslation to, String name, Tensor x, int[] axes) {
    Tensor negated = to.composites().affine(name + "/negated", x, -1, 0);
    Tensor largest =
        to.add(new Node.Reduce(name + "/largest", negated.node(), Reduction.MAX, axes));
    return to.composites().affine(name, largest, -1, 0);
  }

  static Tensor sumOfAbsolutes(OnnxTranslation to, String name, Tensor x, int[] axes) {
    Tensor absolute = to.add(new Node.Activation(name + "/absolute", x.node(), Function.ABS));
    return to.add(new Node.Reduce(name, absolute.node(), Reduction.SUM, axes));
  }

  static Tensor sumOfSquares(OnnxTranslation to, String name, Tensor x, int[] axes) {
    Tensor squares = to.add(new Node.Multiply(name + "/squares", List.of(x.node(), x.node())));
    return to.add(new Node.Reduce(name, squares.node(), Reduction.SUM, axes));
  }

  static Tensor logarithmOfSum(OnnxTranslation to, String name, Tensor x, int[] axes) {
    Tensor sum = to.add(new Node.Reduce(name + "/sum", x.node(), Reduction.SUM, axes));
    return to.add(new Node.Activation(name, sum.node(), Function.LOG));
  }

  /** {@code m + log(sum(exp(x - m)))} with the largest x as m, so that nothing overflows. */
  static Tensor logarithmOfSumOfExponentials(
      OnnxTranslation to, String name, Tensor x, int[] axes) {
    Tensor m = to.add(new Node.Reduce(name + "/largest", x.node(), Reduction.MAX, axes));
    Tensor less = to.composites().difference(name + "/less", x, m);
    Tensor exp = to.add(new Node.Activation(name + "/exp", less.node(), Function.EXP));
    Tensor log = logarithmOfSum(to, name + "/log", exp, axes);
    return to.add(new Node.Add(name, List.of(m.node(), log.node())));
  }
}
