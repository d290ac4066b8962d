package io.metamer.perceptual;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.transforms.floating.RSqrt;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Compares the features of a batch with those of references, layer by layer: the buffers for
 * batches of one size, and the operations on them.
 */
final class FeatureComparison implements AutoCloseable {

  /**
   * Added to the squared length of features, for positions where all of them are 0. Its root is the
   * constant that LPIPS adds to the length.
   */
  private static final double EPSILON = 1e-20;

  private final List<Part> parts = new ArrayList<>();
  private final List<INDArray> buffers = new ArrayList<>();

  /** What was referred to last by rows; a search mostly asks for the same again. */
  private @Nullable List<INDArray> lastReferences;

  private int[] lastRows = {};

  /** For activations of these shapes and this type; weights as {@link FeatureDistance} has them. */
  FeatureComparison(List<INDArray> activations, List<double[]> weights) {
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      DataType type = activations.get(0).dataType();
      long largest = activations.stream().mapToLong(INDArray::length).max().orElseThrow();
      INDArray features = buffer(type, largest);
      INDArray scratch = buffer(type, largest);
      for (int k = 0; k < activations.size(); k++) {
        double[] own = weights.isEmpty() ? null : weights.get(k);
        parts.add(new Part(activations.get(k).shape(), own, features, scratch));
      }
    }
  }

  /** What is compared next is compared with these activations. */
  void refer(List<INDArray> activations) {
    lastReferences = null;
    for (int k = 0; k < parts.size(); k++) {
      parts.get(k).refer(activations.get(k));
    }
  }

  /** What is compared next is compared with rows of references that {@link #references} gave. */
  void refer(List<INDArray> references, int[] rows) {
    if (references == lastReferences && Arrays.equals(rows, lastRows)) {
      return;
    }
    INDArray indices = Nd4j.createFromArray(rows);
    for (int k = 0; k < parts.size(); k++) {
      parts.get(k).refer(references.get(k), indices);
    }
    lastReferences = references;
    lastRows = rows.clone();
  }

  /** The features of the references, scaled to length 1: {@code [N, C * positions]}, copies. */
  List<INDArray> references() {
    return parts.stream().map(Part::reference).toList();
  }

  /**
   * The weighted squared differences, summed over the channels.
   *
   * @param pull whether {@link #cotangents} are wanted
   * @return {@code [N, 1, rows, columns]} for each layer; valid until the next call
   */
  List<INDArray> compare(List<INDArray> activations, boolean pull) {
    List<INDArray> differences = new ArrayList<>();
    for (int k = 0; k < parts.size(); k++) {
      differences.add(parts.get(k).compare(activations.get(k), pull));
    }
    return differences;
  }

  /**
   * The gradients, at the activations compared last, of the means over the positions of what {@link
   * #compare} gave.
   */
  List<INDArray> cotangents() {
    return parts.stream().map(part -> part.cotangent.reshape(part.shape)).toList();
  }

  @Override
  public void close() {
    parts.forEach(Part::close);
    buffers.forEach(INDArray::close);
  }

  private INDArray buffer(DataType type, long... shape) {
    INDArray buffer = Nd4j.createUninitializedDetached(type, 'c', shape);
    buffers.add(buffer);
    return buffer;
  }

  /** The start of a buffer as an array. */
  private static INDArray start(INDArray buffer, long... shape) {
    return Nd4j.create(buffer.data(), shape, Nd4j.getStrides(shape, 'c'), 0, 'c');
  }

  /**
   * One layer. With features f of length |f|, u = f / |f|, the references' unit features v and
   * weights w, the difference is d = sum_c w (u - v)^2, and its gradient 2 (w (u - v) - u sum_c u w
   * (u - v)) / |f|.
   */
  private final class Part implements AutoCloseable {

    final long[] shape;
    final INDArray cotangent;
    private final INDArray features;
    private final INDArray reference;
    private final INDArray difference;
    private final Steps normalization = new Steps();
    private final Steps comparison = new Steps();
    private final Steps pull = new Steps();

    Part(long[] shape, double @Nullable [] weights, INDArray features, INDArray scratch) {
      this.shape = shape;
      DataType type = features.dataType();
      long n = shape[0];
      long channels = shape[1];
      long positions = Arrays.stream(shape).skip(2).reduce(1, Math::multiplyExact);
      INDArray u = start(features, n, channels, positions);
      INDArray s = start(scratch, n, channels, positions);
      INDArray c = buffer(type, n, channels, positions);
      INDArray v = buffer(type, n, channels, positions);
      INDArray inverse = buffer(type, n, 1, positions);
      INDArray sum = buffer(type, n, 1, positions);
      INDArray scale = Nd4j.scalar(type, 2.0 / positions);
      this.features = start(features, shape);
      cotangent = c;
      reference = v;
      INDArray d = buffer(type, n, 1, positions);
      difference = shape.length == 4 ? d.reshape(n, 1, shape[2], shape[3]) : d.reshape(n, 1, 1, 1);

      normalization.sumOverChannels("reduce_sqnorm", u, inverse);
      normalization.call("add", inverse, inverse, Nd4j.scalar(type, EPSILON));
      normalization.run(new RSqrt(inverse, inverse));
      normalization.call("multiply", u, u, inverse);

      if (weights == null) {
        comparison.call("subtract", c, u, v);
        comparison.call("multiply", s, c, c);
      } else {
        INDArray w = Nd4j.createFromArray(weights).castTo(type).reshape(1, channels, 1);
        comparison.call("subtract", s, u, v);
        comparison.call("multiply", c, s, w);
        comparison.call("multiply", s, s, c);
      }
      comparison.sumOverChannels("reduce_sum", s, d);

      pull.call("multiply", s, u, c);
      pull.sumOverChannels("reduce_sum", s, sum);
      pull.call("multiply", u, u, sum);
      pull.call("subtract", c, c, u);
      pull.call("multiply", inverse, inverse, scale);
      pull.call("multiply", c, c, inverse);
    }

    void refer(INDArray activation) {
      normalize(activation);
      reference.assign(features.reshape(reference.shape()));
    }

    void refer(INDArray references, INDArray rows) {
      INDArray rowsOfReference = reference.reshape(reference.size(0), references.size(1));
      Nd4j.exec(
          DynamicCustomOp.builder("gather")
              .addInputs(references.castTo(reference.dataType()), rows)
              .addOutputs(rowsOfReference)
              .addIntegerArguments(0)
              .build());
    }

    INDArray reference() {
      return Nd4j.createUninitializedDetached(
              reference.dataType(), 'c', reference.size(0), reference.length() / reference.size(0))
          .assign(reference.reshape(reference.size(0), -1));
    }

    INDArray compare(INDArray activation, boolean pulled) {
      normalize(activation);
      comparison.run();
      if (pulled) {
        pull.run();
      }
      return difference;
    }

    private void normalize(INDArray activation) {
      features.assign(activation);
      normalization.run();
    }

    @Override
    public void close() {
      normalization.close();
      comparison.close();
      pull.close();
    }
  }
}
