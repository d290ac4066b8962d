package io.metamer.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Networks of DL4J, from memory or from the files of its {@code ModelSerializer}. They are
 * translated, weights copied: DL4J itself runs nothing, and what happens to the original later does
 * not matter.
 *
 * <p>Maps are [C, H, W] whatever order the network's own arrays have. A layer that Metamer does not
 * know does not stand in the way of those before it.
 *
 * <p>Layers have the names that DL4J gives them ({@code layer0} where a {@code MultiLayerNetwork}
 * names none), and their outputs are those after the activation, as in DL4J's {@code feedForward}.
 *
 * @since 0.1
 */
public final class Dl4jNetwork {

  private Dl4jNetwork() {}

  /**
   * Reads a file.
   *
   * @param file a zip that DL4J's {@code ModelSerializer} wrote, of a {@code MultiLayerNetwork} or
   *     a {@code ComputationGraph}
   * @return the network, named after the file
   * @throws IOException if the file is missing, cut short or not of this kind
   * @throws UnsupportedModelException if it has several inputs, or names classes that are not
   *     DL4J's
   */
  public static Network load(Path file) throws IOException {
    return read(Files.readAllBytes(file), Digests.nameOf(file), file.toString());
  }

  /**
   * Reads a stream, say of a resource on the class path. The stream is read to its end and stays
   * open.
   *
   * @param stream the bytes of a file as for {@link #load}
   * @param name the network's name
   * @return the network
   * @throws IOException if the bytes are not a whole file of this kind
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network read(InputStream stream, String name) throws IOException {
    return read(stream.readAllBytes(), name, name);
  }

  /**
   * Translates a network in memory.
   *
   * @param network initialised
   * @param name the network's name
   * @return the network as it is now; its hash is of the parameters
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network of(MultiLayerNetwork network, String name) {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return network(Dl4jModel.of(network, name), sha256(network.params()));
    }
  }

  /**
   * Translates a network in memory.
   *
   * @param network initialised, with one input of images
   * @param name the network's name
   * @return the network as it is now; its hash is of the parameters
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network of(ComputationGraph network, String name) {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return network(Dl4jModel.of(network, name), sha256(network.params()));
    }
  }

  /**
   * What can be read.
   *
   * @return the layers and vertices, and the activations
   */
  public static List<Supported> supported() {
    return List.of(
        Supported.of("layers and vertices", Dl4jLayers.names()),
        Supported.of("activations", Dl4jActivations.names()));
  }

  private static Network read(byte[] bytes, String name, String origin) throws IOException {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return network(Dl4jFile.read(bytes, name, origin), Digests.sha256(bytes));
    }
  }

  private static Network network(Dl4jModel model, String sha256) {
    return new Network(model.name(), sha256, model.input(), model::translate);
  }

  /** The hash of the parameters in DL4J's order, as big-endian floats (doubles if they are). */
  private static String sha256(INDArray parameters) {
    MessageDigest digest = Digests.sha256();
    boolean wide = parameters.dataType() == DataType.DOUBLE;
    ByteBuffer number = ByteBuffer.allocate(wide ? Double.BYTES : Float.BYTES);
    for (double p : OnnxTensors.doubles(parameters)) {
      number.clear();
      digest.update((wide ? number.putDouble(p) : number.putFloat((float) p)).array());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
