package io.metamer.perceptual;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The networks beneath LPIPS as graphs whose outputs are the layers that it reads. Convolutions are
 * called by their place in torchvision's {@code features}.
 *
 * @see <a href="https://github.com/pytorch/vision/tree/main/torchvision/models">torchvision:
 *     alexnet.py, vgg.py (configuration D), squeezenet.py (version 1.1)</a>
 */
final class TrunkGraph {

  /** A convolution's weights {@code [O, C, kH, kW]} and bias {@code [O]}. */
  record Filters(INDArray weights, INDArray bias) {}

  private static final String INPUT = "images";

  private final Map<String, Filters> filters;
  private final List<Node> nodes = new ArrayList<>();
  private final List<String> taps = new ArrayList<>();
  private String last = INPUT;

  private TrunkGraph(Map<String, Filters> filters, int height, int width) {
    this.filters = filters;
    nodes.add(new Node.Input(INPUT, new long[] {3, height, width}));
  }

  /**
   * A trunk for images of a size.
   *
   * @throws IllegalArgumentException if the filters do not fit together, or the images are too
   *     small
   */
  static Graph of(Lpips.Trunk trunk, Map<String, Filters> filters, int height, int width) {
    TrunkGraph graph = new TrunkGraph(filters, height, width);
    switch (trunk) {
      case ALEX -> graph.alex();
      case VGG -> graph.vgg();
      case SQUEEZE -> graph.squeeze();
    }
    return new Graph(graph.nodes, graph.taps);
  }

  private void alex() {
    relu("0", 4, 2);
    tap();
    pool(3, false);
    relu("3", 1, 2);
    tap();
    pool(3, false);
    for (String convolution : List.of("6", "8", "10")) {
      relu(convolution, 1, 1);
      tap();
    }
  }

  private void vgg() {
    String[][] blocks = {
      {"0", "2"}, {"5", "7"}, {"10", "12", "14"}, {"17", "19", "21"}, {"24", "26", "28"}
    };
    for (String[] block : blocks) {
      if (block != blocks[0]) {
        pool(2, false);
      }
      for (String convolution : block) {
        relu(convolution, 1, 1);
      }
      tap();
    }
  }

  private void squeeze() {
    relu("0", 2, 0);
    tap();
    for (String[] pair : new String[][] {{"3", "4"}, {"6", "7"}}) {
      pool(3, true);
      fire(pair[0]);
      fire(pair[1]);
      tap();
    }
    pool(3, true);
    for (String fire : List.of("9", "10", "11", "12")) {
      fire(fire);
      tap();
    }
  }

  private void tap() {
    taps.add(last);
  }

  /** Few channels, from which two convolutions make many. */
  private void fire(String name) {
    String squeezed = relu(name + ".squeeze", 1, 0);
    String small = relu(name + ".expand1x1", 1, 0);
    last = squeezed;
    String large = relu(name + ".expand3x3", 1, 1);
    add(new Node.Concat(name, List.of(small, large), 0));
  }

  private String relu(String name, int stride, int pad) {
    Filters f = Objects.requireNonNull(filters.get(name), name);
    add(
        new Node.Convolution(
            name + ".convolution",
            last,
            f.weights(),
            f.bias(),
            new int[] {stride, stride},
            new int[] {pad, pad, pad, pad},
            new int[] {1, 1},
            1));
    return add(new Node.Activation(name + ".relu", last, Function.RELU));
  }

  private void pool(int size, boolean ceil) {
    add(
        new Node.Pool(
            last + ".pool",
            last,
            Node.Pool.Kind.MAX,
            new int[] {size, size},
            new int[] {2, 2},
            new int[4],
            new int[] {1, 1},
            ceil,
            false));
  }

  private String add(Node node) {
    nodes.add(node);
    last = node.name();
    return last;
  }
}
