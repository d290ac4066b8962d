package io.metamer.onednn;

import io.metamer.network.CompiledNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A plan's memory and steps. */
final class OneDnnNetwork implements CompiledNetwork {

  private final Arena arena;
  private final Entry x;
  private final Tape forward;
  private final List<INDArray> outputs;
  private final List<Entry> cotangents;
  private final Tape backward;
  private final INDArray gradient;
  private final Others others;
  private boolean computed;
  private boolean closed;

  OneDnnNetwork(
      Arena arena,
      Entry x,
      Tape forward,
      List<INDArray> outputs,
      List<Entry> cotangents,
      Tape backward,
      INDArray gradient,
      Others others) {
    this.arena = arena;
    this.x = x;
    this.forward = forward;
    this.outputs = outputs;
    this.cotangents = cotangents;
    this.backward = backward;
    this.gradient = gradient;
    this.others = others;
  }

  @Override
  public List<INDArray> forward(INDArray x) {
    checkOpen();
    this.x.check(x, "a batch");
    this.x.accept(x);
    forward.run();
    computed = true;
    return outputs;
  }

  @Override
  public INDArray backward(List<INDArray> cotangents) {
    checkOpen();
    if (!computed) {
      throw new IllegalStateException("nothing has been computed forward");
    }
    if (cotangents.size() != outputs.size()) {
      throw new IllegalArgumentException(
          "expected %d cotangents, one an output, got %d"
              .formatted(outputs.size(), cotangents.size()));
    }
    for (int i = 0; i < outputs.size(); i++) {
      this.cotangents.get(i).check(cotangents.get(i), "cotangent " + i);
    }
    for (int i = 0; i < outputs.size(); i++) {
      this.cotangents.get(i).accept(cotangents.get(i));
    }
    backward.run();
    return gradient;
  }

  @Override
  public List<String> fallbacks() {
    return List.copyOf(others.names());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      x.close();
      cotangents.forEach(Entry::close);
      others.networks().forEach(CompiledNetwork::close);
      arena.close();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the network is closed");
    }
  }

  /** Where an array of the caller enters: read where it lies if that is possible, or copied. */
  static final class Entry implements AutoCloseable {
    private final Tensor tensor;
    private final boolean kept;
    private @Nullable INDArray copy;

    /**
     * @param tensor in foreign memory
     * @param kept whether the numbers are read again after the call, when the caller may have
     *     changed the array
     */
    Entry(Tensor tensor, boolean kept) {
      this.tensor = tensor;
      this.kept = kept;
    }

    private void accept(INDArray array) {
      if (!kept && Layouts.inRowOrder(array)) {
        tensor.slot().bind(Arena.address(array));
        return;
      }
      INDArray own = copy;
      if (own == null) {
        try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
          own = Nd4j.create(array.dataType(), tensor.shape());
        }
        copy = own;
      }
      own.assign(array);
      tensor.slot().bind(Arena.address(own));
    }

    private void check(INDArray got, String what) {
      if (!Arrays.equals(got.shape(), tensor.shape()) || got.dataType() != DataType.FLOAT) {
        throw new IllegalArgumentException(
            "expected %s of shape %s and type FLOAT, got %s and %s"
                .formatted(
                    what,
                    Arrays.toString(tensor.shape()),
                    Arrays.toString(got.shape()),
                    got.dataType()));
      }
    }

    @Override
    public void close() {
      if (copy != null) {
        copy.close();
      }
    }
  }

  /**
   * What is left to another engine, gathered while a network is planned.
   *
   * @param names whose nodes
   * @param networks what runs them, to be closed
   */
  record Others(List<String> names, List<CompiledNetwork> networks) {
    Others() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }
}
