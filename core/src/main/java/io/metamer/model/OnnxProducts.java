package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxActivation.Place;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Matrix products, of activations with constants and with one another. */
final class OnnxProducts {

  /** One side of a product: activations or, if these are null, a constant. */
  private record Side(@Nullable OnnxActivation activation, @Nullable INDArray constant) {

    static Side of(OnnxNode node, OnnxTranslation to, int i) {
      if (!to.isConstant(node, i)) {
        return new Side(to.activation(node, i), null);
      }
      INDArray constant = to.required(node, i, "matrix");
      return new Side(null, OnnxAxes.raised(constant, constant.rank()));
    }

    boolean isConstant() {
      return activation == null;
    }

    OnnxActivation x() {
      return Objects.requireNonNull(activation);
    }

    INDArray c() {
      return Objects.requireNonNull(constant);
    }

    int rank() {
      return isConstant() ? c().rank() : x().rank();
    }

    Side times(double factor) {
      return factor == 1 ? this : new Side(null, c().mul(factor));
    }

    /** With its last two axes exchanged. */
    Side exchanged(OnnxTranslation to, String name) {
      int[] axes = OnnxAxes.rising(rank());
      axes[rank() - 1] = rank() - 2;
      axes[rank() - 2] = rank() - 1;
      return isConstant()
          ? new Side(null, c().permute(axes).dup('c'))
          : new Side(OnnxAxes.transposed(to, name, x(), axes), null);
    }

    /** Whether it is a constant of two axes that all of a batch are multiplied with. */
    boolean isMatrix() {
      return isConstant() && rank() >= 2 && c().length() == c().size(-2) * c().size(-1);
    }

    INDArray matrix() {
      return c().reshape('c', c().size(-2), c().size(-1));
    }

    @Override
    public String toString() {
      return isConstant() ? Arrays.toString(c().shape()) : x().toString();
    }
  }

  private OnnxProducts() {}

  static void matMul(OnnxNode node, OnnxTranslation to) {
    Side left = Side.of(node, to, 0);
    Side right = Side.of(node, to, 1);
    to.output(node, product(node, to, node.output(), left, right));
  }

  /** {@code alpha * A B}, either with its last two axes exchanged. */
  static void fusedMatMul(OnnxNode node, OnnxTranslation to) {
    if (node.integer("transBatchA", 0) != 0 || node.integer("transBatchB", 0) != 0) {
      throw node.unsupported("transBatchA or transBatchB = 1; supported is 0");
    }
    to.output(node, scaledProduct(node, to, node.output(), node.number("alpha", 1)));
  }

  /** {@code alpha * A B + beta * C}, A and B transposed or not, C of any shape that broadcasts. */
  static void gemm(OnnxNode node, OnnxTranslation to) {
    String name = node.output();
    if (OnnxFunctions.isFused(node)) {
      OnnxActivation y = gemm(node, to, name + "/gemm");
      to.output(node, y.alike(OnnxFunctions.fused(node, to, name, y.tensor())));
    } else {
      to.output(node, gemm(node, to, name));
    }
  }

  private static OnnxActivation gemm(OnnxNode node, OnnxTranslation to, String name) {
    double alpha = node.number("alpha", 1);
    double beta = node.number("beta", 1);
    if (node.input(2).isEmpty() || beta == 0) {
      return scaledProduct(node, to, name, alpha);
    }
    if (to.isConstant(node, 1) && to.isConstant(node, 2) && !to.isConstant(node, 0)) {
      Side left = exchangedIf(node, to, "transA", Side.of(node, to, 0), name + "/left");
      Side right = exchangedIf(node, to, "transB", Side.of(node, to, 1), name + "/right");
      INDArray c = to.required(node, 2, "bias");
      long size = right.rank() == 2 ? right.c().size(1) : 0;
      boolean row = c.rank() < 2 || c.size(0) == 1;
      if (row && (c.length() == size || c.length() == 1)) {
        INDArray bias = Nd4j.zeros(c.dataType(), size).addi(c.dup('c').reshape(c.length()));
        return dense(node, to, name, left.x(), right.times(alpha).matrix(), bias.muli(beta));
      }
    }
    OnnxActivation y = scaledProduct(node, to, name + "/product", alpha);
    if (to.isConstant(node, 2)) {
      INDArray c = OnnxAxes.constant(node, to, to.required(node, 2, "bias"), y);
      return y.alike(OnnxBroadcasting.shifted(to, name, y.tensor(), c.mul(beta)));
    }
    OnnxActivation c = OnnxAxes.raised(to, name + "/bias", to.activation(node, 2), y.rank());
    checkSamePlace(node, y, c);
    Tensor scaled =
        beta == 1 ? c.tensor() : to.composites().affine(name + "/scaled", c.tensor(), beta, 0);
    return y.alike(to.add(new Node.Add(name, List.of(y.node(), scaled.node()))));
  }

