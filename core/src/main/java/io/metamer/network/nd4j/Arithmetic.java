package io.metamer.network.nd4j;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.same.Sign;

/** Sums, products and maxima, element by element; axes of size 1 are repeated. */
final class Arithmetic {

  private Arithmetic() {}

  record Affine(INDArray scale, INDArray shift) implements Operation {
    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      INDArray last = x.get(0);
      if (scales()) {
        tape.multiply(last, scale, y);
        last = y;
      }
      if (!all(shift, 0)) {
        tape.add(last, shift, y);
        last = y;
      }
      if (last != y) {
        tape.copy(last, y);
      }
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      if (scales()) {
        turn.transform(0, (g, z) -> turn.tape().multiply(g, scale, z));
      } else {
        turn.pass(0);
      }
    }

    private boolean scales() {
      return !all(scale, 1);
    }

    private static boolean all(INDArray numbers, double value) {
      return numbers.eq(value).all();
    }
  }

  record Add() implements Operation {
    @Override
    public boolean inPlace() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      List<INDArray> terms = fullFirst(x, y);
      tape.add(terms.get(0), terms.get(1), y);
      terms.subList(2, terms.size()).forEach(term -> tape.add(y, term, y));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      for (int i = 0; i < x.size(); i++) {
        if (x.get(i).equalShapes(y)) {
          turn.pass(i);
        } else {
          turn.write(i, z -> turn.tape().sum(turn.output(), z));
        }
      }
    }
  }

  record Multiply() implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      List<INDArray> factors = fullFirst(x, y);
      tape.multiply(factors.get(0), factors.get(1), y);
      factors.subList(2, factors.size()).forEach(factor -> tape.multiply(y, factor, y));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      for (int i = 0; i < x.size(); i++) {
        List<INDArray> others = new ArrayList<>(x);
        others.remove(i);
        writeSummed(turn, i, x.get(i), y, z -> product(turn, others, z));
      }
    }

    private static void product(Gradients.Turn turn, List<INDArray> factors, INDArray z) {
      turn.tape().multiply(turn.output(), factors.get(0), z);
      factors.subList(1, factors.size()).forEach(factor -> turn.tape().multiply(z, factor, z));
    }
  }

  record Maximum() implements Operation {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public void forward(List<INDArray> x, INDArray y, Tape tape) {
      tape.call("maximum", y, x.get(0), x.get(1));
    }

    @Override
    public void backward(List<INDArray> x, INDArray y, Gradients.Turn turn) {
      for (int i = 0; i < 2; i++) {
        INDArray mine = x.get(i);
        INDArray other = x.get(1 - i);
        writeSummed(turn, i, mine, y, z -> share(turn.tape(), turn.output(), mine, other, z));
      }
    }

    /** g * (1 + sign(mine - other)) / 2. */
    private static void share(Tape tape, INDArray g, INDArray mine, INDArray other, INDArray z) {
      INDArray half = Tape.constant(z.dataType(), 0.5);
      tape.subtract(mine, other, z);
      tape.run(new Sign(z, z));
      tape.multiply(z, half, z);
      tape.add(z, half, z);
      tape.multiply(z, g, z);
    }
  }

  /** Writes a gradient of the output's shape, summed where the input was repeated. */
  private static void writeSummed(
      Gradients.Turn turn, int input, INDArray x, INDArray y, Consumer<INDArray> compute) {
    if (x.equalShapes(y)) {
      turn.write(input, compute);
    } else {
      turn.write(
          input,
          z ->
              turn.tape()
                  .scratch(
                      y.shape(),
                      full -> {
                        compute.accept(full);
                        turn.tape().sum(full, z);
                      }));
    }
  }

  /** One of the shape of y comes first: y itself if it is among them, lest another be lost. */
  private static List<INDArray> fullFirst(List<INDArray> x, INDArray y) {
    return x.stream()
        .sorted(Comparator.comparingInt(a -> a == y ? 0 : a.equalShapes(y) ? 1 : 2))
        .toList();
  }
}
