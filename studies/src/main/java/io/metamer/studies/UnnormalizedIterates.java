package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.ModelId;
import io.metamer.model.RepresentationModel;
import io.metamer.network.Cost;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network that is shown its targets normalised, and the iterates of a search as they are: a fault
 * of the adversarial searches released with Nanda et al. (2023).
 *
 * @param targets what represents targets
 * @param iterates what losses are pulled back through
 */
record UnnormalizedIterates(RepresentationModel targets, RepresentationModel iterates)
    implements RepresentationModel {

  /** Bounds beyond all pixels that occur: the released model does not clamp them either. */
  static final double UNBOUNDED = 1e6;

  /** The images of the model of iterates. */
  static ImageSpec unbounded(ImageSpec images) {
    return new ImageSpec(images.channels(), images.height(), images.width(), -UNBOUNDED, UNBOUNDED);
  }

  @Override
  public ModelId id() {
    ModelId id = targets.id();
    return new ModelId(
        id.name(),
        id.sha256(),
        id.layer() + ", iterates not normalised",
        id.preprocessing(),
        id.inside());
  }

  @Override
  public ImageSpec input() {
    return targets.input();
  }

  @Override
  public int size() {
    return targets.size();
  }

  @Override
  public List<Part> parts() {
    return targets.parts();
  }

  @Override
  public INDArray represent(INDArray images) {
    return targets.represent(images);
  }

  @Override
  public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
    return iterates.pullBack(onRepresentations);
  }

  @Override
  public Optional<Cost> cost() {
    return iterates.cost();
  }

  @Override
  public void close() {
    targets.close();
    iterates.close();
  }
}
