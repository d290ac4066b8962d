package io.metamer.network.nd4j;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs graphs with ND4J's operations, on whichever ND4J backend is on the class path.
 *
 * <p>FLOAT convolutions go through oneDNN where the backend has it. Networks compiled from graphs
 * with the same weight arrays share what is prepared from them, for as long as those arrays live.
 *
 * <p>NaN is not always passed on: CLIP, maxima (of windows, of axes, of two arrays) and the
 * derivatives of RELU, LEAKY_RELU, CLIP, SQRT and ABS drop it.
 *
 * @since 0.1
 */
public final class Nd4jEngine implements Engine {

  /** Creates the engine. */
  public Nd4jEngine() {}

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public CompiledNetwork compile(Graph graph, int batch, DataType type) {
    if (batch < 1) {
      throw new IllegalArgumentException("expected a batch of at least 1, got " + batch);
    }
    if (type != DataType.FLOAT && type != DataType.DOUBLE) {
      throw new IllegalArgumentException("expected FLOAT or DOUBLE, got " + type);
    }
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new Plan(graph.simplified(), batch, type).network();
    }
  }
}
