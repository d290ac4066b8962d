package io.metamer.perceptual;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import io.metamer.weights.StateDict;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * VGG16 as DISTS has it: between its blocks, the root of a weighted mean of squares instead of the
 * largest value. A network that textures do not alias in.
 *
 * @see "Ding et al. (2020), section 3.1; the pooling is that of Henaff and Simoncelli (2016)"
 */
final class TextureNetwork {

  /** Places of the convolutions in torchvision's features, by block. */
  private static final int[][] BLOCKS = {{0, 2}, {5, 7}, {10, 12, 14}, {17, 19, 21}, {24, 26, 28}};

  /** A Hann window of five points without its ends, which are 0. */
  private static final double[] HANN = {0.5, 1, 0.5};

  /** Added to a mean of squares, for windows in which all is 0. */
  private static final double EPSILON = 1e-12;

  /** What takes images in [0, 1] to what the network was trained on. */
  private static final double[] SCALE = {1 / 0.229, 1 / 0.224, 1 / 0.225};

  private static final double[] SHIFT = {-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225};

  private final List<INDArray[]> filters;

  private TextureNetwork(List<INDArray[]> filters) {
    this.filters = filters;
  }

  /**
   * Of torchvision's tensors.
   *
   * @param channels in each block
   * @throws IllegalArgumentException if a tensor is not there or of another shape
   */
  static TextureNetwork of(StateDict tensors, int... channels) {
    StateDict features =
        tensors.contains("features.0.weight") ? tensors.under("features.") : tensors;
    List<INDArray[]> filters = new ArrayList<>();
    long before = 3;
    for (int block = 0; block < BLOCKS.length; block++) {
      for (int place : BLOCKS[block]) {
        filters.add(
            new INDArray[] {
              features.tensor(place + ".weight", channels[block], before, 3, 3),
              features.tensor(place + ".bias", channels[block])
            });
        before = channels[block];
      }
    }
    return new TextureNetwork(filters);
  }

  /** For images of a size; its outputs are the last ReLU of each block. */
  Graph graph(int height, int width) {
    List<Node> nodes = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    nodes.add(new Node.Input("images", new long[] {3, height, width}));
    nodes.add(
        new Node.Affine(
            "scaled", "images", Nd4j.createFromArray(SCALE), Nd4j.createFromArray(SHIFT)));
    String last = "scaled";
    int next = 0;
    for (int[] block : BLOCKS) {
      if (!outputs.isEmpty()) {
        last = pooled(nodes, last, filters.get(next)[0].size(1));
      }
      for (int place : block) {
        INDArray[] filter = filters.get(next++);
        String convolution = "conv" + place;
        nodes.add(convolution(convolution, last, filter[0], filter[1], 1, 1));
        last = "relu" + place;
        nodes.add(new Node.Activation(last, convolution, Function.RELU));
      }
      outputs.add(last);
    }
    return new Graph(nodes, outputs);
  }

  private static String pooled(List<Node> nodes, String input, long channels) {
    String squares = input + ".squares";
    String mean = input + ".mean";
    String root = input + ".root";
    nodes.add(new Node.Multiply(squares, List.of(input, input)));
    INDArray bias = Nd4j.valueArrayOf(new long[] {channels}, EPSILON, DataType.DOUBLE);
    nodes.add(convolution(mean, squares, window(channels), bias, 2, Math.toIntExact(channels)));
    nodes.add(new Node.Activation(root, mean, Function.SQRT));
    return root;
  }

  private static Node convolution(
      String name, String input, INDArray weights, INDArray bias, int stride, int groups) {
    return new Node.Convolution(
        name,
        input,
        weights,
        bias,
        new int[] {stride, stride},
        new int[] {1, 1, 1, 1},
        new int[] {1, 1},
        groups);
  }

  /** The same window for each channel, {@code [C, 1, 3, 3]}, of sum 1. */
  private static INDArray window(long channels) {
    double sum = 0;
    for (double w : HANN) {
      sum += w;
    }
    double[] window = new double[9 * Math.toIntExact(channels)];
    for (int i = 0; i < window.length; i++) {
      window[i] = HANN[i % 9 / 3] / sum * HANN[i % 3] / sum;
    }
    return Nd4j.createFromArray(window).reshape(channels, 1, 3, 3);
  }
}
