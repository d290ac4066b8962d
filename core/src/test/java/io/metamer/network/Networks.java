package io.metamer.network;

import io.metamer.network.Node.Activation.Function;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Small graphs, and nodes with random weights. */
final class Networks {

  private Networks() {}

  /** Gaussian numbers in double that depend on the seed only. */
  static INDArray noise(long seed, long... shape) {
    Random random = new Random(seed);
    INDArray result = Nd4j.create(DataType.DOUBLE, shape);
    INDArray flat = result.reshape(result.length());
    for (long i = 0; i < flat.length(); i++) {
      flat.putScalar(i, random.nextGaussian());
    }
    return result;
  }

  static Node.Convolution convolution(
      String name, String input, int in, int out, int kernel, int stride, int pad) {
    return convolution(
        name,
        input,
        noise(name.hashCode(), out, in, kernel, kernel).divi(Math.sqrt(in * kernel * kernel)),
        noise(1 + name.hashCode(), out),
        new int[] {stride, stride},
        new int[] {pad, pad, pad, pad},
        new int[] {1, 1},
        1);
  }

  static Node.Convolution convolution(
      String name,
      String input,
      INDArray weights,
      @Nullable INDArray bias,
      int[] stride,
      int[] pads,
      int[] dilation,
      int groups) {
    return new Node.Convolution(name, input, weights, bias, stride, pads, dilation, groups);
  }

  static Node.Affine affine(String name, String input, int channels) {
    return new Node.Affine(
        name,
        input,
        noise(name.hashCode(), channels).muli(0.3).addi(1),
        noise(1 + name.hashCode(), channels));
  }

  static Node.Dense dense(String name, String input, int in, int out) {
    return new Node.Dense(
        name,
        input,
        noise(name.hashCode(), out, in).divi(Math.sqrt(in)),
        noise(1 + name.hashCode(), out));
  }

  static Node.Activation relu(String name, String input) {
    return new Node.Activation(name, input, Function.RELU, 0, 0);
  }

  static Node.Pool pool(
      String name, String input, Node.Pool.Kind kind, int kernel, int stride, int pad) {
    return new Node.Pool(
        name,
        input,
        kind,
        new int[] {kernel, kernel},
        new int[] {stride, stride},
        new int[] {pad, pad, pad, pad},
        new int[] {1, 1},
        false,
        false);
  }

  /** Two residual blocks, the second with stride 2 and a projection, and a linear head. */
  static Graph residual(List<String> outputs) {
    return new Graph(
        List.of(
            new Node.Input("image", new long[] {3, 8, 8}),
            affine("normal", "image", 3),
            convolution("stem", "normal", 3, 6, 3, 1, 1),
            affine("stem.bn", "stem", 6),
            relu("stem.relu", "stem.bn"),
            convolution("a1", "stem.relu", 6, 6, 3, 1, 1),
            affine("a1.bn", "a1", 6),
            relu("a1.relu", "a1.bn"),
            convolution("a2", "a1.relu", 6, 6, 3, 1, 1),
            affine("a2.bn", "a2", 6),
            new Node.Add("a.sum", List.of("a2.bn", "stem.relu")),
            relu("a", "a.sum"),
            convolution("b1", "a", 6, 8, 3, 2, 1),
            affine("b1.bn", "b1", 8),
            relu("b1.relu", "b1.bn"),
            convolution("b2", "b1.relu", 8, 8, 3, 1, 1),
            affine("b2.bn", "b2", 8),
            convolution("bs", "a", 6, 8, 1, 2, 0),
            affine("bs.bn", "bs", 8),
            new Node.Add("b.sum", List.of("b2.bn", "bs.bn")),
            relu("b", "b.sum"),
            new Node.Reduce("pooled", "b", Node.Reduce.Reduction.MEAN, new int[] {1, 2}),
            new Node.Reshape("flat", "pooled", new long[] {8}),
            dense("logits", "flat", 8, 5)),
        outputs);
  }

  /** A class token before six others, attention with two heads, and what is made of the token. */
  static Graph attention(List<String> outputs) {
    int[] heads = {1, 0, 2};
    return new Graph(
        List.of(
            new Node.Input("tokens", new long[] {6, 4}),
            new Node.Constant("class", noise(1, 1, 4)),
            new Node.Activation("class.tanh", "class", Function.TANH),
            new Node.Concat("joined", List.of("class.tanh", "tokens"), 0),
            new Node.Constant("positions", noise(2, 7, 4)),
            new Node.Add("placed", List.of("joined", "positions")),
            new Node.Standardize("standard", "placed", new int[] {1}, 1e-5),
            new Node.Affine("normal", "standard", noise(3, 1, 4), noise(4, 1, 4)),
            dense("q", "normal", 4, 4),
            dense("k", "normal", 4, 4),
            dense("v", "normal", 4, 4),
            new Node.Reshape("q.split", "q", new long[] {7, 2, 2}),
            new Node.Reshape("k.split", "k", new long[] {7, 2, 2}),
            new Node.Reshape("v.split", "v", new long[] {7, 2, 2}),
            new Node.Transpose("q.heads", "q.split", heads),
            new Node.Transpose("k.heads", "k.split", new int[] {1, 2, 0}),
            new Node.Transpose("v.heads", "v.split", heads),
            new Node.MatrixProduct("scores", "q.heads", "k.heads"),
            new Node.Softmax("weights", "scores", 2),
            new Node.MatrixProduct("mixed", "weights", "v.heads"),
            new Node.Transpose("mixed.tokens", "mixed", heads),
            new Node.Reshape("mixed.flat", "mixed.tokens", new long[] {7, 4}),
            new Node.Add("residual", List.of("mixed.flat", "placed")),
            new Node.Activation("erf", "residual", Function.ERF),
            new Node.Multiply("gelu", List.of("residual", "erf")),
            new Node.Slice(
                "token", "gelu", new long[] {0, 0}, new long[] {1, 4}, new long[] {1, 1}),
            new Node.Slice(
                "others", "gelu", new long[] {1, 0}, new long[] {3, 2}, new long[] {2, 2}),
            new Node.Reduce("norms", "others", Node.Reduce.Reduction.L2, new int[] {1}),
            new Node.Reshape("flat", "token", new long[] {4}),
            dense("logits", "flat", 4, 3)),
        outputs);
  }
}
