package io.metamer.model;

import static io.metamer.model.OnnxCase.model;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Convolutions, pools, matrix products and normalizations. */
final class OnnxLayerCases {

  private OnnxLayerCases() {}

  static Stream<OnnxCase> all() {
    return Stream.of(convolutions(), deconvolutions(), pools(), products(), normalizations())
        .flatMap(cases -> cases);
  }

  private static Stream<OnnxCase> convolutions() {
    return Stream.of(
        model("conv", f -> conv(f, 4, 3, 3, 2)),
        model(7, "conv without kernel_shape", f -> conv(f, 2, 3, 1, 1)),
        model(
            "conv, stride, asymmetric pads",
            f -> conv(f, 4, 3, 3, 3).with("strides", 2, 1).with("pads", 1, 0, 2, 1)),
        model("conv, dilation", f -> conv(f, 4, 3, 2, 2).with("dilations", 3, 2)),
        model(
            "conv, depthwise", f -> conv(f, 6, 1, 3, 3).with("group", 3).with("pads", 1, 1, 1, 1)),
        model(
            "conv, SAME_UPPER",
            f -> conv(f, 2, 3, 2, 4).with("strides", 2, 2).text("auto_pad", "SAME_UPPER")),
        model("conv, SAME_LOWER", f -> conv(f, 2, 3, 2, 4).text("auto_pad", "SAME_LOWER")),
        model(
            "conv, VALID",
            f -> conv(f, 2, 3, 2, 3).with("strides", 2, 2).text("auto_pad", "VALID")),
        model(
            "conv of windows",
            f ->
                f.integers("s", -1, 1, 6, 5)
                    .node("Reshape", "a", "x", "s")
                    .random("w", 4, 1, 2, 3)
                    .random("b", 4)
                    .node("Conv", "c", "a", "w", "b")
                    .node("MaxPool", "m", "c")
                    .with("kernel_shape", 2, 2)
                    .integers("t", -1, 12, 4, 2)
                    .node("Reshape", "y", "m", "t")),
        model(
            "conv of a constant",
            f ->
                f.random("c", 1, 2, 7, 6)
                    .random("w", 3, 2, 2, 2)
                    .node("Conv", "a", "c", "w")
                    .node("Add", "y", "x", "a")),
        model(
            15,
            "conv whose weights are standardized by a BatchNormalization in training",
            f ->
                f.random("w", 4, 3, 2, 2)
                    .integers("s", 1, 4, 12)
                    .node("Reshape", "v", "w", "s")
                    .random("g", 4)
                    .random("b", 4)
                    .random("m", 4)
                    .random("u", 0.5, 2, 4)
                    .node("BatchNormalization", "n", "v", "g", "b", "m", "u")
                    .with("training_mode", 1)
                    .alsoOutput("mean")
                    .alsoOutput("variance")
                    .number("epsilon", 0.01)
                    .node("Shape", "t", "w")
                    .node("Reshape", "z", "n", "t")
                    .node("Conv", "y", "x", "z")),
        model(
            "conv of a padded map",
            f ->
                f.integers("p", 0, 0, 1, 2, 0, 0, 0, 1)
                    .node("Pad", "a", "x", "p")
                    .random("w", 2, 3, 3, 3)
                    .node("Conv", "y", "a", "w")),
        model(
            "conv of sequences",
            f ->
                f.integers("s", 0, 3, 30)
                    .node("Reshape", "v", "x", "s")
                    .random("w", 4, 3, 5)
                    .random("b", 4)
                    .node("Conv", "y", "v", "w", "b")
                    .list("strides", 2)
                    .with("pads", 2, 1)
                    .list("dilations", 2)),
        model(
            "conv whose weights are transposed",
            f ->
                f.random("w", 3, 3, 2, 4)
                    .node("Transpose", "t", "w")
                    .with("perm", 3, 1, 0, 2)
                    .node("Conv", "y", "x", "t")),
        fused(
            "FusedConv, Relu",
            f ->
                f.random("w", 4, 3, 2, 2)
                    .random("b", 4)
                    .node("FusedConv", "y", "x", "w", "b")
                    .text("activation", "Relu")),
        fused(
            "FusedConv, LeakyRelu",
            f ->
                f.random("w", 4, 3, 2, 2)
                    .node("FusedConv", "y", "x", "w")
                    .text("activation", "LeakyRelu")
                    .numbers("activation_params", 0.3)),
        fused(
            "FusedConv, Clip",
            f ->
                f.random("w", 4, 3, 2, 2)
                    .node("FusedConv", "y", "x", "w")
                    .text("activation", "Clip")
                    .numbers("activation_params", -0.5, 0.7)),
        fused(
            "FusedConv, HardSigmoid",
            f ->
                f.random("w", 4, 3, 2, 2)
                    .node("FusedConv", "y", "x", "w")
                    .text("activation", "HardSigmoid")
                    .numbers("activation_params", 0.3, 0.4)),
        fused(
            "FusedConv with a sum",
            f ->
                f.random("w", 3, 3, 1, 1)
                    .random("b", 3)
                    .node("FusedConv", "y", "x", "w", "b", "x")
                    .text("activation", "Relu")));
  }

