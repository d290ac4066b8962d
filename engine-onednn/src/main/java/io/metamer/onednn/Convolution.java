package io.metamer.onednn;

import io.metamer.network.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/**
 * A convolution with the sum and the ReLU after it, {@code relu(conv(x[0]) + x[1])}.
 *
 * @param in the shape of what it reads
 * @param out the shape of what it computes
 * @param residual whether x[1] is there
 */
record Convolution(
    Node.Convolution node, long[] in, long[] out, boolean residual, Relu relu, Layouts layouts)
    implements Operation {

  @Override
  public Tensor forward(List<Tensor> x, Tape tape) {
    convolution_forward.primitive_desc description =
        fastest(
            List.of(x.get(0).layout(), layouts.rows(in), layouts.maps(in), layouts.any(in)),
            List.of(layouts.maps(out), layouts.any(out)),
            this::forward);
    Map<Integer, Tensor> arguments = new HashMap<>();
    arguments.put(dnnl.DNNL_ARG_SRC, tape.in(description.src_desc(), x.get(0)));
    arguments.put(dnnl.DNNL_ARG_WEIGHTS, weights(description.weights_desc()));
    if (node.bias() != null) {
      arguments.put(dnnl.DNNL_ARG_BIAS, Packed.plain(node.bias(), out[1]));
    }
    if (residual) {
      arguments.put(Tape.after(0), tape.in(description.dst_desc(), x.get(1)));
    }
    Tensor y = tape.take(out, description.dst_desc());
    arguments.put(dnnl.DNNL_ARG_DST, y);
    tape.run(description, arguments);
    return y;
  }

  @Override
  public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
    Tensor g = relu.backward(y, turn);
    if (turn.wants(0)) {
      convolution_backward_data.primitive_desc description =
          fastest(
              List.of(layouts.maps(in), layouts.any(in)),
              List.of(g.layout(), layouts.maps(out), layouts.any(out)),
              this::backward);
      Tensor z = turn.tape().take(in, description.diff_src_desc());
      turn.tape()
          .run(
              description,
              Map.of(
                  dnnl.DNNL_ARG_DIFF_DST,
                  turn.tape().in(description.diff_dst_desc(), g),
                  dnnl.DNNL_ARG_WEIGHTS,
                  weights(description.weights_desc()),
                  dnnl.DNNL_ARG_DIFF_SRC,
                  z));
      turn.give(0, z);
    }
    if (residual) {
      turn.give(1, g);
    }
  }

  /**
   * The first pair of layouts for which there are generated kernels; the last, where oneDNN
   * chooses, if there are none.
   */
  private static <D extends primitive_desc_base> D fastest(
      List<memory.desc> sources,
      List<memory.desc> destinations,
      BiFunction<memory.desc, memory.desc, @Nullable D> description) {
    D last = null;
    for (memory.desc source : sources) {
      for (memory.desc destination : destinations) {
        D candidate = description.apply(source, destination);
        if (candidate != null) {
          String name = candidate.impl_info_str().getString();
          if (name.startsWith("jit") || name.startsWith("brg")) {
            return candidate;
          }
          last = candidate;
        }
      }
    }
    return Objects.requireNonNull(last, "oneDNN has no convolution");
  }

  private convolution_forward.@Nullable primitive_desc forward(
      memory.desc source, memory.desc destination) {
    post_ops after = new post_ops();
    if (residual) {
      memory.desc sum = destination;
      if (destination.get_format_kind() == memory.format_kind.any) {
        // The sum has to be in the layout of the result, which is oneDNN's choice.
        convolution_forward.primitive_desc alone = create(source, destination, new post_ops());
        if (alone == null) {
          return null;
        }
        sum = alone.dst_desc();
      }
      after.append_binary(dnnl.algorithm.binary_add, sum);
      relu.append(after);
      return create(source, sum, after);
    }
    relu.append(after);
    return create(source, destination, after);
  }

  private convolution_forward.@Nullable primitive_desc create(
      memory.desc source, memory.desc destination, post_ops after) {
    memory.desc weights = layouts.any(kernel());
    LongPointer stride = two(node.stride());
    LongPointer dilation = two(node.dilation()[0] - 1, node.dilation()[1] - 1);
    LongPointer before = two(node.pads()[0], node.pads()[1]);
    LongPointer behind = two(node.pads()[2], node.pads()[3]);
    convolution_forward.primitive_desc description =
        node.bias() == null
            ? new convolution_forward.primitive_desc(
                engine(),
                dnnl.prop_kind.forward_training,
                dnnl.algorithm.convolution_direct,
                source,
                weights,
                destination,
                stride,
                dilation,
                before,
                behind,
                Tape.attributes(after),
                true)
            : new convolution_forward.primitive_desc(
                engine(),
                dnnl.prop_kind.forward_training,
                dnnl.algorithm.convolution_direct,
                source,
                weights,
                Layouts.plain(out[1]),
                destination,
                stride,
                dilation,
                before,
                behind,
                Tape.attributes(after),
                true);
    return there(description) ? description : null;
  }

  private convolution_backward_data.@Nullable primitive_desc backward(
      memory.desc source, memory.desc destination) {
    convolution_forward.primitive_desc forward = create(source, destination, new post_ops());
    if (forward == null) {
      return null;
    }
    convolution_backward_data.primitive_desc description =
        new convolution_backward_data.primitive_desc(
            engine(),
            dnnl.algorithm.convolution_direct,
            source,
            layouts.any(kernel()),
            destination,
            two(node.stride()),
            two(node.dilation()[0] - 1, node.dilation()[1] - 1),
            two(node.pads()[0], node.pads()[1]),
            two(node.pads()[2], node.pads()[3]),
            forward,
            Tape.attributes(),
            true);
    return there(description) ? description : null;
  }

  private static boolean there(primitive_desc_base description) {
    return description.get(true) != null;
  }

  /** The shape of the weights: with an axis of groups if there are several. */
  private long[] kernel() {
    long[] shape = node.weights().shape();
    int groups = node.groups();
    return groups == 1
        ? shape
        : new long[] {groups, shape[0] / groups, shape[1], shape[2], shape[3]};
  }

  private Tensor weights(memory.desc wanted) {
    return Packed.of(node.weights(), kernel(), Layouts.plain(kernel()), wanted);
  }

  private static LongPointer two(int... numbers) {
    return new LongPointer(numbers[0], numbers[1]);
  }

  private static engine engine() {
    return Library.instance().engine();
  }
}
