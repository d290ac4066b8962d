package io.metamer.model;

import static io.metamer.model.OnnxCase.model;
import static io.metamer.model.OnnxCase.modelOfBatch;

import java.util.stream.Stream;

/** Small networks, as exporters write them. */
final class OnnxNetworkCases {

  private OnnxNetworkCases() {}

  static Stream<OnnxCase> all() {
    return Stream.of(
        model("attention [N, heads, T, D]", OnnxNetworkCases::attention),
        model("attention [N * heads, T, D]", OnnxNetworkCases::attentionSequenceFirst),
        model(13, "windows of Swin", OnnxNetworkCases::windows, 3, 8, 4),
        model(23, "Attention", f -> attended(f).node("Attention", "y", "q", "x", "v")),
        model(
            23,
            "Attention, a mask, a scale",
            f ->
                attended(f)
                    .random("m", 6, 6)
                    .node("Attention", "y", "q", "x", "v", "m")
                    .number("scale", 0.3)),
        model(
            23,
            "Attention, booleans",
            f ->
                attended(f)
                    .random("r", -0.2, 1, 1, 3, 6, 6)
                    .booleans("m", "r")
                    .node("Attention", "y", "q", "x", "v", "m")),
        model(
            23,
            "Attention, causal",
            f -> attended(f).node("Attention", "y", "q", "x", "v").with("is_causal", 1)),
        model("a branch that is taken", OnnxNetworkCases::branches),
        model("channels last between convolutions", OnnxNetworkCases::channelsLast),
        model("a class token and positions", OnnxNetworkCases::classToken),
        modelOfBatch(2, "batch of two in shapes", OnnxNetworkCases::fixedBatch, 3, 6, 5),
        modelOfBatch(
            2, "batch of two, a token for each image", OnnxNetworkCases::fixedToken, 3, 6, 5),
        modelOfBatch(1, "batch of one, squeezed away", OnnxNetworkCases::squeezed, 3, 6, 5));
  }

  /** Tokens [N, 5, 18] with queries, keys and values in one matrix, 3 heads of 6. */
  private static OnnxFile attention(OnnxFile f) {
    tokens(f);
    f.random("w", 18, 54)
        .random("b", 54)
        .node("MatMul", "p", "tokens", "w")
        .node("Add", "qkv", "p", "b");
    f.integers("s1", 0, 5, 3, 3, 6)
        .node("Reshape", "r", "qkv", "s1")
        .node("Transpose", "t", "r")
        .with("perm", 2, 0, 3, 1, 4);
    f.scalar("i0", 0).scalar("i1", 1).scalar("i2", 2);
    f.node("Gather", "q", "t", "i0").node("Gather", "k", "t", "i1").node("Gather", "v", "t", "i2");
    f.node("Transpose", "kt", "k").with("perm", 0, 1, 3, 2).node("MatMul", "qk", "q", "kt");
    f.constant("scale", new long[0], 0.4)
        .node("Mul", "scores", "qk", "scale")
        .random("bias", 3, 5, 5)
        .node("Add", "biased", "scores", "bias");
    f.node("Softmax", "a", "biased")
        .node("MatMul", "av", "a", "v")
        .node("Transpose", "back", "av")
        .with("perm", 0, 2, 1, 3);
    return f.integers("s2", 0, 5, 18).node("Reshape", "y", "back", "s2");
  }

  /** PyTorch's multi_head_attention_forward. */
  private static OnnxFile attentionSequenceFirst(OnnxFile f) {
    tokens(f).node("Transpose", "x1", "tokens").with("perm", 1, 0, 2);
    f.random("w", 18, 54).node("MatMul", "p", "x1", "w");
    f.node("Shape", "shape", "x1").integers("one", 1).node("Gather", "n", "shape", "one");
    f.integers("three", 3).node("Mul", "nh", "n", "three").integers("five", 5).integers("six", 6);
    f.node("Concat", "s1", "five", "nh", "six").with("axis", 0);
    f.node("Split", "q0", "p").alsoOutput("k0").alsoOutput("v0").with("axis", 2);
    for (String part : new String[] {"q", "k", "v"}) {
      f.node("Reshape", part + "1", part + "0", "s1")
          .node("Transpose", part, part + "1")
          .with("perm", 1, 0, 2);
    }
    f.node("Transpose", "kt", "k")
        .with("perm", 0, 2, 1)
        .node("MatMul", "qk", "q", "kt")
        .node("Softmax", "a", "qk");
    f.node("MatMul", "av", "a", "v").node("Transpose", "back", "av").with("perm", 1, 0, 2);
    f.node("Mul", "tn", "five", "n")
        .integers("eighteen", 18)
        .node("Concat", "s2", "tn", "eighteen")
        .with("axis", 0);
    f.node("Reshape", "flat", "back", "s2")
        .random("o", 18, 18)
        .random("ob", 18)
        .node("Gemm", "out", "flat", "o", "ob")
        .with("transB", 1);
    f.node("Concat", "s3", "five", "n", "eighteen")
        .with("axis", 0)
        .node("Reshape", "seq", "out", "s3");
    return f.node("Transpose", "y", "seq").with("perm", 1, 0, 2);
  }