  private static OnnxCase fused(String name, UnaryOperator<OnnxFile> network) {
    return model(name, f -> network.apply(f).domain("com.microsoft"));
  }

  private static OnnxFile conv(OnnxFile file, long out, long in, long rows, long columns) {
    return file.random("w", out, in, rows, columns)
        .random("b", out)
        .node("Conv", "y", "x", "w", "b");
  }

  private static Stream<OnnxCase> deconvolutions() {
    return Stream.of(
        model("ConvTranspose", f -> deconv(f, 3, 4, 3, 2)),
        model(
            "ConvTranspose, stride, pads",
            f -> deconv(f, 3, 2, 3, 3).with("strides", 2, 3).with("pads", 1, 0, 0, 2)),
        model(
            "ConvTranspose, output_padding",
            f -> deconv(f, 3, 2, 3, 3).with("strides", 2, 2).with("output_padding", 1, 1)),
        model("ConvTranspose, dilation", f -> deconv(f, 3, 2, 3, 2).with("dilations", 2, 3)),
        model(
            "ConvTranspose, groups",
            f -> deconv(f, 3, 2, 2, 2, 6).with("group", 3).with("strides", 2, 2)),
        model(
            "ConvTranspose, output_shape",
            f -> deconv(f, 3, 2, 3, 3).with("strides", 2, 2).with("output_shape", 12, 10)),
        model(
            "ConvTranspose, output_shape, SAME_UPPER",
            f ->
                deconv(f, 3, 2, 4, 3)
                    .with("strides", 2, 2)
                    .with("output_shape", 11, 10)
                    .text("auto_pad", "SAME_UPPER")),
        model(
            "ConvTranspose, output_shape, SAME_LOWER",
            f ->
                deconv(f, 3, 2, 4, 3)
                    .with("strides", 2, 2)
                    .with("output_shape", 11, 10)
                    .text("auto_pad", "SAME_LOWER")),
        model(
            "ConvTranspose, SAME_UPPER",
            f -> deconv(f, 3, 2, 3, 3).with("strides", 2, 2).text("auto_pad", "SAME_UPPER")),
        model(
            "ConvTranspose, SAME_LOWER",
            f -> deconv(f, 3, 2, 3, 4).with("strides", 2, 3).text("auto_pad", "SAME_LOWER")),
        model("ConvTranspose, VALID", f -> deconv(f, 3, 2, 3, 3).text("auto_pad", "VALID")),
        model(
            "ConvTranspose of sequences",
            f ->
                f.integers("s", 0, 3, 30)
                    .node("Reshape", "v", "x", "s")
                    .random("w", 3, 2, 4)
                    .node("ConvTranspose", "y", "v", "w")
                    .list("strides", 2)
                    .with("pads", 1, 1)
                    .list("output_padding", 1)));
  }

  private static OnnxFile deconv(OnnxFile file, long in, long out, long rows, long columns) {
    return deconv(file, in, out, rows, columns, out);
  }

