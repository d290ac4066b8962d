package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.network.Cost;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Several models of the same images as one. */
final class JointModel implements RepresentationModel {

  private final List<RepresentationModel> models;
  private final double[] weights;
  private final int size;

  JointModel(List<RepresentationModel> models, double[] weights) {
    this.models = List.copyOf(models);
    this.weights = weights.clone();
    if (models.isEmpty() || Set.copyOf(models).size() < models.size()) {
      throw new IllegalArgumentException(
          "expected at least one model, and each once, got " + models);
    }
    if (weights.length != models.size()
        || Arrays.stream(weights).anyMatch(w -> !(w > 0) || Double.isInfinite(w))) {
      throw new IllegalArgumentException(
          "expected a finite weight above 0 for each of %d models, got %s"
              .formatted(models.size(), Arrays.toString(weights)));
    }
    for (RepresentationModel model : models) {
      if (!model.input().equals(input())) {
        throw new IllegalArgumentException(
            "expected models of the same images, got %s and %s".formatted(input(), model.input()));
      }
    }
    size = models.stream().mapToInt(RepresentationModel::size).reduce(0, Math::addExact);
  }

  @Override
  public ModelId id() {
    List<ModelId> ids = models.stream().map(RepresentationModel::id).toList();
    boolean alike =
        ids.stream().map(i -> List.of(i.preprocessing(), i.inside())).distinct().count() == 1;
    String layer =
        IntStream.range(0, ids.size())
            .mapToObj(
                k ->
                    (weights[k] == 1 ? "" : weights[k] + " * ")
                        + "%s: %s".formatted(ids.get(k).name(), ids.get(k).layer())
                        + (alike ? "" : " of " + ids.get(k).preprocessing()))
            .collect(Collectors.joining("; "));
    String hashes = ids.stream().map(ModelId::sha256).collect(Collectors.joining());
    return new ModelId(
        ids.stream().map(ModelId::name).collect(Collectors.joining(" + ")),
        Digests.sha256(hashes.getBytes(StandardCharsets.US_ASCII)),
        layer,
        alike ? ids.get(0).preprocessing() : Preprocessing.none(),
        alike ? ids.get(0).inside() : Optional.empty());
  }

  @Override
  public ImageSpec input() {
    return models.get(0).input();
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    for (RepresentationModel model : models) {
      for (Part part : model.parts()) {
        parts.add(new Part(model.id().name() + ": " + part.name(), part.size()));
      }
    }
    return parts;
  }

  @Override
  public INDArray represent(INDArray images) {
    INDArray[] representations = new INDArray[models.size()];
    for (int k = 0; k < representations.length; k++) {
      representations[k] = models.get(k).represent(images);
    }
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return together(representations);
    }
  }

  @Override
  public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
    return new PulledBack(onRepresentations);
  }

  @Override
  public Optional<Cost> cost() {
    Optional<Cost> sum = Optional.of(new Cost(0, 0, 0));
    for (RepresentationModel model : models) {
      sum = sum.flatMap(s -> model.cost().map(s::plus));
    }
    return sum;
  }

  private INDArray together(INDArray[] representations) {
    INDArray first = representations[0];
    INDArray together = Nd4j.createUninitialized(first.dataType(), first.size(0), size);
    int from = 0;
    for (int k = 0; k < representations.length; k++) {
      INDArray part = columns(together, from, models.get(k).size());
      part.assign(representations[k]);
      if (weights[k] != 1) {
        part.muli(weights[k]);
      }
      from += models.get(k).size();
    }
    return together;
  }

  private static INDArray columns(INDArray rows, int from, int size) {
    return rows.get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + size));
  }

  /**
   * A loss on the representations of all models, on images. A model asks for its loss between its
   * forward and its backward pass, and is answered by the next model, which does so too; the last
   * one asks for the loss itself. So the loss sees all representations, and each network runs
   * forward and backward once.
   */
  private final class PulledBack implements DifferentiableLoss {

    private final DifferentiableLoss onRepresentations;
    private final List<DifferentiableLoss> chain = new ArrayList<>();
    private final INDArray[] representations = new INDArray[models.size()];

    /** Of the evaluation under way. */
    private @Nullable INDArray images;

    private @Nullable ValueAndGradient loss;
    private @Nullable INDArray gradient;

    PulledBack(DifferentiableLoss onRepresentations) {
      this.onRepresentations = onRepresentations;
      int from = 0;
      for (int k = 0; k < models.size(); k++) {
        chain.add(models.get(k).pullBack(asked(k, from)));
        from += models.get(k).size();
      }
    }

    @Override
    public ValueAndGradient evaluate(INDArray x, int[] rows) {
      images = x;
      gradient = Nd4j.create(x.dataType(), x.shape());
      double[] value = run(0, rows);
      return new ValueAndGradient(value, gradient);
    }

    /** The loss that the k-th model asks for, whose representation begins at a column. */
    private DifferentiableLoss asked(int k, int from) {
      return (representation, rows) -> {
        representations[k] = representation;
        if (k + 1 < models.size()) {
          run(k + 1, rows);
        } else {
          loss = onRepresentations.evaluate(together(representations), rows);
        }
        ValueAndGradient all = Objects.requireNonNull(loss);
        INDArray part = columns(all.gradient(), from, models.get(k).size()).mul(weights[k]);
        return new ValueAndGradient(all.value(), part);
      };
    }

    /** Runs the k-th model and those after it. */
    private double[] run(int k, int[] rows) {
      ValueAndGradient own = chain.get(k).evaluate(Objects.requireNonNull(images), rows);
      Objects.requireNonNull(gradient).addi(own.gradient());
      return own.value();
    }
  }

  @Override
  public void close() {
    models.forEach(RepresentationModel::close);
  }

  @Override
  public String toString() {
    return id().toString();
  }
}
