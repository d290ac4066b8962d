package io.metamer.model;

import static io.metamer.model.OnnxCase.model;

import java.util.stream.Stream;
import onnx.Onnx.TensorProto;

/** Joins, parts and borders. */
final class OnnxPartCases {

  private static final long END = Long.MAX_VALUE;

  private OnnxPartCases() {}

  static Stream<OnnxCase> all() {
    return Stream.of(joins(), parts(), borders()).flatMap(cases -> cases);
  }

  private static Stream<OnnxCase> joins() {
    return Stream.of(
        model(
            "Concat of channels",
            f -> f.node("Tanh", "t", "x").node("Concat", "y", "x", "t", "x").with("axis", 1)),
        model(
            "Concat of columns",
            f -> f.node("Tanh", "t", "x").node("Concat", "y", "x", "t").with("axis", -1)),
        model(
            "Concat of one",
            f -> f.node("Concat", "a", "x").with("axis", 1).node("Relu", "y", "a")),
        model("Tile", f -> f.integers("r", 1, 2, 1, 3).node("Tile", "y", "x", "r")),
        model(
            "Expand",
            f ->
                f.node("GlobalAveragePool", "m", "x")
                    .integers("s", 1, 3, 2, 4)
                    .node("Expand", "y", "m", "s")),
        model(
            "Expand, more axes",
            f ->
                f.integers("s", 4, 1, 1, 1, 1)
                    .node("Expand", "a", "x", "s")
                    .node("Transpose", "y", "a")
                    .with("perm", 1, 0, 2, 3, 4)),
        model(
            "Expand to the same",
            f -> f.integers("s", 6, 5).node("Expand", "a", "x", "s").node("Relu", "y", "a")));
  }

  private static Stream<OnnxCase> parts() {
    return Stream.of(
        model(
            11,
            "Split",
            f ->
                f.node("Split", "a", "x")
                    .alsoOutput("b")
                    .alsoOutput("c")
                    .with("axis", 1)
                    .node("Sub", "y", "c", "a")),
        model(
            11,
            "Split, sizes",
            f -> f.node("Split", "a", "x").alsoOutput("y").with("axis", 2).with("split", 2, 4)),
        model(
            13,
            "Split, sizes as an input",
            f ->
                f.integers("s", 1, 4)
                    .node("Split", "a", "x", "s")
                    .alsoOutput("y")
                    .with("axis", -1)),
        model(
            18,
            "Split, num_outputs",
            f ->
                f.node("Split", "a", "x")
                    .alsoOutput("b")
                    .with("axis", 3)
                    .with("num_outputs", 2)
                    .node("Concat", "y", "b", "a")
                    .with("axis", 3)),
        model(
            9,
            "Slice, attributes",
            f ->
                f.node("Slice", "y", "x")
                    .with("starts", 1, 0)
                    .with("ends", 5, -1)
                    .with("axes", 2, 3)),
        model(
            9,
            "Slice, attributes without axes",
            f -> f.node("Slice", "y", "x").with("starts", 0, 1).with("ends", END, 3)),
        model(
            "Slice, steps",
            f ->
                slice(
                    f,
                    new long[] {1, 0},
                    new long[] {END, END},
                    new long[] {2, 3},
                    new long[] {2, 3})),
        model(
            "Slice from the end",
            f -> slice(f, new long[] {-4}, new long[] {-1}, new long[] {-2}, new long[] {1})),
        model(
            "Slice backwards",
            f ->
                slice(
                    f,
                    new long[] {-1},
                    new long[] {Long.MIN_VALUE},
                    new long[] {3},
                    new long[] {-1})),
        model(
            "Slice backwards in steps",
            f ->
                slice(
                    f,
                    new long[] {4, 1},
                    new long[] {0, END},
                    new long[] {3, 2},
                    new long[] {-2, 2})),
        model(
            "Slice of all images",
            f ->
                slice(
                    f,
                    new long[] {0, 1},
                    new long[] {END, END},
                    new long[] {0, 1},
                    new long[] {1, 1})),
        model("Gather of one", f -> f.scalar("i", 2).node("Gather", "y", "x", "i").with("axis", 1)),
        model(
            "Gather of the last",
            f -> f.scalar("i", -1).node("Gather", "y", "x", "i").with("axis", -1)),
        model(
            "Gather of neighbours",
            f -> f.integers("i", 1, 3, 5).node("Gather", "y", "x", "i").with("axis", 2)),
        model(
            "Gather in any order",
            f -> f.integers("i", 4, 0, -1, 0).node("Gather", "y", "x", "i").with("axis", 3)),
        model(
            "Gather of a matrix",
            f ->
                f.integers("j", 4, 0, 2, 0, 1, 1)
                    .integers("s", 2, 3)
                    .node("Reshape", "i", "j", "s")
                    .node("Gather", "y", "x", "i")
                    .with("axis", 2)),
        model(
            "Gather of each image",
            f ->
                f.integers("s", -1)
                    .node("Reshape", "v", "x", "s")
                    .node("Exp", "e", "v")
                    .integers("j", 2, 3, 7, 92, 93, 97)
                    .integers("t", 2, 3)
                    .node("Reshape", "i", "j", "t")
                    .node("Gather", "y", "e", "i")),
        model(
            "GatherND",
            f ->
                f.node("Transpose", "t", "x")
                    .with("perm", 1, 0, 2, 3)
                    .constant(indices(2, 0, 2))
                    .node("GatherND", "g", "t", "i")
                    .node("Transpose", "y", "g")
                    .with("perm", 1, 0, 2, 3)),
        model(14, "CumSum", f -> f.scalar("a", 2).node("CumSum", "y", "x", "a")),
        model(
            14,
            "CumSum, reverse, exclusive",
            f ->
                f.scalar("a", -1)
                    .node("CumSum", "y", "x", "a")
                    .with("reverse", 1)
                    .with("exclusive", 1)),
        model(14, "Trilu", f -> f.node("Trilu", "y", "x")),
        model(
            14,
            "Trilu, lower",
            f -> f.scalar("k", 1).node("Trilu", "y", "x", "k").with("upper", 0)));
  }