  private static OnnxFile deconv(
      OnnxFile file, long in, long out, long rows, long columns, long biases) {
    return file.random("w", in, out, rows, columns)
        .random("b", biases)
        .node("ConvTranspose", "y", "x", "w", "b");
  }

  private static Stream<OnnxCase> pools() {
    return Stream.of(
        model("MaxPool", f -> pool(f, "MaxPool", 2, 3)),
        model(
            8,
            "MaxPool, stride, pads",
            f -> pool(f, "MaxPool", 3, 3).with("strides", 2, 2).with("pads", 1, 0, 1, 2)),
        model(
            "MaxPool, ceil",
            f -> pool(f, "MaxPool", 3, 2).with("strides", 2, 2).with("ceil_mode", 1)),
        model(
            "MaxPool, ceil, pads",
            f ->
                pool(f, "MaxPool", 3, 3)
                    .with("strides", 3, 3)
                    .with("pads", 1, 1, 1, 1)
                    .with("ceil_mode", 1)),
        model("MaxPool, dilation", f -> pool(f, "MaxPool", 2, 2).with("dilations", 2, 3)),
        model(
            "MaxPool, dilation, ceil",
            f ->
                pool(f, "MaxPool", 2, 2)
                    .with("dilations", 3, 2)
                    .with("strides", 2, 2)
                    .with("ceil_mode", 1)),
        model(
            "MaxPool, SAME_UPPER",
            f -> pool(f, "MaxPool", 2, 2).with("strides", 2, 2).text("auto_pad", "SAME_UPPER")),
        model(
            "MaxPool, SAME_LOWER",
            f -> pool(f, "MaxPool", 3, 2).with("strides", 2, 1).text("auto_pad", "SAME_LOWER")),
        model(
            "MaxPool, VALID, storage_order",
            f -> pool(f, "MaxPool", 3, 2).text("auto_pad", "VALID").with("storage_order", 1)),
        model(
            "MaxPool of a map padded with minus infinity",
            f ->
                f.integers("p", 0, 0, 1, 1, 0, 0, 1, 1)
                    .constant("v", new long[0], Double.NEGATIVE_INFINITY)
                    .node("Pad", "a", "x", "p", "v")
                    .node("MaxPool", "y", "a")
                    .with("kernel_shape", 3, 3)
                    .with("strides", 2, 2)),
        model(
            "MaxPool of sequences",
            f ->
                f.integers("s", 0, 3, 30)
                    .node("Reshape", "v", "x", "s")
                    .node("MaxPool", "y", "v")
                    .list("kernel_shape", 3)
                    .list("strides", 2)
                    .with("pads", 1, 0)),
        model("AveragePool", f -> pool(f, "AveragePool", 2, 3)),
        model(
            7,
            "AveragePool, pads",
            f -> pool(f, "AveragePool", 3, 3).with("strides", 2, 1).with("pads", 1, 0, 1, 2)),
        model(
            "AveragePool, pads that count",
            f ->
                pool(f, "AveragePool", 3, 3)
                    .with("strides", 2, 1)
                    .with("pads", 1, 0, 1, 2)
                    .with("count_include_pad", 1)),
        model(
            19,
            "AveragePool, ceil",
            f -> pool(f, "AveragePool", 3, 2).with("strides", 2, 2).with("ceil_mode", 1)),
        model(
            19,
            "AveragePool, ceil, pads",
            f ->
                pool(f, "AveragePool", 3, 3)
                    .with("strides", 3, 3)
                    .with("pads", 1, 1, 1, 1)
                    .with("ceil_mode", 1)),
        model(
            "AveragePool, SAME_UPPER",
            f -> pool(f, "AveragePool", 2, 2).with("strides", 2, 2).text("auto_pad", "SAME_UPPER")),
        model(
            "AveragePool, SAME_LOWER",
            f -> pool(f, "AveragePool", 3, 2).text("auto_pad", "SAME_LOWER")),
        model(
            "AveragePool of a padded map",
            f ->
                f.integers("p", 0, 0, 1, 1, 0, 0, 1, 1)
                    .node("Pad", "a", "x", "p")
                    .node("AveragePool", "y", "a")
                    .with("kernel_shape", 3, 3)
                    .with("pads", 1, 1, 1, 1)),
        model(
            "AveragePool along the channels",
            f ->
                f.integers("s", 1)
                    .node("Unsqueeze", "u", "x", "s")
                    .node("AveragePool", "a", "u")
                    .with("kernel_shape", 2, 1, 1)
                    .with("pads", 1, 0, 0, 0, 0, 0)
                    .with("count_include_pad", 1)
                    .node("Squeeze", "y", "a", "s")),
        model(
            "LpPool", f -> pool(f, "LpPool", 2, 3).with("strides", 1, 2).with("pads", 1, 0, 0, 0)),
        model("LpPool, 1-norms", f -> pool(f, "LpPool", 2, 3).with("p", 1)),
        model("GlobalAveragePool", f -> f.node("GlobalAveragePool", "y", "x")),
        model("GlobalMaxPool", f -> f.node("GlobalMaxPool", "y", "x")),
        model(
            "GlobalMaxPool of sequences",
            f ->
                f.integers("s", 0, 3, 30)
                    .node("Reshape", "v", "x", "s")
                    .node("GlobalMaxPool", "y", "v")),
        model("GlobalLpPool", f -> f.node("GlobalLpPool", "y", "x")),
        model("GlobalLpPool, 1-norms", f -> f.node("GlobalLpPool", "y", "x").with("p", 1)));
  }

