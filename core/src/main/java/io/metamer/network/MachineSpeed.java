package io.metamer.network;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What this machine can do with ND4J's threads, as busy as it is: the two rates that bound the time
 * of a network.
 *
 * @param operationsPerSecond floating-point operations in single precision, of a large matrix
 *     product
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
   * Measures both, the best of five tries each. Takes a second or so, and 180 MB.
   *
   * @return of this moment: other work makes it lower
   */
  public static MachineSpeed measure() {
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        INDArray a = Nd4j.ones(DataType.FLOAT, SIZE, SIZE);
        INDArray b = Nd4j.ones(DataType.FLOAT, SIZE, SIZE);
        INDArray c = Nd4j.create(DataType.FLOAT, SIZE, SIZE);
        INDArray from = Nd4j.ones(DataType.FLOAT, LENGTH);
        INDArray to = Nd4j.create(DataType.FLOAT, LENGTH)) {
      return new MachineSpeed(
          2.0 * SIZE * SIZE * SIZE / best(() -> a.mmuli(b, c)),
          2.0 * Float.BYTES * LENGTH / best(() -> to.assign(from)));
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
