package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** One layer of a network as representations: its activations flattened to vectors. */
final class LayerModel implements RepresentationModel {

  /** Representations of many images are computed in pieces of this size, to bound the memory. */
  private static final int PIECE = 64;

  private final ModelId id;
  private final int size;
  private final CompiledTaps taps;

  LayerModel(ModelId id, int size, CompiledTaps taps) {
    this.id = id;
    this.size = size;
    this.taps = taps;
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
  public INDArray represent(INDArray images) {
    taps.check(images);
    long n = images.size(0);
    INDArray representations;
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      representations = Nd4j.create(images.dataType(), n, size);
    }
    for (long from = 0; from < n; from += PIECE) {
      long to = Math.min(n, from + PIECE);
      INDArray piece = images.get(NDArrayIndex.interval(from, to));
      INDArray activation = taps.forward(piece).get(0);
      representations
          .get(NDArrayIndex.interval(from, to))
          .assign(activation.reshape(to - from, size));
    }
    return representations;
  }

  @Override
  public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
    return (x, rows) -> {
      INDArray activation = taps.forward(x).get(0);
      ValueAndGradient loss = onRepresentations.evaluate(activation.reshape(x.size(0), size), rows);
      INDArray cotangent = loss.gradient().dup('c').reshape('c', activation.shape());
      // A copy, since two losses on one model share the buffer behind it.
      return new ValueAndGradient(loss.value(), taps.backward(List.of(cotangent)).dup('c'));
    };
  }

  @Override
  public void close() {
    taps.close();
  }
}