  private static OnnxFile pool(OnnxFile file, String operator, long rows, long columns) {
    return file.node(operator, "y", "x").with("kernel_shape", rows, columns);
  }

  private static Stream<OnnxCase> products() {
    return Stream.of(
        model(
            "Gemm",
            f -> vectors(f).random("w", 90, 4).random("b", 4).node("Gemm", "y", "v", "w", "b")),
        model(
            "Gemm, transB, alpha, beta",
            f ->
                vectors(f)
                    .random("w", 4, 90)
                    .random("b", 1, 4)
                    .node("Gemm", "y", "v", "w", "b")
                    .with("transB", 1)
                    .number("alpha", 0.5)
                    .number("beta", -2)),
        model(
            "Gemm, one bias for all",
            f -> vectors(f).random("w", 90, 4).random("b", 1).node("Gemm", "y", "v", "w", "b")),
        model(
            11,
            "Gemm without a bias",
            f -> vectors(f).random("w", 90, 4).node("Gemm", "y", "v", "w").number("alpha", 3)),
        model(
            "Gemm, transA",
            f ->
                vectors(f)
                    .node("Transpose", "t", "v")
                    .random("w", 90, 4)
                    .random("b", 4)
                    .node("Gemm", "y", "t", "w", "b")
                    .with("transA", 1)),
        model(
            "Gemm, beta 0",
            f ->
                vectors(f)
                    .random("w", 90, 4)
                    .random("b", 4)
                    .node("Gemm", "y", "v", "w", "b")
                    .number("beta", 0)),
        model(
            "Gemm, a bias that is computed",
            f ->
                vectors(f)
                    .random("w", 90, 4)
                    .random("u", 90, 4)
                    .node("MatMul", "b", "v", "u")
                    .node("Gemm", "y", "v", "w", "b")
                    .number("beta", 0.5)),
        model(
            "Gemm, a constant on the left",
            f ->
                vectors(f)
                    .random("w", 4, 90)
                    .random("b", 4, 1)
                    .node("Gemm", "a", "w", "v", "b")
                    .with("transB", 1)
                    .number("alpha", 0.5)
                    .node("Transpose", "y", "a")),
        fused(
            "FusedGemm",
            f ->
                vectors(f)
                    .random("w", 90, 4)
                    .random("b", 4)
                    .node("FusedGemm", "y", "v", "w", "b")
                    .text("activation", "Relu")),
        fused(
            "FusedGemm, LeakyRelu",
            f ->
                vectors(f)
                    .random("w", 90, 4)
                    .random("b", 4)
                    .node("FusedGemm", "y", "v", "w", "b")
                    .text("activation", "LeakyRelu")
                    .number("activation_alpha", 0.2)),
        model(
            "MatMul of vectors", f -> vectors(f).random("w", 90, 4).node("MatMul", "y", "v", "w")),
        model("MatMul of the last axis", f -> f.random("w", 5, 4).node("MatMul", "y", "x", "w")),
        model("MatMul with a vector", f -> f.random("w", 5).node("MatMul", "y", "x", "w")),
        model(
            "MatMul with a batch of one matrix",
            f -> f.random("w", 1, 1, 5, 4).node("MatMul", "y", "x", "w")),
        model(
            "MatMul with a matrix for each channel",
            f -> f.random("w", 3, 5, 4).node("MatMul", "y", "x", "w")),
        model(
            "MatMul with matrices that repeat the map",
            f ->
                f.node("ReduceMean", "m", "x")
                    .with("axes", 1, 1)
                    .random("w", 1, 3, 5, 4)
                    .node("MatMul", "y", "x", "w")),
        model("MatMul of a constant", f -> f.random("w", 4, 6).node("MatMul", "y", "w", "x")),
        model("MatMul of a vector", f -> f.random("w", 6).node("MatMul", "y", "w", "x")),
        model(
            "MatMul of a matrix for each channel",
            f -> f.random("w", 3, 4, 6).node("MatMul", "y", "w", "x")),
        model(
            "MatMul of vectors with a batch of matrices",
            f ->
                vectors(f)
                    .random("w", 1, 90, 2)
                    .node("MatMul", "a", "v", "w")
                    .integers("s", -1, 2)
                    .node("Reshape", "y", "a", "s")),
        model(
            "MatMul of activations",
            f ->
                f.node("Transpose", "t", "x")
                    .with("perm", 0, 1, 3, 2)
                    .node("MatMul", "y", "x", "t")),
        model(
            "MatMul of activations, repeated",
            f ->
                f.node("ReduceMean", "m", "x")
                    .list("axes", 1)
                    .node("Transpose", "t", "m")
                    .with("perm", 0, 1, 3, 2)
                    .node("MatMul", "y", "x", "t")),
        model(
            "MatMul of a repeated activation",
            f ->
                f.node("ReduceMean", "m", "x")
                    .list("axes", 1)
                    .node("Transpose", "t", "x")
                    .with("perm", 0, 1, 3, 2)
                    .node("MatMul", "y", "m", "t")),
        fused(
            "FusedMatMul",
            f -> f.node("FusedMatMul", "y", "x", "x").with("transB", 1).number("alpha", 0.25)),
        fused(
            "FusedMatMul, transA",
            f -> f.random("w", 6, 4).node("FusedMatMul", "y", "x", "w").with("transA", 1)),
        einsum("a channel for another", "oc,nchw->nohw", f -> f.random("w", 4, 3), "w", "x"),
        einsum("the last axis", "nchw,wo->ncho", f -> f.random("w", 5, 4), "x", "w"),
        einsum("two axes at once", "nchw,hwo->nco", f -> f.random("w", 6, 5, 4), "x", "w"),
        einsum("a shared axis", "nchw,cwo->ncho", f -> f.random("w", 3, 5, 4), "x", "w"),
        einsum("queries and keys", "nchw,nkhw->nchk", f -> f, "x", "x"),
        einsum("elementwise", "nchw,nchw->nchw", f -> f, "x", "x"),
        einsum("a sum on the way", "nchw,ncij->nhi", f -> f, "x", "x"),
        einsum("a transposition", "nchw->nwhc", f -> f, "x"),
        einsum("sums", "nchw->nc", f -> f, "x"),
        einsum("dots", "...hw,wo->...ho", f -> f.random("w", 5, 4), "x", "w"),
        einsum("dots on both sides", "...hw,...kw->...hk", f -> f, "x", "x"),
        einsum("no arrow", "nchw,wo", f -> f.random("w", 5, 4), "x", "w"),
        einsum("a vector", "nchw,c->nhw", f -> f.random("w", 3), "x", "w"));
  }

