package io.metamer.onednn;

import io.metamer.network.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;

/** Products with matrices, in row order and float. */
final class Products {

  private Products() {}

  /** With a constant matrix, which is read as it lies. */
  record Dense(Node.Dense node) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      long out = node.weights().size(0);
      Tensor rows = rows(tape.plain(x.get(0)));
      long[] shape = x.get(0).shape().clone();
      shape[shape.length - 1] = out;
      Tensor y = tape.take(shape, Layouts.plain(shape));
      Map<Integer, Tensor> arguments = new HashMap<>();
      arguments.put(dnnl.DNNL_ARG_SRC, rows);
      arguments.put(dnnl.DNNL_ARG_WEIGHTS, transposed());
      arguments.put(dnnl.DNNL_ARG_DST, rows(y));
      matmul.primitive_desc description;
      if (node.bias() == null) {
        description = product(rows, transposed(), rows(y));
      } else {
        Tensor bias = Packed.plain(node.bias(), 1, out);
        arguments.put(dnnl.DNNL_ARG_BIAS, bias);
        description =
            new matmul.primitive_desc(
                engine(),
                rows.layout(),
                transposed().layout(),
                bias.layout(),
                rows(y).layout(),
                Tape.attributes(),
                false);
      }
      tape.run(description, arguments);
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      Tape tape = turn.tape();
      Tensor g = rows(tape.plain(turn.gradient()));
      Tensor z = tape.take(x.get(0).shape(), Layouts.plain(x.get(0).shape()));
      Tensor weights = Packed.plain(node.weights(), node.weights().shape());
      tape.run(
          product(g, weights, rows(z)),
          Map.of(dnnl.DNNL_ARG_SRC, g, dnnl.DNNL_ARG_WEIGHTS, weights, dnnl.DNNL_ARG_DST, rows(z)));
      turn.give(0, z);
    }

    private Tensor transposed() {
      long[] shape = {node.weights().size(1), node.weights().size(0)};
      memory.desc layout = Layouts.strided(shape, new long[] {1, shape[0]});
      return Packed.of(node.weights(), shape, layout, layout);
    }

    /** All axes but the last as one. */
    private static Tensor rows(Tensor plain) {
      long[] shape = plain.shape();
      long last = shape[shape.length - 1];
      long[] rows = {Layouts.length(shape) / last, last};
      return plain.view(rows, Layouts.plain(rows));
    }
  }

  private static matmul.primitive_desc product(Tensor a, Tensor b, Tensor c) {
    return new matmul.primitive_desc(
        engine(), a.layout(), b.layout(), c.layout(), Tape.attributes(), false);
  }

  private static engine engine() {
    return Library.instance().engine();
  }
}
