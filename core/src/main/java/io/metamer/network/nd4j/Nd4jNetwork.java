package io.metamer.network.nd4j;

import io.metamer.network.CompiledNetwork;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A plan's memory and steps. */
final class Nd4jNetwork implements CompiledNetwork {

  private final Arena arena;
  private final INDArray x;
  private final Tape forward;
  private final List<INDArray> outputs;
  private final List<INDArray> cotangents;
  private final Tape backward;
  private final INDArray gradient;
  private boolean computed;
  private boolean closed;

  Nd4jNetwork(
      Arena arena,
      INDArray x,
      Tape forward,
      List<INDArray> outputs,
      List<INDArray> cotangents,
      Tape backward,
      INDArray gradient) {
    this.arena = arena;
    this.x = x;
    this.forward = forward;
    this.outputs = outputs;
    this.cotangents = cotangents;
    this.backward = backward;
    this.gradient = gradient;
  }

  @Override
  public List<INDArray> forward(INDArray x) {
    checkOpen();
    check(x, this.x, "a batch");
    this.x.assign(x);
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
      check(cotangents.get(i), outputs.get(i), "cotangent " + i);
    }
    for (int i = 0; i < outputs.size(); i++) {
      this.cotangents.get(i).assign(cotangents.get(i));
    }
    backward.run();
    return gradient;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      forward.close();
      backward.close();
      arena.close();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the network is closed");
    }
  }

  private static void check(INDArray got, INDArray like, String what) {
    if (!Arrays.equals(got.shape(), like.shape()) || got.dataType() != like.dataType()) {
      throw new IllegalArgumentException(
          "expected %s of shape %s and type %s, got %s and %s"
              .formatted(
                  what,
                  Arrays.toString(like.shape()),
                  like.dataType(),
                  Arrays.toString(got.shape()),
                  got.dataType()));
    }
  }
}
