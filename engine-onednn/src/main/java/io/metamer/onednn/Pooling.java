package io.metamer.onednn;

import io.metamer.network.Node;
import io.metamer.network.Node.Pool.Kind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** Pooling of maps, windowed and global. */
final class Pooling implements Operation {

  private final dnnl.algorithm kind;
  private final int[] kernel;
  private final int[] stride;
  private final int[] pads;
  private final int[] dilation;
  private final long[] in;
  private final long[] out;
  private final Layouts layouts;
  private @Nullable Tensor largest;

  private Pooling(
      dnnl.algorithm kind,
      int[] kernel,
      int[] stride,
      int[] pads,
      int[] dilation,
      long[] in,
      long[] out,
      Layouts layouts) {
    this.kind = kind;
    this.kernel = kernel;
    this.stride = stride;
    this.pads = pads;
    this.dilation = dilation;
    this.in = in;
    this.out = out;
    this.layouts = layouts;
  }

  /** The operation of a pooling node; none if oneDNN divides its partial windows differently. */
  static @Nullable Operation of(Node.Pool node, long[] in, long[] out, Layouts layouts) {
    int[] pads = node.pads().clone();
    boolean partial = false;
    for (int axis = 0; axis < 2; axis++) {
      long extent = node.dilation()[axis] * (node.kernel()[axis] - 1L) + 1;
      long end = (out[2 + axis] - 1) * node.stride()[axis] + extent - pads[axis];
      int more = Math.toIntExact(Math.max(0, end - in[2 + axis] - pads[axis + 2]));
      partial |= more > 0;
      pads[axis + 2] += more;
    }
    if (node.kind() == Kind.AVERAGE && node.countPadding() && partial) {
      return null;
    }
    dnnl.algorithm kind =
        node.kind() == Kind.MAX
            ? dnnl.algorithm.pooling_max
            : node.countPadding()
                ? dnnl.algorithm.pooling_avg_include_padding
                : dnnl.algorithm.pooling_avg_exclude_padding;
    return new Pooling(kind, node.kernel(), node.stride(), pads, node.dilation(), in, out, layouts);
  }

  /** The operation of a reduction; none if it is not the mean over rows and columns of maps. */
  static @Nullable Operation of(Node.Reduce node, long[] in, Layouts layouts) {
    boolean means =
        node.reduction() == Node.Reduce.Reduction.MEAN
            && in.length == 4
            && Arrays.equals(node.axes(), new int[] {1, 2});
    if (!means) {
      return null;
    }
    return whole(in, layouts);
  }

  private static Pooling whole(long[] in, Layouts layouts) {
    int[] whole = {Math.toIntExact(in[2]), Math.toIntExact(in[3])};
    int[] ones = {1, 1};
    long[] out = {in[0], in[1], 1, 1};
    return new Pooling(
        dnnl.algorithm.pooling_avg_exclude_padding,
        whole,
        ones,
        new int[4],
        ones,
        in,
        out,
        layouts);
  }

  /** The sums of maps, as their means times how many elements they have. */
  static Tensor sum(Tensor maps, Layouts layouts, Tape tape) {
    long[] in = maps.shape();
    Tensor mean = whole(in, layouts).forward(List.of(maps), tape);
    Activations.scale(mean, (float) (in[2] * in[3]), tape);
    return mean;
  }

  @Override
  public Tensor forward(List<Tensor> x, Tape tape) {
    Tensor source = tape.in(layouts.maps(in), x.get(0));
    Tensor y = tape.take(out, layouts.maps(out));
    pooling_forward.primitive_desc description = forward();
    Map<Integer, Tensor> arguments = new HashMap<>();
    arguments.put(dnnl.DNNL_ARG_SRC, source);
    arguments.put(dnnl.DNNL_ARG_DST, y);
    memory.desc workspace = description.workspace_desc();
    if (workspace.get_size() > 0) {
      Tensor positions = tape.take(out, workspace);
      largest = positions;
      arguments.put(dnnl.DNNL_ARG_WORKSPACE, positions);
    }
    tape.run(description, arguments);
    return y;
  }

  @Override
  public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
    Tensor g = turn.tape().in(layouts.maps(out), turn.gradient());
    Tensor z = turn.tape().take(in, layouts.maps(in));
    Map<Integer, Tensor> arguments = new HashMap<>();
    arguments.put(dnnl.DNNL_ARG_DIFF_DST, g);
    arguments.put(dnnl.DNNL_ARG_DIFF_SRC, z);
    if (largest != null) {
      arguments.put(dnnl.DNNL_ARG_WORKSPACE, largest);
    }
    turn.tape()
        .run(
            new pooling_backward.primitive_desc(
                engine(),
                kind,
                z.layout(),
                g.layout(),
                two(stride),
                two(kernel),
                two(dilation[0] - 1, dilation[1] - 1),
                two(pads[0], pads[1]),
                two(pads[2], pads[3]),
                forward(),
                Tape.attributes(),
                false),
            arguments);
    turn.give(0, z);
  }

  private pooling_forward.primitive_desc forward() {
    return new pooling_forward.primitive_desc(
        engine(),
        dnnl.prop_kind.forward_training,
        kind,
        layouts.maps(in),
        layouts.maps(out),
        two(stride),
        two(kernel),
        two(dilation[0] - 1, dilation[1] - 1),
        two(pads[0], pads[1]),
        two(pads[2], pads[3]),
        Tape.attributes(),
        false);
  }

  private static LongPointer two(int... numbers) {
    return new LongPointer(numbers[0], numbers[1]);
  }

  private static engine engine() {
    return Library.instance().engine();
  }
}
