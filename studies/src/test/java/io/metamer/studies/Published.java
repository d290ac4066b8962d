package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.model.Network;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.weights.StateDict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A published search as PyTorch went through it; {@code golden/presets/make.py} made the files.
 *
 * @param targets shape {@code [2, 3, 8, 8]}, FLOAT
 * @param seeds the same, or the coefficients they are searched in, {@code [2, 3, 8, 10]}
 * @param teacher the seeds and 20 iterates, FLOAT, of the network {@link #relu} with a fake ReLU
 * @param free the iterates {@link #TIMES}, DOUBLE, of the network {@link #smooth}
 */
record Published(INDArray targets, INDArray seeds, List<INDArray> teacher, List<INDArray> free) {

  static final ImageSpec IMAGES = ImageSpec.rgb(8);
  static final Preprocessing PREPROCESSING = Preprocessing.cifar10();
  static final int STEPS = 20;
  static final int[] TIMES = {1, 5, 10, 20};

  static Published of(String name) {
    StateDict arrays = arrays(name);
    return new Published(
        arrays.tensor("targets"),
        arrays.tensor("seeds"),
        slices(arrays.tensor("teacher")),
        slices(arrays.tensor("free")));
  }

  Published inDouble() {
    return new Published(
        targets.castTo(DataType.DOUBLE), seeds.castTo(DataType.DOUBLE), teacher, free);
  }

  static StateDict arrays(String name) {
    try {
      return StateDict.load(file(name + ".npz"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Network smooth() {
    return network("smooth.onnx");
  }

  static Network relu() {
    return network("relu.onnx");
  }

  static Network network(String file) {
    try {
      return OnnxNetwork.load(file(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path file(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(Published.class.getResource("/golden/presets/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<INDArray> slices(INDArray array) {
    return IntStream.range(0, Math.toIntExact(array.size(0)))
        .mapToObj(i -> array.slice(i).dup('c'))
        .toList();
  }
}
