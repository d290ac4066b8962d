package io.metamer.perceptual;

import io.metamer.image.ImageSpec;
import io.metamer.model.Taps;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Two fixed random linear maps, each with a ReLU: maps of 4 channels and 3 x 3 positions, then a
 * vector of 5. Without bias, so that all features of a black image are 0. Its arrays are
 * overwritten by the next call, as the contract of {@link Taps} allows.
 */
record LinearTaps(ImageSpec input, INDArray w1, INDArray w2, INDArray[] last) implements Taps {

  LinearTaps(ImageSpec input) {
    this(
        input,
        random(1, (long) input.channels() * input.height() * input.width(), 36),
        random(2, 36, 5),
        new INDArray[3]);
  }

  @Override
  public List<String> layers() {
    return List.of("maps", "vector");
  }

  @Override
  public List<INDArray> forward(INDArray images) {
    long n = images.size(0);
    if (images.rank() != 4 || images.length() != n * w1.size(0)) {
      throw new IllegalArgumentException("expected images of " + input);
    }
    for (INDArray array : last) {
      if (array != null && array.closeable()) {
        array.assign(Double.NaN);
      }
    }
    DataType type = images.dataType();
    last[0] = Nd4j.createUninitializedDetached(type, 'c', n, 36);
    last[0].assign(Transforms.relu(images.reshape(n, -1).mmul(w1.castTo(type))));
    last[1] = Nd4j.createUninitializedDetached(type, 'c', n, 5);
    last[1].assign(Transforms.relu(last[0].mmul(w2.castTo(type))));
    last[2] = Nd4j.createUninitializedDetached(type, 'c', images.shape());
    return List.of(last[0].reshape(n, 4, 3, 3), last[1]);
  }

  @Override
  public INDArray backward(List<INDArray> cotangents) {
    DataType type = last[0].dataType();
    INDArray g2 = cotangents.get(1).mul(last[1].gt(0).castTo(type));
    INDArray g1 =
        cotangents
            .get(0)
            .reshape(last[0].shape())
            .add(g2.mmul(w2.castTo(type).transpose()))
            .mul(last[0].gt(0).castTo(type));
    return last[2].assign(g1.mmul(w1.castTo(type).transpose()).reshape(last[2].shape()));
  }

  @Override
  public void close() {}

  private static INDArray random(long seed, long rows, long columns) {
    return Nd4j.createFromArray(new Random(seed).doubles(rows * columns, -1, 1).toArray())
        .reshape(rows, columns);
  }
}