  /** {@code alpha * A B} of the first two inputs, with what transA and transB say. */
  private static OnnxActivation scaledProduct(
      OnnxNode node, OnnxTranslation to, String name, double alpha) {
    Side left = exchangedIf(node, to, "transA", Side.of(node, to, 0), name + "/left");
    Side right = exchangedIf(node, to, "transB", Side.of(node, to, 1), name + "/right");
    if (right.isConstant()) {
      return product(node, to, name, left, right.times(alpha));
    }
    if (left.isConstant()) {
      return product(node, to, name, left.times(alpha), right);
    }
    if (alpha == 1) {
      return product(node, to, name, left, right);
    }
    OnnxActivation y = product(node, to, name + "/unscaled", left, right);
    return y.alike(to.composites().affine(name, y.tensor(), alpha, 0));
  }

  private static Side exchangedIf(
      OnnxNode node, OnnxTranslation to, String attribute, Side side, String name) {
    if (node.integer(attribute, 0) == 0) {
      return side;
    }
    if (side.rank() < 2) {
      throw node.unsupported("%s of %s; supported are two or more axes".formatted(attribute, side));
    }
    return side.exchanged(to, name);
  }

  private static OnnxActivation product(
      OnnxNode node, OnnxTranslation to, String name, Side left, Side right) {
    if (left.rank() == 0 || right.rank() == 0) {
      throw node.unsupported("of %s and %s; supported are matrices".formatted(left, right));
    }
    if (right.isConstant() && right.rank() == 1) {
      INDArray column = right.c().reshape('c', right.c().length(), 1);
      OnnxActivation y = product(node, to, name + "/column", left, new Side(null, column));
      return OnnxAxes.squeezed(node, to, name, y, new long[] {-1});
    }
    if (left.isConstant() && left.rank() == 1) {
      INDArray row = left.c().reshape('c', 1, left.c().length());
      OnnxActivation y = product(node, to, name + "/row", new Side(null, row), right);
      return OnnxAxes.squeezed(node, to, name, y, new long[] {-2});
    }
    int rank = Math.max(left.rank(), right.rank());
    if (left.isConstant()) {
      OnnxActivation x = OnnxAxes.raised(to, name + "/right", right.x(), rank);
      if (left.isMatrix()) {
        int axis = x.axis(node, -2);
        return x.alike(to.add(new Node.AxisProduct(name, x.node(), axis, left.matrix())));
      }
      Tensor constant = constant(node, to, name, left.c(), x);
      return x.alike(matrices(to, name, constant, x.tensor()));
    }
    OnnxActivation x = OnnxAxes.raised(to, name + "/left", left.x(), rank);
    if (right.isConstant()) {
      if (right.isMatrix()) {
        return dense(node, to, name, x, right.matrix(), null);
      }
      Tensor constant = constant(node, to, name, right.c(), x);
      return x.alike(matrices(to, name, x.tensor(), constant));
    }
    OnnxActivation y = OnnxAxes.raised(to, name + "/right", right.x(), rank);
    checkSamePlace(node, x, y);
    checkMatrices(node, x);
    checkMatrices(node, y);
    return x.alike(matrices(to, name, x.tensor(), y.tensor()));
  }

  /** x times {@code [K, N]} along the last axis. */
  private static OnnxActivation dense(
      OnnxNode node,
      OnnxTranslation to,
      String name,
      OnnxActivation x,
      INDArray matrix,
      @Nullable INDArray bias) {
    x.axis(node, -1);
    INDArray weights = matrix.transpose().dup('c');
    return x.alike(to.add(new Node.Dense(name, x.node(), weights, bias)));
  }

  /** A constant of several matrices, as a tensor. */
  private static Tensor constant(
      OnnxNode node, OnnxTranslation to, String name, INDArray c, OnnxActivation x) {
    checkMatrices(node, x);
    INDArray value = OnnxAxes.constant(node, to, c, x);
    return to.add(new Node.Constant(name + "/constant", value));
  }

  /** The batch may be in none of the last two axes, of which one is summed over. */
  private static void checkMatrices(OnnxNode node, OnnxActivation x) {
    x.axis(node, -1);
    x.axis(node, -2);
  }

  static void checkSamePlace(OnnxNode node, OnnxActivation a, OnnxActivation b) {
    boolean size = a.place() == Place.ALONE || a.shape()[a.batch()] == b.shape()[b.batch()];
    if (a.batch() != b.batch() || a.place() != b.place() || !size) {
      throw node.unsupported(
          "of %s and %s; supported are inputs with the batch at the same place".formatted(a, b));
    }
  }

  /** The product of the last two axes of examples; of the others, those of size 1 are repeated. */
  static Tensor matrices(OnnxTranslation to, String name, Tensor left, Tensor right) {
    long[] a = left.shape().clone();
    long[] b = right.shape().clone();
    for (int i = 0; i < a.length - 2; i++) {
      a[i] = Math.max(a[i], b[i]);
      b[i] = a[i];
    }
    Tensor l = OnnxAxes.expanded(to, name + "/left repeated", left, a);
    Tensor r = OnnxAxes.expanded(to, name + "/right repeated", right, b);
    return to.add(new Node.MatrixProduct(name, l.node(), r.node()));
  }
}
