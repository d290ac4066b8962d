package io.metamer.network.nd4j;

import io.metamer.network.Node;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Pow;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.same.Abs;
import org.nd4j.linalg.api.ops.impl.transforms.same.Sign;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;

/**
 * Functions of each element. Their derivatives are written in terms of the output, so that the
 * output can overwrite the input; ND4J's own gradient operations need the input and are ten times
 * slower.
 */
final class Activations {

  private Activations() {}

  static Operation of(Node.Activation node, DataType type) {
    INDArray one = Tape.constant(type, 1);
    return switch (node.function()) {
      case RELU ->
          new FromOutput(
              (tape, x, y) -> tape.call("relu", y, x).reals(0),
              (tape, y, slope) -> tape.step(y, 0, slope));
      case LEAKY_RELU -> leakyRelu(node.alpha(), type);
      case ELU -> new Elu(node.alpha());
      case CLIP -> new Clip(node.alpha(), node.beta(), type);
      case SIGMOID ->
          new FromOutput(
              (tape, x, y) -> tape.call("sigmoid", y, x),
              (tape, y, slope) -> {
                tape.subtract(one, y, slope);
                tape.multiply(slope, y, slope);
              });
      case TANH ->
          new FromOutput(
              (tape, x, y) -> tape.call("tanh", y, x),
              (tape, y, slope) -> {
                tape.multiply(y, y, slope);
                tape.subtract(one, slope, slope);
              });
      case FAKE_RELU -> new FakeRelu();
      case SOFTPLUS -> softplus(type);
      case ERF -> erf(type);
      case EXP ->
          new FromOutput(
              (tape, x, y) -> tape.run(new Exp(x, y)), (tape, y, slope) -> tape.copy(y, slope));
      case LOG ->
          new FromInput(
              (tape, x, y) -> tape.run(new Log(x, y)),
              (tape, x, slope) -> tape.divide(one, x, slope));
      case SQRT -> new Root();
      case ABS ->
          new FromInput(
              (tape, x, y) -> tape.run(new Abs(x, y)),
              (tape, x, slope) -> tape.run(new Sign(x, slope)));
      case RECIPROCAL ->
          new FromOutput(
              (tape, x, y) -> tape.divide(one, x, y),
              (tape, y, slope) -> {
                tape.multiply(y, y, slope);
                tape.multiply(slope, Tape.constant(type, -1), slope);
              });
      case POWER -> power(node.alpha(), type);
    };
  }

  /** Two lines that cross at 0; ND4J's own operation takes alpha in float. */
  private static Operation leakyRelu(double alpha, DataType type) {
    return new FromInput(
        (tape, x, y) -> {
          tape.multiply(x, Tape.constant(type, alpha), y);
          tape.call(alpha <= 1 ? "maximum" : "minimum", y, y, x);
        },
        (tape, x, slope) -> {
          tape.step(x, 0, slope);
          tape.multiply(slope, Tape.constant(type, 1 - alpha), slope);
          tape.add(slope, Tape.constant(type, alpha), slope);
        });
  }

  /** max(x, 0) + log(1 + exp(-|x|)); ND4J's own overflows where exp(x) does. */
  private static Operation softplus(DataType type) {
    return new FromInput(
        (tape, x, y) ->
            tape.scratch(
                x.shape(),
                positive -> {
                  tape.call("relu", positive, x).reals(0);
                  tape.run(new Abs(x, y));
                  tape.multiply(y, Tape.constant(type, -1), y);
                  tape.call("softplus", y, y);
                  tape.add(y, positive, y);
                }),
        (tape, x, slope) -> tape.call("sigmoid", slope, x));
  }

  private static Operation erf(DataType type) {
    return new FromInput(
        (tape, x, y) -> tape.run(new Erf(x, y)),
        (tape, x, slope) -> {
          tape.multiply(x, x, slope);
          tape.multiply(slope, Tape.constant(type, -1), slope);
          tape.run(new Exp(slope, slope));
          tape.multiply(slope, Tape.constant(type, 2 / Math.sqrt(Math.PI)), slope);
        });
  }

  private static Operation power(double alpha, DataType type) {
    return new FromInput(
        (tape, x, y) -> tape.run(new Pow(x, y, alpha)),
        (tape, x, slope) -> {
          tape.run(new Pow(x, slope, alpha - 1));
          tape.multiply(slope, Tape.constant(type, alpha), slope);
        });
  }

  /** Computes y from x. */
  private interface Function {
    void record(Tape tape, INDArray x, INDArray y);
  }

  /** Computes the derivative from what is kept, the function's output or its input. */
  private interface Slope {
    void record(Tape tape, INDArray kept, INDArray slope);
  }

  /** The output overwrites the input. */
  private record FromOutput(Function function, Slope slope) implements Operation {
    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      function.record(tape, x.get(0), y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      multiply(turn, slope, y);
    }
  }

  private record FromInput(Function function, Slope slope) implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      function.record(tape, x.get(0), y);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      multiply(turn, slope, x.get(0));
    }
  }

  private static void multiply(Gradients.Turn turn, Slope slope, INDArray kept) {
    turn.transform(
        0,
        (g, z) ->
            turn.tape()
                .scratch(
                    kept.shape(),
                    s -> {
                      slope.record(turn.tape(), kept, s);
                      turn.tape().multiply(g, s, z);
                    }));
  }

  private record Elu(double alpha) implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("elu", y, x.get(0)).reals(alpha);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.write(0, z -> turn.tape().call("elu_bp", z, x.get(0), turn.output()).reals(alpha));
    }
  }

  private record Clip(double low, double high, DataType type) implements Operation {
    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("maximum", y, x.get(0), Tape.constant(type, low));
      tape.call("minimum", y, y, Tape.constant(type, high));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.transform(
          0,
          (g, z) ->
              turn.tape()
                  .scratch(
                      y.shape(),
                      slope -> {
                        turn.tape().step(y, low, slope);
                        turn.tape().multiply(g, slope, z);
                        turn.tape().subtract(Tape.constant(type, 0), y, slope);
                        turn.tape().step(slope, -high, slope);
                        turn.tape().multiply(z, slope, z);
                      }));
    }
  }

  private record FakeRelu() implements Operation {
    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("relu", y, x.get(0)).reals(0);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.pass(0);
    }
  }

  private record Root() implements Operation {
    @Override
    public boolean needsOutput() {
      return true;
    }

    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.run(new Sqrt(x.get(0), y));
    }

    /** g / (2 * y), and 0 where y is 0. */
    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      Tape tape = turn.tape();
      turn.transform(
          0,
          (g, z) ->
              tape.scratch(
                  y.shape(),
                  s -> {
                    tape.step(y, 0, s);
                    tape.multiply(g, s, z);
                    tape.atLeastTiny(y, s);
                    tape.divide(z, s, z);
                    tape.multiply(z, Tape.constant(y.dataType(), 0.5), z);
                  }));
    }
  }
}
