package io.metamer.network;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What each kind of node computes for one example, in plain loops over arrays in row order. */
final class Reference {

  private Reference() {}

  /** The output of a node, from its inputs and their shapes. */
  static double[] compute(Node node, List<double[]> x, List<long[]> shapes, long[] out) {
    if (node instanceof Node.Convolution c) {
      return convolution(c, x.get(0), shapes.get(0), out);
    }
    if (node instanceof Node.Dense d) {
      return dense(d, x.get(0), out);
    }
    if (node instanceof Node.Affine a) {
      return affine(a, x.get(0), out);
    }
    if (node instanceof Node.Activation a) {
      return activation(a, x.get(0));
    }
    if (node instanceof Node.Pool p) {
      return pool(p, x.get(0), shapes.get(0), out);
    }
    if (node instanceof Node.GlobalPool p) {
      long[] in = shapes.get(0);
      int[] whole = {(int) in[1], (int) in[2]};
      Node.Pool windowed =
          new Node.Pool(
              p.name(), p.input(), p.kind(), whole, new int[] {1, 1}, new int[4], false, false);
      return pool(windowed, x.get(0), in, out);
    }
    if (node instanceof Node.Add) {
      return broadcast(x, shapes, out, false);
    }
    if (node instanceof Node.Multiply) {
      return broadcast(x, shapes, out, true);
    }
    if (node instanceof Node.Concat c) {
      return concat(x, shapes, out, c.axis());
    }
    if (node instanceof Node.Softmax s) {
      return softmax(x.get(0), out, s.axis());
    }
    return x.get(0).clone();
  }

  private static double[] convolution(Node.Convolution c, double[] x, long[] in, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    int perGroup = (int) (in[0] / c.groups());
    int kernels = (int) (out[0] / c.groups());
    int at = 0;
    for (int o = 0; o < out[0]; o++) {
      for (int i = 0; i < out[1]; i++) {
        for (int j = 0; j < out[2]; j++) {
          double sum = c.bias() == null ? 0 : c.bias().getDouble(o);
          for (int channel = 0; channel < perGroup; channel++) {
            for (int u = 0; u < c.weights().size(2); u++) {
              for (int v = 0; v < c.weights().size(3); v++) {
                int row = i * c.stride()[0] - c.pads()[0] + u * c.dilation()[0];
                int column = j * c.stride()[1] - c.pads()[1] + v * c.dilation()[1];
                if (row >= 0 && column >= 0 && row < in[1] && column < in[2]) {
                  int read = o / kernels * perGroup + channel;
                  sum +=
                      x[(int) ((read * in[1] + row) * in[2] + column)]
                          * c.weights().getDouble(o, channel, u, v);
                }
              }
            }
          }
          y[at++] = sum;
        }
      }
    }
    return y;
  }

  private static double[] dense(Node.Dense d, double[] x, long[] out) {
    double[] y = new double[(int) out[0]];
    for (int o = 0; o < y.length; o++) {
      INDArray bias = d.bias();
      y[o] = bias == null ? 0 : bias.getDouble(o);
      for (int i = 0; i < x.length; i++) {
        y[o] += d.weights().getDouble(o, i) * x[i];
      }
    }
    return y;
  }

  private static double[] affine(Node.Affine a, double[] x, long[] out) {
    double[] y = new double[x.length];
    int perChannel = (int) (x.length / out[0]);
    for (int i = 0; i < y.length; i++) {
      int channel = i / perChannel;
      y[i] =
          a.scale().getDouble(a.scale().length() == 1 ? 0 : channel) * x[i]
              + a.shift().getDouble(a.shift().length() == 1 ? 0 : channel);
    }
    return y;
  }

  private static double[] activation(Node.Activation a, double[] x) {
    DoubleUnaryOperator f =
        switch (a.function()) {
          case RELU -> t -> t > 0 ? t : 0;
          case LEAKY_RELU -> t -> t > 0 ? t : a.alpha() * t;
          case ELU -> t -> t > 0 ? t : a.alpha() * Math.expm1(t);
          case CLIP -> t -> Math.min(Math.max(t, a.alpha()), a.beta());
          case SIGMOID -> t -> 1 / (1 + Math.exp(-t));
          case TANH -> Math::tanh;
        };
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = f.applyAsDouble(x[i]);
    }
    return y;
  }

  private static double[] pool(Node.Pool p, double[] x, long[] in, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    int at = 0;
    for (int channel = 0; channel < out[0]; channel++) {
      for (int i = 0; i < out[1]; i++) {
        for (int j = 0; j < out[2]; j++) {
          double most = Double.NEGATIVE_INFINITY;
          double sum = 0;
          int inMap = 0;
          int inPadding = 0;
          for (int u = 0; u < p.kernel()[0]; u++) {
            for (int v = 0; v < p.kernel()[1]; v++) {
              int row = i * p.stride()[0] - p.pads()[0] + u;
              int column = j * p.stride()[1] - p.pads()[1] + v;
              if (row < in[1] + p.pads()[2] && column < in[2] + p.pads()[3]) {
                inPadding++;
              }
              if (row >= 0 && column >= 0 && row < in[1] && column < in[2]) {
                double value = x[(int) ((channel * in[1] + row) * in[2] + column)];
                most = Math.max(most, value);
                sum += value;
                inMap++;
              }
            }
          }
          y[at++] =
              p.kind() == Node.Pool.Kind.MAX ? most : sum / (p.countPadding() ? inPadding : inMap);
        }
      }
    }
    return y;
  }

  private static double[] broadcast(
      List<double[]> x, List<long[]> shapes, long[] out, boolean product) {
    double[] y = new double[(int) Shapes.length(out)];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, out);
      y[i] = product ? 1 : 0;
      for (int k = 0; k < x.size(); k++) {
        int at = 0;
        for (int axis = 0; axis < out.length; axis++) {
          long size = shapes.get(k)[axis];
          at = (int) (at * size + (size == 1 ? 0 : index[axis]));
        }
        y[i] = product ? y[i] * x.get(k)[at] : y[i] + x.get(k)[at];
      }
    }
    return y;
  }

  private static double[] concat(List<double[]> x, List<long[]> shapes, long[] out, int axis) {
    double[] y = new double[(int) Shapes.length(out)];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, out);
      int k = 0;
      while (index[axis] >= shapes.get(k)[axis]) {
        index[axis] -= shapes.get(k++)[axis];
      }
      y[i] = x.get(k)[at(index, shapes.get(k))];
    }
    return y;
  }

  private static double[] softmax(double[] x, long[] shape, int axis) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, shape);
      double sum = 0;
      for (index[axis] = 0; index[axis] < shape[axis]; index[axis]++) {
        sum += Math.exp(x[at(index, shape)]);
      }
      y[i] = Math.exp(x[i]) / sum;
    }
    return y;
  }

  private static long[] index(int at, long[] shape) {
    long[] index = new long[shape.length];
    long rest = at;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return index;
  }

  private static int at(long[] index, long[] shape) {
    int at = 0;
    for (int axis = 0; axis < shape.length; axis++) {
      at = (int) (at * shape[axis] + index[axis]);
    }
    return at;
  }
}
