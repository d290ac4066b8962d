package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The representation A x: a model whose identically represented inputs are known, they differ by
 * the null space of A.
 */
record LinearModel(ImageSpec input, INDArray matrix) implements RepresentationModel {

  @Override
  public ModelId id() {
    return new ModelId("linear", "0".repeat(64), "product", Preprocessing.none());
  }

  @Override
  public int size() {
    return Math.toIntExact(matrix.rows());
  }

  @Override
  public INDArray represent(INDArray images) {
    return flat(images).mmul(matrix.castTo(images.dataType()).transpose());
  }

  @Override
  public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
    return (x, rows) -> {
      ValueAndGradient r = onRepresentations.evaluate(represent(x), rows);
      INDArray gradient =
          r.gradient().mmul(matrix.castTo(x.dataType())).dup('c').reshape('c', x.shape());
      return new ValueAndGradient(r.value(), gradient);
    };
  }

  @Override
  public void close() {}

  private static INDArray flat(INDArray images) {
    return images.dup('c').reshape('c', images.size(0), images.length() / images.size(0));
  }
}