  /** [N, 8, 4, 3] as [N * 4, 4 x 2 pixels, 3], and back. */
  private static OnnxFile windows(OnnxFile f) {
    f.node("Transpose", "last", "x").with("perm", 0, 2, 3, 1);
    f.integers("s1", -1, 2, 4, 2, 2, 3)
        .node("Reshape", "r", "last", "s1")
        .node("Transpose", "t", "r")
        .with("perm", 0, 1, 3, 2, 4, 5);
    f.integers("s2", -1, 8, 3)
        .node("Reshape", "w", "t", "s2")
        .node("Transpose", "wt", "w")
        .with("perm", 0, 2, 1);
    f.node("MatMul", "ww", "w", "wt")
        .integers("s3", -1, 4, 1, 8, 8)
        .node("Reshape", "heads", "ww", "s3");
    f.random("mask", 1, 4, 1, 8, 8)
        .node("Add", "masked", "heads", "mask")
        .integers("s4", -1, 8, 8)
        .node("Reshape", "scores", "masked", "s4");
    f.node("Softmax", "a", "scores").node("MatMul", "av", "a", "w");
    f.integers("s5", -1, 2, 2, 4, 2, 3)
        .node("Reshape", "b", "av", "s5")
        .node("Transpose", "c", "b")
        .with("perm", 0, 1, 3, 2, 4, 5);
    return f.integers("s6", -1, 8, 4, 3).node("Reshape", "y", "c", "s6");
  }

  /** As tf2onnx writes what TensorFlow does with channels last. */
  private static OnnxFile channelsLast(OnnxFile f) {
    f.random("w1", 4, 3, 3, 3).node("Conv", "a", "x", "w1").text("auto_pad", "SAME_UPPER");
    f.node("Transpose", "b", "a")
        .with("perm", 0, 2, 3, 1)
        .random("s", 4)
        .node("Mul", "c", "b", "s")
        .random("t", 4)
        .node("Add", "d", "c", "t");
    f.node("ReduceMean", "m", "d")
        .with("axes", 1, 2)
        .node("Sigmoid", "g", "m")
        .node("Mul", "e", "d", "g");
    f.node("Transpose", "h", "e")
        .with("perm", 0, 3, 1, 2)
        .random("w2", 2, 4, 1, 1)
        .node("Conv", "i", "h", "w2");
    return f.node("Transpose", "j", "i")
        .with("perm", 0, 2, 3, 1)
        .integers("shape", -1, 60)
        .node("Reshape", "y", "j", "shape");
  }

  private static OnnxFile classToken(OnnxFile f) {
    tokens(f)
        .random("token", 1, 1, 18)
        .node("Shape", "shape", "tokens")
        .scalar("zero", 0)
        .node("Gather", "n0", "shape", "zero");
    f.integers("u", 0)
        .node("Unsqueeze", "n", "n0", "u")
        .integers("one", 1)
        .integers("d", 18)
        .node("Concat", "s", "n", "one", "d")
        .with("axis", 0);
    f.node("Expand", "class", "token", "s")
        .node("Concat", "all", "class", "tokens")
        .with("axis", 1);
    f.random("position", 1, 6, 18).node("Add", "z", "all", "position").scalar("first", 0);
    return f.node("Softmax", "sm", "z").node("Gather", "y", "sm", "first").with("axis", 1);
  }

  /** Queries q and values v of three heads. */
  private static OnnxFile attended(OnnxFile file) {
    return file.node("Tanh", "q", "x").random("w", 5, 4).node("MatMul", "v", "x", "w");
  }

  /** As PyTorch writes a squeeze of an axis that may not be 1. */
  private static OnnxFile branches(OnnxFile f) {
    f.node("GlobalAveragePool", "m", "x").node("Shape", "s", "m").scalar("two", 2);
    f.node("Gather", "d", "s", "two").scalar("one", 1).node("Equal", "is 1", "d", "one");
    OnnxFile then = OnnxFile.branch().integers("axes", 2).node("Squeeze", "a", "m", "axes");
    OnnxFile otherwise = OnnxFile.branch().node("Identity", "b", "m");
    f.node("If", "y", "is 1");
    return f.branch("then_branch", then.output("a")).branch("else_branch", otherwise.output("b"));
  }

  /** [N, 5, 18]. */
  private static OnnxFile tokens(OnnxFile file) {
    return file.integers("shape of tokens", 0, 18, 5)
        .node("Reshape", "columns", "x", "shape of tokens")
        .node("Transpose", "tokens", "columns")
        .with("perm", 0, 2, 1);
  }

  private static OnnxFile fixedBatch(OnnxFile f) {
    f.integers("s1", 2, 18, 5)
        .node("Reshape", "a", "x", "s1")
        .node("Transpose", "b", "a")
        .with("perm", 2, 0, 1);
    f.integers("s2", 5, 6, 6)
        .node("Reshape", "heads", "b", "s2")
        .node("Transpose", "c", "heads")
        .with("perm", 1, 0, 2);
    f.node("Softmax", "d", "c")
        .node("Transpose", "e", "d")
        .with("perm", 1, 0, 2)
        .integers("s3", 10, 18)
        .node("Reshape", "g", "e", "s3");
    f.random("w", 18, 4)
        .node("MatMul", "h", "g", "w")
        .integers("s4", 5, 2, 4)
        .node("Reshape", "i", "h", "s4");
    return f.node("Transpose", "y", "i").with("perm", 1, 0, 2);
  }

  private static OnnxFile fixedToken(OnnxFile f) {
    f.integers("s1", 2, 18, 5).node("Reshape", "a", "x", "s1").random("t", 1, 18, 1);
    f.integers("r", 2, 1, 1).node("Tile", "u", "t", "r");
    return f.node("Concat", "y", "u", "a").with("axis", 2);
  }

  private static OnnxFile squeezed(OnnxFile f) {
    f.node("GlobalAveragePool", "m", "x")
        .node("Squeeze", "v", "m")
        .node("Exp", "e", "v")
        .random("c", 3)
        .node("Mul", "d", "e", "c");
    return f.integers("a", 0).node("Unsqueeze", "y", "d", "a");
  }
}
