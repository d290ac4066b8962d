package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class NormalizationInsideTest {

  private static final double[] FACTORS = {1 / .229, 1 / .224, 1 / .225};
  private static final double[] SUMMANDS = {-.485 / .229, -.456 / .224, -.406 / .225};

  @Test
  void affineOnTheInput_isFoundToSixDigits() {
    assertEquals(
        Optional.of(Preprocessing.imagenet()),
        found(affine("y", "x", channels(FACTORS), channels(SUMMANDS))));
    assertEquals(Optional.of(Preprocessing.imagenet()), found(affine("y", "x", FACTORS, SUMMANDS)));
  }

  @Test
  void severalNodes_areComposed() {
    // (x * 255 - 127.5) / 127.5
    assertEquals(
        Optional.of(Preprocessing.tensorflow()),
        found(
            affine("a", "x", new double[] {255}, new double[] {0}),
            affine("b", "a", new double[] {1}, new double[] {-127.5}),
            affine("y", "b", new double[] {1 / 127.5}, new double[] {0})));
  }

  @Test
  void reversedChannels_areBgr() {
    INDArray flip = Nd4j.create(new double[][] {{0, 0, 1}, {0, 1, 0}, {1, 0, 0}});
    assertEquals(
        Optional.of(Preprocessing.caffe().withScale(1)),
        found(
            new Node.AxisProduct("a", "x", 0, flip),
            affine("y", "a", new double[] {1, 1, 1}, new double[] {-103.939, -116.779, -123.68})));
  }

  @Test
  void channelsLastAndBack_areFollowed() {
    assertEquals(
        Optional.of(Preprocessing.imagenet()),
        found(
            new Node.Transpose("a", "x", new int[] {1, 2, 0}),
            affine("b", "a", array(FACTORS).reshape(1, 1, 3), array(SUMMANDS).reshape(1, 1, 3)),
            new Node.Transpose("y", "b", new int[] {2, 0, 1})));
  }

  @Test
  void channelsTakenApartAndJoined_areFollowed() {
    List<Node> nodes = new ArrayList<>();
    for (int c = 0; c < 3; c++) {
      long[] step = {1, 1, 1};
      nodes.add(new Node.Slice("s" + c, "x", new long[] {c, 0, 0}, new long[] {1, 5, 5}, step));
      nodes.add(new Node.Reshape("flat" + c, "s" + c, new long[] {5, 5}));
      nodes.add(affine("a" + c, "flat" + c, new double[] {FACTORS[c]}, new double[] {SUMMANDS[c]}));
      nodes.add(new Node.Reshape("r" + c, "a" + c, new long[] {1, 5, 5}));
    }
    nodes.add(new Node.Concat("y", List.of("r0", "r1", "r2"), 0));
    assertEquals(Optional.of(Preprocessing.imagenet()), found(nodes.toArray(new Node[0])));
  }

  @Test
  void nothing_isFound_whereTheImagesEnterAsTheyAre() {
    assertEquals(Optional.empty(), found(relu("y", "x")));
    assertEquals(Optional.empty(), found(affine("y", "x", new double[] {1}, new double[] {0})));
  }

  @Test
  void nothing_isFound_whereItIsNoPreprocessing() {
    // Of each pixel another mean.
    assertEquals(
        Optional.empty(),
        found(affine("y", "x", Nd4j.ones(1), Nd4j.linspace(1, 75, 75).reshape(3, 5, 5))));
    // Rows, not channels.
    assertEquals(
        Optional.empty(),
        found(
            affine(
                "y", "x", Nd4j.ones(1), Nd4j.linspace(1, 5, 5, DataType.DOUBLE).reshape(1, 5, 1))));
    // A channel that is lost.
    assertEquals(
        Optional.empty(), found(affine("y", "x", new double[] {1, 0, 1}, new double[] {0, 1, 0})));
    // Gray.
    assertEquals(
        Optional.empty(),
        found(new Node.AxisProduct("y", "x", 0, Nd4j.create(new double[][] {{.3, .6, .1}}))));
    // Green first.
    assertEquals(
        Optional.empty(),
        found(
            new Node.AxisProduct(
                "y", "x", 0, Nd4j.create(new double[][] {{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}))));
    // Some of the channels.
    assertEquals(
        Optional.empty(),
        found(new Node.Slice("y", "x", new long[3], new long[] {2, 5, 5}, new long[] {1, 1, 1})));
    // A part of the picture.
    assertEquals(
        Optional.empty(),
        found(
            affine("a", "x", new double[] {2}, new double[] {0}),
            new Node.Slice("y", "x", new long[3], new long[] {3, 4, 5}, new long[] {1, 1, 1})));
  }

  @Test
  void nothing_isFound_whereTheNetworkAlsoReadsTheImagesAsTheyAre() {
    List<Node> nodes =
        List.of(
            new Node.Input("x", new long[] {3, 5, 5}),
            affine("a", "x", new double[] {2}, new double[] {1}),
            relu("b", "a"),
            relu("c", "x"),
            new Node.Add("y", List.of("b", "c")));
    assertEquals(Optional.empty(), NormalizationInside.of(new Graph(nodes, List.of("y"))));
  }

  @Test
  void nodes_thatLeadNowhere_doNotCount() {
    List<Node> nodes =
        List.of(
            new Node.Input("x", new long[] {3, 5, 5}),
            affine("a", "x", new double[] {2}, new double[] {0}),
            relu("other", "x"),
            relu("y", "a"));
    assertEquals(
        Optional.of(Preprocessing.of(0, 0.5)),
        NormalizationInside.of(new Graph(nodes, List.of("y"))));
  }

  /** Of these nodes from x to y between images [3, 5, 5] and a ReLU. */
  private static Optional<Preprocessing> found(Node... nodes) {
    List<Node> all = new ArrayList<>();
    all.add(new Node.Input("x", new long[] {3, 5, 5}));
    all.addAll(List.of(nodes));
    all.add(relu("z", "y"));
    return NormalizationInside.of(new Graph(all, List.of("z")));
  }

  private static Node relu(String name, String input) {
    return new Node.Activation(name, input, Function.RELU);
  }

  private static Node affine(String name, String input, double[] scale, double[] shift) {
    return affine(name, input, array(scale), array(shift));
  }

  private static Node affine(String name, String input, INDArray scale, INDArray shift) {
    return new Node.Affine(name, input, scale, shift);
  }

  private static INDArray channels(double[] numbers) {
    return array(numbers).reshape(3, 1, 1);
  }

  private static INDArray array(double[] numbers) {
    return Nd4j.createFromArray(numbers).castTo(DataType.FLOAT);
  }
}
