package io.metamer.model;

import static io.metamer.model.OnnxCase.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Functions of each element, arithmetic that broadcasts, and reductions. */
final class OnnxFunctionCases {

  private OnnxFunctionCases() {}

  static Stream<OnnxCase> all() {
    return Stream.of(functions(), softmaxes(), arithmetic(), reductions()).flatMap(cases -> cases);
  }

  private static Stream<OnnxCase> functions() {
    return Stream.of(
        model(7, "Relu", f -> f.node("Relu", "y", "x")),
        model("LeakyRelu", f -> f.node("LeakyRelu", "y", "x")),
        model("LeakyRelu, alpha", f -> f.node("LeakyRelu", "y", "x").number("alpha", 0.3)),
        model(
            "PRelu, one slope a channel", f -> f.random("s", 3, 1, 1).node("PRelu", "y", "x", "s")),
        model("PRelu, one slope", f -> f.random("s", 1).node("PRelu", "y", "x", "s")),
        model(
            "PRelu, a slope for each pixel",
            f -> f.random("s", 3, 6, 5).node("PRelu", "y", "x", "s")),
        model("PRelu, slopes of rows", f -> f.random("s", 1, 6, 1).node("PRelu", "y", "x", "s")),
        model("Elu", f -> f.node("Elu", "y", "x").number("alpha", 1.5)),
        model("Selu", f -> f.node("Selu", "y", "x")),
        model(
            "Selu, alpha, gamma",
            f -> f.node("Selu", "y", "x").number("alpha", 2).number("gamma", 0.5)),
        model("Celu", f -> f.node("Celu", "y", "x").number("alpha", 0.7)),
        model("Sigmoid", f -> f.node("Sigmoid", "y", "x")),
        model("HardSigmoid", f -> f.node("HardSigmoid", "y", "x")),
        model(
            "HardSigmoid, alpha, beta",
            f -> f.node("HardSigmoid", "y", "x").number("alpha", 0.4).number("beta", 0.3)),
        model(
            14,
            "HardSwish",
            f ->
                f.constant("c", new long[0], 2)
                    .node("Mul", "a", "x", "c")
                    .node("HardSwish", "y", "a")),
        model("Tanh", f -> f.node("Tanh", "y", "x")),
        model("Softplus", f -> f.node("Softplus", "y", "x")),
        model("Softsign", f -> f.node("Softsign", "y", "x")),
        model(18, "Mish", f -> f.node("Mish", "y", "x")),
        model(20, "Gelu", f -> f.node("Gelu", "y", "x")),
        model(20, "Gelu by tanh", f -> f.node("Gelu", "y", "x").text("approximate", "tanh")),
        fused("Gelu", f -> f.node("Gelu", "y", "x")),
        fused("BiasGelu", f -> f.random("b", 5).node("BiasGelu", "y", "x", "b")),
        fused("FastGelu", f -> f.node("FastGelu", "y", "x")),
        fused("FastGelu with a bias", f -> f.random("b", 5).node("FastGelu", "y", "x", "b")),
        fused("QuickGelu", f -> f.node("QuickGelu", "y", "x").number("alpha", 1.5)),
        model("Erf", f -> f.node("Erf", "y", "x")),
        model("Exp", f -> f.node("Exp", "y", "x")),
        model("Log", f -> positive(f).node("Log", "y", "p")),
        model("Sqrt", f -> positive(f).node("Sqrt", "y", "p")),
        model("Sign", f -> f.node("Sign", "s", "x").node("Mul", "y", "s", "x")),
        model(10, "ThresholdedRelu", f -> f.node("ThresholdedRelu", "y", "x").number("alpha", 0.6)),
        model(9, "Shrink", f -> f.node("Shrink", "y", "x").number("lambd", 0.6)),
        model(
            9,
            "Shrink, soft",
            f -> f.node("Shrink", "y", "x").number("lambd", 0.6).number("bias", 0.6)),
        model("Abs", f -> f.node("Abs", "y", "x")),
        model("Neg", f -> f.node("Neg", "y", "x")),
        model("Reciprocal", f -> positive(f).node("Reciprocal", "y", "p")),
        model(
            "Clip",
            f ->
                f.constant("a", new long[0], -0.5)
                    .constant("b", new long[0], 1)
                    .node("Clip", "y", "x", "a", "b")),
        model(
            "Clip from below", f -> f.constant("a", new long[0], -0.5).node("Clip", "y", "x", "a")),
        model(
            "Clip from above",
            f -> f.constant("b", new long[0], 0.5).node("Clip", "y", "x", "", "b")),
        model(
            7, "Clip, attributes", f -> f.node("Clip", "y", "x").number("min", 0).number("max", 1)),
        model(7, "Clip without bounds", f -> f.node("Clip", "y", "x")));
  }

