package io.metamer.model;

import static io.metamer.model.OnnxCase.model;

import java.util.stream.Stream;

/** Shapes, and the batch in other places than the first axis. */
final class OnnxShapeCases {

  private OnnxShapeCases() {}

  static Stream<OnnxCase> all() {
    return Stream.concat(shapes(), places());
  }

  private static Stream<OnnxCase> shapes() {
    return Stream.of(
        model(7, "Flatten", f -> f.node("Flatten", "y", "x")),
        model(
            "Flatten, axis 2",
            f ->
                f.node("Flatten", "a", "x")
                    .with("axis", 2)
                    .node("Tanh", "b", "a")
                    .integers("s", -1, 3, 30)
                    .node("Reshape", "y", "b", "s")),
        model(
            "Flatten, axis 0",
            f ->
                f.node("Flatten", "a", "x")
                    .with("axis", 0)
                    .node("Tanh", "b", "a")
                    .integers("s", -1, 90)
                    .node("Reshape", "y", "b", "s")),
        model(
            "Flatten, axis -1",
            f ->
                f.node("Flatten", "a", "x")
                    .with("axis", -1)
                    .random("w", 5, 2)
                    .node("MatMul", "b", "a", "w")
                    .integers("s", -1, 36)
                    .node("Reshape", "y", "b", "s")),
        model("Reshape, 0 and -1", f -> f.integers("s", 0, -1, 5).node("Reshape", "y", "x", "s")),
        model(
            "Reshape, -1 for the batch",
            f -> f.integers("s", -1, 2, 3, 15).node("Reshape", "y", "x", "s")),
        model("Transpose", f -> f.node("Transpose", "y", "x").with("perm", 0, 2, 3, 1)),
        model(
            "Transpose without perm, twice",
            f -> f.node("Transpose", "a", "x").node("Tanh", "b", "a").node("Transpose", "y", "b")),
        model(
            11,
            "Squeeze",
            f -> f.node("GlobalMaxPool", "a", "x").node("Squeeze", "y", "a").with("axes", 2, 3)),
        model(
            "Squeeze, axes as an input",
            f ->
                f.node("GlobalMaxPool", "a", "x").integers("s", -1).node("Squeeze", "y", "a", "s")),
        model("Squeeze of all", f -> f.node("GlobalMaxPool", "a", "x").node("Squeeze", "y", "a")),
        model(11, "Unsqueeze", f -> f.node("Unsqueeze", "y", "x").with("axes", 1, 5)),
        model(
            "Unsqueeze, axes as an input",
            f -> f.integers("s", -1, 2).node("Unsqueeze", "y", "x", "s")),
        model(
            "Unsqueeze before the batch",
            f ->
                f.integers("s", 0)
                    .node("Unsqueeze", "a", "x", "s")
                    .node("Tanh", "b", "a")
                    .node("Squeeze", "y", "b", "s")),
        model(
            11,
            "DepthToSpace",
            f -> channels(f, 8).node("DepthToSpace", "y", "a").with("blocksize", 2)),
        model(
            11,
            "DepthToSpace, CRD",
            f ->
                channels(f, 8)
                    .node("DepthToSpace", "y", "a")
                    .with("blocksize", 2)
                    .text("mode", "CRD")),
        model(
            "SpaceToDepth",
            f ->
                f.integers("p", 0, 0, 0, 1, 0, 0, 0, 0)
                    .node("Pad", "a", "x", "p")
                    .node("SpaceToDepth", "y", "a")
                    .with("blocksize", 2)),
        model("Identity", f -> f.node("Identity", "a", "x").node("Relu", "y", "a")),
        model("Dropout", f -> f.node("Dropout", "a", "x").node("Relu", "y", "a")),
        model(
            7,
            "Dropout, attribute",
            f ->
                f.node("Dropout", "a", "x")
                    .alsoOutput("mask")
                    .number("ratio", 0.5)
                    .node("Relu", "y", "a")),
        model(
            "Cast",
            f ->
                f.node("Cast", "a", "x")
                    .with("to", 11)
                    .node("Cast", "b", "a")
                    .with("to", 1)
                    .node("Relu", "y", "b")),
        model(
            15,
            "CastLike",
            f ->
                f.constant("c", new long[0], 2)
                    .node("CastLike", "a", "x", "c")
                    .node("CastLike", "d", "c", "x")
                    .node("Mul", "y", "a", "d")),
        model(
            "Shape of the batch in a Reshape",
            f ->
                f.node("Shape", "s", "x")
                    .integers("i", 0)
                    .node("Gather", "n", "s", "i")
                    .integers("r", -1)
                    .node("Concat", "t", "n", "r")
                    .with("axis", 0)
                    .node("Reshape", "y", "x", "t")),
        model(
            15,
            "Shape, start and end",
            f ->
                f.node("Shape", "s", "x")
                    .with("start", 0)
                    .with("end", -2)
                    .integers("r", -1)
                    .node("Concat", "t", "s", "r")
                    .with("axis", 0)
                    .node("Reshape", "y", "x", "t")),
        model(
            "Size in a Reshape",
            f ->
                f.node("Size", "s", "x")
                    .integers("three", 3)
                    .node("Div", "d", "s", "three")
                    .integers("u", 1)
                    .node("Reshape", "e", "d", "u")
                    .node("Concat", "t", "u", "three", "e")
                    .with("axis", 0)
                    .node("Tanh", "h", "x")
                    .node("Transpose", "h2", "h")
                    .with("perm", 1, 0, 2, 3)
                    .integers("back", 3, -1, 6, 5)
                    .node("Reshape", "z", "h2", "back")
                    .node("Transpose", "y", "z")
                    .with("perm", 1, 0, 2, 3)));
  }

