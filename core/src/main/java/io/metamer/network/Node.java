package io.metamer.network;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One operation of a network, with its weights.
 *
 * <p>Shapes are those of one example, without the batch axis: {@code [C, H, W]} for maps, {@code
 * [D]} for vectors. The output of a node carries the node's name. Weights are never changed after
 * construction.
 *
 * @since 0.1
 */
public sealed interface Node {

  /**
   * The name of the node and of its output.
   *
   * @return unique in its graph
   */
  String name();

  /**
   * The nodes whose outputs this one reads.
   *
   * @return their names, in order
   */
  List<String> inputs();

  /**
   * The images that enter the network, {@code [C, H, W]}.
   *
   * @param name unique in its graph
   * @param shape of one example
   */
  record Input(String name, long[] shape) implements Node {
    @Override
    public List<String> inputs() {
      return List.of();
    }
  }

  /**
   * Cross-correlation with zero padding: {@code [C, H, W]} to {@code [O, H', W']}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param weights {@code [O, C / groups, kH, kW]}
   * @param bias {@code [O]}, or none
   * @param stride rows, columns
   * @param pads zeros before and after: top, left, bottom, right (ONNX order)
   * @param dilation rows, columns
   * @param groups number of channel groups; C and O are multiples of it
   */
  record Convolution(
      String name,
      String input,
      INDArray weights,
      @Nullable INDArray bias,
      int[] stride,
      int[] pads,
      int[] dilation,
      int groups)
      implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }
  }

  /**
   * A matrix product, {@code [D]} to {@code [O]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param weights {@code [O, D]}
   * @param bias {@code [O]}, or none
   */
  record Dense(String name, String input, INDArray weights, @Nullable INDArray bias)
      implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }
  }

  /**
   * {@code scale * x + shift}, per channel (the first axis). A batch normalization in inference is
   * one of these.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param scale {@code [C]}, or {@code [1]} for all channels alike
   * @param shift {@code [C]} or {@code [1]}
   */
  record Affine(String name, String input, INDArray scale, INDArray shift) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }
  }

  /**
   * A function of each element.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param function which function
   * @param alpha the function's first parameter (see {@link Function}); 0 where it has none
   * @param beta its second parameter
   */
  record Activation(String name, String input, Function function, double alpha, double beta)
      implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    /** Elementwise functions. */
    enum Function {
      /** max(x, 0). */
      RELU,
      /** x where x &gt; 0, else alpha * x. */
      LEAKY_RELU,
      /** x where x &gt; 0, else alpha * (exp(x) - 1). */
      ELU,
      /** min(max(x, alpha), beta); its derivative is 1 strictly inside and 0 elsewhere. */
      CLIP,
      /** 1 / (1 + exp(-x)). */
      SIGMOID,
      /** Hyperbolic tangent. */
      TANH
    }
  }

  /**
   * Pooling over windows, {@code [C, H, W]} to {@code [C, H', W']}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param kind what is taken of a window
   * @param kernel rows, columns
   * @param stride None
   * @param pads top, left, bottom, right
   * @param ceil whether a last partial window counts, as PyTorch's and ONNX's ceil_mode
   * @param countPadding for {@link Kind#AVERAGE}: whether padded zeros count in the divisor
   */
  record Pool(
      String name,
      String input,
      Kind kind,
      int[] kernel,
      int[] stride,
      int[] pads,
      boolean ceil,
      boolean countPadding)
      implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }

    /** What is taken of a window. */
    enum Kind {
      /** The largest value; the first in row order takes the gradient of a tie. */
      MAX,
      /** The mean. */
      AVERAGE
    }
  }

  /**
   * Pooling over the whole map, {@code [C, H, W]} to {@code [C, 1, 1]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param kind what is taken of a window
   */
  record GlobalPool(String name, String input, Pool.Kind kind) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }
  }

  /**
   * The sum of two or more arrays, each of the output's shape or broadcast to it ({@code [C, 1,
   * 1]}).
   *
   * @param name unique in its graph
   * @param inputs the nodes it reads
   */
  record Add(String name, List<String> inputs) implements Node {}

  /**
   * The product of two or more arrays, each of the output's shape or broadcast to it ({@code [C, 1,
   * 1]}).
   *
   * @param name unique in its graph
   * @param inputs the nodes it reads
   */
  record Multiply(String name, List<String> inputs) implements Node {}

  /**
   * Arrays joined along an axis of the example (0 is the channel axis).
   *
   * @param name unique in its graph
   * @param inputs the nodes it reads
   * @param axis axis of the example, 0 is the first after the batch's
   */
  record Concat(String name, List<String> inputs, int axis) implements Node {}

  /**
   * The same elements in row order under another shape; flattening is {@code [D]}.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param shape of one example
   */
  record Reshape(String name, String input, long[] shape) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }
  }

  /**
   * exp(x) normalised to sum 1 along an axis of the example.
   *
   * @param name unique in its graph
   * @param input the node it reads
   * @param axis axis of the example, 0 is the first after the batch's
   */
  record Softmax(String name, String input, int axis) implements Node {
    @Override
    public List<String> inputs() {
      return List.of(input);
    }
  }
}
