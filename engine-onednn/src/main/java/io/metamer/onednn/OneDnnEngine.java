package io.metamer.onednn;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.nd4j.Nd4jEngine;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs graphs with oneDNN's own primitives, on processors only.
 *
 * <p>Maps stay in the layout that convolutions are fastest in from the first to the last; bias,
 * residual sum and ReLU are parts of the convolution. Nodes that oneDNN has no exact primitive for
 * go to the ND4J engine one by one. Networks in DOUBLE go to it as a whole, and so do those that
 * would leave it more than a fifth of their nodes and more than 16, such as transformers. {@link
 * CompiledNetwork#fallbacks} names what went there. A network that runs in both engines gives the
 * same numbers up to rounding.
 *
 * <p>The number of threads is OpenMP's, that is the environment's {@code OMP_NUM_THREADS}.
 *
 * @implNote Convolutions are computed directly, never by Winograd's algorithm, which loses digits.
 * @since 0.1
 */
public final class OneDnnEngine implements Engine {

  /**
   * The system property that makes {@link #OneDnnEngine() new engines} compute in bfloat16:
   * {@value}.
   */
  public static final String BFLOAT16 = "metamer.onednn.bf16";

  private final Engine other = new Nd4jEngine();
  private final boolean bfloat16;

  /** Creates the engine, in bfloat16 if the system property {@value #BFLOAT16} is {@code true}. */
  public OneDnnEngine() {
    this(Boolean.getBoolean(BFLOAT16));
  }

  /**
   * Creates the engine.
   *
   * @param bfloat16 whether networks in FLOAT keep and multiply their maps in bfloat16, which has 8
   *     significant bits; products are summed in float, and what is no map, and what enters and
   *     leaves, stays float
   */
  public OneDnnEngine(boolean bfloat16) {
    this.bfloat16 = bfloat16;
  }

  @Override
  public String name() {
    return bfloat16 ? "onednn-bf16" : "onednn";
  }

  @Override
  public int priority() {
    return 10;
  }

  /**
   * Whether the native library loads on this machine, ND4J computes on the processor, and the
   * processor has instructions for bfloat16 if that is wanted.
   *
   * @return whether networks can be compiled
   */
  @Override
  public boolean usable() {
    return Library.usable()
        && (!bfloat16 || Library.instance().bfloat16())
        && Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if the engine is not {@link #usable}
   */
  @Override
  public CompiledNetwork compile(Graph graph, int batch, DataType type) {
    if (batch < 1) {
      throw new IllegalArgumentException("expected a batch of at least 1, got " + batch);
    }
    if (type != DataType.FLOAT && type != DataType.DOUBLE) {
      throw new IllegalArgumentException("expected FLOAT or DOUBLE, got " + type);
    }
    if (!usable()) {
      throw new IllegalStateException(
          "the engine '%s' cannot run here: it needs oneDNN's native library, ND4J's CPU backend,"
                  .formatted(name())
              + " and for bfloat16 a processor that has it");
    }
    if (type == DataType.DOUBLE) {
      return other(graph, batch, type);
    }
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      Plan plan = new Plan(graph.simplified(), batch, new Layouts(bfloat16), other);
      if (plan.mostlyOthers()) {
        return other(graph, batch, type);
      }
      return plan.network();
    }
  }

  private CompiledNetwork other(Graph graph, int batch, DataType type) {
    return new Other(
        other.compile(graph, batch, type),
        graph.simplified().nodes().stream().map(Node::name).toList());
  }

  /** A network that another engine runs as a whole. */
  private record Other(CompiledNetwork network, List<String> fallbacks) implements CompiledNetwork {
    @Override
    public List<INDArray> forward(INDArray x) {
      return network.forward(x);
    }

    @Override
    public INDArray backward(List<INDArray> cotangents) {
      return network.backward(cotangents);
    }

    @Override
    public void close() {
      network.close();
    }
  }
}