  private static OnnxCase fused(String name, UnaryOperator<OnnxFile> network) {
    return model(13, "com.microsoft " + name, f -> network.apply(f).domain("com.microsoft"));
  }

  /** Positive numbers p. */
  private static OnnxFile positive(OnnxFile file) {
    return file.node("Softplus", "p", "x");
  }

  private static Stream<OnnxCase> softmaxes() {
    List<OnnxCase> cases = new ArrayList<>();
    for (String operator : List.of("Softmax", "LogSoftmax")) {
      cases.add(model(operator, f -> f.node(operator, "y", "x")));
      cases.add(model(operator + " of channels", f -> f.node(operator, "y", "x").with("axis", 1)));
      cases.add(model(operator + ", axis -2", f -> f.node(operator, "y", "x").with("axis", -2)));
      cases.add(model(11, operator + " of all", f -> f.node(operator, "y", "x")));
      cases.add(
          model(11, operator + " of axis 2 on", f -> f.node(operator, "y", "x").with("axis", 2)));
      cases.add(
          model(
              11, operator + " of the last axis", f -> f.node(operator, "y", "x").with("axis", 3)));
      cases.add(
          model(
              11,
              operator + " of vectors",
              f -> f.node("Flatten", "v", "x").node(operator, "y", "v")));
    }
    return cases.stream();
  }

  private static Stream<OnnxCase> arithmetic() {
    List<OnnxCase> cases = new ArrayList<>();
    for (String operator : List.of("Add", "Sub", "Mul", "Div", "Max", "Min")) {
      cases.add(binary(operator, "a number", new long[0]));
      cases.add(binary(operator, "a channel", 3, 1, 1));
      cases.add(binary(operator, "a row", 5));
      cases.add(binary(operator, "a batch of one", 1, 3, 6, 1));
      cases.add(binary(operator, "an image", 3, 6, 5));
      cases.add(
          model(
              operator + ", a constant on the left",
              f ->
                  f.random("c", 0.5, 2, 3, 1, 5)
                      .node("Softplus", "p", "x")
                      .node(operator, "y", "c", "p")));
      cases.add(
          model(
              operator + ", activations",
              f ->
                  f.node("Softplus", "p", "x")
                      .node("Tanh", "t", "x")
                      .node(operator, "y", "t", "p")));
      cases.add(
          model(
              operator + ", an activation that is repeated",
              f ->
                  f.node("Softplus", "p", "x")
                      .node("GlobalAveragePool", "m", "p")
                      .node(operator, "y", "x", "m")));
      cases.add(
          model(
              operator + ", both repeated",
              f ->
                  f.node("Softplus", "p", "x")
                      .node("ReduceMean", "a", "p")
                      .list("axes", 2)
                      .node("ReduceMean", "b", "p")
                      .list("axes", 3)
                      .node(operator, "y", "a", "b")));
      cases.add(
          model(
              operator + ", a constant that enlarges",
              f ->
                  f.node("GlobalAveragePool", "m", "x")
                      .random("c", 0.5, 2, 1, 6, 5)
                      .node(operator, "y", "m", "c")));
      cases.add(
          model(
              operator + ", a constant of more axes",
              f ->
                  f.node("GlobalAveragePool", "m", "x")
                      .node("Flatten", "v", "m")
                      .random("c", 0.5, 2, 4, 1, 3)
                      .node(operator, "a", "v", "c")
                      .node("Transpose", "y", "a")
                      .with("perm", 1, 0, 2)));
    }
    for (String operator : List.of("Sum", "Mean", "Max", "Min")) {
      cases.add(
          model(operator + " of one", f -> f.node(operator, "a", "x").node("Relu", "y", "a")));
      cases.add(
          model(
              operator + " of three",
              f ->
                  f.node("Exp", "p", "x")
                      .node("Tanh", "t", "x")
                      .node(operator, "y", "p", "x", "t")));
      cases.add(
          model(
              operator + " of many shapes",
              f ->
                  f.random("c", 3, 1, 5)
                      .node("GlobalAveragePool", "m", "x")
                      .node("Tanh", "t", "x")
                      .node(operator, "y", "c", "m", "x", "t")));
    }
    for (double exponent : new double[] {2, 3, 0.5, -1, 1, 1.7, 4}) {
      cases.add(
          model(
              "Pow " + exponent,
              f -> positive(f).constant("e", new long[0], exponent).node("Pow", "y", "p", "e")));
    }
    cases.add(
        model("Pow 0 of any", f -> f.constant("e", new long[] {1}, 0).node("Pow", "y", "x", "e")));
    cases.add(
        model("Pow 2 of any", f -> f.constant("e", new long[] {1}, 2).node("Pow", "y", "x", "e")));
    cases.add(
        model(
            "Where, a constant",
            f -> condition(f, 3, 6, 5).random("c", 1).node("Where", "y", "b", "x", "c")));
    cases.add(
        model(
            "Where, a constant first",
            f -> condition(f, 6, 5).random("c", 3, 6, 5).node("Where", "y", "b", "c", "x")));
    cases.add(
        model(
            "Where, activations",
            f -> condition(f, 6, 1).node("Tanh", "t", "x").node("Where", "y", "b", "x", "t")));
    cases.add(
        model(
            "Where, masked before a softmax",
            f ->
                condition(f, 5)
                    .constant("c", new long[0], Double.NEGATIVE_INFINITY)
                    .node("Where", "a", "b", "c", "x")
                    .node("Softmax", "y", "a")));
    cases.add(
        model(
            "Add of a mask before a softmax",
            f ->
                f.constant(
                        "c",
                        new long[] {5},
                        0,
                        Double.NEGATIVE_INFINITY,
                        0,
                        0,
                        Double.NEGATIVE_INFINITY)
                    .node("Add", "a", "x", "c")
                    .node("Softmax", "y", "a")));
    for (String operator : List.of("Greater", "Less", "GreaterOrEqual", "LessOrEqual")) {
      cases.add(
          model(
              operator + ", a constant",
              f ->
                  f.random("c", 3, 1, 1)
                      .node(operator, "b", "x", "c")
                      .node("Tanh", "t", "x")
                      .node("Where", "y", "b", "x", "t")));
      cases.add(
          model(
              operator + " of equal numbers",
              f ->
                  f.node("Relu", "r", "x")
                      .constant("c", new long[0], 0)
                      .node(operator, "b", "r", "c")
                      .node("Cast", "d", "b")
                      .with("to", 1)
                      .node("Add", "y", "d", "r")));
    }
    cases.add(
        model(
            "Where, a computed condition and constants",
            f ->
                f.random("c", 5)
                    .node("Greater", "b", "x", "c")
                    .random("e", 6, 1)
                    .random("g", 1, 5)
                    .node("Where", "w", "b", "e", "g")
                    .node("Mul", "y", "w", "x")));
    cases.add(
        model(
            "Where, a computed condition and a constant",
            f ->
                f.random("c", 5)
                    .node("Greater", "b", "x", "c")
                    .random("e", 6, 1)
                    .node("Where", "y", "b", "x", "e")));
    cases.add(
        model(
            "And, Or, Not",
            f ->
                f.constant("c", new long[0], -0.5)
                    .constant("d", new long[0], 0.7)
                    .node("Greater", "b", "x", "c")
                    .node("Less", "e", "x", "d")
                    .node("And", "g", "b", "e")
                    .node("Not", "h", "g")
                    .node("Or", "i", "h", "e")
                    .node("Tanh", "t", "x")
                    .node("Where", "j", "h", "x", "t")
                    .node("Where", "y", "i", "j", "x")));
    return cases.stream();
  }

