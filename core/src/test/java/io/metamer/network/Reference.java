package io.metamer.network;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
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
    if (node instanceof Node.Reduce r) {
      return reduce(r, x.get(0), shapes.get(0), out);
    }
    if (node instanceof Node.Constant c) {
      return c.value().dup('c').reshape(c.value().length()).toDoubleVector();
    }
    if (node instanceof Node.Deconvolution d) {
      return deconvolution(d, x.get(0), shapes.get(0), out);
    }
    if (node instanceof Node.MatrixProduct) {
      return matrixProduct(x.get(0), x.get(1), shapes.get(0), out);
    }
    if (node instanceof Node.AxisProduct a) {
      return axisProduct(a, x.get(0), shapes.get(0), out);
    }
    if (node instanceof Node.Standardize s) {
      return standardize(s, x.get(0), out);
    }
    if (node instanceof Node.Slice s) {
      return moved(x.get(0), shapes.get(0), out, s::start, s::step, 0);
    }
    if (node instanceof Node.Pad p) {
      long[] start = Arrays.stream(p.before()).map(n -> -n).toArray();
      long[] ones = new long[start.length];
      Arrays.fill(ones, 1);
      return moved(x.get(0), shapes.get(0), out, () -> start, () -> ones, p.value());
    }
    if (node instanceof Node.Transpose t) {
      return transpose(t, x.get(0), shapes.get(0), out);
    }
    if (node instanceof Node.Add) {
      return broadcast(x, shapes, out, Double::sum);
    }
    if (node instanceof Node.Multiply) {
      return broadcast(x, shapes, out, (a, b) -> a * b);
    }
    if (node instanceof Node.Maximum) {
      return broadcast(x, shapes, out, Math::max);
    }
    if (node instanceof Node.Concat c) {
      return concat(x, shapes, out, c.axis());
    }
    if (node instanceof Node.Softmax s) {
      return softmax(x.get(0), out, s.axis(), s.logarithm());
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

  private static double[] deconvolution(Node.Deconvolution d, double[] x, long[] in, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    int perGroup = (int) (in[0] / d.groups());
    int kernels = (int) (out[0] / d.groups());
    for (int o = 0; d.bias() != null && o < out[0]; o++) {
      Arrays.fill(
          y,
          at(new long[] {o, 0, 0}, out),
          at(new long[] {o + 1, 0, 0}, out),
          d.bias().getDouble(o));
    }
    for (int c = 0; c < in[0]; c++) {
      for (int i = 0; i < in[1]; i++) {
        for (int j = 0; j < in[2]; j++) {
          for (int kernel = 0; kernel < kernels; kernel++) {
            for (int u = 0; u < d.weights().size(2); u++) {
              for (int v = 0; v < d.weights().size(3); v++) {
                long row = (long) i * d.stride()[0] - d.pads()[0] + (long) u * d.dilation()[0];
                long column = (long) j * d.stride()[1] - d.pads()[1] + (long) v * d.dilation()[1];
                if (row >= 0 && column >= 0 && row < out[1] && column < out[2]) {
                  long o = (long) c / perGroup * kernels + kernel;
                  y[at(new long[] {o, row, column}, out)] +=
                      x[at(new long[] {c, i, j}, in)] * d.weights().getDouble(c, kernel, u, v);
                }
              }
            }
          }
        }
      }
    }
    return y;
  }

  private static double[] dense(Node.Dense d, double[] x, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    int kernels = (int) d.weights().size(0);
    int size = (int) d.weights().size(1);
    for (int i = 0; i < y.length; i++) {
      int o = i % kernels;
      y[i] = d.bias() == null ? 0 : d.bias().getDouble(o);
      for (int k = 0; k < size; k++) {
        y[i] += d.weights().getDouble(o, k) * x[i / kernels * size + k];
      }
    }
    return y;
  }

  private static double[] matrixProduct(double[] a, double[] b, long[] left, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    int rows = (int) out[out.length - 2];
    int columns = (int) out[out.length - 1];
    int size = (int) left[left.length - 1];
    for (int i = 0; i < y.length; i++) {
      int column = i % columns;
      int matrix = i / (columns * rows);
      for (int k = 0; k < size; k++) {
        y[i] += a[i / columns * size + k] * b[(matrix * size + k) * columns + column];
      }
    }
    return y;
  }

  private static double[] axisProduct(Node.AxisProduct a, double[] x, long[] in, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, out);
      long row = index[a.axis()];
      for (int j = 0; j < in[a.axis()]; j++) {
        index[a.axis()] = j;
        y[i] += a.matrix().getDouble(row, j) * x[at(index, in)];
      }
    }
    return y;
  }

  private static double[] affine(Node.Affine a, double[] x, long[] out) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = number(a.scale(), index(i, out)) * x[i] + number(a.shift(), index(i, out));
    }
    return y;
  }

  private static double number(INDArray numbers, long[] index) {
    if (numbers.rank() == 1) {
      return numbers.getDouble(numbers.length() == 1 ? 0 : index[0]);
    }
    long[] at = new long[index.length];
    for (int axis = 0; axis < at.length; axis++) {
      at[axis] = numbers.size(axis) == 1 ? 0 : index[axis];
    }
    return numbers.getDouble(at);
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
          case FAKE_RELU -> t -> t > 0 ? t : 0;
          case SOFTPLUS -> t -> Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
          case ERF -> Reference::erf;
          case EXP -> Math::exp;
          case LOG -> Math::log;
          case SQRT -> Math::sqrt;
          case ABS -> Math::abs;
          case RECIPROCAL -> t -> 1 / t;
          case POWER -> t -> Math.pow(t, a.alpha());
        };
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = f.applyAsDouble(x[i]);
    }
    return y;
  }

  /** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, by Simpson's rule. */
  private static double erf(double x) {
    int steps = 10_000;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double t = x * i / steps;
      sum += (i == 0 || i == steps ? 1 : 2 + i % 2 * 2) * Math.exp(-t * t);
    }
    return 2 / Math.sqrt(Math.PI) * sum * x / steps / 3;
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
              int row = i * p.stride()[0] - p.pads()[0] + u * p.dilation()[0];
              int column = j * p.stride()[1] - p.pads()[1] + v * p.dilation()[1];
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

  private static double[] reduce(Node.Reduce r, double[] x, long[] in, long[] out) {
    double[] y = new double[(int) Shapes.length(out)];
    Arrays.fill(y, r.reduction() == Node.Reduce.Reduction.MAX ? Double.NEGATIVE_INFINITY : 0);
    double count = (double) x.length / y.length;
    for (int i = 0; i < x.length; i++) {
      int k = reduced(r.axes(), index(i, in), out);
      switch (r.reduction()) {
        case SUM -> y[k] += x[i];
        case MEAN -> y[k] += x[i] / count;
        case MAX -> y[k] = Math.max(y[k], x[i]);
        case L2 -> y[k] = Math.hypot(y[k], x[i]);
      }
    }
    return y;
  }

  private static int reduced(int[] axes, long[] index, long[] out) {
    long[] result = index.clone();
    for (int axis : axes) {
      result[axis] = 0;
    }
    return at(result, out);
  }

  private static double[] standardize(Node.Standardize s, double[] x, long[] shape) {
    long[] small = shape.clone();
    for (int axis : s.axes()) {
      small[axis] = 1;
    }
    double count = (double) x.length / Shapes.length(small);
    double[] mean = new double[(int) Shapes.length(small)];
    double[] variance = new double[mean.length];
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      mean[reduced(s.axes(), index(i, shape), small)] += x[i] / count;
    }
    for (int i = 0; i < x.length; i++) {
      int k = reduced(s.axes(), index(i, shape), small);
      variance[k] += (x[i] - mean[k]) * (x[i] - mean[k]) / count;
    }
    for (int i = 0; i < x.length; i++) {
      int k = reduced(s.axes(), index(i, shape), small);
      y[i] = (x[i] - mean[k]) / Math.sqrt(variance[k] + s.epsilon());
    }
    return y;
  }

  /** y[i] = x[start + i * step], or another number where that is outside. */
  private static double[] moved(
      double[] x,
      long[] in,
      long[] out,
      Supplier<long[]> start,
      Supplier<long[]> step,
      double outside) {
    double[] y = new double[(int) Shapes.length(out)];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, out);
      boolean inside = true;
      for (int axis = 0; axis < out.length; axis++) {
        index[axis] = start.get()[axis] + index[axis] * step.get()[axis];
        inside &= index[axis] >= 0 && index[axis] < in[axis];
      }
      y[i] = inside ? x[at(index, in)] : outside;
    }
    return y;
  }

  private static double[] transpose(Node.Transpose t, double[] x, long[] in, long[] out) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, out);
      long[] from = new long[index.length];
      for (int axis = 0; axis < from.length; axis++) {
        from[t.axes()[axis]] = index[axis];
      }
      y[i] = x[at(from, in)];
    }
    return y;
  }

  private static double[] broadcast(
      List<double[]> x, List<long[]> shapes, long[] out, DoubleBinaryOperator operator) {
    double[] y = new double[(int) Shapes.length(out)];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, out);
      for (int k = 0; k < x.size(); k++) {
        int at = 0;
        for (int axis = 0; axis < out.length; axis++) {
          long size = shapes.get(k)[axis];
          at = (int) (at * size + (size == 1 ? 0 : index[axis]));
        }
        y[i] = k == 0 ? x.get(k)[at] : operator.applyAsDouble(y[i], x.get(k)[at]);
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

  private static double[] softmax(double[] x, long[] shape, int axis, boolean logarithm) {
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      long[] index = index(i, shape);
      double sum = 0;
      for (index[axis] = 0; index[axis] < shape[axis]; index[axis]++) {
        sum += Math.exp(x[at(index, shape)]);
      }
      y[i] = logarithm ? x[i] - Math.log(sum) : Math.exp(x[i]) / sum;
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