  private static OnnxFile channels(OnnxFile file, long count) {
    return file.random("w", count, 3, 1, 1).node("Conv", "a", "x", "w");
  }

  private static Stream<OnnxCase> places() {
    return Stream.of(
        model(
            "[T, N, D]",
            f ->
                sequenceFirst(f)
                    .random("w", 18, 4)
                    .node("MatMul", "b", "a", "w")
                    .random("c", 5, 1, 4)
                    .node("Add", "d", "b", "c")
                    .node("Transpose", "y", "d")
                    .with("perm", 1, 0, 2)),
        model(
            "[T, N, D] as [T * N, D]",
            f ->
                sequenceFirst(f)
                    .integers("s", -1, 18)
                    .node("Reshape", "b", "a", "s")
                    .random("w", 18, 4)
                    .random("c", 4)
                    .node("Gemm", "d", "b", "w", "c")
                    .integers("t", 5, -1, 4)
                    .node("Reshape", "e", "d", "t")
                    .node("Transpose", "y", "e")
                    .with("perm", 1, 0, 2)),
        model(
            "[T, N * heads, D]",
            f ->
                sequenceFirst(f)
                    .integers("s", 5, -1, 6)
                    .node("Reshape", "b", "a", "s")
                    .node("Transpose", "d", "b")
                    .with("perm", 1, 0, 2)
                    .node("Softmax", "e", "d")
                    .with("axis", 1)
                    .integers("t", -1, 3, 5, 6)
                    .node("Reshape", "y", "e", "t")),
        model(
            "[N * C, H, W]",
            f ->
                f.integers("s", -1, 6, 5)
                    .node("Reshape", "a", "x", "s")
                    .node("ReduceMean", "m", "a")
                    .list("axes", 1)
                    .node("Sub", "b", "a", "m")
                    .integers("t", -1, 3, 6, 5)
                    .node("Reshape", "y", "b", "t")),
        model(
            "[C, H, W, N]",
            f ->
                f.node("Transpose", "a", "x")
                    .with("perm", 1, 2, 3, 0)
                    .random("c", 3, 1, 1, 1)
                    .node("Mul", "b", "a", "c")
                    .node("Softmax", "d", "b")
                    .with("axis", 0)
                    .node("Transpose", "y", "d")
                    .with("perm", 3, 0, 1, 2)),
        model(
            "[H * N, W]",
            f ->
                f.node("ReduceMean", "m", "x")
                    .list("axes", 1)
                    .with("keepdims", 0)
                    .node("Transpose", "a", "m")
                    .with("perm", 1, 0, 2)
                    .integers("s", -1, 5)
                    .node("Reshape", "b", "a", "s")
                    .node("Softmax", "d", "b")
                    .integers("t", 6, -1, 5)
                    .node("Reshape", "e", "d", "t")
                    .node("Transpose", "y", "e")
                    .with("perm", 1, 0, 2)),
        model(
            "one number an image",
            f ->
                f.node("ReduceMean", "m", "x")
                    .with("axes", 1, 2, 3)
                    .with("keepdims", 0)
                    .node("Exp", "a", "m")
                    .integers("s", -1, 1, 1, 1)
                    .node("Reshape", "b", "a", "s")
                    .node("Mul", "y", "x", "b")),
        model(
            "one number an image, unsqueezed",
            f ->
                f.node("ReduceMean", "m", "x")
                    .with("axes", 1, 2, 3)
                    .with("keepdims", 0)
                    .integers("s", 1)
                    .node("Unsqueeze", "y", "m", "s")));
  }

  /** [5, N, 18]. */
  private static OnnxFile sequenceFirst(OnnxFile file) {
    return file.integers("shape", 0, 18, 5)
        .node("Reshape", "flat", "x", "shape")
        .node("Transpose", "a", "flat")
        .with("perm", 2, 0, 1);
  }
}