  private static OnnxCase binary(String operator, String name, long... shape) {
    return model(
        operator + ", " + name, f -> f.random("c", 0.5, 2, shape).node(operator, "y", "x", "c"));
  }

  /** Booleans b, about half of them true. */
  private static OnnxFile condition(OnnxFile file, long... shape) {
    return file.random("r", shape).booleans("b", "r");
  }

  private static Stream<OnnxCase> reductions() {
    List<OnnxCase> cases = new ArrayList<>();
    for (String operator :
        List.of(
            "ReduceMean",
            "ReduceSum",
            "ReduceMax",
            "ReduceMin",
            "ReduceL1",
            "ReduceL2",
            "ReduceSumSquare",
            "ReduceLogSum",
            "ReduceLogSumExp")) {
      boolean input = operator.equals("ReduceSum");
      cases.add(
          model(
              11,
              operator + " of maps",
              f -> positive(f).node(operator, "y", "p").with("axes", 2, 3)));
      cases.add(
          model(
              11,
              operator + ", axes dropped",
              f -> positive(f).node(operator, "y", "p").with("axes", -1, 1).with("keepdims", 0)));
      cases.add(
          model(
              11,
              operator + " of all but the batch",
              f -> positive(f).node(operator, "y", "p").with("axes", 1, 2, 3).with("keepdims", 0)));
      cases.add(
          model(
              18,
              operator + ", axes as an input",
              f -> positive(f).integers("axes", 2).node(operator, "y", "p", "axes")));
      cases.add(
          model(
              input ? 13 : 18,
              operator + " of nothing",
              f -> positive(f).node(operator, "y", "p").with("noop_with_empty_axes", 1)));
    }
    // Without axes these are functions of each element all the same in ONNX Runtime.
    cases.removeIf(
        c -> c.name().contains("of nothing") && !c.name().matches("Reduce(Mean|Sum|Max|Min) .*"));
    return cases.stream();
  }
}
