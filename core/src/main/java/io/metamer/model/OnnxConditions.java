package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Choices by conditions. A condition is 1 where it holds and 0 elsewhere, and its derivative is 0;
 * what is not chosen is multiplied by 0.
 */
final class OnnxConditions {

  /** How steeply a comparison rises from 0 to 1: within less than any difference of two floats. */
  private static final double STEEP = 1e30;

  private OnnxConditions() {}

  static void greater(OnnxNode node, OnnxTranslation to) {
    compare(node, to, 0, 1, false);
  }

  static void less(OnnxNode node, OnnxTranslation to) {
    compare(node, to, 1, 0, false);
  }

  static void greaterOrEqual(OnnxNode node, OnnxTranslation to) {
    compare(node, to, 1, 0, true);
  }

  static void lessOrEqual(OnnxNode node, OnnxTranslation to) {
    compare(node, to, 0, 1, true);
  }

  /** Whether one input is above the other, or the opposite. */
  private static void compare(
      OnnxNode node, OnnxTranslation to, int above, int below, boolean opposite) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    String name = node.output();
    Tensor difference =
        to.composites()
            .difference(name + "/difference", inputs.tensor(above), inputs.tensor(below));
    Tensor positive = positive(to, opposite ? name + "/opposite" : name, difference);
    to.output(node, inputs.result(opposite ? not(node, to, name, positive) : positive));
  }

  /** 1 where x is positive, else 0. */
  private static Tensor positive(OnnxTranslation to, String name, Tensor x) {
    Tensor steep = to.composites().affine(name + "/steep", x, STEEP, 0);
    return to.add(new Node.Activation(name, steep.node(), Function.CLIP, 0, 1));
  }

  static Tensor not(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    return to.composites().affine(name, x, -1, 1);
  }

  static Tensor nonzero(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    Tensor size = to.add(new Node.Activation(name + "/size", x.node(), Function.ABS));
    return positive(to, name, size);
  }

  static Tensor sign(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    Tensor steep = to.composites().affine(name + "/steep", x, STEEP, 0);
    return to.add(new Node.Activation(name, steep.node(), Function.CLIP, -1, 1));
  }

  static Tensor thresholded(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    Tensor over = to.composites().affine(name + "/over", x, 1, -node.number("alpha", 1));
    return OnnxBroadcasting.product(to, name, x, positive(to, name + "/open", over));
  }

  /** {@code x + bias} below {@code -lambd}, {@code x - bias} above {@code lambd}, else 0. */
  static Tensor shrunk(OnnxNode node, OnnxTranslation to, String name, Tensor x) {
    double lambda = node.number("lambd", 0.5);
    double bias = node.number("bias", 0);
    Tensor[] sides = new Tensor[2];
    for (int i = 0; i < 2; i++) {
      int sign = 2 * i - 1;
      String side = name + (i == 0 ? "/below" : "/above");
      Tensor over = to.composites().affine(side + " over", x, sign, -lambda);
      Tensor moved = to.composites().affine(side + " moved", x, 1, -sign * bias);
      sides[i] = OnnxBroadcasting.product(to, side, moved, positive(to, side + " open", over));
    }
    return to.add(new Node.Add(name, List.of(sides[0].node(), sides[1].node())));
  }

  /** One of two inputs by a condition, each of the three constant or not. */
  static void where(OnnxNode node, OnnxTranslation to) {
    OnnxOperands inputs = OnnxOperands.of(node, to);
    String name = node.output();
    if (inputs.isConstant(1) && inputs.isConstant(2)) {
      // b + condition * (a - b)
      INDArray a = OnnxAxes.bounded(inputs.constant(1).castTo(DataType.DOUBLE));
      INDArray b = OnnxAxes.bounded(inputs.constant(2).castTo(DataType.DOUBLE));
      long[] shape = common(a, b);
      INDArray rise = spread(a, shape).sub(spread(b, shape));
      Tensor risen = OnnxBroadcasting.scaled(to, name + "/rise", inputs.tensor(0), rise);
      to.output(node, inputs.result(OnnxBroadcasting.shifted(to, name, risen, b)));
      return;
    }
    if (!inputs.isConstant(0)) {
      Tensor yes = inputs.tensor(0);
      Tensor no = not(node, to, name + "/not", yes);
      Tensor left = chosen(to, inputs, 1, yes, name + "/yes");
      Tensor right = chosen(to, inputs, 2, no, name + "/no");
      Node sum = new Node.Add(name, List.of(left.node(), right.node()));
      to.output(node, inputs.result(to.add(sum)));
      return;
    }
    INDArray yes = inputs.constant(0).castTo(DataType.DOUBLE);
    INDArray no = yes.rsub(1);
    Tensor result;
    if (inputs.isConstant(1)) {
      Tensor kept = OnnxBroadcasting.scaled(to, name + "/no", inputs.tensor(2), no);
      result = OnnxBroadcasting.shifted(to, name, kept, masked(inputs.constant(1), yes));
    } else if (inputs.isConstant(2)) {
      Tensor kept = OnnxBroadcasting.scaled(to, name + "/yes", inputs.tensor(1), yes);
      result = OnnxBroadcasting.shifted(to, name, kept, masked(inputs.constant(2), no));
    } else {
      Tensor left = OnnxBroadcasting.scaled(to, name + "/yes", inputs.tensor(1), yes);
      Tensor right = OnnxBroadcasting.scaled(to, name + "/no", inputs.tensor(2), no);
      result = to.add(new Node.Add(name, List.of(left.node(), right.node())));
    }
    to.output(node, inputs.result(result));
  }

  /** An input where a computed condition is 1, and 0 elsewhere. */
  private static Tensor chosen(
      OnnxTranslation to, OnnxOperands inputs, int i, Tensor condition, String name) {
    return inputs.isConstant(i)
        ? OnnxBroadcasting.scaled(to, name, condition, OnnxAxes.bounded(inputs.constant(i)))
        : OnnxBroadcasting.product(to, name, condition, inputs.tensor(i));
  }

  /** A constant where a constant mask is 1, and 0 elsewhere; both of as many axes. */
  private static INDArray masked(INDArray constant, INDArray mask) {
    INDArray bounded = OnnxAxes.bounded(constant.castTo(DataType.DOUBLE));
    long[] shape = common(bounded, mask);
    return spread(bounded, shape).mul(spread(mask, shape));
  }

  /** The shape that two constants of as many axes broadcast to. */
  private static long[] common(INDArray a, INDArray b) {
    long[] shape = a.shape().clone();
    for (int i = 0; i < shape.length; i++) {
      shape[i] = Math.max(shape[i], b.size(i));
    }
    return shape;
  }

  private static INDArray spread(INDArray c, long[] shape) {
    return Arrays.equals(c.shape(), shape) ? c : c.broadcast(shape).dup('c');
  }
}
