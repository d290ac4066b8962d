package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.network.Cost;
import io.metamer.network.MachineMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Layers of a network as representations: their activations flattened to vectors, times their
 * weights, one after the other.
 */
final class LayerModel implements RepresentationModel {

  /** Representations of many images are computed in pieces of at most this size. */
  private static final int PIECE = 64;

  private final ModelId id;

  /** One a layer, in the order of the taps. */
  private final double[] weights;

  private final int[] sizes;
  private final int size;
  private final CompiledTaps taps;

  /** Images of a piece: fewer where the memory for networks holds no more. */
  private final int piece;

  LayerModel(ModelId id, double[] weights, int[] sizes, int size, CompiledTaps taps) {
    this.id = id;
    this.weights = weights;
    this.sizes = sizes;
    this.size = size;
    this.taps = taps;
    piece = Math.min(PIECE, taps.cost().batchWithin(MachineMemory.budget()));
  }

  @Override
  public ModelId id() {
    return id;
  }

  @Override
  public ImageSpec input() {
    return taps.input();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public List<Part> parts() {
    return IntStream.range(0, sizes.length)
        .mapToObj(k -> new Part(taps.layers().get(k), sizes[k]))
        .toList();
  }

  @Override
  public INDArray represent(INDArray images) {
    taps.check(images);
    long n = images.size(0);
    INDArray representations;
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      representations = Nd4j.create(images.dataType(), n, size);
    }
    for (long from = 0; from < n; from += piece) {
      long to = Math.min(n, from + piece);
      INDArray some = images.get(NDArrayIndex.interval(from, to));
      write(taps.forward(some), representations.get(NDArrayIndex.interval(from, to)));
    }
    return representations;
  }

  @Override
  public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
    return (x, rows) -> {
      List<INDArray> activations = taps.forward(x);
      ValueAndGradient loss = onRepresentations.evaluate(representation(activations), rows);
      List<INDArray> cotangents = cotangents(loss.gradient(), activations);
      // A copy, since two losses on one model share the buffer behind it.
      return new ValueAndGradient(loss.value(), taps.backward(cotangents).dup('c'));
    };
  }

  @Override
  public Optional<Cost> cost() {
    return Optional.of(taps.cost());
  }

  /** The activations as one array [N, D]; a single layer's own memory where that will do. */
  private INDArray representation(List<INDArray> activations) {
    INDArray first = activations.get(0);
    if (activations.size() == 1 && weights[0] == 1) {
      return first.reshape(first.size(0), size);
    }
    INDArray together = Nd4j.create(first.dataType(), first.size(0), size);
    write(activations, together);
    return together;
  }

  private void write(List<INDArray> activations, INDArray representation) {
    long n = representation.size(0);
    int from = 0;
    for (int k = 0; k < sizes.length; k++) {
      INDArray part = columns(representation, from, from + sizes[k]);
      part.assign(activations.get(k).reshape(n, sizes[k]));
      if (weights[k] != 1) {
        part.muli(weights[k]);
      }
      from += sizes[k];
    }
  }

  /** A gradient at the representations as one at each activation. */
  private List<INDArray> cotangents(INDArray gradient, List<INDArray> activations) {
    List<INDArray> cotangents = new ArrayList<>();
    int from = 0;
    for (int k = 0; k < sizes.length; k++) {
      INDArray part = columns(gradient, from, from + sizes[k]).dup('c');
      if (weights[k] != 1) {
        part.muli(weights[k]);
      }
      cotangents.add(part.reshape('c', activations.get(k).shape()));
      from += sizes[k];
    }
    return cotangents;
  }

  private static INDArray columns(INDArray rows, int from, int to) {
    return to - from == rows.size(1)
        ? rows
        : rows.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to));
  }

  @Override
  public void close() {
    taps.close();
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
