package io.metamer.onednn;

import io.metamer.network.Node;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/**
 * Functions of each element. Those whose derivative oneDNN takes to be another at a kink, or whose
 * values leave the range of floats on the way, are not here.
 */
final class Activations {

  private Activations() {}

  /** The operation of an activation; none if oneDNN has none that is exact. */
  static @Nullable Operation of(Node.Activation node) {
    float alpha = (float) node.alpha();
    float beta = (float) node.beta();
    return switch (node.function()) {
      case RELU -> new FromOutput(dnnl.algorithm.eltwise_relu_use_dst_for_bwd, 0, 0);
      case FAKE_RELU -> new FakeRelu();
      case LEAKY_RELU ->
          alpha >= 0 ? new FromOutput(dnnl.algorithm.eltwise_relu_use_dst_for_bwd, alpha, 0) : null;
      case CLIP -> new FromOutput(dnnl.algorithm.eltwise_clip_v2_use_dst_for_bwd, alpha, beta);
      case SIGMOID -> new FromOutput(dnnl.algorithm.eltwise_logistic_use_dst_for_bwd, 0, 0);
      case TANH -> new FromOutput(dnnl.algorithm.eltwise_tanh_use_dst_for_bwd, 0, 0);
      case EXP -> new FromOutput(dnnl.algorithm.eltwise_exp_use_dst_for_bwd, 0, 0);
      default -> null;
    };
  }

  private static engine engine() {
    return Library.instance().engine();
  }

  private static eltwise_forward.primitive_desc forward(
      dnnl.algorithm function, float alpha, float beta, Tensor x) {
    return new eltwise_forward.primitive_desc(
        engine(),
        dnnl.prop_kind.forward_training,
        function,
        x.layout(),
        x.layout(),
        alpha,
        beta,
        Tape.attributes(),
        false);
  }

  /** Multiplies all numbers by one, in place. */
  static void scale(Tensor x, float factor, Tape tape) {
    tape.run(
        forward(dnnl.algorithm.eltwise_linear, factor, 0, x),
        Map.of(dnnl.DNNL_ARG_SRC, x, dnnl.DNNL_ARG_DST, x));
  }

  /** The gradient before a function whose derivative follows from its output. */
  static Tensor backward(
      dnnl.algorithm function,
      float alpha,
      float beta,
      Tensor y,
      Tensor gradient,
      Gradients.Turn turn) {
    Tape tape = turn.tape();
    Tensor g = tape.in(y.layout(), gradient);
    Tensor z = turn.changed(g);
    eltwise_backward.primitive_desc description =
        new eltwise_backward.primitive_desc(
            engine(),
            function,
            z.layout(),
            g.layout(),
            y.layout(),
            alpha,
            beta,
            forward(function, alpha, beta, y),
            Tape.attributes(),
            false);
    tape.run(
        description,
        Map.of(dnnl.DNNL_ARG_DST, y, dnnl.DNNL_ARG_DIFF_DST, g, dnnl.DNNL_ARG_DIFF_SRC, z));
    return z;
  }

  private record FromOutput(dnnl.algorithm function, float alpha, float beta) implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      Tensor source = x.get(0);
      Tensor y = tape.take(source.shape(), source.layout());
      tape.run(
          Activations.forward(function, alpha, beta, source),
          Map.of(dnnl.DNNL_ARG_SRC, source, dnnl.DNNL_ARG_DST, y));
      return y;
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      turn.give(0, Activations.backward(function, alpha, beta, y, turn.gradient(), turn));
    }
  }

  private record FakeRelu() implements Operation {
    @Override
    public Tensor forward(List<Tensor> x, Tape tape) {
      return new FromOutput(dnnl.algorithm.eltwise_relu_use_dst_for_bwd, 0, 0).forward(x, tape);
    }

    @Override
    public void backward(List<Tensor> x, Tensor y, Gradients.Turn turn) {
      turn.give(0, turn.gradient());
    }
  }
}
