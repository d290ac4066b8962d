package io.metamer.benchmarks;

import io.metamer.network.CompiledNetwork;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What networks are made of, 32 images at a time, each on each engine: a network of that node
 * alone, forward, and forward and back.
 *
 * @since 0.1
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 2)
public class KernelBenchmark {

  private static final int BATCH = 32;
  private static final int[] ONE = {1, 1};

  /** The engine's name. */
  @Param({"onednn", "nd4j"})
  public String engine = "";

  /** Which node. */
  @Param public Kernel kernel = Kernel.CONVOLUTION_64;

  @SuppressWarnings("NullAway.Init") // JMH sets up before it measures.
  private CompiledNetwork network;

  @SuppressWarnings("NullAway.Init")
  private INDArray images;

  private List<INDArray> cotangents = List.of();

  /** Nodes of a CIFAR ResNet18, but the last. */
  public enum Kernel {
    /** 3 x 3, 64 channels of 32 x 32, with ReLU. */
    CONVOLUTION_64(64, 32) {
      @Override
      List<Node> nodes() {
        return convolution(64, 64, 3, 1);
      }
    },
    /** 3 x 3, 512 channels of 4 x 4, with ReLU. */
    CONVOLUTION_512(512, 4) {
      @Override
      List<Node> nodes() {
        return convolution(512, 512, 3, 1);
      }
    },
    /** 3 x 3 at every second position, 64 channels of 32 x 32 to 128, with ReLU. */
    CONVOLUTION_STRIDE_2(64, 32) {
      @Override
      List<Node> nodes() {
        return convolution(64, 128, 3, 2);
      }
    },
    /** 1 x 1, 256 channels of 16 x 16, with ReLU. */
    CONVOLUTION_1(256, 16) {
      @Override
      List<Node> nodes() {
        return convolution(256, 256, 1, 1);
      }
    },
    /** The mean of each of 512 maps of 4 x 4. */
    MEAN(512, 4) {
      @Override
      List<Node> nodes() {
        return List.of(pool(Node.Pool.Kind.AVERAGE, 4, 4));
      }
    },
    /** The largest of 3 x 3 at every second position, 64 channels of 32 x 32. */
    MAXIMUM(64, 32) {
      @Override
      List<Node> nodes() {
        return List.of(pool(Node.Pool.Kind.MAX, 3, 2));
      }
    };

    private final int channels;
    private final int size;

    Kernel(int channels, int size) {
      this.channels = channels;
      this.size = size;
    }

    abstract List<Node> nodes();

    private static List<Node> convolution(int from, int to, int kernel, int stride) {
      int pad = kernel / 2;
      return List.of(
          new Node.Convolution(
              "convolution",
              "x",
              Nd4j.randn(DataType.FLOAT, to, from, kernel, kernel).divi(kernel * Math.sqrt(from)),
              Nd4j.zeros(DataType.FLOAT, to),
              new int[] {stride, stride},
              new int[] {pad, pad, pad, pad},
              ONE,
              1),
          new Node.Activation("y", "convolution", Function.RELU));
    }

    private static Node pool(Node.Pool.Kind kind, int kernel, int stride) {
      return new Node.Pool(
          "y",
          "x",
          kind,
          new int[] {kernel, kernel},
          new int[] {stride, stride},
          new int[] {0, 0, 0, 0},
          ONE,
          false,
          false);
    }

    private Graph graph() {
      List<Node> nodes = new ArrayList<>();
      nodes.add(new Node.Input("x", new long[] {channels, size, size}));
      nodes.addAll(nodes());
      return new Graph(nodes, List.of("y"));
    }
  }

  /** Compiles the network, and draws what goes through it. */
  @Setup(Level.Trial)
  public void compile() {
    Engine chosen =
        Engine.available().stream()
            .filter(one -> one.name().equals(engine))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no engine " + engine + " runs here"));
    network = chosen.compile(kernel.graph(), BATCH, DataType.FLOAT);
    images = Nd4j.randn(DataType.FLOAT, BATCH, kernel.channels, kernel.size, kernel.size);
    cotangents =
        network.forward(images).stream().map(y -> Nd4j.randn(DataType.FLOAT, y.shape())).toList();
  }

  /** Frees the network. */
  @TearDown(Level.Trial)
  public void close() {
    network.close();
  }

  /**
   * Forward.
   *
   * @return the outputs
   */
  @Benchmark
  public List<INDArray> forward() {
    return network.forward(images);
  }

  /**
   * Forward and back.
   *
   * @return the gradient
   */
  @Benchmark
  public INDArray forwardAndBack() {
    network.forward(images);
    return network.backward(cotangents);
  }
}
