package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.network.CompiledNetwork;
import io.metamer.network.Cost;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs a graph on batches of whatever size comes, and keeps what it compiled for the last few. */
final class CompiledTaps implements Taps {

  /**
   * How many batch sizes stay compiled: a search's whole batch, the one it has shrunk to, and the
   * two that computing representations in pieces needs.
   */
  private static final int KEPT = 4;

  private final Engine engine;
  private final Graph graph;
  private final ImageSpec input;
  private final @Nullable Preprocessing preprocessing;
  private final Map<Key, Stage> stages = new LinkedHashMap<>(16, 0.75f, true);
  private @Nullable Stage last;
  private boolean closed;

  /** What a compiled network is made for. */
  private record Key(int batch, DataType type) {}

  /** A batch size's network and preprocessing. */
  private record Stage(@Nullable Normalization normalization, CompiledNetwork network) {

    void close() {
      network.close();
      if (normalization != null) {
        normalization.close();
      }
    }
  }

  /** Without preprocessing images go into the graph as they are, not even clamped. */
  CompiledTaps(Engine engine, Graph graph, ImageSpec input, @Nullable Preprocessing preprocessing) {
    this.engine = engine;
    this.graph = graph;
    this.input = input;
    this.preprocessing = preprocessing;
  }

  @Override
  public ImageSpec input() {
    return input;
  }

  @Override
  public List<String> layers() {
    return graph.outputs();
  }

  @Override
  public List<INDArray> forward(INDArray images) {
    check(images);
    Stage stage = stage(new Key(Math.toIntExact(images.size(0)), images.dataType()));
    last = stage;
    return stage.network.forward(
        stage.normalization == null ? images : stage.normalization.apply(images));
  }

  @Override
  public INDArray backward(List<INDArray> cotangents) {
    if (last == null) {
      throw new IllegalStateException("expected forward before backward");
    }
    INDArray gradient = last.network.backward(cotangents);
    return last.normalization == null ? gradient : last.normalization.pullBack(gradient);
  }

  Cost cost() {
    return Cost.of(graph);
  }

  @Override
  public void close() {
    closed = true;
    last = null;
    stages.values().forEach(Stage::close);
    stages.clear();
  }

  void check(INDArray images) {
    if (closed) {
      throw new IllegalStateException("this model is closed");
    }
    long[] shape = images.shape();
    if (shape.length != 4
        || shape[0] < 1
        || shape[1] != input.channels()
        || shape[2] != input.height()
        || shape[3] != input.width()) {
      throw new IllegalArgumentException(
          "expected images of shape [N, %d, %d, %d], got %s"
              .formatted(input.channels(), input.height(), input.width(), Arrays.toString(shape)));
    }
    if (images.dataType() != DataType.FLOAT && images.dataType() != DataType.DOUBLE) {
      throw new IllegalArgumentException(
          "expected images of type FLOAT or DOUBLE, got " + images.dataType());
    }
  }

  private Stage stage(Key key) {
    Stage stage = stages.get(key);
    if (stage == null) {
      if (stages.size() == KEPT) {
        var oldest = stages.entrySet().iterator();
        oldest.next().getValue().close();
        oldest.remove();
      }
      stage =
          new Stage(
              preprocessing == null
                  ? null
                  : new Normalization(preprocessing, input, key.batch, key.type),
              engine.compile(graph, key.batch, key.type));
      stages.put(key, stage);
    }
    return stage;
  }
}