  /** Indices i of an axis, one in each row. */
  private static TensorProto indices(long... indices) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName("i").setDataType(7).addDims(indices.length).addDims(1);
    for (long i : indices) {
      tensor.addInt64Data(i);
    }
    return tensor.build();
  }

  private static OnnxFile slice(
      OnnxFile file, long[] starts, long[] ends, long[] axes, long[] steps) {
    return file.integers("s", starts)
        .integers("e", ends)
        .integers("a", axes)
        .integers("t", steps)
        .node("Slice", "y", "x", "s", "e", "a", "t");
  }

  private static Stream<OnnxCase> borders() {
    return Stream.of(
        model("Pad", f -> f.integers("p", 0, 0, 1, 2, 0, 0, 0, 1).node("Pad", "y", "x", "p")),
        model(
            10,
            "Pad, attributes",
            f -> f.node("Pad", "y", "x").with("pads", 0, 0, 1, 2, 0, 0, 0, 1).number("value", 0.5)),
        model(
            "Pad with a number",
            f ->
                f.integers("p", 0, 1, 1, 2, 0, 0, 0, 1)
                    .constant("v", new long[0], -1.5)
                    .node("Pad", "y", "x", "p", "v")),
        model(
            "Pad that cuts",
            f -> f.integers("p", 0, 0, -1, 2, 0, 0, 0, -1).node("Pad", "y", "x", "p")),
        model(
            "Pad of nothing",
            f ->
                f.integers("p", 0, 0, 0, 0, 0, 0, 0, 0)
                    .node("Pad", "a", "x", "p")
                    .node("Relu", "y", "a")),
        model(
            18,
            "Pad, axes",
            f ->
                f.integers("p", 1, 2, 0, 1)
                    .integers("a", 3, -2)
                    .node("Pad", "y", "x", "p", "", "a")),
        model("Pad, reflect", f -> pad(f, "reflect", 0, 0, 2, 1, 0, 0, 1, 4)),
        model("Pad, edge", f -> pad(f, "edge", 0, 0, 2, 1, 0, 0, 0, 3)),
        model("Pad, edge, channels", f -> pad(f, "edge", 0, 1, 0, 0, 0, 1, 0, 0)),
        model(19, "Pad, wrap", f -> pad(f, "wrap", 0, 0, 2, 1, 0, 0, 1, 3)),
        model(18, "Pad, reflect, cutting", f -> pad(f, "reflect", 0, 0, 2, -1, 0, 0, -1, 2)));
  }

  private static OnnxFile pad(OnnxFile file, String mode, long... pads) {
    return file.integers("p", pads).node("Pad", "y", "x", "p").text("mode", mode);
  }
}
