package io.metamer.network;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What this machine can do with ND4J's threads, as busy as it is: the two rates that bound the time
 * of a network.
 *
 * @param operationsPerSecond floating-point operations in single precision, of a large matrix
 *     product on the engine that is fastest at it
 * @param bytesPerSecond read and written by copying a large array
 * @see "Williams, Waterman and Patterson (2009), Roofline: an insightful visual performance model"
 * @since 0.1
 */
public record MachineSpeed(double operationsPerSecond, double bytesPerSecond) {

  /** Rows and columns of the matrices: 17 billion operations a product. */
  private static final int SIZE = 2048;

  /** Numbers of the array that is copied: 64 MB, more than caches hold. */
  private static final int LENGTH = 1 << 24;

  private static final int TRIES = 5;

  public MachineSpeed {
    if (!(operationsPerSecond > 0 && bytesPerSecond > 0)) {
      throw new IllegalArgumentException(
          "expected rates above 0, got %s operations and %s bytes a second"
              .formatted(operationsPerSecond, bytesPerSecond));
    }
  }

  /**
   * Measures both, the best of five tries each. Takes a second or two, and 200 MB.
   *
   * @return of this moment: other work makes it lower
   */
  public static MachineSpeed measure() {
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        INDArray from = Nd4j.ones(DataType.FLOAT, LENGTH);
        INDArray to = Nd4j.create(DataType.FLOAT, LENGTH)) {
      double product = Double.POSITIVE_INFINITY;
      for (Engine engine : Engine.available()) {
        product = Math.min(product, product(engine));
      }
      return new MachineSpeed(
          2.0 * SIZE * SIZE * SIZE / product,
          2.0 * Float.BYTES * LENGTH / best(() -> to.assign(from)));
    }
  }

  /** Seconds of a product on an engine: a layer of a network is one. */
  private static double product(Engine engine) {
    try (INDArray x = Nd4j.ones(DataType.FLOAT, SIZE, SIZE);
        INDArray weights = Nd4j.ones(DataType.FLOAT, SIZE, SIZE)) {
      Graph graph =
          new Graph(
              List.of(
                  new Node.Input("x", new long[] {SIZE}),
                  new Node.Dense("product", "x", weights, null)),
              List.of("product"));
      try (CompiledNetwork network = engine.compile(graph, SIZE, DataType.FLOAT)) {
        return best(() -> network.forward(x));
      }
    }
  }

  private static double best(Runnable work) {
    long best = Long.MAX_VALUE;
    for (int k = 0; k < TRIES; k++) {
      long start = System.nanoTime();
      work.run();
      best = Math.min(best, System.nanoTime() - start);
    }
    return best / 1e9;
  }
}
