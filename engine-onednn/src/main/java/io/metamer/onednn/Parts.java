package io.metamer.onednn;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.concat;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory_desc_vector;
import org.bytedeco.javacpp.LongPointer;

/** Elements that stay what they are, in other places. */
final class Parts {

  private Parts() {}

  /** The same elements in row order under another shape, at no cost where they are so already. */
  record Reshape(long[] in, long[] out) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      return tape.plain(x.get(0)).view(out, Layouts.plain(out));
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      turn.give(0, turn.tape().plain(turn.gradient()).view(in, Layouts.plain(in)));
    }
  }

  /**
   * Axes in another order.
   *
   * @param axes which axis of the input each axis of the output is, without the batch's
   */
  record Transpose(int[] axes, long[] out) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor y = tape.take(out, Layouts.plain(out));
      tape.copy(x.get(0), turned(y, x.get(0).shape()));
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      Tensor g = turned(turn.tape().plain(turn.gradient()), x.get(0).shape());
      turn.give(0, turn.tape().in(Layouts.plain(g.shape()), g));
    }

    /** The output's numbers, which are in row order, with the input's axes. */
    private Tensor turned(Tensor y, long[] in) {
      long[] rows = Layouts.rowStrides(out);
      long[] strides = rows.clone();
      for (int i = 0; i < axes.length; i++) {
        strides[1 + axes[i]] = rows[1 + i];
      }
      return y.view(in, Layouts.strided(in, strides));
    }
  }

  /**
   * Values joined along an axis. Channels of blocked maps are joined as blocks, if each value
   * starts with a whole one.
   *
   * @param axis with the batch's
   */
  record Concat(int axis, long[] out, Layouts layouts) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor y = tape.take(out, blocks(x) ? layouts.maps(out) : Layouts.plain(out));
      memory_desc_vector descriptions = new memory_desc_vector();
      Map<Integer, Tensor> arguments = new HashMap<>();
      for (int i = 0; i < x.size(); i++) {
        Tensor part =
            blocks(x) ? tape.in(layouts.maps(x.get(i).shape()), x.get(i)) : tape.plain(x.get(i));
        descriptions.push_back(part.layout());
        arguments.put(dnnl.DNNL_ARG_MULTIPLE_SRC + i, part);
      }
      arguments.put(dnnl.DNNL_ARG_DST, y);
      tape.run(
          new concat.primitive_desc(
              Library.instance().engine(),
              y.layout(),
              axis,
              descriptions,
              Tape.attributes(),
              false),
          arguments);
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      Tensor g = turn.tape().in(y.layout(), turn.gradient());
      long[] start = new long[out.length];
      Tensor[] parts = new Tensor[x.size()];
      for (int i = 0; i < x.size(); i++) {
        long[] shape = x.get(i).shape();
        if (turn.wants(i)) {
          memory.desc part =
              g.layout().submemory_desc(new LongPointer(shape), new LongPointer(start));
          parts[i] =
              turn.tape().take(shape, blocks(x) ? layouts.maps(shape) : Layouts.plain(shape));
          turn.tape().copy(g.view(shape, part), parts[i]);
        }
        start[axis] += shape[axis];
      }
      for (int i = 0; i < x.size(); i++) {
        if (parts[i] != null) {
          turn.give(i, parts[i]);
        }
      }
    }

    private boolean blocks(List<Tensor> x) {
      if (out.length != 4) {
        return false;
      }
      long block = axis == 1 ? layouts.block() : 1;
      return x.stream().limit(x.size() - 1L).allMatch(part -> part.shape()[axis] % block == 0);
    }
  }
}
