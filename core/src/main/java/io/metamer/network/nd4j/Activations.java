package io.metamer.network.nd4j;

import io.metamer.network.Node;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Functions of each element. Their derivatives are written in terms of the output, so that the
 * output can overwrite the input; ND4J's own gradient operations need the input and are ten times
 * slower.
 */
final class Activations {

  private Activations() {}

  static Operation of(Node.Activation node, DataType type) {
    return switch (node.function()) {
      case RELU -> new Relu();
      case LEAKY_RELU -> new LeakyRelu(node.alpha(), type);
      case ELU -> new Elu(node.alpha());
      case CLIP -> new Clip(node.alpha(), node.beta(), type);
      case SIGMOID -> new Sigmoid(Tape.constant(type, 1));
      case TANH -> new Tanh(Tape.constant(type, 1));
    };
  }

  private record Relu() implements Operation {
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
      tape.call("relu", y, x.get(0)).reals(0);
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.transform(
          0,
          (g, z) ->
              turn.scratch(
                  y.shape(),
                  slope -> {
                    turn.tape().step(y, 0, slope);
                    turn.tape().multiply(g, slope, z);
                  }));
    }
  }

  private record LeakyRelu(double alpha, DataType type) implements Operation {

    // A negative slope turns the sign, which then is not to be seen in the output.
    @Override
    public boolean needsInputs() {
      return alpha < 0;
    }

    @Override
    public boolean needsOutput() {
      return alpha >= 0;
    }

    // Two lines cross at 0; ND4J's own operation takes alpha in float.
    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.multiply(x.get(0), Tape.constant(type, alpha), y);
      tape.call(alpha <= 1 ? "maximum" : "minimum", y, y, x.get(0));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.transform(
          0,
          (g, z) ->
              turn.scratch(
                  y.shape(),
                  slope -> {
                    turn.tape().step(alpha < 0 ? x.get(0) : y, 0, slope);
                    turn.tape().multiply(slope, Tape.constant(type, 1 - alpha), slope);
                    turn.tape().add(slope, Tape.constant(type, alpha), slope);
                    turn.tape().multiply(g, slope, z);
                  }));
    }
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
              turn.scratch(
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

  private record Sigmoid(INDArray one) implements Operation {
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
      tape.call("sigmoid", y, x.get(0));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.transform(
          0,
          (g, z) ->
              turn.scratch(
                  y.shape(),
                  slope -> {
                    turn.tape().subtract(one, y, slope);
                    turn.tape().multiply(slope, y, slope);
                    turn.tape().multiply(g, slope, z);
                  }));
    }
  }

  private record Tanh(INDArray one) implements Operation {
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
      tape.call("tanh", y, x.get(0));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      turn.transform(
          0,
          (g, z) ->
              turn.scratch(
                  y.shape(),
                  slope -> {
                    turn.tape().multiply(y, y, slope);
                    turn.tape().subtract(one, slope, slope);
                    turn.tape().multiply(g, slope, z);
                  }));
    }
  }
}