  private static OnnxCase einsum(
      String name, String equation, UnaryOperator<OnnxFile> constants, String... inputs) {
    if (!equation.contains("->")) {
      // The letters that stand once, in alphabetical order: c, h, n, o.
      return model(
          "Einsum, " + name,
          f ->
              constants
                  .apply(f)
                  .node("Einsum", "a", inputs)
                  .text("equation", equation)
                  .node("Transpose", "y", "a")
                  .with("perm", 2, 0, 1, 3));
    }
    return model(
        "Einsum, " + name,
        f -> constants.apply(f).node("Einsum", "y", inputs).text("equation", equation));
  }

  /** As tf2onnx writes the layer normalization of Keras 2: [1, N * 90 / 5, 5, 1]. */
  private static OnnxFile computedStatistics(OnnxFile f) {
    f.integers("s", 1, -1, 5, 1).node("Reshape", "a", "x", "s");
    f.node("ReduceMean", "kept", "a").with("axes", 0, 2, 3).integers("drop", 0, 2, 3);
    f.node("Squeeze", "mean", "kept", "drop").node("Sub", "centred", "a", "kept");
    f.node("ReduceSumSquare", "sum", "centred").with("axes", 0, 2, 3).with("keepdims", 0);
    f.constant("five", new long[] {1}, 5).node("Div", "variance", "sum", "five");
    f.node("Shape", "shape", "mean").node("ConstantOfShape", "zeros", "shape");
    f.constant("one", new long[] {1}, 1).node("Add", "ones", "zeros", "one");
    f.node("BatchNormalization", "b", "a", "ones", "zeros", "mean", "variance");
    return f.number("epsilon", 0.001).integers("t", -1, 3, 6, 5).node("Reshape", "y", "b", "t");
  }

