package io.metamer.perceptual;

import io.metamer.image.ImageSpec;
import io.metamer.model.Taps;
import io.metamer.network.Graph;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A trunk of LPIPS that takes images in [0, 1]: they become {@code 2 x - 1}, and with scaling
 * {@code (2 x - 1 - shift) / scale}. Nothing is clamped.
 *
 * <p>Computed in the order of the original, not as one product and sum: with inputs of the same
 * bits, units at the kink of a ReLU fall on the same side as PyTorch's.
 */
final class ScaledTaps implements Taps {

  private static final double[] SHIFT = {-.030, -.088, -.188};
  private static final double[] SCALE = {.458, .448, .450};

  private final Taps trunk;
  private final ImageSpec input;
  private final boolean scaling;
  private @Nullable Buffers buffers;

  ScaledTaps(Graph trunk, boolean scaling) {
    long[] shape = trunk.inputShape();
    input = new ImageSpec(3, (int) shape[1], (int) shape[2], 0, 1);
    this.trunk = Taps.of(trunk, input);
    this.scaling = scaling;
  }

  @Override
  public ImageSpec input() {
    return input;
  }

  @Override
  public List<String> layers() {
    return trunk.layers();
  }

  @Override
  public List<INDArray> forward(INDArray images) {
    if (images.rank() != 4 || !Arrays.equals(images.shape(), input.shape(images.size(0)))) {
      throw new IllegalArgumentException(
          "expected images of shape [N, 3, %d, %d], got %s"
              .formatted(input.height(), input.width(), Arrays.toString(images.shape())));
    }
    Buffers current = buffers;
    if (current == null || !current.fit(images)) {
      if (current != null) {
        current.close();
      }
      current = new Buffers(images.size(0), images.dataType());
      buffers = current;
    }
    return trunk.forward(current.scaled(images));
  }

  @Override
  public INDArray backward(List<INDArray> cotangents) {
    if (buffers == null) {
      throw new IllegalStateException("expected forward before backward");
    }
    return buffers.pullBack(trunk.backward(cotangents));
  }

  @Override
  public void close() {
    trunk.close();
    if (buffers != null) {
      buffers.close();
      buffers = null;
    }
  }

  /** For batches of one size. */
  private final class Buffers {

    private final INDArray images;
    private final INDArray gradient;
    private final Steps scale = new Steps();
    private final Steps pull = new Steps();

    Buffers(long n, DataType type) {
      try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        images = Nd4j.createUninitialized(type, input.shape(n));
        gradient = Nd4j.createUninitialized(type, input.shape(n));
        INDArray two = Nd4j.scalar(type, 2);
        scale.call("multiply", images, images, two);
        scale.call("subtract", images, images, Nd4j.scalar(type, 1));
        if (scaling) {
          scale.call("subtract", images, images, channels(SHIFT, type));
          scale.call("divide", images, images, channels(SCALE, type));
          pull.call("divide", gradient, gradient, channels(SCALE, type));
        }
        pull.call("multiply", gradient, gradient, two);
      }
    }

    boolean fit(INDArray batch) {
      return batch.size(0) == images.size(0) && batch.dataType() == images.dataType();
    }

    INDArray scaled(INDArray batch) {
      images.assign(batch);
      scale.run();
      return images;
    }

    INDArray pullBack(INDArray fresh) {
      gradient.assign(fresh);
      pull.run();
      return gradient;
    }

    void close() {
      scale.close();
      pull.close();
      images.close();
      gradient.close();
    }

    private INDArray channels(double[] numbers, DataType type) {
      return Nd4j.createFromArray(numbers).castTo(type).reshape(1, 3, 1, 1);
    }
  }
}
