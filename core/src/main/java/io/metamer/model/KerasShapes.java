package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.network.Node;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Layers that cut, pad, resize and rearrange. */
final class KerasShapes {

  /** Of a matrix that resizes an axis: what a thousandfold of a large image has. */
  private static final long MOST_OF_A_MATRIX = 1 << 24;

  private KerasShapes() {}

  // Sizes.

  static KerasTensor framed(KerasStep step, String option, int sign) {
    long[] pads = step.layer().frame(option);
    return framed(step, Arrays.stream(pads).map(p -> sign * p).toArray());
  }

  static KerasTensor framed(KerasStep step, long[] pads) {
    Tensor x = step.map();
    for (int i = 0; i < 2; i++) {
      if (x.shape()[1 + i] + pads[i] + pads[i + 2] < 1) {
        throw step.layer().unsupported("nothing is left of a map of " + Arrays.toString(x.shape()));
      }
    }
    return Arrays.stream(pads).allMatch(p -> p == 0)
        ? step.ofMap(x)
        : step.ofMap(step.composites().framed(step.name(), x, pads));
  }

  static KerasTensor centerCrop(KerasStep step) {
    Tensor x = step.map();
    long[] pads = new long[4];
    int[] size = {step.layer().integer("height", 0), step.layer().integer("width", 0)};
    for (int i = 0; i < 2; i++) {
      long rest = x.shape()[1 + i] - size[i];
      if (rest < 0 || size[i] < 1) {
        throw step.layer()
            .unsupported(
                "%s of a map of %s; supported are parts of it"
                    .formatted(Arrays.toString(size), Arrays.toString(x.shape())));
      }
      pads[i] = -(rest / 2);
      pads[i + 2] = -(rest - rest / 2);
    }
    return framed(step, pads);
  }

  static KerasTensor upSampling(KerasStep step) {
    Tensor x = step.map();
    int[] factor = step.layer().pair("size", 2);
    long[] size = {
      Math.multiplyExact(x.shape()[1], factor[0]), Math.multiplyExact(x.shape()[2], factor[1])
    };
    return resized(step, x, size, step.layer().text("interpolation", "nearest"));
  }

  static KerasTensor resizing(KerasStep step) {
    KerasLayer layer = step.layer();
    for (String option : List.of("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")) {
      if (layer.flag(option, false)) {
        throw layer.unsupported("with %s; supported is without".formatted(option));
      }
    }
    long[] size = {layer.integer("height", 0), layer.integer("width", 0)};
    return resized(step, step.map(), size, layer.text("interpolation", "bilinear"));
  }

  /** Rows and columns by constant matrices, pixel centres at halves as TensorFlow has them. */
  private static KerasTensor resized(KerasStep step, Tensor x, long[] size, String interpolation) {
    if (!interpolation.equals("nearest") && !interpolation.equals("bilinear")) {
      throw step.layer()
          .unsupported(
              "interpolation %s; supported are nearest and bilinear".formatted(interpolation));
    }
    boolean linear = interpolation.equals("bilinear");
    String between = step.name() + "/rows";
    for (int i = 0; i < 2; i++) {
      if (size[i] < 1 || Math.multiplyExact(size[i], x.shape()[1 + i]) > MOST_OF_A_MATRIX) {
        throw step.layer()
            .unsupported(
                "from %s to %s; supported are sizes of images"
                    .formatted(Arrays.toString(x.shape()), Arrays.toString(size)));
      }
    }
    Tensor rows =
        step.graph()
            .step(
                new Node.AxisProduct(between, x.node(), 1, resize(x.shape()[1], size[0], linear)));
    return step.ofMap(
        step.graph()
            .add(
                new Node.AxisProduct(
                    step.name(), rows.node(), 2, resize(x.shape()[2], size[1], linear))));
  }

  private static INDArray resize(long from, long to, boolean linear) {
    double[][] matrix = new double[(int) to][(int) from];
    int last = (int) from - 1;
    double scale = (double) from / to;
    for (int i = 0; i < to; i++) {
      double at = (i + 0.5) * scale;
      if (linear) {
        int below = (int) Math.floor(at - 0.5);
        double part = at - 0.5 - below;
        matrix[i][Math.max(0, below)] += 1 - part;
        matrix[i][Math.min(last, below + 1)] += part;
      } else {
        matrix[i][Math.min(last, (int) at)] = 1;
      }
    }
    return Nd4j.createFromArray(matrix);
  }

  // Shapes.

  static KerasTensor flatten(KerasStep step) {
    KerasTensor x = step.input();
    long[] flat = {x.tensor().length()};
    // Told that the channels come first, Keras moves them to the end before it flattens.
    boolean move =
        x.rank() == 3 && !x.moved() && !step.mapsLast() && step.layer().has("data_format");
    if (!move) {
      return step.reshaped(x, flat);
    }
    Tensor last =
        step.graph().step(new Node.Transpose(step.name() + "/last", x.node(), new int[] {1, 2, 0}));
    return step.reshaped(new KerasTensor(last, false), flat);
  }

  static KerasTensor repeatVector(KerasStep step) {
    KerasTensor x = step.input();
    int times = step.layer().integer("n", 0);
    if (x.rank() != 1 || times < 1) {
      throw step.layer().unsupported("%d times of %s".formatted(times, Arrays.toString(x.shape())));
    }
    KerasTensor row = step.reshaped(x, new long[] {1, x.shape()[0]}, step.name() + "/row", false);
    return new KerasTensor(
        step.graph()
            .add(
                new Node.AxisProduct(
                    step.name(), row.node(), 0, Nd4j.ones(DataType.DOUBLE, times, 1))),
        false);
  }

  static KerasTensor reshape(KerasStep step) {
    KerasTensor x = step.input();
    int[] target = step.layer().integers("target_shape");
    return step.reshaped(x, known(step, x, Arrays.stream(target).asLongStream().toArray()));
  }

  /** A shape with its one -1 worked out. */
  static long[] known(KerasStep step, KerasTensor x, long[] shape) {
    long rest = x.tensor().length();
    int free = -1;
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] == -1 && free < 0) {
        free = i;
      } else if (shape[i] < 1 || rest % shape[i] != 0) {
        throw step.layer()
            .unsupported("%s to %s".formatted(Arrays.toString(x.shape()), Arrays.toString(shape)));
      } else {
        rest /= shape[i];
      }
    }
    long[] known = shape.clone();
    if (free >= 0) {
      known[free] = rest;
    }
    return known;
  }

  static KerasTensor permute(KerasStep step) {
    KerasTensor x = step.input();
    int[] axes = Arrays.stream(step.layer().integers("dims")).map(d -> d - 1).toArray();
    if (!Arrays.equals(
        Arrays.stream(axes).sorted().toArray(), IntStream.range(0, x.rank()).toArray())) {
      throw step.layer().unsupported("expected each of %d axes once as dims".formatted(x.rank()));
    }
    return step.permuted(x, axes);
  }
}
