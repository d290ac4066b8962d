package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Scaled dot-product attention of heads, {@code [N, heads, T, D]}. */
final class OnnxAttention {

  /** What closes a place to a softmax. */
  private static final double CLOSED = -1e30;

  private OnnxAttention() {}

  static void translate(OnnxNode node, OnnxTranslation to) {
    OnnxActivation query = to.activation(node, 0);
    OnnxActivation key = to.activation(node, 1);
    OnnxActivation value = to.activation(node, 2);
    OnnxProducts.checkSamePlace(node, query, key);
    OnnxProducts.checkSamePlace(node, query, value);
    boolean heads =
        query.isMap()
            && query.example()[0] == key.example()[0]
            && key.example()[0] == value.example()[0];
    if (!heads || node.number("softcap", 0) != 0 || !node.input(4).isEmpty()) {
      throw node.unsupported(
          "of %s and %s; supported are [N, heads, T, D] of as many heads, no softcap, no past"
              .formatted(query, key));
    }
    String name = node.output();
    double scale = node.number("scale", 1 / Math.sqrt((double) query.example()[2]));
    Tensor scaled = to.composites().affine(name + "/scaled", query.tensor(), scale, 0);
    Node turn = new Node.Transpose(name + "/turned", key.node(), new int[] {0, 2, 1});
    Tensor turned = to.add(turn);
    Tensor scores = to.add(new Node.MatrixProduct(name + "/scores", scaled.node(), turned.node()));
    if (!node.input(3).isEmpty()) {
      scores = masked(node, to, query, scores);
    }
    if (node.integer("is_causal", 0) != 0) {
      scores = OnnxBroadcasting.shifted(to, name + "/causal", scores, causal(scores.shape()));
    }
    Tensor shares = to.add(new Node.Softmax(name + "/shares", scores.node(), 2));
    Node product = new Node.MatrixProduct(name, shares.node(), value.node());
    to.output(node, query.alike(to.add(product)));
  }

  /** Plus what a mask says: numbers, or booleans of what may be attended to. */
  private static Tensor masked(
      OnnxNode node, OnnxTranslation to, OnnxActivation like, Tensor scores) {
    String name = node.output() + "/masked";
    if (!to.isConstant(node, 3)) {
      OnnxActivation mask = OnnxAxes.raised(to, name + "/mask", to.activation(node, 3), 4);
      OnnxProducts.checkSamePlace(node, like, mask);
      return to.add(new Node.Add(name, List.of(scores.node(), mask.node())));
    }
    INDArray mask = to.required(node, 3, "mask");
    boolean open = mask.dataType() == DataType.BOOL;
    INDArray numbers = OnnxAxes.constant(node, to, mask, like.alike(scores));
    return OnnxBroadcasting.shifted(
        to, name, scores, open ? numbers.rsub(1).muli(CLOSED) : numbers);
  }

  private static INDArray causal(long[] shape) {
    int rows = Math.toIntExact(shape[1]);
    int columns = Math.toIntExact(shape[2]);
    OnnxAxes.checkedMatrix(rows, columns);
    double[][] mask = new double[rows][columns];
    for (int i = 0; i < rows; i++) {
      Arrays.fill(mask[i], Math.min(columns, i + 1), columns, CLOSED);
    }
    return Nd4j.createFromArray(mask).reshape(1, rows, columns);
  }
}
