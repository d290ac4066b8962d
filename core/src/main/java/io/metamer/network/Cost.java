package io.metamer.network;

/**
 * The work of one evaluation, forward and back to the input, of a graph on one image.
 *
 * <p>Counted from shapes alone. A fused multiply-add is two operations; those of convolutions and
 * matrix products are counted, since all else is small beside them and bound by memory. The way
 * back computes no gradient of weights, so it costs as much as the way forward.
 *
 * @param operations floating-point operations for one image, forward and back
 * @param weightBytes bytes of weights in single precision
 * @param activationBytes bytes of what nodes give for one image in single precision: about what an
 *     engine keeps between forward and back
 * @since 0.1
 */
public record Cost(long operations, long weightBytes, long activationBytes) {

  /**
   * How often a step moves what nodes give: forward it is written and read by the next node; back,
   * it is read again, and its gradient is written and read.
   */
  private static final int MOVES = 5;

  /**
   * The cost of a graph.
   *
   * @param graph the network up to its outputs
   * @return of its {@link Graph#simplified() simplified} form, which is what engines run
   */
  public static Cost of(Graph graph) {
    long operations = 0;
    long weights = 0;
    long activations = 0;
    Graph simplified = graph.simplified();
    for (Node node : simplified.nodes()) {
      long length = Shapes.length(simplified.shape(node.name()));
      if (!(node instanceof Node.Constant)) {
        activations += Float.BYTES * length;
      }
      if (node instanceof Node.Convolution c) {
        operations += 4 * length * c.weights().length() / c.weights().size(0);
        weights += Float.BYTES * c.weights().length();
      } else if (node instanceof Node.Deconvolution d) {
        operations +=
            4
                * Shapes.length(simplified.shape(d.input()))
                * d.weights().length()
                / d.weights().size(0);
        weights += Float.BYTES * d.weights().length();
      } else if (node instanceof Node.Dense d) {
        operations += 4 * length * d.weights().size(1);
        weights += Float.BYTES * d.weights().length();
      } else if (node instanceof Node.AxisProduct a) {
        operations += 4 * length * a.matrix().size(1);
        weights += Float.BYTES * a.matrix().length();
      } else if (node instanceof Node.MatrixProduct m) {
        long[] left = simplified.shape(m.left());
        // Both factors vary with the image: the way back has two products.
        operations += 6 * length * left[left.length - 1];
      }
    }
    return new Cost(operations, weights, activations);
  }

  /**
   * The seconds that an evaluation of a batch would take if nothing but the machine's rates held it
   * up: arithmetic or memory, whichever takes longer. Engines take longer, mostly by less than half
   * as much again where arithmetic decides.
   *
   * @param batch number of images, at least 1
   * @param machine the rates
   * @return a lower estimate, in seconds
   * @throws IllegalArgumentException if the batch is below 1
   */
  public double seconds(int batch, MachineSpeed machine) {
    return Math.max(
        (double) batch * operations / machine.operationsPerSecond(),
        bytes(batch) / machine.bytesPerSecond());
  }

  /**
   * About the most memory that an engine holds for a batch, in single precision: the weights, and
   * what nodes give. Engines need 0.6 to 1 times as much on common networks, since they compute in
   * place where they can.
   *
   * @param batch number of images, at least 1
   * @return bytes
   * @throws IllegalArgumentException if the batch is below 1
   */
  public long memory(int batch) {
    requirePositive(batch);
    return weightBytes + batch * activationBytes;
  }

  /**
   * The largest batch whose {@link #memory} is within a budget.
   *
   * @param bytes the budget
   * @return at least 1, even where that is more than the budget
   */
  public int batchWithin(long bytes) {
    long fits = (bytes - weightBytes) / Math.max(1, activationBytes);
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, fits));
  }

  /**
   * Of several networks on the same images, one after the other.
   *
   * @param other what is added
   * @return the sum
   */
  public Cost plus(Cost other) {
    return new Cost(
        operations + other.operations,
        weightBytes + other.weightBytes,
        activationBytes + other.activationBytes);
  }

  /**
   * The bytes that an evaluation of a batch moves to and from memory, if caches keep nothing from
   * one node to the next.
   *
   * @param batch number of images, at least 1
   * @return the weights twice, and what nodes give five times
   * @throws IllegalArgumentException if the batch is below 1
   */
  public double bytes(int batch) {
    requirePositive(batch);
    return 2.0 * weightBytes + (double) MOVES * batch * activationBytes;
  }

  private static void requirePositive(int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("expected a batch of at least 1, got " + batch);
    }
  }
}