  private static OnnxFile vectors(OnnxFile file) {
    return file.node("Flatten", "v", "x");
  }

  private static Stream<OnnxCase> normalizations() {
    return Stream.of(
        model(
            "BatchNormalization",
            f ->
                batchNormalization(f, 3)
                    .node("BatchNormalization", "y", "x", "s", "b", "m", "v")
                    .number("epsilon", 0.01)),
        model(
            9,
            "BatchNormalization of vectors",
            f ->
                batchNormalization(
                        vectors(f).random("w", 90, 4).node("MatMul", "a", "v", "w"), 4, "u")
                    .node("BatchNormalization", "y", "a", "s", "b", "m", "u")),
        model(
            15,
            "BatchNormalization after a convolution",
            f ->
                batchNormalization(f, 4)
                    .random("w", 4, 3, 2, 2)
                    .node("Conv", "a", "x", "w")
                    .node("BatchNormalization", "y", "a", "s", "b", "m", "v")),
        model("BatchNormalization with computed statistics", OnnxLayerCases::computedStatistics),
        model(
            "BatchNormalization of all images' channels",
            f ->
                f.integers("s", 1, -1, 6, 5)
                    .node("Reshape", "a", "x", "s")
                    .node("Shape", "shape", "a")
                    .integers("one", 1)
                    .node("Gather", "n", "shape", "one")
                    .node("ConstantOfShape", "s0", "n")
                    .constant("c1", new long[] {1}, 0.5)
                    .constant("c2", new long[] {1}, 2)
                    .node("Add", "s1", "s0", "c1")
                    .node("Add", "s2", "s0", "c2")
                    .node("BatchNormalization", "b", "a", "s1", "s2", "s0", "s2")
                    .integers("t", -1, 3, 6, 5)
                    .node("Reshape", "y", "b", "t")),
        model(
            "InstanceNormalization",
            f ->
                f.random("s", 3)
                    .random("b", 3)
                    .node("InstanceNormalization", "y", "x", "s", "b")
                    .number("epsilon", 0.01)),
        model(
            "InstanceNormalization of sequences",
            f ->
                f.integers("t", 0, 3, 30)
                    .node("Reshape", "v", "x", "t")
                    .random("s", 3)
                    .random("b", 3)
                    .node("InstanceNormalization", "y", "v", "s", "b")),
        model(
            18,
            "GroupNormalization, scales of groups",
            f ->
                f.random("w", 4, 3, 1, 1)
                    .node("Conv", "a", "x", "w")
                    .random("s", 2)
                    .random("b", 2)
                    .node("GroupNormalization", "y", "a", "s", "b")
                    .with("num_groups", 2)),
        model(
            21,
            "GroupNormalization, scales of channels",
            f ->
                f.random("w", 4, 3, 1, 1)
                    .node("Conv", "a", "x", "w")
                    .random("s", 4)
                    .random("b", 4)
                    .node("GroupNormalization", "y", "a", "s", "b")
                    .with("num_groups", 2)
                    .number("epsilon", 0.1)),
        model(
            17,
            "LayerNormalization",
            f -> f.random("s", 5).random("b", 5).node("LayerNormalization", "y", "x", "s", "b")),
        model(
            17,
            "LayerNormalization, several axes, no bias",
            f ->
                f.random("s", 6, 5)
                    .node("LayerNormalization", "y", "x", "s")
                    .with("axis", 2)
                    .number("epsilon", 0.01)),
        model(
            17,
            "LayerNormalization of whole images",
            f ->
                f.random("s", 3, 6, 5)
                    .random("b", 3, 6, 5)
                    .node("LayerNormalization", "y", "x", "s", "b")
                    .with("axis", 1)),
        model(
            13,
            "LayerNormalization, older than its operator set",
            f -> f.random("s", 5).random("b", 5).node("LayerNormalization", "y", "x", "s", "b")),
        model(
            13,
            "SimplifiedLayerNormalization",
            f ->
                f.random("s", 5)
                    .node("SimplifiedLayerNormalization", "y", "x", "s")
                    .number("epsilon", 0.01)),
        model(
            13,
            "SkipLayerNormalization",
            f ->
                sequences(f)
                    .random("s", 5)
                    .random("b", 5)
                    .random("c", 5)
                    .node("SkipLayerNormalization", "y", "u", "v", "s", "b", "c")
                    .domain("com.microsoft")
                    .number("epsilon", 0.001)),
        model(
            13,
            "SkipLayerNormalization whose sum goes on",
            f ->
                sequences(f)
                    .random("s", 5)
                    .node("SkipLayerNormalization", "n", "u", "v", "s")
                    .domain("com.microsoft")
                    .alsoOutput("")
                    .alsoOutput("")
                    .alsoOutput("sum")
                    .number("epsilon", 0.001)
                    .node("Add", "y", "n", "sum")),
        model(
            "LRN",
            f ->
                f.node("LRN", "y", "x")
                    .with("size", 3)
                    .number("alpha", 0.3)
                    .number("beta", 0.6)
                    .number("bias", 1.5)),
        model("LpNormalization", f -> f.node("LpNormalization", "y", "x").with("axis", 1)),
        model(
            "LpNormalization of nothing",
            f ->
                f.constant("c", new long[0], 0)
                    .node("Mul", "a", "x", "c")
                    .node("LpNormalization", "y", "a")
                    .with("axis", 1)),
        model("LpNormalization, 1-norm", f -> f.node("LpNormalization", "y", "x").with("p", 1)),
        model(
            "MeanVarianceNormalization",
            f -> f.node("MeanVarianceNormalization", "y", "x").with("axes", 2, 3)));
  }

  private static OnnxFile sequences(OnnxFile file) {
    return file.integers("shape", 0, 18, 5)
        .node("Reshape", "u", "x", "shape")
        .node("Tanh", "v", "u");
  }

  private static OnnxFile batchNormalization(OnnxFile file, long channels) {
    return batchNormalization(file, channels, "v");
  }

  private static OnnxFile batchNormalization(OnnxFile file, long channels, String variance) {
    return file.random("s", channels)
        .random("b", channels)
        .random("m", channels)
        .random(variance, 0.5, 2, channels);
  }
}
