package io.metamer.model;

import io.metamer.image.ImageSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A preprocessing bound to a batch size and type, with its buffers; see {@link Preprocessing}. */
final class Normalization {

  private final double low;
  private final double high;

  /** Of the batch's shape: multiplying by a whole array is several times faster than by channel. */
  private final INDArray scale;

  private final INDArray shift;
  private final INDArray normalized;
  private final INDArray within;
  private final INDArray gradient;

  /** Where the network takes the channels the other way round: a buffer for them. */
  private final @Nullable INDArray reversed;

  Normalization(Preprocessing preprocessing, ImageSpec images, int batch, DataType type) {
    low = images.low();
    high = images.high();
    long[] shape = images.shape(batch);
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      scale = perChannel(preprocessing.factors(images.channels()), shape, type);
      shift = perChannel(preprocessing.summands(images.channels()), shape, type);
      normalized = Nd4j.create(type, shape);
      within = Nd4j.create(DataType.BOOL, shape);
      gradient = Nd4j.create(type, shape);
      reversed = preprocessing.order() == Preprocessing.Order.BGR ? Nd4j.create(type, shape) : null;
    }
  }

  private static INDArray perChannel(double[] numbers, long[] shape, DataType type) {
    INDArray channels = Nd4j.createFromArray(numbers).castTo(type).reshape(1, shape[1], 1, 1);
    return Nd4j.create(type, shape).addi(channels);
  }

  /** The images as the network takes them; valid until the next call. NaN stays NaN. */
  INDArray apply(INDArray images) {
    CustomOp clamp =
        DynamicCustomOp.builder("clipbyvalue")
            .addInputs(images)
            .addOutputs(normalized)
            .addFloatingPointArguments(low, high)
            .build();
    Nd4j.exec(clamp);
    // What the clamp left alone is inside or on the bounds.
    CustomOp unchanged =
        DynamicCustomOp.builder("equals").addInputs(images, normalized).addOutputs(within).build();
    Nd4j.exec(unchanged);
    return ordered(normalized.muli(scale).addi(shift));
  }

  /** A gradient at the last normalized images as one at the images; valid until the next call. */
  INDArray pullBack(INDArray atNormalized) {
    gradient.assign(within);
    return gradient.muli(ordered(atNormalized)).muli(scale);
  }

  /** From the images' order of channels to the network's, or back, which is the same. */
  private INDArray ordered(INDArray batch) {
    if (reversed == null) {
      return batch;
    }
    long channels = batch.size(1);
    for (long c = 0; c < channels; c++) {
      channel(reversed, c).assign(channel(batch, channels - 1 - c));
    }
    return reversed;
  }

  private static INDArray channel(INDArray batch, long c) {
    return batch.get(NDArrayIndex.all(), NDArrayIndex.point(c));
  }

  void close() {
    for (INDArray buffer : List.of(scale, shift, normalized, within, gradient)) {
      buffer.close();
    }
    if (reversed != null) {
      reversed.close();
    }
  }
}
